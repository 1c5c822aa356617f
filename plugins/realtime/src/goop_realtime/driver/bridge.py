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
from goop_node.types import LineStream, NetworkError, NodeApi, PeerEvent
from goop_realtime.driver.invitation_streams import InvitationStreams, until_discovered
from goop_realtime.driver.plugin_news import PluginNews
from goop_realtime.goop2.go_doors import Doors
from goop_realtime.goop2.go_peers import GoPeers
from goop_realtime.machine.engine import Engine
from goop_realtime.model.effects import (
    QUIET,
    Changed,
    CloseLink,
    Committed,
    Effect,
    Frame,
    OpenLink,
    SendControl,
    SendLine,
    channel_of,
)
from goop_realtime.model.jsonio import MalformedJson
from goop_realtime.model.wire import GROUP_PROTOCOL, Line, parse, serialise
from goop_realtime.storage.committer import Committer
from goop_realtime.storage.journal import Journal
from goop_realtime.storage.no_journal import NoJournal

log = logging.getLogger(__name__)


class Bridge:
    """Connects one ``Engine`` with the network, the journal, the pages and the clock."""

    def __init__(self, node: NodeApi, engine: Engine, journal: Journal | NoJournal) -> None:
        self.engine = engine
        self._node = node
        self._committer = Committer(engine, journal, self._act, self._cut_off, self.report)
        self._loop = asyncio.get_running_loop()
        self._streams: dict[int, LineStream] = {}
        self._next_link = 0
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
        doors = Doors(
            adopt=self._adopt,
            ended=self._ended,
            step=self.step,
            flush=self.flush,
            now=now_ms,
            discovered=partial(until_discovered, node.peers),
            spawn=self._spawn,
        )
        self._go = GoPeers(node.network, engine, doors)
        self._invitations = InvitationStreams(node, engine, self._go, doors)
        self._news = PluginNews(engine.core, self._spawn)

    # Steps and their effects

    def start(self) -> None:
        """Begin: the plugins hear what they may have missed, pages and peers what is due."""
        self._news.replay()
        self.step()

    def step(self) -> None:
        """Call after anything was done to the engine: its effects follow in this loop turn."""
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self.flush)

    async def stored(self, channel_id: str = "") -> None:
        """Commit and carry out what has gathered. Raises ``Problem`` where that cannot be stored,
        or this node failed on that channel."""
        done = await self._committer.stored()
        self._arm()
        if done is None:
            raise Problem(
                503, "storage_busy", "this waits for the node's disk, and may happen later"
            )
        if not done or channel_id in self._committer.failed:
            raise Problem(
                503, "storage_failed", "this cannot be stored now; nothing of it was done"
            )

    def flush(self) -> bool:
        """Commit and carry out what has gathered; whether nothing waits any more."""
        self._flush_due = False
        done = self._committer.commit()
        self._arm()
        return done

    def report(self, error: Exception, about: str) -> None:
        """This node failed: for the log, once a minute, and the status page."""
        self._node.failed("realtime", error, doing="a step of the node", about=about)

    def _cut_off(self) -> None:
        """End every stream and every page's connection: they come back and say what they have."""
        for stream in list(self._streams.values()):
            stream.reset()
        self._streams.clear()
        for cut in list(self.cuts.values()):
            cut()

    def _act(self, effects: Sequence[Effect]) -> None:
        """Carry out what a stored batch asks for; what fails is one of them, and no other."""
        # Messages alone bring no deadline nearer, and most steps are messages alone.
        self._look = self._look or not all(type(effect) in QUIET for effect in effects)
        try:
            self._news.committed(effect for effect in effects if type(effect) is Committed)
        except Exception as error:
            self.report(error, "in telling the plugins what is stored")
        for effect in effects:
            try:
                self._carry_out(effect)
            except Exception as error:
                self.report(error, f"in {type(effect).__name__} on channel {channel_of(effect)}")

    def _carry_out(self, action: Effect) -> None:
        kind = type(action)
        if kind is Frame:
            sink = self.sinks.get(action.page)  # type: ignore[union-attr]
            if sink is not None:
                sink(action.data, action.newest)  # type: ignore[union-attr]
        elif kind is SendLine:
            stream = self._streams.get(action.link)  # type: ignore[union-attr]
            if stream is not None:
                stream.write(action.data)  # type: ignore[union-attr]
        elif isinstance(action, SendControl):
            self._spawn(self._invitations.send(action))
        elif isinstance(action, OpenLink):
            self._spawn(self._open_link(action))
        elif isinstance(action, CloseLink):
            self._close_link(action)
        elif isinstance(action, Changed):
            self._go.changed(action.channel)
            self._news.opened(action.channel)
            for waiter in self._waiters.pop(action.channel, ()):
                if not waiter.done():
                    waiter.set_result(None)

    def _spawn(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Streams

    def inbound(self, protocol: str, stream: LineStream) -> None:
        """Another node opened a stream of ``protocol`` to us."""
        if protocol == GROUP_PROTOCOL:
            self._inbound(stream)
        elif not self._go.inbound(protocol, stream):
            self._invitations.inbound(stream)

    def _inbound(self, stream: LineStream) -> None:
        """A guest's stream: its first line must be a join."""
        link = self._adopt(stream)
        first = True

        def on_lines(lines: list[bytes]) -> None:
            nonlocal first
            if first:
                first = False
                if not self._join(link, stream, lines.pop(0)):
                    return
            self._received(link, stream, lines)

        stream.start(on_lines, lambda code: self._ended(link, code))

    def _join(self, link: int, stream: LineStream, raw: bytes) -> bool:
        try:
            line = parse(raw)
        except MalformedJson as error:
            line = Line(type="", reason=error.reason)
        if line.type != "join":
            self.engine.core.note("link", "bad_first_line", detail=f"from {stream.peer_id}")
            stream.write(serialise(Line(type="close", code="bad_first_line")))
            stream.close()
            return False
        # Being a member is more than being discovered, which after a restart takes a while.
        self.engine.joined(now_ms(), link, stream.peer_id, line)
        self.step()
        return True

    def _received(self, link: int, stream: LineStream, lines: list[bytes]) -> None:
        if not lines:
            return
        if not self.engine.lines(now_ms(), link, lines):
            stream.reset()
        self.step()

    def _ended(self, link: int, code: str) -> None:
        self._streams.pop(link, None)
        if not self._closed:
            self.engine.link_ended(now_ms(), link, code)
            self._look = True
            self.step()

    def _adopt(self, stream: LineStream) -> int:
        self._next_link += 1
        self._streams[self._next_link] = stream
        return self._next_link

    async def _open_link(self, action: OpenLink) -> None:
        if self._go.takes_link(action):
            return
        try:
            stream = await self._node.network.open_stream(action.peer, [GROUP_PROTOCOL])
        except NetworkError as error:
            self.engine.link_failed(now_ms(), action.channel, error.code)
            self._look = True
            self.step()
            return
        link = self._adopt(stream)
        self.engine.link_opened(now_ms(), action.channel, link)
        self.flush()
        stream.start(
            lambda lines: self._received(link, stream, lines),
            lambda code: self._ended(link, code),
        )

    def _close_link(self, action: CloseLink) -> None:
        stream = self._streams.get(action.link)
        if stream is None:
            return
        if action.drain:
            stream.close()
        else:
            stream.reset()

    # Waiting, time, peers

    async def changed(self, channel_id: str, timeout: float) -> None:
        """Wait until the channel's state changes, at most ``timeout`` seconds."""
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiters.setdefault(channel_id, []).append(waiter)
        try:
            async with asyncio.timeout(timeout):
                await waiter
        except TimeoutError:
            return
        finally:
            waiting = self._waiters.get(channel_id, [])
            if waiter in waiting:
                waiting.remove(waiter)

    def peer_changed(self, event: PeerEvent) -> None:
        """A peer came back: what waits for it goes on at once. Or it is blocked: nothing does."""
        if event.kind in ("found", "connected"):
            self.engine.peer_back(now_ms(), event.peer.peer_id)
        elif event.kind == "standing":
            self.engine.standing_changed(now_ms(), event.peer.peer_id)
        else:
            return
        self._look = True
        self.step()

    def _arm(self) -> None:
        due = self.engine.core.running.due_at
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
        self.engine.core.correction = correction_ms()
        for overdue in self.engine.tick(now_ms()):
            log.warning("a channel is stuck: %s", overdue)
        self.flush()

    async def close(self) -> None:
        """Stop: the peers see their streams end, the journal has everything."""
        self._committer.close()
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for stream in list(self._streams.values()):
            stream.close()
        self._go.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
