# SPDX-License-Identifier: MIT
"""Two nodes that mean well, with a channel between them on which both sides talk all the time."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import httpx
import psutil

from goop_node.testing import NodeProcess, start_node
from tests.limits import HANG, kept_waiting
from tests.node.page import Page, wait_until_discovered

EVERY = 0.05
"""Seconds from one message of a side to its next."""
MEGABYTE = 1024 * 1024
LATEST = 0.25
"""Seconds within which 99 of 100 messages arrive."""
CONFIG = """
[node]
templates = ["alpha"]
reachable_by = "discovered"
[plugins.realtime]
[plugins.chess]
[plugins.video_call]
[plugins.arcade_rooms]
[templates.alpha]
allow = ["context:chess"]
"""


class Talker(Page):
    """A page that remembers of its channel what came when, and of everything else nothing."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.channel = ""
        self.heard: list[int] = []
        self.latencies: list[float] = []
        self.waits: list[float] = []
        """Of each message, how long somebody was kept from the processor on its way."""
        self.waited: Callable[[], float] = lambda: 0.0
        self.trouble: list[dict[str, Any]] = []

    async def _read(self) -> None:
        async for text in self.socket:
            now = time.monotonic()
            found = json.loads(text)
            async with self._new:
                for frame in found if isinstance(found, list) else [found]:
                    self._take(frame, now)
                self._new.notify_all()

    def _take(self, frame: dict[str, Any], now: float) -> None:
        if not self.channel:
            self.frames.append(frame)
        elif frame.get("channel") != self.channel:
            return
        elif frame["type"] == "message":
            self.heard.append(frame["data"]["n"])
            self.latencies.append(now - frame["data"]["at"])
            self.waits.append(self.waited() - frame["data"]["waited"])
        elif frame["type"] in ("refused", "error", "gap"):
            self.trouble.append(frame)

    async def talk(self, until: asyncio.Event) -> int:
        """Say something again and again; how often it was."""
        count = 0
        while not until.is_set():
            said = {"n": count, "at": time.monotonic(), "waited": self.waited()}
            await self.send(self.channel, said)
            count += 1
            await asyncio.sleep(EVERY)
        return count


class Healthy:
    """Alice and Bob, in processes of their own."""

    def __init__(
        self, alice: NodeProcess, bob: NodeProcess, talkers: tuple[Talker, Talker]
    ) -> None:
        self.alice = alice
        self.bob = bob
        self.talkers = talkers
        self.compared = 0
        """Messages that were said, each heard once and in order."""
        self._process = psutil.Process(alice.process.pid)
        self._looked_at: dict[Path, int] = {}
        for one in talkers:
            one.waited = self._waited

    @classmethod
    @asynccontextmanager
    async def living(cls, folder: Path) -> AsyncIterator[Self]:
        """Both nodes with a page each, and an open channel."""
        (folder / "alpha").mkdir()
        (folder / "alpha" / "index.html").write_text("<!doctype html>")
        (folder / "goop.toml").write_text(CONFIG)
        alice = start_node(folder / "alice")
        try:
            bob = start_node(folder / "bob", peer=alice)
            try:
                await wait_until_discovered(alice, bob)
                async with Talker.open(alice) as a, Talker.open(bob) as b:
                    channel = await a.ask(b)
                    a.channel = b.channel = channel
                    yield cls(alice, bob, (a, b))
            finally:
                bob.stop()
        finally:
            alice.stop()

    @asynccontextmanager
    async def talking(self) -> AsyncIterator[None]:
        """Both sides talk during the block; behind it everything has arrived, once, in order."""
        over = asyncio.Event()
        for one in self.talkers:
            one.heard.clear()
            one.latencies.clear()
            one.waits.clear()
        talks = [asyncio.create_task(one.talk(over)) for one in self.talkers]
        try:
            yield
        finally:
            over.set()
            counts = await asyncio.gather(*talks)
        for one, count in zip(reversed(self.talkers), counts, strict=True):
            await one.until(lambda one=one, count=count: one.trouble or len(one.heard) >= count)
            assert one.trouble == []
            assert one.heard == list(range(count))
        self.compared = sum(counts)

    @property
    def latency(self) -> float:
        """Seconds within which 99 of 100 messages have arrived."""
        return _of_hundred([one for talker in self.talkers for one in talker.latencies], 99)

    @property
    def own_latency(self) -> float:
        """The same without what the machine's other work has made them wait."""
        pairs = [
            pair
            for talker in self.talkers
            for pair in zip(talker.latencies, talker.waits, strict=True)
        ]
        return _of_hundred([max(0.0, latency - waited) for latency, waited in pairs], 99)

    @property
    def kept_waiting(self) -> float:
        """Seconds that the machine's other work has made one message of a hundred wait."""
        return _of_hundred([one for talker in self.talkers for one in talker.waits], 99)

    def _waited(self) -> float:
        """Seconds that the nodes and this process were kept from the processor till now.

        0.0 on systems that do not say.
        """
        return sum(map(kept_waiting, (self.alice.process.pid, self.bob.process.pid, os.getpid())))

    @property
    def memory(self) -> float:
        """MiB that Alice's process has."""
        return float(self._process.memory_info().rss) / MEGABYTE

    async def status(self) -> dict[str, Any]:
        """How libp2p is at Alice's."""
        async with httpx.AsyncClient(headers=self.alice.headers, timeout=HANG) as http:
            answer = await http.get(f"{self.alice.url}/api/status")
            found: dict[str, Any] = answer.json()["p2p"]
            return found

    def new_traceback(self) -> str:
        """The log of a node from its next traceback on, ``""`` for none."""
        for node in (self.alice, self.bob):
            with node.log.open("rb") as log:
                log.seek(self._looked_at.get(node.log, 0))
                new = log.read()
            whole = new.rpartition(b"\n")[0]
            self._looked_at[node.log] = self._looked_at.get(node.log, 0) + len(whole)
            _, found, rest = whole.partition(b"Traceback")
            if found:
                return f"{node.log.name}: {(found + rest[:4000]).decode(errors='replace')}"
        return ""


def _of_hundred(values: list[float], rank: int) -> float:
    return sorted(values)[len(values) * rank // 100]
