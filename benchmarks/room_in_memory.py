# SPDX-License-Identifier: MIT
"""A room of which all members are in this process: `-m benchmarks.room_in_memory MEMBERS COUNT`.

Of each member all is real but the disk and the network: pages' connections, the machine, its
driver, Ed25519 signatures; streams hand over lists of lines. Prints as JSON, for each message that
reached another member's page: microseconds of processor time and bytes between nodes; and MiB of
memory for each member.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.peer.id import ID

from benchmarks.processes import resident_mib
from goop_node.clock import now_ms
from goop_node.p2p.signatures import verify
from goop_realtime.contexts.registry import Registry, compile_context
from goop_realtime.driver.bridge import Bridge
from goop_realtime.engine.door import Engine
from goop_realtime.machine.rights import HOME
from goop_realtime.machine.surroundings import Surroundings
from goop_realtime.model.limits import NodeLimits
from goop_realtime.storage.no_journal import NoJournal
from goop_realtime.web.page_session import PageSession
from goop_realtime.web.turns import Turns
from tests.rooms.plugins.goop_field import FieldPlugin

SPEAKERS = 4
"""However many listen."""
JOIN_SECONDS = 60.0


class End:
    """One end of a stream between two members: what a ``LineStream`` is, over a list."""

    queued = 0
    written = 0
    """Bytes that any of them were given, in all."""

    def __init__(self, peer_id: str, protocol: str) -> None:
        self.peer_id = peer_id
        self.protocol = protocol
        self.other: End
        self._waiting: list[bytes] = []
        self._on_lines: Callable[[list[bytes]], None] | None = None
        self._on_end: Callable[[str], None] = lambda code: None
        self._due = False

    def start(self, on_lines: Callable[[list[bytes]], None], on_end: Callable[[str], None]) -> None:
        """Begin reading."""
        self._on_lines, self._on_end = on_lines, on_end
        self._soon()

    def write(self, line: bytes) -> None:
        """The other end is given it, in a later turn of the loop."""
        End.written += len(line) + 1
        self.other._waiting.append(line)
        self.other._soon()

    def close(self) -> None:
        """Both ends end."""
        asyncio.get_running_loop().call_soon(self.other._on_end, "eof")
        asyncio.get_running_loop().call_soon(self._on_end, "closed")

    reset = close

    def _soon(self) -> None:
        if self._on_lines is not None and self._waiting and not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._deliver)

    def _deliver(self) -> None:
        self._due = False
        lines, self._waiting = self._waiting, []
        if self._on_lines is not None:
            self._on_lines(lines)


class Member:
    """One node and its page."""

    def __init__(self, everybody: dict[str, Member]) -> None:
        keys = create_new_key_pair()
        self.peer_id = ID.from_pubkey(keys.public_key).to_base58()
        self._everybody = everybody
        self.handle = ""
        self.members = 0
        self.heard = 0
        self._behind = b""
        """The newest message that is not acknowledged yet."""
        registry = Registry()
        for context in FieldPlugin().realtime_contexts(node=None):  # type: ignore[arg-type]
            registry.add(compile_context("field", context))
        surroundings = Surroundings(
            me=self.peer_id,
            registry=registry,
            limits=NodeLimits(rate=1e9, burst=10**9),
            random=random.Random(1),
            authorize=lambda request: None,
            is_discovered=lambda peer: True,
            label_of=lambda peer: peer,
            sign=keys.private_key.sign,
            verify=verify,
        )
        journal = NoJournal()
        now = now_ms()
        engine = Engine.start(surroundings, now, journal.load(), epoch=journal.next_epoch(now))
        node: Any = SimpleNamespace(
            network=self,
            peers=SimpleNamespace(
                all=lambda: [
                    SimpleNamespace(peer_id=peer, connected=True)
                    for peer in everybody
                    if peer != self.peer_id
                ],
                is_discovered=lambda peer: True,
                get=lambda peer: None,
                standing=lambda peer: "",
                subscribe=lambda tell: lambda: None,
            ),
            failed=_failed,
        )
        self.bridge = Bridge(node, engine, journal)
        self.session = PageSession(self.bridge, HOME, {}, Turns())
        self.session.open()

    async def open_stream(self, peer: str, protocols: Sequence[str], **options: Any) -> End:
        """As ``Network.open_stream``."""
        here, there = End(peer, protocols[0]), End(self.peer_id, protocols[0])
        here.other, there.other = there, here
        self._everybody[peer].bridge.inbound(protocols[0], there)  # type: ignore[arg-type]
        return here

    def say(self, kind: str, **body: Any) -> None:
        """A frame of the page."""
        self.session.frame(json.dumps({"type": kind, **body}))

    def drain(self) -> None:
        """The page reads what it is told, and acknowledges it."""
        for raw in self.session.take():
            self.session.sent(len(raw))
            if b'"type":"message"' in raw[:40]:
                self.heard += 1
                self._behind = raw
            elif b'"type":"receipt"' not in raw[:40]:
                self._told(json.loads(raw))
        if self._behind and self.handle:
            frame = json.loads(self._behind)
            place = {key: frame[key] for key in ("epoch", "host", "seq")}
            self.say("ack", channel=self.handle, **place)
            self._behind = b""

    def _told(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "room" and frame["state"] == "joined" and not frame.get("suspended"):
            self.handle, self.members = frame["channel"], len(frame["members"])
        elif frame["type"] == "member":
            self.members += 1
        elif frame["type"] in ("refused", "error"):
            raise SystemExit(f"refused: {frame}")


def _failed(*what: object, **more: object) -> None:
    raise SystemExit(f"a member failed: {what} {more}")


async def _until(members: Sequence[Member], holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(JOIN_SECONDS):
        while not holds():
            await asyncio.sleep(0)
            for member in members:
                member.drain()


async def measure(count: int, messages: int) -> dict[str, float]:
    """Have so many join, and so many messages said by some of them."""
    gc.collect()
    before = resident_mib(os.getpid())
    everybody: dict[str, Member] = {}
    for _ in range(count):
        member = Member(everybody)
        everybody[member.peer_id] = member
    members = list(everybody.values())
    for member in members:
        member.bridge.start()
        member.say("subscribe", page="p", ack=True, channels=[])
    for member in members:
        member.say("join", room="field_1", maxPeers=64, context="field")
        await _until(members, lambda member=member: bool(member.handle))  # type: ignore[misc]
    await _until(members, lambda: members[0].members == count)
    await _say(members, messages // 4)
    memory = (resident_mib(os.getpid()) - before) / count
    End.written = 0
    began = time.process_time()
    await _say(members, messages)
    used = time.process_time() - began
    reached = messages * (count - 1)
    for member in members:
        await member.bridge.close()
    return {
        "cpu_us": used / reached * 1e6,
        "bytes": End.written / reached,
        "mib": memory,
    }


async def _say(members: Sequence[Member], messages: int) -> None:
    """Each of the speakers says one, and when all have heard all, one more."""
    speakers = members[:SPEAKERS]
    before = sum(member.heard for member in members)
    for done in range(0, messages, len(speakers)):
        for speaker in speakers:
            data = {"type": "said", "n": done, "t": 0.5}
            speaker.say("send", channel=speaker.handle, data=data)
        wanted = before + (done + len(speakers)) * (len(members) - 1)
        await _until(members, lambda wanted=wanted: _heard(members) >= wanted)  # type: ignore[misc]


def _heard(members: Sequence[Member]) -> int:
    return sum(member.heard for member in members)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(int(sys.argv[1]), int(sys.argv[2])))))
