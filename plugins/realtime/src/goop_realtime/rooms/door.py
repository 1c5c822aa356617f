# SPDX-License-Identifier: MIT
"""The door to the machine of rooms: everything that can happen to a node's rooms.

Each method tells it the time (Unix ms) and one thing that happened. Effects go into ``core.out``,
behind those of channels: one ``Committer`` takes both. No I/O, no clock, no thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from goop_node.types import Caller, JsonValue
from goop_realtime.contexts.recording import Recording
from goop_realtime.machine import showing
from goop_realtime.machine.containment import Contained
from goop_realtime.machine.core import Core
from goop_realtime.machine.liveness import Overdue
from goop_realtime.machine.pages import Page
from goop_realtime.machine.plugin_news import Work
from goop_realtime.machine.rights import UNKNOWN
from goop_realtime.model.failure import Failure
from goop_realtime.model.figures import Figures
from goop_realtime.rooms import (
    callers,
    deadlines,
    finding,
    history,
    joining,
    missing,
    nearby,
    page_frames,
    plugin_news,
    restoring,
    rows,
    running,
    seeking,
    seen,
    settling,
    streams,
    transcript,
    views,
    waits,
)
from goop_realtime.rooms.callers import JoinOptions as JoinOptions
from goop_realtime.rooms.missing import Missing
from goop_realtime.rooms.records import RoomCommitted, RoomRecord
from goop_realtime.rooms.rooms import Shared
from goop_realtime.rooms.rows import Row
from goop_realtime.rooms.signatures import Signing
from goop_realtime.rooms.stored import StoredRoom
from goop_realtime.types import Refusal


class Rooms:
    """The rooms of one node.

    What a program is answered it may hear only once the step is stored. What a page is answered
    to a frame is an effect, and comes by itself behind all that.
    """

    def __init__(self, core: Core, signing: Signing) -> None:
        self.core = core
        self._sh = Shared(core, signing)
        core.running.sources.append(lambda: running.running(self._sh))
        core.liveness.sources.append(lambda: waits.waiting(self._sh))

    def settle(self) -> None:
        """End a step: what it placed is told at once, to pages and to other nodes."""
        settling.settle(self._sh)

    # Pages and programs

    def join(
        self, now: int, room_id: str, options: JoinOptions, caller: Caller, page: Page | None = None
    ) -> Row | Refusal:
        """Somebody wants to be in the room ``room_id``: its row, in which it may still be joining.

        A page that asks follows it from here on.
        """
        self._at(now)
        found = callers.join(self._sh, room_id, options, caller)
        if isinstance(found, Refusal):
            return found
        if page is not None:
            views.view_of(self._sh, found, page).barred = False
        return rows.room_row(self._sh, found)

    def leave(self, now: int, handle: str, caller: Caller) -> Refusal | None:
        """Somebody leaves the room for this node."""
        self._at(now)
        return callers.leave(self._sh, handle, caller)

    def send(
        self,
        now: int,
        handle: str,
        page: Page,
        message_id: str | None,
        data: JsonValue,
        to: str = "",
    ) -> str | Refusal:
        """Somebody sends to all members, or to one. The message's id when it is accepted."""
        self._at(now)
        return callers.send(self._sh, handle, page, message_id, data, to)

    def takes(self, body: Any) -> bool:
        """Whether a page's frame is for rooms: by its type, or by a ``channel`` that is a handle.

        A ``subscribe`` is for both: channels take no notice of handles, nor rooms of others.
        """
        return page_frames.takes(body)

    def frame(self, now: int, page: Page, body: Any) -> None:
        """A page's frame, as decoded JSON. What is refused of it is told by a frame."""
        self._at(now)
        if isinstance(body, dict) and body.get("type") == "subscribe":
            page_frames.subscribe(self._sh, page, body)
        else:
            page_frames.received(self._sh, page, body)

    def detach(self, now: int, page: Page) -> None:
        """The page's connection is gone."""
        self._at(now)

    def rights_changed(self, now: int) -> None:
        """The person has granted or revoked something: ``core.rights`` is as it is now."""
        self._at(now)
        callers.rights_changed(self._sh)

    def forget_template(self, now: int, template: str) -> None:
        """Nothing is to be kept of what the pages of a template have said."""
        self._at(now)
        callers.forget_template(self._sh, template)

    def rows(self, caller: Caller) -> list[Row]:
        """The rooms that the caller may see."""
        sh = self._sh
        return [
            rows.room_row(sh, room) for room in sh.rooms.values() if views.may_see(sh, caller, room)
        ]

    def figures(self) -> Figures:
        """How much there is of rooms."""
        found = Figures()
        for room in self._sh.rooms.values():
            row = rows.told(self._sh, room, {})
            state = "suspended" if row.get("suspended") else str(row["state"])
            found.states[room.context.type.name, state] += 1
            found.waiting += len(room.outbox)
            found.waiting_bytes += room.outbox.size
            found.unread += max(0, room.fold.last.seq - room.handled)
        return found

    def logs(self) -> list[Row]:
        """Every room with how much its log holds, for this node's person: see ``seen.py``."""
        return seen.logs(self._sh)

    def recording(self, handle: str, after: int) -> Recording | Refusal:
        """A room's log to be folded once more, with the entries above ``after``, for the person."""
        return seen.recording(self._sh, handle, after)

    def row(self, handle: str, caller: Caller) -> Row | Refusal:
        """One of them."""
        room = self._sh.rooms.get(handle)
        if room is None or not views.may_see(self._sh, caller, room):
            return UNKNOWN
        return rows.room_row(self._sh, room)

    def nearby(self, now: int, caller: Caller, context: str) -> list[Row] | Refusal:
        """The open rooms of a context that connected nodes have told of in the last seconds.

        They are asked: who wants to know it now asks again in a second.
        """
        self._at(now)
        return nearby.rooms(self._sh, caller, context)

    def history(
        self, handle: str, caller: Caller, after: str, limit: int
    ) -> dict[str, JsonValue] | Refusal:
        """What the room's log still holds behind ``after``: see ``history.py``. ``Problem``."""
        room = callers.find(self._sh, handle, caller)
        return room if isinstance(room, Refusal) else history.history_page(room, after, limit)

    def snapshot(self, handle: str, caller: Caller) -> Row | Refusal:
        """What a room's Session comes to, and where: see ``showing.state_of``."""
        found = callers.shown(self._sh, handle, caller)
        return found if isinstance(found, Refusal) else showing.state_of(self.core, found, caller)

    def transcript(self, now: int, handle: str, caller: Caller) -> bytes | Refusal:
        """What this node holds of the room's log, for others to check: see ``transcript.py``."""
        room = callers.find(self._sh, handle, caller)
        if isinstance(room, Refusal):
            return room
        if not room.fold.room:
            return Refusal(code="joining", reason="this node has nothing of that room's log yet")
        return b"".join(line + b"\n" for line in transcript.transcript(room, self._sh.me, now))

    def missing(self, now: int) -> list[Missing]:
        """Who has no connection with this node, though a room of both needs it."""
        self._at(now)
        return list(missing.missing(self._sh))

    def members(self, handle: str) -> tuple[str, ...]:
        """The peer ids of the members, in the order in which they joined; none if not known."""
        room = self._sh.rooms.get(handle)
        return () if room is None else tuple(room.fold.members)

    # The network

    def found(self, now: int, peer: str, raw: bytes) -> bool:
        """A line of the finding protocol from ``peer`` (authenticated). False when malformed:
        the stream must end."""
        self._at(now)
        return finding.received(self._sh, peer, raw)

    def linked(self, now: int, handle: str, peer: str, link: int) -> None:
        """The stream asked for with ``OpenRoomLink`` is there; the driver's number for it."""
        self._at(now)
        with Contained(self._sh.core, handle, peer):
            joining.opened(self._sh, self._sh.rooms.get(handle), handle, peer, link)

    def link_failed(self, now: int, handle: str, peer: str, code: str) -> None:
        """The stream asked for with ``OpenRoomLink`` could not be opened."""
        self._at(now)
        room = self._sh.rooms.get(handle)
        if room is not None and room.seeking is not None and room.seeking.joins == peer:
            seeking.failed(self._sh, room, peer, code)

    def joined(self, now: int, link: int, peer: str, raw: bytes) -> bool:
        """An inbound stream of rooms began with this line. False when that is no ``join``."""
        self._at(now)
        return streams.began(self._sh, link, peer, raw)

    def lines(self, now: int, link: int, raws: Iterable[bytes]) -> bool:
        """Lines of a room's stream. False when one is malformed: the stream must end."""
        self._at(now)
        return streams.lines(self._sh, link, raws)

    def link_ended(self, now: int, link: int, code: str) -> None:
        """A stream ended, not by a ``CloseLink``."""
        self._at(now)
        known = self._sh.links.get(link)
        if known is not None:
            with Contained(self._sh.core, known.room.handle, known.peer):
                streams.ended(self._sh, known, code, reset=True)

    def peer_back(self, now: int, peer: str) -> None:
        """The peer is connected: it is asked for rooms from here on."""
        self._at(now)
        self._sh.connected[peer] = None
        for room in self._sh.names.values():
            finding.peer_back(self._sh, room, peer)

    def peer_gone(self, now: int, peer: str) -> None:
        """The peer is not connected any more."""
        self._at(now)
        self._sh.connected.pop(peer, None)
        nearby.gone(self._sh, peer)

    def standing_changed(self, now: int, peer: str) -> None:
        """The person has blocked the peer, or taken that back."""
        self._at(now)
        callers.standing_changed(self._sh, peer)

    # Plugins

    def replay(self, now: int) -> list[Work]:
        """At a start, the contexts' plugins are told again what the logs hold."""
        self._at(now)
        return plugin_news.replay(self._sh)

    def committed(self, now: int, news: Iterable[RoomCommitted]) -> list[Work]:
        """These are stored: the contexts' plugins are told. What is left to be awaited."""
        self._at(now)
        return plugin_news.committed(self._sh, news)

    # Time

    def tick(self, now: int) -> list[Overdue]:
        """Time goes by; call at ``wake_at``. What has come to wait for too long is returned."""
        self._at(now)
        return deadlines.tick(self._sh)

    def wake_at(self, now: int) -> int | None:
        """When ``tick`` should be called next (Unix ms); ``None`` when nothing is pending."""
        return deadlines.wake_at(self._sh, now)

    @property
    def look_at(self) -> int | None:
        """When something is due that no effect told of (Unix ms): ``wake_at`` has moved up."""
        return deadlines.look_at(self._sh)

    # Storage

    def restore(self, now: int, stored: Mapping[str, StoredRoom]) -> None:
        """A start: go on from what the journal holds, by handle."""
        self._at(now)
        restoring.restore(self._sh, stored)

    def set_back(self, now: int, handle: str, stored: StoredRoom | None, failure: Failure) -> None:
        """This node failed on a room: it goes on from what is stored of it, once; then it ends."""
        self._at(now)
        restoring.set_back(self._sh, handle, stored, failure)

    def rebuild(self, now: int, stored: Mapping[str, StoredRoom]) -> None:
        """Go on from what the journal holds, after it could not take a step: see ``Engine``.

        ``core.forget_everything()`` was called before.
        """
        self._at(now)
        self._sh.forget_everything()
        restoring.restore(self._sh, stored)

    def everything(self) -> Iterator[RoomRecord]:
        """The records from which a start would make these rooms again, for a new journal."""
        return restoring.everything(self._sh)

    def _at(self, now: int) -> None:
        self._sh.core.now = now
