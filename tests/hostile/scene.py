# SPDX-License-Identifier: MIT
"""Where attackers are: two nodes in processes of their own, and people who accept everything."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import websockets

from tests.hostile.stranger import PATIENCE, Stranger, stranger

PLAIN: dict[str, Any] = {"name": "", "hash": "", "schemas": {}, "params": None}


class Place:
    """A running node, by what stands in its ``ready.json``."""

    def __init__(self, data: Path) -> None:
        ready = json.loads((data / "ready.json").read_text())
        self.url: str = ready["url"]
        self.port = int(self.url.rpartition(":")[2])
        self.peer_id: str = ready["peerId"]
        self.address: str = ready["addrs"][0]
        self.headers = {"Authorization": f"Bearer {ready['token']}"}
        self.ws_url = self.url.replace("http", "ws", 1) + "/api/realtime/connect"
        self.http = httpx.AsyncClient(base_url=self.url, headers=self.headers, timeout=PATIENCE)

    async def post(self, what: str, **body: Any) -> dict[str, Any]:
        """POST to ``/api/realtime/<what>`` as a program; what came back, whatever it is."""
        answer = await self.http.post(f"/api/realtime/{what}", json=body)
        found: dict[str, Any] = answer.json()
        return found

    async def person(self) -> None:
        """Accept whatever is asked, and say something on it."""
        async with (
            asyncio.TaskGroup() as answers,
            websockets.connect(self.ws_url, additional_headers=self.headers) as socket,
        ):
            await socket.send('{"type": "subscribe"}')
            async for text in socket:
                found = json.loads(text)
                for frame in found if isinstance(found, list) else [found]:
                    if frame["type"] == "incoming":
                        answers.create_task(self._accept(frame["channel"]))

    async def _accept(self, channel: str) -> None:
        with contextlib.suppress(httpx.HTTPError):
            await self.post("accept", channelId=channel)
            for n in range(3):
                await self.post("send", channelId=channel, data={"n": n})


class Scene:
    """Alice, who is attacked, and Bob, her friend, as attackers know them."""

    def __init__(self, alice: Path, bob: Path) -> None:
        self.alice = Place(alice)
        self.bob = Place(bob)
        self.contexts: list[dict[str, Any]] = [PLAIN]
        """What channels may be of, as a node tells it."""
        self._online: set[str] = set()
        self._news = asyncio.Condition()

    @classmethod
    @asynccontextmanager
    async def of(cls, alice: Path, bob: Path) -> AsyncIterator[Scene]:
        """The scene, with a person at either node."""
        scene = cls(alice, bob)
        answer = await scene.alice.http.get("/api/realtime/contexts")
        scene.contexts += answer.json()
        tasks = [
            asyncio.create_task(work)
            for work in (scene.alice.person(), scene.bob.person(), scene._watch())
        ]
        try:
            yield scene
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
            failures = [end for end in ends if isinstance(end, Exception)]
            for place in (scene.alice, scene.bob):
                await place.http.aclose()
        assert not failures, failures

    @asynccontextmanager
    async def stranger(self, *, discovered: bool) -> AsyncIterator[Stranger]:
        """A stranger who is connected with Alice."""
        async with stranger(self.alice.address) as one:
            if discovered:
                await self.discover(one)
            yield one

    async def discover(self, one: Stranger) -> None:
        """Have Alice discover the stranger."""
        await one.says(addrs=[str(one.address)])
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: one.peer_id in self._online)

    @asynccontextmanager
    async def channel(self) -> AsyncIterator[str]:
        """A channel of the attacker's own, from Alice to Bob."""
        asked = await self.alice.post("request", peerId=self.bob.peer_id)
        channel: str = asked["channelId"]
        try:
            yield channel
        finally:
            await self.alice.post("close", channelId=channel)

    async def _watch(self) -> None:
        """Know whom Alice has discovered."""
        while True:
            async with self.alice.http.stream("GET", "/api/peers/events", timeout=None) as events:
                async for line in events.aiter_lines():
                    if line.startswith("data: "):
                        async with self._news:
                            self._note(json.loads(line[6:]))
                            self._news.notify_all()

    def _note(self, body: dict[str, Any]) -> None:
        match body["type"]:
            case "snapshot":
                self._online = {row["peerId"] for row in body["peers"] if row["online"]}
            case "update" if body["peer"]["online"]:
                self._online.add(body["peer_id"])
            case _:
                self._online.discard(body["peer_id"])


def new_group(rng: random.Random) -> str:
    """The id of a channel."""
    return f"rt-{rng.getrandbits(64):016x}"
