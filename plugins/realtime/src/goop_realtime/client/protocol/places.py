# SPDX-License-Identifier: MIT
"""How far a page is in a log: what it has been told, what its handlers are done with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from goop_realtime.client.protocol.frames import (
    Gap,
    Latest,
    Member,
    Message,
    Peer,
    Place,
    Rewound,
    Room,
    Run,
)
from goop_realtime.client.protocol.seen import Seen

FAILURES_KEPT = 1_000
LATEST_KEPT = 1_000
"""So many newest messages of different kinds wait for a handler."""
RUNS_KEPT = 256
"""So many runs say where a page is in a room; of older ones a node knows no more either."""


def seq_of(place: Place) -> int:
    """The number in a log."""
    return int(place[-1])


@dataclass(eq=False)
class Item:
    """Something that was told and waits for its handler; ``told`` is the frame.

    ``at`` counts as handled behind it; ``None`` where it has no place, or not any more.
    """

    told: Any
    at: Place | None = None


@dataclass(frozen=True)
class Cut:
    """A room's log was cut back from ``before`` to ``to``, where these are its members."""

    before: Run | None
    to: Run | None
    members: list[Peer]


class Places:
    """The place in one log. ``waiting`` are the items that no handler was given yet, in order."""

    def __init__(self) -> None:
        self.handled: Place | None = None
        self.failed: list[int] = []
        """The numbers of entries whose handler raised."""
        self.waiting: list[Item] = []
        self.in_hand: Item | None = None
        self._newest: dict[tuple[str, str, str], Item] = {}
        self._acknowledged = 0

    def latest(self, told: Latest) -> None:
        """It takes the place of what waits of its author, type and key."""
        kind = told.data.get("type") if isinstance(told.data, dict) else None
        key = (told.sender, str(kind), told.key)
        item = self._newest.get(key)
        if item is not None:
            item.told = told
            return
        self._newest[key] = self._wait(told, None)
        if len(self._newest) > LATEST_KEPT:
            self.waiting.remove(self._newest.pop(next(iter(self._newest))))

    def first(self, told: list[Any]) -> None:
        """Something comes before all that waits."""
        self.waiting[:0] = [Item(one) for one in told]

    def _wait(self, told: Any, at: Place | None) -> Item:
        item = Item(told, at)
        self.waiting.append(item)
        return item

    def take(self, ready: Callable[[Item], bool], *, passing: bool) -> Item | None:
        """The next item for its handler, if there is one that is ``ready``.

        ``passing``: it may pass others; of those nothing is said by it.
        """
        for index, item in enumerate(self.waiting):
            if ready(item):
                item.at = item.at if index == 0 else None
                del self.waiting[index]
                if isinstance(item.told, Latest):
                    self._newest = {k: one for k, one in self._newest.items() if one is not item}
                self.in_hand = item
                return item
            if not passing:
                break
        return None

    def done(self, item: Item, *, well: bool) -> bool:
        """A handler is done with it; ``well``: it did not raise. Whether that is news."""
        self.in_hand = None
        at = item.at
        if at is None or (self.handled is not None and seq_of(at) <= seq_of(self.handled)):
            return False
        if not well:
            self.failed = [*self.failed, seq_of(at)][-FAILURES_KEPT:]
        self.handled = at
        return True

    def acknowledgement(self, channel: str) -> dict[str, Any] | None:
        """The frame that says how far handlers are, and what failed since the last one."""
        if self.handled is None:
            return None
        *epoch, _ = self.handled
        seq = seq_of(self.handled)
        failed = [one for one in self.failed if self._acknowledged < one <= seq]
        self._acknowledged = seq
        named = dict(zip(("epoch", "host"), epoch, strict=False))
        told = {"type": "ack", "channel": channel, **named, "seq": seq}
        return told | ({"failed": failed} if failed else {})

    def _cut(self, seq: int) -> None:
        """Forget what stands above a number, and what waits of it; what is in hand has no place."""
        for item in [*self.waiting, *([self.in_hand] if self.in_hand else [])]:
            if item.at is not None and seq_of(item.at) > seq:
                item.at = None
                if item is not self.in_hand and not isinstance(item.told, Gap):
                    self.waiting.remove(item)
        self.failed = [one for one in self.failed if one <= seq]
        self._acknowledged = min(self._acknowledged, seq)


class ChannelPlaces(Places):
    """The place in a channel's log."""

    def __init__(self) -> None:
        super().__init__()
        self.after: tuple[int, int] | None = None
        """The last that was told."""
        self.rewinding = False
        """The node has been asked to begin again at the log's start, and has not answered."""

    def message(self, told: Message) -> None:
        """A message was told; perhaps again."""
        at = (told.epoch, told.seq)
        if not self.rewinding and (self.after is None or at > self.after):
            self.after = at
            self._wait(told, at)

    def gap(self, told: Gap) -> None:
        """Entries are gone."""
        if self.rewinding:
            return
        to = (int(told.to[0]), seq_of(told.to)) if told.to is not None else None
        if to is not None and (self.after is None or to > self.after):
            self.after = to
        self._wait(told, to)

    def rewind(self) -> None:
        """All that the node holds will be told again."""
        self.after = self.handled = None
        self._cut(0)


class RoomPlaces(Places):
    """The place in a room's log, which may be cut back."""

    def __init__(self) -> None:
        super().__init__()
        self.after: list[Run] | None = None
        """How far this page has been told; nothing before it has a place at all."""
        self._seen = Seen()

    @property
    def seq(self) -> int:
        """The number of the last that was told."""
        return self.after[-1][2] if self.after else 0

    @property
    def place(self) -> Run | None:
        """Where the last stands that was told."""
        return self.after[-1] if self.after else None

    def stands(self, told: Room) -> None:
        """How the room is: a page that was told nothing yet has its place all the same."""
        if self.after is None and told.runs:
            self.after = told.runs
        if told.members is not None:
            self._wait(told, None)

    def entry(self, told: Message | Member) -> None:
        """An entry was told; perhaps again."""
        if told.seq > self.seq:
            at = (told.epoch, told.host, told.seq)
            self.after = [*self._joined(at)][-RUNS_KEPT:]
            self._wait(told, at)

    def _joined(self, at: Run) -> Iterator[Run]:
        runs = self.after or []
        yield from runs[:-1] if runs and runs[-1][:2] == at[:2] else runs
        yield at

    def is_first(self, message_id: str) -> bool:
        """Whether a message is handed out for the first time: another host may have moved it."""
        return self._seen.add(message_id)

    def rewound(self, told: Rewound) -> None:
        """The log is cut back; that may be this page's own messages alone."""
        if told.to < self.seq:
            before = self.place
            self._cut_to(told.to, told.runs)
            self._wait(Cut(before, self.place, told.members), None)

    def gap(self, told: Gap) -> None:
        """Entries are gone, behind a cut."""
        fork = seq_of(told.since) if told.since is not None else 0
        if fork < self.seq:
            self._cut_to(fork, None)
        to = told.to
        at = (int(to[0]), str(to[1]), seq_of(to)) if to is not None else None
        self.after = told.runs or ([at] if at is not None else self.after)
        self._wait(told, at)

    def _cut_to(self, seq: int, runs: list[Run] | None) -> None:
        self._cut(seq)
        self.after = runs if runs is not None else [r for r in self.after or [] if r[2] <= seq]
        if self.handled is not None and seq_of(self.handled) > seq:
            self.handled = self.place
