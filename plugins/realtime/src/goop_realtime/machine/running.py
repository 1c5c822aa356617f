# SPDX-License-Identifier: MIT
"""What is running and what waits for the person: a list, and its changes to pages that follow it.

The list is a view: it is made from the channels as they are, and compared with what each page was
told. So nobody has to say that something changed, and nothing can be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice

from goop_node.types import Caller, JsonValue
from goop_realtime.contexts.channel_session import ChannelSession
from goop_realtime.machine import pages
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.containment import Contained
from goop_realtime.machine.core import Core
from goop_realtime.machine.following import Following, Row, Runs, Said
from goop_realtime.machine.pages import Page
from goop_realtime.machine.pending import pending
from goop_realtime.machine.rights import Right
from goop_realtime.types import Summary

PACE_MS = 200
"""Between two looks at the list; of a long one, and of many pages, some more."""
PAIRS_A_MS = 8
"""Channels times pages that make it a millisecond more: looking takes a small part of the time."""
ENDED = "ended"
"""The state of a row that is told for the last time."""
MOST_UNREAD = 100
"""Beyond that nobody counts."""


def follow(page: Page, wanted: JsonValue) -> None:
    """``running`` of a ``subscribe`` frame: what the page is like that follows, or that it ends."""
    if not isinstance(wanted, dict):
        page.following = None
        return
    page.following = page.following or Following()
    page.following.visible = wanted.get("visible") is True
    page.following.notifies = wanted.get("notifies") is True


def rows(core: Core, caller: Caller) -> list[Row]:
    """What is running, and what waits for an answer, as far as the caller may see it."""
    return [one.row() for one in _all(core, ()) if one.sees(caller)]


def _all(core: Core, followers: Sequence[Page]) -> Iterator[Runs]:
    """Everything that runs, and what has ended and some follower was told of."""
    for channel in core.channels.values():
        if _runs(channel) or _was_told(channel, followers):
            sees = partial(core.rights.allows, right=Right.SEE, channel=channel)
            yield Runs(channel.id, sees, partial(row_of, core, channel))
    for source in core.running.sources:
        yield from source()


def row_of(core: Core, channel: Channel) -> Row:
    """One channel in the list. ``since`` is when the newest came (Unix ms), or ``None``.

    ``template``: whose pages it can be resumed at. ``sending``: how many messages of our pages are
    on their way; what the context says is from before them, so nobody here is due meanwhile.
    """
    summary, unread, sending = (
        _summary(core, channel),
        _unread(core, channel),
        len(pending(channel)),
    )
    asked = channel.phase is Phase.ASKED
    waiting = summary.waiting if summary is not None and not summary.ended else unread > 0
    last = channel.log.get(channel.log.last[1])
    row: Row = {
        "channelId": channel.id,
        "peerId": channel.other.peer,
        "peerLabel": channel.other.label,
        "context": channel.request.context,
        "app": channel.request.app,
        "title": channel.context.type.title,
        "template": _template(core, channel),
        "state": _state(channel),
        "text": "" if summary is None else summary.text,
        "waiting": asked or (waiting and not channel.final and not sending),
        "ended": summary is not None and summary.ended,
        "unread": unread,
        "sending": sending,
        "since": None if last is None else min(last.at, core.now + core.correction),
    }
    obstacle = channel.obstacle
    if obstacle is not None and not channel.final:
        row |= {"code": obstacle.code, "reason": obstacle.reason}
    return row


def look(core: Core) -> None:
    """Tell every page that follows what is different for it, if it is time to look."""
    running = core.running
    followers = [page for page in core.pages.values() if page.connected and page.following]
    if not followers:
        running.due_at = None
        running.said.clear()
        return
    new = any(page.following is not None and page.following.told is None for page in followers)
    if core.now < running.next_at and not new:
        running.due_at = running.next_at
        return
    pairs = len(core.channels) * len(followers)
    running.due_at, running.next_at = None, core.now + PACE_MS + pairs // PAIRS_A_MS
    with Contained(core, ""):
        _tell(core, followers)


def _tell(core: Core, followers: list[Page]) -> None:
    shown: dict[str, dict[str, Row]] = {page.id: {} for page in followers}
    for one in _all(core, followers):
        # What this step failed on is set back: the next look says what became of it.
        seeing = [page for page in followers if one.sees(page.caller)]
        if one.id in core.failures or not seeing:
            continue
        row, teller = one.row(), _teller(seeing)
        for page in seeing:
            shown[page.id][one.id] = {**row, "notify": page is teller}
    core.running.said = {
        channel_id: said
        for channel_id, said in core.running.said.items()
        if any(channel_id in rows for rows in shown.values())
    }
    for page in followers:
        _tell_page(core, page, shown[page.id])


def _tell_page(core: Core, page: Page, now: dict[str, Row]) -> None:
    assert page.following is not None
    before = page.following.told
    living = {channel_id: row for channel_id, row in now.items() if row["state"] != ENDED}
    told = before or {}
    news: list[JsonValue] = [row for key, row in living.items() if told.get(key) != row]
    gone = told.keys() - living.keys() - core.failures.keys()
    news += [now.get(one, {"channelId": one, "state": ENDED}) for one in sorted(gone)]
    page.following.told = living | {key: told[key] for key in told.keys() & core.failures.keys()}
    if news or before is None:
        pages.frame(core, page, {"type": "running", "rows": news, "whole": before is None})


def _teller(seeing: list[Page]) -> Page | None:
    """Which page notifies: none where one can be seen; a template's rather than home."""
    if any(page.following is not None and page.following.visible for page in seeing):
        return None
    able = [page for page in seeing if page.following is not None and page.following.notifies]
    own = (page for page in able if page.caller.kind == "template")
    return next(own, able[0] if able else None)


