# SPDX-License-Identifier: MIT
"""The only door to the realtime machines of a node: that of channels, and that of rooms.

They share one core, and with it the pages and the order of what they ask for. Every event is one
method; ``settle()`` ends a step, ``take()`` hands out its effects. No I/O, no clock, no thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Any, cast

from goop_realtime.engine.effects import AnyEffect, AnyRecord, Kept, channels_of, rooms_of
from goop_realtime.machine.core import Core
from goop_realtime.machine.door import Channels
from goop_realtime.machine.liveness import Overdue, Wait
from goop_realtime.machine.pages import Page
from goop_realtime.machine.plugin_news import Work
from goop_realtime.machine.rights import Rights
from goop_realtime.machine.surroundings import Surroundings
from goop_realtime.model.effects import Committed, channel_of
from goop_realtime.model.failure import Failure
from goop_realtime.model.times import sooner
from goop_realtime.rooms.door import Rooms
from goop_realtime.rooms.records import RoomCommitted
from goop_realtime.rooms.room import is_room
from goop_realtime.rooms.signatures import Signing
from goop_realtime.rooms.stored import StoredRoom


class Engine(Channels):
    """The channels of one node, and its ``rooms``; what concerns both is told here once."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.rooms = Rooms(core, Signing(core.sign, core.verify))

    @classmethod
    def start(
        cls,
        node: Surroundings,
        now: int,
        kept: Mapping[str, Kept],
        *,
        epoch: int,
        may_lack: bool = True,
        rights: Rights | None = None,
    ) -> Engine:
        """Begin with what the journal holds.

        ``epoch`` is new at every start; ``may_lack``: see ``Core``.
        """
        core = Core(**vars(node), now=now, epoch=epoch, may_lack=may_lack)
        core.rights = rights or core.rights
        engine = cls(core)
        engine.restore(now, channels_of(kept))
        engine.rooms.restore(now, rooms_of(kept))
        return engine

    # Steps

    def settle(self) -> None:
        """End a step: what it placed is told at once, to pages and to other nodes."""
        super().settle()
        self.rooms.settle()
        self.look()

    def take(self) -> list[AnyEffect]:
        """What is to be done since the last call: records to commit first, then actions.

        Nothing of channels and rooms that failed; ``failures`` names them.
        """
        out, self.core.out = cast("list[AnyEffect]", self.core.out), []
        if not self.core.failures:
            return out
        failed = self.core.failures.keys() - {""}
        return [effect for effect in out if about(effect) not in failed] if failed else out

    def failures(self) -> dict[str, Failure]:
        """The channels and rooms that the last step failed on, ``""`` for none in particular."""
        found, self.core.failures = self.core.failures, {}
        return found

    def set_back(self, now: int, channel_id: str, kept: Kept | None, failure: Failure) -> None:
        """A channel or room failed: it goes on from what is stored of it, and ends in words."""
        if is_room(channel_id):
            self.rooms.set_back(now, channel_id, cast("StoredRoom | None", kept), failure)
        else:
            super().set_back(now, channel_id, cast(Any, kept), failure)

    def rebuild(self, now: int, kept: Mapping[str, Kept]) -> None:
        """Go on from what the journal holds, after it could not take a step.

        That step's effects are dropped. Every stream and socket was ended before: peers and
        pages come back and say what they have.
        """
        self.core.forget_everything()
        self.restore(now, channels_of(kept))
        self.rooms.rebuild(now, rooms_of(kept))

    def everything(self) -> list[AnyRecord]:
        """The records from which a start would make all of memory again."""
        return [*chain(self.read.everything(), self.rooms.everything())]

    # What concerns both

    def set_rights(self, now: int, rights: Rights) -> None:
        """The person has granted or revoked something: it holds from here on."""
        super().set_rights(now, rights)
        self.rooms.rights_changed(now)

    def forget_template(self, now: int, template: str) -> None:
        """Nothing is to be kept of what the pages of a template have said."""
        super().forget_template(now, template)
        self.rooms.forget_template(now, template)

    def frame(self, now: int, page: Page, body: Any) -> None:
        """A page's frame, as decoded JSON. What is refused of it is told by a frame."""
        if self.rooms.takes(body):
            self.rooms.frame(now, page, body)
        elif isinstance(body, dict) and body.get("type") == "subscribe":
            super().frame(now, page, _without_rooms(body))
            self.rooms.frame(now, page, body)
        else:
            super().frame(now, page, body)

    def detach(self, now: int, page: Page, *, for_good: bool = False) -> None:
        """The page's connection is gone; its place is kept for a while, unless it is for good."""
        super().detach(now, page, for_good=for_good)
        self.rooms.detach(now, page)

    def standing_changed(self, now: int, peer: str) -> None:
        """The person has blocked the peer, or taken that back."""
        super().standing_changed(now, peer)
        self.rooms.standing_changed(now, peer)

    def replay(self, now: int) -> list[Work]:
        """At a start, the contexts' plugins are told again what the logs hold."""
        return [*super().replay(now), *self.rooms.replay(now)]

    def committed(self, now: int, news: Iterable[Committed | RoomCommitted]) -> list[Work]:
        """These are stored: the contexts' plugins are told. What is left to be awaited."""
        news = list(news)
        channels = [one for one in news if isinstance(one, Committed)]
        rooms = [one for one in news if isinstance(one, RoomCommitted)]
        return [*super().committed(now, channels), *self.rooms.committed(now, rooms)]

    # What the node itself sees

    def note(self, now: int, hop: str, code: str, channel: str = "", detail: str = "") -> None:
        """Something was dropped or refused before it came here: it is in the trace."""
        self.core.now = now
        self.core.note(hop, code, channel, detail=detail)

    def watch(self, waits_of: Callable[[], Iterable[Wait]]) -> None:
        """Something else that waits: it is told when that takes longer than it ever should."""
        self.core.liveness.sources.append(waits_of)

    # Time

    def tick(self, now: int, correction: int = 0) -> list[Overdue]:
        """Time goes by; call at ``wake_at``. ``correction``: what the clock that people read is
        ahead of ``now`` (ms).

        What has come to wait for longer than it ever should is returned, and in the trace.
        """
        return [*super().tick(now, correction), *self.rooms.tick(now)]

    def wake_at(self, now: int) -> int | None:
        """When ``tick`` should be called next (Unix ms); ``None`` when nothing is pending."""
        return sooner(super().wake_at(now), self.rooms.wake_at(now))

    @property
    def look_at(self) -> int | None:
        """When something is due that no effect told of (Unix ms): ``wake_at`` has moved up."""
        return sooner(self.read.look_at, self.rooms.look_at)


def about(effect: AnyEffect) -> str:
    """The channel or room that an effect is about; ``""`` for one that is about none."""
    return channel_of(cast(Any, effect))


def _without_rooms(body: dict[str, Any]) -> dict[str, Any]:
    """What a ``subscribe`` asks for of channels."""
    wanted = body.get("channels")
    if not isinstance(wanted, list):
        return body
    ids = [one for one in wanted if not (isinstance(one, str) and is_room(one))]
    return {**body, "channels": ids}
