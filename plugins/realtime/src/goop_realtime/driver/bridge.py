# SPDX-License-Identifier: MIT
"""Drives the state machine: takes its effects, commits, and carries them out.

Everything runs on the event loop's thread. What happens within one turn of the loop is one
batch: one commit, then all the writes. The streams' coalescing writers do the rest.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from goop_node.clock import correction_ms, now_ms
from goop_node.problems import Problem
from goop_node.types import LineStream, NodeApi, PeerEvent
from goop_realtime.driver.channel_streams import ChannelStreams
from goop_realtime.driver.find_streams import FindStreams
from goop_realtime.driver.invitation_streams import InvitationStreams, until_discovered
from goop_realtime.driver.metrics import Metrics
from goop_realtime.driver.room_streams import RoomStreams
from goop_realtime.driver.streams import Steps, Streams
from goop_realtime.engine.door import Engine, about
from goop_realtime.engine.effects import QUIET, AnyEffect
from goop_realtime.goop2.go_doors import Doors
from goop_realtime.goop2.go_peers import GoPeers
from goop_realtime.model.effects import (
    Changed,
    CloseLink,
    Committed,
    Frame,
    OpenLink,
    SaveEntry,
    SendControl,
    SendLine,
)
from goop_realtime.model.wire import GROUP_PROTOCOL
from goop_realtime.rooms.find_lines import FIND_PROTOCOL
from goop_realtime.rooms.lines import ROOM_PROTOCOL
from goop_realtime.rooms.records import AppendEntry, OpenRoomLink, RoomCommitted, SendFind
from goop_realtime.storage.committer import Committer
from goop_realtime.storage.journal import Journal
from goop_realtime.storage.no_journal import NoJournal

log = logging.getLogger(__name__)

NEWS = (Committed, RoomCommitted)
"""What contexts' plugins are told of."""
STORED_SECONDS = 15.0
"""How long a request waits for what it did to be stored."""


