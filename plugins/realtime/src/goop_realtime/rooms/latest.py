# SPDX-License-Identifier: MIT
"""Messages of which only the newest counts: one of each author, type and key, in no log.

An author's node gives each a version; newest wins, on every node. A guest tells its host its own,
the host tells everybody else all of them. Who reads slowly skips what is stale: at most a round of
lines is on its way to it, and behind its answer comes what is newest then.
"""

from __future__ import annotations

from collections.abc import Iterable

from goop_node.types import JsonValue
from goop_realtime.contexts.kinds import Kind
from goop_realtime.machine import unlogged
from goop_realtime.machine.newest import Key, Value
from goop_realtime.machine.pages import Page, View
from goop_realtime.model.bounding import bounded
from goop_realtime.model.effects import Frame, SendLine
from goop_realtime.model.jsonio import MalformedJson, decode, encode
from goop_realtime.rooms import fleeting, views
from goop_realtime.rooms.forms import serialise
from goop_realtime.rooms.lines import Latest, Unfit
from goop_realtime.rooms.links import Link
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.rooms import Shared
from goop_realtime.types import Refusal


def say(sh: Shared, room: Room, page: Page, kind: Kind, data: JsonValue) -> Refusal | None:
    """A page's message of such a type: it is the newest of ours, or why it is not."""
    new = unlogged.renewal(sh.core, room.newest, room.session, room.host, kind, data)
    if isinstance(new, Refusal):
        return new
    line = _line(sh.me, new.version, new.at, encode(data))
    room.newest.put(new.key, Value(new.version, new.at, data, line, page.id))
    sh.core.passed("latest", room.handle, kind.name)
    sh.grow(room)
    return None


def _line(author: str, version: tuple[int, int], at: int, raw: bytes) -> bytes:
    return serialise(Latest(author=author, version=version, at=at, data=fleeting.raw(raw)))


def received(sh: Shared, link: Link, line: Latest) -> None:
    """A guest's own value, or one that the host has."""
    room, raw = link.room, bytes(line.data)
    hosts = room.hosting is not None
    if hosts and (line.author != link.peer or not fleeting.within_rate(sh, link)):
        sh.note(room, "link", "ignored", detail=f"a value of {line.author}")
        return
    try:
        data = decode(raw)
    except MalformedJson as error:
        sh.note(room, "link", error.code, detail=error.reason)
        return
    kind = room.context.kind_of(data)
    refusal = unlogged.judge(room.context, "latest", kind, data, len(raw))
    key = unlogged.key_of(line.author, kind, data) if kind is not None else refusal
    if not isinstance(key, Key):
        if key is not None:
            _unfit(sh, link, line, key)
        return
    known = room.newest.values.get(key)
    if known is not None and known.version >= line.version:
        return
    if refusal is None and hosts:
        refusal = unlogged.judge_newer(room.session, line.author, room.host, data, line.at, known)
    if refusal is not None:
        _unfit(sh, link, line, refusal)
        link.owed[key] = None
        sh.grow(room)
        return
    sh.core.passed("latest", room.handle, key.type, line.author)
    value = Value(line.version, line.at, data, _line(line.author, line.version, line.at, raw))
    if room.newest.put(key, value):
        sh.grow(room)


def _unfit(sh: Shared, link: Link, line: Latest, refusal: Refusal) -> None:
    """Host: the guest's value is not taken; what was the newest before still is."""
    room, said = link.room, bounded(refusal)
    sh.note(room, "host", said.code, detail=f"a value of {line.author}: {said.reason}")
    if room.hosting is not None:
        sh.write(
            link,
            Unfit(version=line.version, code=said.code, reason=said.reason, pointer=said.pointer),
        )


def unfit(sh: Shared, link: Link, line: Unfit) -> None:
    """The host has not taken a value of ours: here it counts no more, either."""
    room = link.room
    keys = [key for key in room.newest.of(sh.me) if room.newest.values[key].version == line.version]
    for key in keys:
        page = sh.core.pages.get(room.newest.values[key].page)
        refusal = Refusal(code=line.code or "refused", reason=line.reason, pointer=line.pointer)
        if page is not None:
            fleeting.tell_error(sh, room, page, refusal)
    room.newest.drop(keys)


# Passing on


def owe_all(room: Room, link: Link, author: str = "") -> None:
    """The other side of a new stream is told all values, or those of one author."""
    keys = room.newest.of(author) if author else room.newest.values
    link.owed.update(dict.fromkeys(keys))


def pass_on(sh: Shared, room: Room) -> None:
    """At the end of a step: what is new goes to pages and to other nodes."""
    newest = room.newest
    if newest.held:
        held, newest.held = newest.held, {}
        for page, view in views.listeners(sh, room):
            for page_id, key in held:
                if page_id == page.id:
                    tell_page(sh, room, page, view, key)
    if newest.news:
        news, newest.news = newest.news, {}
        for page, view in views.listeners(sh, room):
            for key in news:
                tell_page(sh, room, page, view, key)
        for link in _links(room):
            for key in news:
                if key.author != link.peer and (room.hosting is not None or key.author == sh.me):
                    link.owed[key] = None
    for link in _links(room):
        if link.owed and link.round < unlogged.ROUND:
            _write(sh, room, link)


def _links(room: Room) -> Iterable[Link]:
    if room.hosting is not None:
        return room.hosting.links.values()
    return (room.link,) if room.link is not None and room.link.caught_up else ()


def _write(sh: Shared, room: Room, link: Link) -> None:
    hosts = room.hosting is not None
    for key in list(link.owed):
        value = room.newest.values.get(key)
        if value is None:
            del link.owed[key]
        elif hosts and room.joined_at.get(key.author, link.sent + 1) > link.sent:
            continue  # behind the author's `join`: at its `leave` a guest forgets its values
        elif fleeting.begin(sh, link):
            del link.owed[key]
            sh.out.append(SendLine(link.id, value.line, room.handle))
        else:
            return


def tell_page(sh: Shared, room: Room, page: Page, view: View, key: Key) -> None:
    """Tell a page a value, unless it said that itself, or has not heard of its author yet."""
    value = room.newest.values.get(key)
    if value is None:
        return
    if room.joined_at.get(key.author, view.sent + 1) > view.sent:
        room.newest.held[page.id, key] = None
        return
    if key.author == sh.me and value.page == page.id:
        return
    body = {"channel": room.handle} | unlogged.latest_body(key, value)
    newest = f"{room.handle} {key.author} {key.type} {key.key}"
    sh.out.append(Frame(page.id, encode(body), newest=newest, channel=room.handle))


def tell_all(sh: Shared, room: Room, page: Page, view: View) -> None:
    """Tell a page all values."""
    for key in room.newest.values:
        tell_page(sh, room, page, view, key)
