# SPDX-License-Identifier: MIT
"""Ten thousand mutated messages at a running node; a game in progress does not notice."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goop_node.p2p import P2P, Identity
from goop_node.testing import NodeProcess, start_node
from goop_realtime.wire import GROUP_PROTOCOL, INVITE_PROTOCOL
from tests.node.page import Page, wait_until_discovered

BATCH = 50
EXAMPLES = 70

FRAMES: list[dict[str, Any]] = [
    {"type": "subscribe", "channels": ["rt-0123456789abcdef"], "ack": True, "page": "p1"},
    {"type": "subscribe", "after": {"rt-1": [1, 2]}, "handled": {"rt-1": [1, 2]}, "pending": {}},
    {"type": "send", "channel": "rt-0123456789abcdef", "data": {"type": "move"}, "id": "p1-1"},
    {"type": "ack", "channel": "rt-0123456789abcdef", "epoch": 1, "seq": 1},
    {"type": "signal", "channel": "rt-0123456789abcdef", "data": 1},
    {"type": "close", "channel": "rt-0123456789abcdef"},
]
LINES: list[dict[str, Any]] = [
    {"type": "join", "group": "rt-0123456789abcdef", "payload": {"have": [1, 2], "page": "open"}},
    {"type": "msg", "group": "rt-0123456789abcdef", "id": "p-1", "payload": {"n": 1}, "at": 5},
    {"type": "ack", "group": "rt-0123456789abcdef", "epoch": 1, "seq": 9, "stage": "node"},
    {"type": "tail", "group": "rt-0123456789abcdef", "payload": [1, 2, "a-1", "x", 3, "msg", {}]},
    {
        "type": "invite",
        "group": "rt-0123456789abcdef",
        "payload": {"context": "chess_1", "hash": "x", "params": None, "timeout": 1000},
    },
    {"type": "decline", "group": "rt-0123456789abcdef", "code": "declined", "reason": "no"},
    {"type": "exists", "group": "rt-0123456789abcdef", "id": "rt-1111111111111111"},
    {"type": "poke", "group": "rt-0123456789abcdef"},
    {"type": "cancel", "group": "rt-0123456789abcdef", "code": "timeout"},
]
BODIES: list[dict[str, Any]] = [
    {"peerId": "12D3KooWNobody", "context": "chess_1", "params": {}, "timeout": 1000},
    {"channelId": "rt-0123456789abcdef", "data": {"type": "move"}, "id": "p-1"},
    {"channelId": "rt-0123456789abcdef", "reason": "no", "page": "x"},
]
junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(["", "rt-", "9" * 400, "\u0000", "\ud800", "__proto__", -1, 2**63, 2**53]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)


@st.composite
def mutated(draw: st.DrawFn, seeds: list[dict[str, Any]]) -> bytes:
    """A message with a field changed, dropped or added, or its text cut, doubled or spoilt."""
    body = dict(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 2))):
        key = draw(st.sampled_from([*body, "more"]))
        if draw(st.booleans()):
            body.pop(key, None)
        else:
            body[key] = draw(junk)
    text = json.dumps(body).encode("utf-8", "surrogatepass")
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return text[: draw(st.integers(0, len(text)))]
    if kind == 1:
        return text.replace(b":", draw(st.binary(max_size=3)), 1)
    if kind == 2:
        return b"[" * draw(st.integers(1, 200)) + text
    return text.replace(b"\n", b"")


def batches(seeds: list[dict[str, Any]]) -> st.SearchStrategy[list[bytes]]:
    """Lists of mutated messages."""
    return st.lists(mutated(seeds), min_size=BATCH, max_size=BATCH)


fuzz = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[NodeProcess, NodeProcess]]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    alice = start_node(folder / "alice")
    bob = start_node(folder / "bob", peer=alice)
    asyncio.run(wait_until_discovered(alice, bob))
    yield alice, bob
    for node in (alice, bob):
        assert node.stop() == 0
        log = re.sub(r"(?m)^Ready.*$", "", node.log.read_text())
        assert "Traceback" not in log, log
        assert "Exception" not in log, log


def _memory(node: NodeProcess) -> int:
    """Resident memory in KiB."""
    status = Path(f"/proc/{node.process.pid}/status").read_text()
    return int(next(x for x in status.splitlines() if x.startswith("VmRSS")).split()[1])


async def _still_plays(nodes: tuple[NodeProcess, NodeProcess]) -> None:
    """A fresh channel and a message across it."""
    async with Page.open(nodes[0]) as a, Page.open(nodes[1]) as b:
        channel = await a.ask(b)
        await a.send(channel, {"fine": True})
        assert await b.received(channel, 1) == [{"fine": True}]
        await a.post("close", channelId=channel)
        await b.frame("state", channel=channel, final=True)


def test_mutated_frames(target: tuple[NodeProcess, NodeProcess]) -> None:
    node = target[0]
    start = _memory(node)

    async def attack(messages: list[bytes]) -> None:
        async with websockets.connect(node.ws_url, additional_headers=node.headers) as socket:
            for message in messages:
                try:
                    await socket.send(message.decode())
                except UnicodeDecodeError:
                    await socket.send(message)
            await socket.send('{"type":"subscribe","page":"last"}')
            async for answer in socket:
                if json.loads(answer).get("page") == "last":
                    break

    @fuzz
    @given(batches(FRAMES))
    def run(messages: list[bytes]) -> None:
        asyncio.run(attack(messages))

    run()
    asyncio.run(_still_plays(target))
    assert _memory(node) < start + 64 * 1024


def test_mutated_bodies(target: tuple[NodeProcess, NodeProcess]) -> None:
    node = target[0]
    with httpx.Client(base_url=node.url, headers=node.headers, timeout=30) as http:

        @fuzz
        @given(batches(BODIES), st.sampled_from(["request", "accept", "decline", "send", "close"]))
        def run(messages: list[bytes], what: str) -> None:
            for message in messages:
                answer = http.post(f"/api/realtime/{what}", content=message)
                assert answer.status_code < 500, answer.text
                if answer.status_code >= 400:
                    assert answer.headers["content-type"] == "application/problem+json"
                    assert answer.json()["code"]

        run()
    asyncio.run(_still_plays(target))


def test_mutated_lines(target: tuple[NodeProcess, NodeProcess], tmp_path: Path) -> None:
    node = target[0]

    async def attack(examples: list[list[bytes]]) -> None:
        p2p = P2P(
            identity=Identity.load_or_create(tmp_path / "mallory.key"),
            listen=["/ip4/127.0.0.1/tcp/0"],
            peers=[node.addrs[0]],
            label=lambda: "Mallory",
            data=tmp_path,
        )
        await p2p.start()
        try:
            await p2p.add_peer(node.addrs[0])
            for number, lines in enumerate(examples):
                protocol = (GROUP_PROTOCOL, INVITE_PROTOCOL)[number % 2]
                stream = await p2p.network.open_stream(node.peer_id, [protocol])
                ended = asyncio.Event()
                stream.start(lambda lines: None, lambda code, e=ended: e.set())
                for line in lines:
                    stream.write(line.replace(b"\n", b" "))
                stream.close()
                async with asyncio.timeout(10):
                    await ended.wait()
        finally:
            await p2p.stop()

    gathered: list[list[bytes]] = []

    @fuzz
    @given(batches(LINES))
    def gather(lines: list[bytes]) -> None:
        gathered.append(lines)

    gather()
    asyncio.run(attack(gathered))
    asyncio.run(_still_plays(target))