class Bridge:
    """Connects one ``Engine`` with the network, the journal, the pages and the clock."""

    def __init__(self, node: NodeApi, engine: Engine, journal: Journal | NoJournal) -> None:
        self.engine = engine
        self._node = node
        self._committer = Committer(engine, journal, self)
        self._loop = asyncio.get_running_loop()
        self._flush_due = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: int | None = None
        self._look = False
        """Whether something happened that may bring the next deadline nearer."""
        self._tasks: set[asyncio.Task[Any]] = set()
        self._waiters: dict[str, list[asyncio.Future[None]]] = {}
        self.sinks: dict[str, Callable[[bytes, str], None]] = {}
        """Where each connected page's frames go, as ``(data, newest)`` of a ``Frame``."""
        self.cuts: dict[str, Callable[[], None]] = {}
        """What cuts each connected page off, so that it comes back."""
        self._closed = False
        self.drop_frames, self.lost = self._committer.drop_frames, self._committer.lost
        steps = Steps(self.step, self.flush, self._look_soon)
        self._streams = Streams(steps)
        self.metrics = Metrics(engine, self._streams)
        if isinstance(journal, Journal):
            journal.on_commit = self.metrics.commits.observe
        self._channels = ChannelStreams(node.network, engine, self._streams, steps)
        self._rooms = RoomStreams(node.network, engine, self._streams, steps)
        self._finding = FindStreams(node, engine, steps, self._spawn)
        doors = Doors(
            adopt=self._streams.adopt,
            ended=self._channels.ended,
            step=self.step,
            flush=self.flush,
            now=self.now,
            discovered=partial(until_discovered, node.peers),
            spawn=self._spawn,
        )
        self._go = GoPeers(node.network, engine, doors)
        self._invitations = InvitationStreams(node, engine, self._go, doors)
        self._hands: dict[type[AnyEffect], Callable[[Any], None]] = {
            Frame: self._give,
            SendLine: self._streams.write,
            SendControl: self._send,
            OpenLink: self._open,
            OpenRoomLink: self._open_room,
            SendFind: self._find,
            CloseLink: self._streams.end,
            Changed: self._tell_changed,
            SaveEntry: self.metrics.entry,
            AppendEntry: self.metrics.entry,
        }
        """What carries out each action, and counts what is stored; what plugins are told of was
        done before."""

    # Steps and their effects

    def start(self) -> None:
        """Begin: the plugins hear what they may have missed, pages and peers what is due."""
        for work in self.engine.replay(now_ms()):
            self._spawn(work())
        for peer in self._node.peers.all():
            if peer.connected:
                self.engine.rooms.peer_back(now_ms(), peer.peer_id)
        self.step()

    def step(self) -> None:
        """Call after anything was done to the engine: its effects follow in this loop turn."""
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self.flush)

    async def stored(self, channel_id: str = "") -> None:
        """Commit and carry out what has gathered. Raises ``Problem`` where that cannot be stored,
        or this node failed on that channel."""
        done: bool | None = self._committer.commit()
        self._arm()
        if self._committer.waits:
            done = await self._until_stored()
        if done is None:
            raise Problem(
                503, "storage_busy", "this waits for the node's disk, and may happen later"
            )
        if not done or channel_id in self._committer.failed:
            raise Problem(
                503, "storage_failed", "this cannot be stored now; nothing of it was done"
            )

    async def _until_stored(self) -> bool | None:
        """Whether what waits was stored; ``None`` where nobody should wait for that any longer."""
        answer: asyncio.Future[bool] = self._loop.create_future()

        def tell(done: bool) -> None:
            if not answer.done():
                answer.set_result(done)

        self._committer.when_stored(tell)
        try:
            return await asyncio.wait_for(answer, STORED_SECONDS)
        except TimeoutError:
            return None

    def flush(self) -> bool:
        """Commit and carry out what has gathered; whether nothing waits any more."""
        self._flush_due = False
        done = self._committer.commit()
        self._arm()
        return done

    def report(self, error: Exception, about: str) -> None:
        """This node failed: for the log, once a minute, and the status page."""
        self._node.failed("realtime", error, doing="a step of the node", about=about)

    # What the committer asks for (see ``Driver`` there)

    def now(self) -> int:
        """Unix ms."""
        return now_ms()

    def later(self, delay_ms: int, action: Callable[[], None]) -> Callable[[], object]:
        """Call ``action`` then; what is returned takes that back."""
        return self._loop.call_later(delay_ms / 1000, action).cancel

    def cut_off(self) -> None:
        """End every stream and every page's connection: they come back and say what they have."""
        self._streams.cut_off()
        self._finding.cut_off()
        for cut in list(self.cuts.values()):
            cut()

    def act(self, effects: Sequence[AnyEffect]) -> None:
        """Carry out what a stored batch asks for; what fails is one of them, and no other."""
        # Messages alone bring no deadline nearer, and most steps are messages alone.
        kinds = set(map(type, effects))
        self._look = self._look or not kinds <= QUIET
        try:
            if not kinds.isdisjoint(NEWS):
                news = [one for one in effects if isinstance(one, NEWS)]
                for work in self.engine.committed(now_ms(), news):
                    self._spawn(work())
        except Exception as error:
            self.report(error, "in telling the plugins what is stored")
        hands = self._hands
        for effect in effects:
            hand = hands.get(type(effect))
            if hand is None:
                continue  # a record, which is stored by now
            try:
                hand(effect)
            except Exception as error:
                self.report(error, f"in {type(effect).__name__} on channel {about(effect)}")

    def _give(self, frame: Frame) -> None:
        sink = self.sinks.get(frame.page)
        if sink is not None:
            sink(frame.data, frame.newest)

    def _send(self, action: SendControl) -> None:
        self._spawn(self._invitations.send(action))

    def _open(self, action: OpenLink) -> None:
        if not self._go.takes_link(action):
            self._spawn(self._channels.open(action))

    def _open_room(self, action: OpenRoomLink) -> None:
        self._spawn(self._rooms.open(action))

    def _find(self, action: SendFind) -> None:
        self._finding.send(action.peer, action.data)

    def _tell_changed(self, action: Changed) -> None:
        self._go.changed(action.channel)
        self.engine.changed(now_ms(), action.channel)
        for waiter in self._waiters.pop(action.channel, ()):
            if not waiter.done():
                waiter.set_result(None)

    def _spawn(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def inbound(self, protocol: str, stream: LineStream) -> None:
        """Another node opened a stream of ``protocol`` to us."""
        if protocol == GROUP_PROTOCOL:
            self._channels.inbound(stream)
        elif protocol == ROOM_PROTOCOL:
            self._rooms.inbound(stream)
        elif protocol == FIND_PROTOCOL:
            self._finding.inbound(stream)
        elif not self._go.inbound(protocol, stream):
            self._invitations.inbound(stream)

    # Waiting, time, peers

    async def changed(self, channel_id: str, timeout_ms: int) -> None:
        """Wait until the channel's state changes, at most ``timeout_ms``."""
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiters.setdefault(channel_id, []).append(waiter)
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                await waiter
        except TimeoutError:
            return
        finally:
            waiting = self._waiters.get(channel_id, [])
            if waiter in waiting:
                waiting.remove(waiter)

    def peer_changed(self, event: PeerEvent) -> None:
        """A peer came back: what waits for it goes on at once. Or it is blocked: nothing does."""
        now, peer = now_ms(), event.peer.peer_id
        if event.kind in ("found", "connected"):
            self.engine.peer_back(now, peer)
        if event.kind == "connected":
            self._finding.connected(peer)
            self.engine.rooms.peer_back(now, peer)
        elif event.kind == "disconnected":
            self.engine.rooms.peer_gone(now, peer)
        elif event.kind == "standing":
            self.engine.standing_changed(now, peer)
        self._look_soon()
        self.step()

    def _look_soon(self) -> None:
        """What happened may bring the next deadline nearer."""
        self._look = True

    def _arm(self) -> None:
        due = self.engine.look_at
        sooner = due is not None and self._timer_at is not None and due < self._timer_at
        if self._closed or (self._timer is not None and not self._look and not sooner):
            return
        self._look = False
        at = self.engine.wake_at(now_ms())
        if self._timer is not None:
            if at is not None and self._timer_at is not None and at >= self._timer_at:
                return
            self._timer.cancel()
            self._timer = None
        if at is not None:
            self._timer_at = at
            self._timer = self._loop.call_later(max(0, at - now_ms()) / 1000, self._tick)

    def _tick(self) -> None:
        self._timer = None
        for overdue in self.engine.tick(now_ms(), correction_ms()):
            log.warning("a channel is stuck: %s", overdue)
        self.flush()

    async def close(self) -> None:
        """Stop: the peers see their streams end, the journal has everything."""
        self._committer.close()
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._streams.close()
        self._finding.close()
        self._go.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