def _runs(channel: Channel) -> bool:
    return not (channel.final or channel.closing or channel.hidden or channel.replaced_by)


def _was_told(channel: Channel, followers: Sequence[Page]) -> bool:
    return any(page.following and channel.id in (page.following.told or ()) for page in followers)


def _state(channel: Channel) -> str:
    """``asked``, ``asking``, ``connecting``, ``connected``, ``away`` (nobody has a page open
    there), ``suspended`` (their node is not there), or ``ended``."""
    if not _runs(channel):
        return ENDED
    if channel.phase is not Phase.OPEN:
        return "connecting" if channel.phase is Phase.JOINING else channel.phase.value
    if not channel.linked:
        return "suspended"
    return "away" if channel.other.page == "none" else "connected"


def _summary(core: Core, channel: Channel) -> Summary | None:
    """What the context says of it."""
    if channel.phase not in (Phase.OPEN, Phase.CLOSED):
        return None
    label = core.label_of(channel.other.peer)
    return summary_of(core, channel.id, channel.session, channel.log.last, label)


def summary_of(
    core: Core, key: str, session: ChannelSession, place: tuple[int, int], label: str
) -> Summary | None:
    """What a context says of a Session at that place; asked once for each."""
    said = core.running.said.get(key)
    if said is None or not said.still(session, place, label):
        found = session.summary(core.me)
        summary = found if isinstance(found, Summary) else None
        said = core.running.said[key] = Said(session, place, label, summary)
    return said.summary


def _unread(core: Core, channel: Channel) -> int:
    """How many of the other side's messages no page of ours has handled."""
    theirs = (
        entry
        for entry in channel.log.after(channel.handled)
        if entry.kind == "msg" and entry.author != core.me
    )
    return sum(1 for _ in islice(theirs, MOST_UNREAD))


def _template(core: Core, channel: Channel) -> str | None:
    """Its owner, else the one template that may have it."""
    takers = core.rights.takers(channel)
    if channel.owner:
        return channel.owner if channel.owner in core.rights.contexts else None
    own = channel.context.type.template
    if own in takers:
        return own
    return takers[0] if len(takers) == 1 else None
