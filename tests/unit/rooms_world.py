# SPDX-License-Identifier: MIT
"""Nodes with rooms over a network without faults, in virtual time: for lives that are scripted."""

from __future__ import annotations

import heapq
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import msgspec

from goop_node.types import Caller
from goop_realtime.contexts.registry import Registry, compile_context
from goop_realtime.machine import showing
from goop_realtime.machine.core import Core
from goop_realtime.machine.pages import Page
from goop_realtime.machine.places import attach, detach
from goop_realtime.machine.rights import HOME
from goop_realtime.model.effects import CloseLink, Frame, SendLine
from goop_realtime.model.limits import NodeLimits
from goop_realtime.rooms.door import JoinOptions, Rooms
from goop_realtime.rooms.records import (
    ROOM_RECORDS,
    AppendEntry,
    ClaimEpoch,
    CutLog,
    DropRefusal,
    DropRoom,
    DropRoomOutgoing,
    OpenRoomLink,
    SaveHandled,
    SaveRefusal,
    SaveRoom,
    SaveRoomOutgoing,
    SendFind,
    SetBase,
)
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.signatures import Signing
from goop_realtime.rooms.stored import RoomRow, StoredRoom
from goop_realtime.types import ContextType, Refusal

START = 1_700_000_000_000
DELAY_MS = 5


def signing(me: str) -> Signing:
    """Signatures that only say whose they are."""
    return Signing(
        sign=lambda said: _signature(me, said),
        verify=lambda peer, said, sig: sig == _signature(peer, said),
    )


def _signature(peer: str, said: bytes) -> bytes:
    return f"{peer}:{hash(said)}".encode().ljust(64)[:64]


class World:
    """Virtual time, and which nodes reach each other."""

    def __init__(self, *names: str, contexts: Sequence[ContextType] = (), seed: int = 1) -> None:
        self.now = START
        self.random = random.Random(seed)
        self.contexts = contexts
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self.numbers = count(1)
        self.wires: dict[int, tuple[Node, int]] = {}
        """By number of a link: the node at the other end, and its number for it."""
        self.cut: set[frozenset[str]] = set()
        self.torn: set[int] = set()
        """Ends of streams that nothing comes through to any more."""
        self.nodes = {name: Node(self, name) for name in names}
        for node in self.nodes.values():
            node.start()

    def later(self, delay: int, work: Callable[[], None]) -> None:
        """Do that then."""
        heapq.heappush(self._queue, (self.now + delay, next(self._order), work))

    def run(self, ms: int) -> None:
        """Let time go by."""
        until = self.now + ms
        while self._queue and self._queue[0][0] <= until:
            self.now, _, work = heapq.heappop(self._queue)
            work()
        self.now = until

    def until(self, done: Callable[[], bool], ms: int = 30_000) -> int:
        """Let time go by until that is so; how long it took, in ms."""
        began = self.now
        while not done():
            assert self._queue, "nothing will ever happen again"
            assert self.now - began < ms, "this takes for ever"
            self.now, _, work = heapq.heappop(self._queue)
            work()
        return self.now - began

    def reaches(self, one: str, other: str) -> bool:
        """Whether two nodes can talk."""
        up = self.nodes[one].up and self.nodes[other].up
        return up and one != other and frozenset((one, other)) not in self.cut

    def part(self, *groups: str) -> None:
        """Only within each group, of one-letter names, nodes reach each other."""
        self.cut = {
            frozenset((one, other))
            for one in self.nodes
            for other in self.nodes
            if one != other and not any(one in group and other in group for group in groups)
        }
        self.meet()

    def meet(self) -> None:
        """Every node hears whom it reaches now."""
        for node in self.nodes.values():
            for peer in self.nodes:
                if node.up and peer != node.me:
                    if self.reaches(node.me, peer):
                        node.rooms.peer_back(self.now, peer)
                    else:
                        node.rooms.peer_gone(self.now, peer)
            node.flush()


