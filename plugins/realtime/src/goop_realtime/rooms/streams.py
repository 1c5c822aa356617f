# SPDX-License-Identifier: MIT
"""What comes on rooms' streams: each line to whoever of the machine it concerns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from goop_realtime.machine.containment import Contained
from goop_realtime.model.jsonio import MalformedJson
from goop_realtime.model.obstacles import MISMATCH
from goop_realtime.rooms import (
    aside,
    distributing,
    drift,
    ending,
    fleeting,
    following,
    hosting,
    joining,
    latest,
    leaving,
    private,
    welcoming,
)
from goop_realtime.rooms.lines import (
    Ack,
    Challenge,
    Close,
    Confirm,
    Content,
    Drift,
    EntryLine,
    Join,
    Latest,
    Leave,
    Line,
    Moved,
    Msg,
    Ping,
    Pong,
    Prove,
    Refuse,
    Stable,
    Unfit,
    Volatile,
    Want,
    Welcome,
    parse,
)
from goop_realtime.rooms.links import LOST_MS, PING_MS, Link
from goop_realtime.rooms.room import Phase, Room
from goop_realtime.rooms.rooms import Shared


def began(sh: Shared, link_id: int, peer: str, raw: bytes) -> bool:
    """An inbound stream began with this line; only ``join`` may be first."""
    try:
        line = parse(raw)
    except MalformedJson as error:
        sh.core.note("link", error.code, detail=error.reason)
        return False
    if type(line) is not Join:
        return False
    room = sh.names.get(line.room)
    with Contained(sh.core, "" if room is None else room.handle, peer):
        welcoming.asked(sh, link_id, peer, line)
    return True


def lines(sh: Shared, link_id: int, raws: Iterable[bytes]) -> bool:
    """Lines of a living stream; false when one is malformed."""
    for raw in raws:
        link = sh.links.get(link_id)
        if link is None:
            return True  # it was given up meanwhile
        try:
            line = parse(raw)
        except MalformedJson as error:
            sh.note(link.room, "link", error.code, detail=error.reason)
            with Contained(sh.core, link.room.handle, link.peer):
                ended(sh, link, error.code, reset=False)
            return False
        if line is not None:
            with Contained(sh.core, link.room.handle, link.peer):
                received(sh, link, line)
    return True


def received(sh: Shared, link: Link, line: Line) -> None:
    """A line has come."""
    link.heard_at = sh.now
    kind = type(line)
    if kind is Ping:
        sh.write(link, Pong())
    elif kind is Pong:
        link.round = 0
        sh.grow(link.room)
    elif kind is Close:
        _closed(sh, link, line)  # type: ignore[arg-type]
    elif link.room.link is link:
        handler = _FROM_HOST.get(kind)
        if handler is not None and (link.welcomed or kind in (Welcome, Challenge)):
            handler(sh, link, line)
    else:
        handler = _FROM_GUEST.get(kind)
        if handler is not None and (link.welcomed or kind is Prove):
            handler(sh, link, line)


def _message(sh: Shared, link: Link, line: Msg) -> None:
    # A host that leaves orders nothing more: whoever is next is sent it again.
    if link.room.phase is Phase.HOST:
        hosting.receive(sh, link, line)


_FROM_HOST: dict[Any, Callable[[Shared, Link, Any], None]] = {
    Welcome: joining.welcomed,
    Challenge: joining.challenged,
    EntryLine: following.entry,
    Confirm: following.confirmed,
    Refuse: following.refused,
    Stable: following.stable,
    Moved: following.moved,
    Latest: latest.received,
    Unfit: latest.unfit,
    Drift: drift.drifted,
    Want: private.wanted,
    Content: private.came,
    Volatile: fleeting.received,
}
_FROM_GUEST: dict[Any, Callable[[Shared, Link, Any], None]] = {
    Prove: welcoming.proved,
    Msg: _message,
    Ack: distributing.acknowledged,
    Leave: leaving.left,
    Latest: latest.received,
    Volatile: fleeting.received,
    Want: private.wanted,
    Content: private.came,
}


def _closed(sh: Shared, link: Link, line: Close) -> None:
    """The other side ends the stream, and says why."""
    room = link.room
    sh.note(room, "link", line.code or "closed", detail=line.reason)
    if room.link is link and not link.welcomed:
        joining.turned_away(sh, link, line)
        sh.drop(link)
        return
    if line.code == MISMATCH:
        aside.note(sh, room, link.peer, line.reason)
    sh.drop(link)
    ended(sh, link, line.code, reset=line.code != "replaced")


def ended(sh: Shared, link: Link, code: str, *, reset: bool) -> None:
    """A stream is no more."""
    sh.links.pop(link.id, None)
    if link.room.link is link:
        following.lost(sh, link, code, reset=reset)
    else:
        ending.gone(sh, link)
        sh.grow(link.room)


def keep(sh: Shared, room: Room) -> None:
    """Time goes by: who is silent is asked for a sign of life, and then given up."""
    for link in ending.links_of(sh, room):
        silent = sh.now - link.heard_at
        if silent >= LOST_MS:
            sh.note(room, "link", "silent", detail=link.peer)
            sh.drop(link, drain=False)
            ended(sh, link, "silent", reset=False)
        elif silent >= PING_MS and sh.now - link.pinged_at >= PING_MS:
            link.pinged_at = sh.now
            sh.write(link, Ping())
