# SPDX-License-Identifier: MIT
"""The eye on a simulated world: what must hold at every step, and counts of what happened.

``Watch`` sees every commit, every line that arrives and every start of a node; its ``pages``
see everything that a page is told. What must not be raises ``Violation``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from goop_realtime.machine import pages
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.link import Link
from goop_realtime.machine.liveness import Overdue
from goop_realtime.model import limits
from goop_realtime.model.effects import (
    DropChannel,
    Record,
    SaveChannel,
    SaveCursor,
    SaveEntry,
    SaveOutcome,
)
from goop_realtime.model.jsonio import encode
from goop_realtime.model.obstacles import FAILED, MISMATCH, MISSING
from goop_realtime.model.wire import Line
from goop_realtime.testing.seen import Seen, demand
from goop_realtime.testing.watch_fleeting import FleetingWatch
from goop_realtime.testing.watch_pages import PageWatch

if TYPE_CHECKING:
    from goop_realtime.testing.node import SimNode
    from goop_realtime.testing.simulator import World

LEGAL = {
    Phase.ASKING: {Phase.OPEN, Phase.CLOSED},
    Phase.ASKED: {Phase.JOINING, Phase.CLOSED},
    Phase.JOINING: {Phase.OPEN, Phase.CLOSED},
    Phase.OPEN: {Phase.CLOSED},
    Phase.CLOSED: set(),
}
"""Where a phase may lead."""
DISAGREE_MS = 10_000 + 1_600
"""Ten seconds after the last byte, which may have been on its way for so long."""
ONE_MESSAGE = 1024
"""More than the bytes of any simulated message."""


class Watch:
    """What is known of a world, and what must hold in it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.seen = Seen()
        self.pages = PageWatch(world, self.seen)
        self.fleeting = FleetingWatch(world, self.seen)
        self._contents: dict[tuple[str, int, int], tuple[str, bytes]] = {}
        self._folds: dict[tuple[Any, ...], bytes] = {}
        self._asked: set[tuple[str, str, str]] = set()
        self._identity: dict[tuple[str, str], tuple[str, str]] = {}
        self._phases: dict[tuple[str, str], Phase] = {}
        self._cursors: dict[tuple[str, str, str, str], int] = {}
        self._said: dict[tuple[str, str], int] = {}
        """How far a node has said that its pages are."""
        self._disagree: dict[str, int] = {}
        self.undue = {MISSING, FAILED, MISMATCH}
        """What ends no open channel: the trouble of a plugin, or of its version."""
        self.healthy = True
        """There are no faults, or none any more: whatever waits ends within its bound."""

    # Commits

    def committed(self, node: SimNode, records: Sequence[Record]) -> None:
        """A node's step is on its disk."""
        grown: dict[str, None] = {}
        for record in records:
            if isinstance(record, SaveEntry):
                self._entry(node, record)
                grown[record.channel] = None
            elif isinstance(record, SaveChannel):
                self._row(node, record.channel, record.row)
            elif isinstance(record, DropChannel):
                phase = self._phases.pop((node.peer_id, record.channel), Phase.CLOSED)
                demand(phase is Phase.CLOSED, f"{record.channel} is forgotten while {phase}")
            elif isinstance(record, SaveOutcome) and record.outcome.code:
                self.seen.counts[f"outcome {record.outcome.code}"] += 1
                self.seen.refusals.add((record.channel, record.id))
                ordered = record.id in self.seen.ids.get((node.peer_id, record.channel), ())
                demand(not ordered, f"{node.peer_id} refuses {record.id}, which it has ordered")
            elif isinstance(record, SaveCursor):
                key = (node.peer_id, record.channel, record.peer, record.name)
                demand(record.seq >= self._cursors.get(key, 0), f"the cursor {key} went back")
                self._cursors[key] = record.seq
        for channel_id in grown:
            channel = node.engine.core.channels.get(channel_id)
            if channel is not None:
                self._look(node, channel)

    def _entry(self, node: SimNode, record: SaveEntry) -> None:
        entry, channel_id, who = record.entry, record.channel, node.peer_id
        content = (entry.id, entry.raw)
        known = self._contents.setdefault((channel_id, *entry.position), content)
        demand(known == content, f"{entry.position} of {channel_id}: {known} and {content}")
        history = self.seen.history.setdefault((who, channel_id), {})
        ids = self.seen.ids.setdefault((who, channel_id), {})
        demand(entry.id not in ids, f"{who} has {entry.id} twice: {ids.get(entry.id)}, {entry.seq}")
        demand(entry.seq not in history, f"{who} fills {entry.seq} of {channel_id} twice")
        # Where both nodes have lost commits, the refusal may be gone from the whole world.
        demand(
            (channel_id, entry.id) not in self.seen.told_refused or self.seen.all_lossy(channel_id),
            f"{who} applies {entry.id}, whose page was told that it is refused",
        )
        demand(channel_id in self.seen.consented, f"{who} has an entry before anybody agreed")
        ids[entry.id] = entry.seq
        history[entry.seq] = (entry.epoch, entry.id)
        self.seen.ever.add((who, channel_id, entry.id))
        self._world.tell(f"{who} commits {entry.position[1]} of {channel_id}: {entry.id}")

    def _row(self, node: SimNode, channel_id: str, row: dict[str, Any]) -> None:
        self.seen.parties[channel_id] = frozenset((row["opener"], *row["peers"]))
        identity = (row["opener"], row["context"])
        # A node may draw an id that another has taken: then each has its own, never joined.
        known = self._identity.setdefault((node.peer_id, channel_id), identity)
        demand(known == identity, f"{channel_id} was {known} and is {identity}")
        key, phase = (node.peer_id, channel_id), Phase(row["phase"])
        before = self._phases.get(key)
        if before is phase:
            return
        (other,) = self.seen.parties[channel_id] - {node.peer_id}
        if phase is Phase.JOINING and (node.peer_id, other, row["context"]) in self._asked:
            self.seen.consented.add(channel_id)  # two requests that crossed
        demand(
            before is None or phase in LEGAL[before],
            f"{channel_id} at {node.peer_id}: {before} -> {phase}",
        )
        undue = before is Phase.OPEN and row["closeCode"] in self.undue
        demand(not undue, f"{channel_id} ends at {node.peer_id}: {row['closeCode']}")
        side = "host" if row["host"] == node.peer_id else "guest"
        cause = f" {row['closeCode']}" if phase is Phase.CLOSED else ""
        self.seen.counts[f"{side} {before or 'none'} -> {phase}{cause}"] += 1
        self._world.tell(f"{node.peer_id} {channel_id}: {before or 'none'} -> {phase}{cause}")
        self._phases[key] = phase

    def _look(self, node: SimNode, channel: Channel) -> None:
        """The state after an entry is the same everywhere, and nothing grows beyond bounds."""
        if not (channel.final or channel.barred):
            folded: Any = channel.session.snapshot()
            state = encode(folded)
            # Versions whose states have different forms have different functions for that.
            form = channel.context.type.upgrade
            known = self._folds.setdefault((channel.id, *channel.log.last, form), state)
            demand(
                known == state,
                f"after {channel.log.last} of {channel.id}: {known!r} and {state!r}",
            )
        bound = limits.OUTBOX_MESSAGES
        demand(len(channel.outbox) <= bound + 1, f"{len(channel.outbox)} in an outbox")
        demand(
            len(channel.log) <= 4 * bound + 2 * limits.KEPT_ENTRIES + pages.OWN_UNTOLD + 4,
            f"{node.peer_id} holds {len(channel.log)} entries of {channel.id}",
        )
        for link in channel.links:
            demand(
                link.flight_bytes <= limits.LINK_WINDOW + ONE_MESSAGE,
                f"{link.flight_bytes} bytes on their way to {link.member.peer}",
            )
        for page in node.engine.core.pages.values():
            view = page.views.get(channel.id)
            demand(
                view is None or view.flight_bytes <= limits.PAGE_WINDOW + ONE_MESSAGE,
                f"{view.flight_bytes if view else 0} bytes on their way to {page.id}",
            )

    # Starts

    def forgets(self, node: SimNode) -> None:
        """A node has lost commits: what follows from having them no longer holds."""
        self.seen.lossy.add(node.peer_id)
        books: tuple[dict[Any, Any], ...] = (
            self.seen.ids,
            self._phases,
            self._cursors,
            self._said,
            self._identity,
        )
        for book in books:
            for key in [key for key in book if key[0] == node.peer_id]:
                del book[key]
        self.pages.forgets(node.peer_id)

    def started(self, node: SimNode) -> None:
        """A node came up: after a kill it has all that it had committed."""
        who, channels = node.peer_id, node.engine.core.channels
        for (peer, channel_id), phase in self._phases.items():
            if peer == who:
                demand(channel_id in channels, f"{who} has forgotten {channel_id} ({phase})")
        for key in [key for key in self.seen.history if key[0] == who and key[1] not in channels]:
            del self.seen.history[key]
        for channel in channels.values():
            key = (who, channel.id)
            history = self.seen.history.setdefault(key, {})
            last = max(history, default=0)
            if key not in self._phases:
                # It has lost commits: what it still has is the beginning of what it had.
                for seq in [seq for seq in history if seq > channel.log.last[1]]:
                    del history[seq]
            else:
                # A snapshot takes a guest beyond what it had, and may be the last that it stored.
                taken = not len(channel.log) and channel.log.last[1] > last
                demand(
                    last == channel.log.last[1] or not history or taken,
                    f"{who} had {last} of {channel.id} and has {channel.log.last}",
                )
                handled = self._said.get(key, 0)
                demand(channel.handled >= handled, f"{who} was at {handled}, is {channel.handled}")
            self._phases.setdefault(key, channel.phase)
            self.seen.ids[key] = {message_id: seq for seq, (_, message_id) in history.items()}

    # Time

    def overdue(self, node: SimNode, wait: Overdue) -> None:
        """The node's own watchdog found a wait that does not end."""
        self.seen.counts["overdue"] += 1
        self._world.tell(f"{node.peer_id}: {wait}")
        demand(not self.healthy, f"{node.peer_id}: {wait}")

    # The network

    def consents(self, channel_id: str) -> None:
        """A person agreed to a channel."""
        self.seen.consented.add(channel_id)

    def asks(self, who: str, peer: str, context: str) -> None:
        """A person asked for a channel; with a context that is consent to the other's request."""
        if context:
            self._asked.add((who, peer, context))

    def line(self, node: SimNode, sender: str, line: Line) -> None:
        """A line of a channel's stream arrived."""
        channel = node.engine.core.channels.get(line.group)
        where = f"{'host' if channel.hosted else 'guest'} {channel.phase}" if channel else "unknown"
        what = f" {line.code}" if line.code else f" {line.stage}" if line.stage else ""
        self.seen.counts[f"line {line.type}{what} at {where}"] += 1
        if line.type == "unfit":
            self.fleeting.unfit(line.group, node.peer_id)
        if line.type == "ack" and line.stage != "node" and sender not in self.seen.lossy:
            key = (sender, line.group)
            self._said[key] = max(self._said.get(key, 0), line.seq)
        demand(
            line.group in self.seen.consented, f"{sender} says {line.type} before anybody agreed"
        )
        if self._world.story is not None:
            self._world.tell(f"{sender} > {node.peer_id} {_words(line)}")

    def control(self, node: SimNode, sender: str, line: Line) -> None:
        """A line of the invitation protocol arrived."""
        channel = node.engine.core.channels.get(line.group)
        where = f"{'host' if channel.hosted else 'guest'} {channel.phase}" if channel else "unknown"
        code = f" {line.code}" if line.code else ""
        self.seen.counts[f"control {line.type}{code} at {where}"] += 1
        if self._world.story is not None:
            self._world.tell(f"{sender} ~ {node.peer_id} {_words(line)}")

    def ended(self, node: SimNode, link: int, before: set[Link]) -> None:
        """A stream ended: that matters to the channel whose present one it was, and to no other."""
        for other in before - set(node.engine.core.links.values()):
            demand(
                other.id == link,
                f"{node.peer_id}: stream {link} ended, and {other.channel.id} let go of {other.id}",
            )

    def agree(self) -> None:
        """Both sides of a channel think alike about it, but for a short while."""
        now = self._world.now
        for first, second in combinations(self._world.nodes.values(), 2):
            if not (first.acts and second.acts):
                self._disagree.clear()
                continue
            ours, theirs = first.engine.core.channels, second.engine.core.channels
            for channel_id in ours.keys() & theirs.keys():
                states = (ours[channel_id].page_state, theirs[channel_id].page_state)
                if "connected" in states and states[0] != states[1]:
                    since = self._disagree.setdefault(channel_id, now)
                    told = f"{channel_id} is {states} for {now - since} ms"
                    demand(now - since <= DISAGREE_MS, told)
                else:
                    self._disagree.pop(channel_id, None)


def _words(line: Line) -> str:
    """A line for the story."""
    parts = [line.type, line.group, line.kind, line.stage, line.id, line.code]
    if line.seq:
        parts.append(f"{line.epoch % 1_000_000}:{line.seq}")
    if line.type in ("join", "welcome", "tail"):
        parts.append(str(line.value()))
    return " ".join(part for part in parts if part)