@dataclass(eq=False)
class Node:
    """One node: its rooms, what is stored of them, and its pages."""

    world: World
    me: str
    up: bool = False
    stored: dict[str, StoredRoom] = field(default_factory=dict)
    frames: dict[str, list[Any]] = field(default_factory=dict)
    lines: int = 0
    life: int = 0
    tick_at: int = 0
    overdue: list[str] = field(default_factory=list)
    """What its watchdog has found."""

    def start(self) -> None:
        """Start, or start again."""
        registry = Registry()
        for context in self.world.contexts:
            registry.add(compile_context("plugin", context))
        self.core = Core(
            me=self.me,
            registry=registry,
            limits=NodeLimits(),
            random=random.Random(self.world.random.random()),
            authorize=lambda request: None,
            is_discovered=lambda peer: True,
            label_of=lambda peer: peer.upper(),
            now=self.world.now,
        )
        self.core.epoch = self.world.now
        self.rooms = Rooms(self.core, signing(self.me))
        self.up, self.life = True, self.life + 1
        self.rooms.restore(self.world.now, self.stored)
        self.tick_at = 0
        self.flush()
        if len(self.world.nodes if hasattr(self.world, "nodes") else ()) > 1:
            self.world.meet()

    def kill(self) -> None:
        """SIGKILL: its streams are reset."""
        self.up = False
        for number, (other, theirs) in list(self.world.wires.items()):
            if other is self:
                self.world.wires.pop(number, None)
                self.world.wires.pop(theirs, None)
                self._reset(number)
        self.world.meet()

    def _reset(self, number: int) -> None:
        for node in self.world.nodes.values():
            if node.up and node is not self:
                self.world.later(DELAY_MS, lambda node=node: node.ended(number))

    def ended(self, number: int) -> None:
        """A stream of ours was reset."""
        if self.up:
            self.rooms.link_ended(self.world.now, number, "reset")
            self.flush()

    # What people do

    def page(self, name: str = "page", caller: Caller = HOME) -> Page:
        """A page of the node."""
        page = self.core.pages.get(f"{name}-of-{self.me}")
        if page is not None and page.connected:
            return page
        page = attach(self.core, f"{name}-of-{self.me}", caller)
        page.acks = True
        self.frames.setdefault(page.id, [])
        return page

    def say(self, page: Page, **body: Any) -> None:
        """A page's frame."""
        self.rooms.frame(self.world.now, page, body)
        self.flush()

    def join(self, room_id: str, page: Page | None = None, **options: Any) -> str:
        """Join a room; its handle."""
        page = page or self.page()
        row = self.rooms.join(self.world.now, room_id, JoinOptions(**options), page.caller, page)
        assert not isinstance(row, Refusal), row
        self.flush()
        return str(row["channelId"])

    def send(self, handle: str, data: Any, to: str = "", page: Page | None = None) -> str:
        """Send something; the message's id."""
        found = self.rooms.send(self.world.now, handle, page or self.page(), None, data, to)
        assert isinstance(found, str), found
        self.flush()
        return found

    def room(self, handle: str) -> Room:
        """The room, from inside."""
        return self.rooms._sh.rooms[handle]

    def log(self, handle: str) -> list[Any]:
        """The messages that its log holds."""
        entries = self.room(handle).log.after(0)
        return [json.loads(one.raw) for one in entries if one.kind == "msg" and one.raw]

    def got(self, kind: str, page: Page | None = None) -> list[Any]:
        """The frames of a kind that its page was given."""
        frames = self.frames[(page or self.page()).id]
        return [one for one in frames if one["type"] == kind]

    # Steps

    def flush(self) -> None:
        """End a step."""
        if not self.up:
            return
        for _ in range(10):
            self.rooms.settle()
            showing.look(self.core)
            failures, self.core.failures = self.core.failures, {}
            for failure in failures.values():
                raise failure.error
            if not self.core.out:
                self._arm()
                return
            out, self.core.out = list[Any](self.core.out), []
            for effect in out:
                if isinstance(effect, ROOM_RECORDS):
                    self._store(effect)
            for effect in out:
                self._do(effect)

    def _store(self, record: Any) -> None:
        if isinstance(record, SaveRoom):
            row = msgspec.convert(record.row, RoomRow)
            known = self.stored.setdefault(record.channel, StoredRoom(row))
            known.row = row
        elif isinstance(record, DropRoom):
            self.stored.pop(record.channel, None)
        else:
            self._store_in(self.stored[record.channel], record)

    def _store_in(self, stored: StoredRoom, record: Any) -> None:
        if isinstance(record, ClaimEpoch):
            stored.epoch = record.number
        elif isinstance(record, AppendEntry):
            stored.entries = [one for one in stored.entries if one.seq != record.entry.seq]
            stored.entries.append(record.entry)
            stored.entries.sort(key=lambda one: one.seq)
        elif isinstance(record, CutLog):
            stored.entries = [one for one in stored.entries if one.seq <= record.seq]
        elif isinstance(record, SetBase):
            stored.base = record.base
            stored.entries = [one for one in stored.entries if one.seq > record.base.seq]
        elif isinstance(record, SaveRoomOutgoing):
            stored.outbox.append((record.place, record.outgoing))
            stored.outbox.sort(key=lambda one: one[0])
        elif isinstance(record, DropRoomOutgoing):
            stored.outbox = [one for one in stored.outbox if one[1].id != record.id]
        elif isinstance(record, SaveRefusal):
            stored.refusals.append((record.author, record.id, record.outcome))
        elif isinstance(record, DropRefusal):
            key = (record.author, record.id)
            stored.refusals = [one for one in stored.refusals if one[:2] != key]
        elif isinstance(record, SaveHandled):
            stored.handled = record.seq

    def _do(self, effect: Any) -> None:
        world = self.world
        if isinstance(effect, Frame):
            self.frames.setdefault(effect.page, []).append(json.loads(effect.data))
        elif isinstance(effect, SendFind):
            if effect.peer in world.nodes and world.reaches(self.me, effect.peer):
                other = world.nodes[effect.peer]
                world.later(DELAY_MS, lambda: other.heard(self.me, effect.data))
        elif isinstance(effect, OpenRoomLink):
            world.later(DELAY_MS, lambda: self._open(effect))
        elif isinstance(effect, SendLine):
            self._write(effect)
        elif isinstance(effect, CloseLink):
            world.later(DELAY_MS + 1, lambda: self._close(effect.link))

    def heard(self, peer: str, data: bytes) -> None:
        """A finding line has come."""
        if self.up and self.world.reaches(self.me, peer):
            assert self.rooms.found(self.world.now, peer, data)
            self.flush()

    def _open(self, effect: OpenRoomLink) -> None:
        if not self.up:
            return
        if not self.world.reaches(self.me, effect.peer):
            self.rooms.link_failed(self.world.now, effect.channel, effect.peer, "unreachable")
        else:
            mine, theirs = next(self.world.numbers), next(self.world.numbers)
            self.world.wires[mine] = (self.world.nodes[effect.peer], theirs)
            self.world.wires[theirs] = (self, mine)
            self.rooms.linked(self.world.now, effect.channel, effect.peer, mine)
        self.flush()

    def _write(self, effect: SendLine) -> None:
        self.lines += 1
        found = self.world.wires.get(effect.link)
        if found is not None:
            other, number = found
            if not self.world.reaches(self.me, other.me):
                self.world.torn.add(number)  # what follows would have a hole before it
            elif number not in self.world.torn:
                self.world.later(DELAY_MS, lambda: other.line(number, self.me, effect.data))

    def line(self, number: int, peer: str, data: bytes) -> None:
        """A line of a stream has come."""
        if not self.up or number not in self.world.wires:
            return
        if number in self.rooms._sh.links:
            assert self.rooms.lines(self.world.now, number, [data])
        elif data.startswith(b'{"type":"join"'):
            assert self.rooms.joined(self.world.now, number, peer, data)
        self.flush()

    def _close(self, number: int) -> None:
        found = self.world.wires.pop(number, None)
        if found is not None:
            other, theirs = found
            self.world.wires.pop(theirs, None)
            other.ended(theirs)

    def _arm(self) -> None:
        """Look again when something is due."""
        due = (self.rooms.wake_at(self.world.now), self.core.showing.due_at)
        at = min((one for one in due if one is not None), default=None)
        if at is None or self.tick_at in range(self.world.now + 1, at + 1):
            return
        self.tick_at, life = at, self.life

        def tick() -> None:
            if self.up and life == self.life and self.tick_at == at:
                self.tick_at = 0
                self.rooms.tick(self.world.now)
                self.overdue += map(str, self.core.liveness.look(self.world.now))
                self.flush()

        self.world.later(max(1, at - self.world.now), tick)

    def detach(self, page: Page) -> None:
        """The page's socket is gone."""
        detach(self.core, page, for_good=False)
