# SPDX-License-Identifier: MIT
"""What the rest of the node may know of its channels: values, made when they are asked for.

Whoever holds one holds no part of the machine: it neither changes nor can be changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from goop_node.types import Caller, JsonValue
from goop_realtime.contexts.recording import Recording
from goop_realtime.machine import lookup, running, seen, showing
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.core import Core
from goop_realtime.machine.history import history_page
from goop_realtime.machine.memory import everything
from goop_realtime.machine.pending import pending_page
from goop_realtime.machine.rights import UNKNOWN, Right
from goop_realtime.machine.rows import channel_row
from goop_realtime.machine.unread import Unread
from goop_realtime.model.effects import Record
from goop_realtime.model.figures import Figures
from goop_realtime.model.log import Position
from goop_realtime.model.times import sooner
from goop_realtime.types import Limits, Refusal

Row = dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class ChannelView:
    """A channel of two at one moment."""

    id: str
    peer: str
    """The other one."""
    phase: Phase
    delivery: str
    hosted: bool
    final: bool
    closed_by_log: bool
    """Whether its log ends with a close, so that the other side can be given its end."""
    opening: bool
    """Whether a stream to the other one is being opened."""
    handled_there: Position
    """Up to where the other one's pages have handled the log."""
    close_code: str
    close_reason: str
    limits: Limits
    """Its bounds as they hold on this node."""


def view_of(core: Core, channel: Channel) -> ChannelView:
    """The channel as it is now."""
    other = channel.other
    return ChannelView(
        id=channel.id,
        peer=other.peer,
        phase=channel.phase,
        delivery=channel.delivery,
        hosted=channel.hosted,
        final=channel.final,
        closed_by_log=channel.closed_by_log,
        opening=other.opening,
        handled_there=channel.log.position(other.handled),
        close_code=channel.close_code,
        close_reason=channel.close_reason,
        limits=core.limits.of(channel.context.type.limits),
    )


class Reading:
    """The questions that an engine answers. None of them changes anything."""

    def __init__(self, core: Core) -> None:
        self._core = core

    @property
    def me(self) -> str:
        """This node's peer id."""
        return self._core.me

    @property
    def max_sockets(self) -> int:
        """How many connections of pages there may be."""
        return self._core.limits.sockets

    @property
    def look_at(self) -> int | None:
        """When pages are next told what they follow (Unix ms); ``None`` where nobody waits."""
        return sooner(self._core.running.due_at, self._core.showing.due_at)

    def is_discovered(self, peer: str) -> bool:
        """Whether the peer was seen on the network."""
        return self._core.is_discovered(peer)

    def label_of(self, peer: str) -> str:
        """What people call the peer."""
        return self._core.label_of(peer)

    # For the node itself

    def channel(self, channel_id: str) -> ChannelView | None:
        """The channel of that id, whatever has become of it."""
        channel = self._core.channels.get(channel_id)
        return None if channel is None else view_of(self._core, channel)

    def channels(self) -> list[ChannelView]:
        """All of them."""
        return [view_of(self._core, channel) for channel in self._core.channels.values()]

    def unread(self, channel_id: str) -> Callable[[], tuple[int, int]]:
        """What says, when called, how many entries our pages have not handled, and their bytes."""
        return Unread(self._core.channels[channel_id]).measure

    def figures(self) -> Figures:
        """How much there is of channels."""
        found = Figures()
        for channel in self._core.channels.values():
            suspended = channel.phase is Phase.OPEN and not channel.linked
            state = "suspended" if suspended else str(channel.phase)
            found.states[channel.context.type.name, state] += 1
            found.waiting += len(channel.outbox)
            found.waiting_bytes += channel.outbox_bytes
            found.unread += max(0, channel.log.last[1] - channel.handled)
        return found

    @property
    def receipts(self) -> Counter[str]:
        """How many pages were given, by stage."""
        return self._core.receipts

    @property
    def decisions(self) -> Counter[tuple[str, str]]:
        """How many there were, by hop and code."""
        return self._core.trace.counts

    @property
    def pages(self) -> int:
        """How many are connected."""
        return sum(page.connected for page in self._core.pages.values())

    def everything(self) -> list[Record]:
        """The records from which a start would make all of memory again."""
        return everything(self._core)

    # For the person at this node, who may see everything

    def logs(self) -> list[Row]:
        """Every channel with how much its log holds: see ``seen.py``."""
        return seen.logs(self._core)

    def all_decisions(self) -> tuple[list[Row], int, int]:
        """What the trace holds, oldest first; the number of the newest, and how many made room."""
        core = self._core
        return seen.decisions(core), core.trace.count, core.trace.dropped

    def recording(self, channel_id: str, after: int) -> Recording | Refusal:
        """A channel's log to be folded once more, with the entries above ``after``."""
        return seen.recording(self._core, channel_id, after)

    @property
    def epoch(self) -> int:
        """That of this start of the node: what is counted begins anew with it."""
        return self._core.epoch

    # For callers, who may not see everything

    def rows(self, caller: Caller, now: int) -> list[Row]:
        """The channels that the caller may see, and the requests that wait for its answer."""
        return lookup.rows(self._core, caller, now)

    def row(self, channel_id: str, now: int) -> Row | Refusal:
        """The row of a channel that its caller has opened or accepted."""
        channel = self._core.channels.get(channel_id)
        return UNKNOWN if channel is None else channel_row(channel, now, self._core.limits)

    def joining(self, channel_id: str) -> bool:
        """Whether a request that was accepted waits for its host's welcome."""
        channel = self._core.channels.get(channel_id)
        return channel is not None and channel.phase is Phase.JOINING

    def found(self, channel_id: str, caller: Caller, right: Right) -> ChannelView | Refusal:
        """The channel, or the one that it has become, if the caller has that right."""
        found = lookup.find(self._core, channel_id, caller, right)
        return found if isinstance(found, Refusal) else view_of(self._core, found)

    def running(self, caller: Caller) -> list[Row]:
        """What is running and what waits for the person, as far as the caller may see it."""
        return running.rows(self._core, caller)

    def contexts(self, caller: Caller) -> list[Row]:
        """The contexts that the caller may use."""
        return lookup.contexts(self._core, caller)

    def trace(self, caller: Caller, channel_id: str) -> list[Row]:
        """The newest decisions, of all channels or one."""
        return lookup.trace(self._core, caller, channel_id)

    def history(self, channel_id: str, caller: Caller, after: str, limit: int) -> Row | Refusal:
        """What a channel's log still holds; see ``history_page``. Raises ``Problem``."""
        found = lookup.find(self._core, channel_id, caller, Right.USE)
        return found if isinstance(found, Refusal) else history_page(found, after, limit)

    def snapshot(self, channel_id: str, caller: Caller) -> Row | Refusal:
        """What a channel's Session comes to, and where: see ``showing.state_of``."""
        found = lookup.shown(self._core, channel_id, caller)
        return found if isinstance(found, Refusal) else showing.state_of(self._core, found, caller)

    def pending(self, channel_id: str, caller: Caller, after: str, limit: int) -> Row | Refusal:
        """What has no place in the log yet; see ``pending_page``. Raises ``Problem``."""
        found = lookup.find(self._core, channel_id, caller, Right.USE)
        return found if isinstance(found, Refusal) else pending_page(found, after, limit)
