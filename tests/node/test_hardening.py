# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten thousand mutated messages at a running node; a game in progress does not notice.

A move is made after each batch, and what the node holds is counted before and after: a first
part of the batches fills every bounded table, the rest must add nothing.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import chess
import httpx
import pytest
import websockets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goop_node.p2p import P2P, Identity
from goop_node.testing import NodeProcess, start_node
from goop_node.testing.forked import fork
from goop_realtime.model.wire import GROUP_PROTOCOL, INVITE_PROTOCOL
from tests.faults.circumstances import Circumstances
from tests.limits import HANG
from tests.node.page import Page, wait_until_discovered

BATCH = 50
EXAMPLES = 50
WARM_UP = 20
"""So many batches before the count."""
OBJECTS = 4_000
RESIDENT = 2 * 1024
"""What the node may hold more than before: living objects, and KiB. The game's own moves stay;
a leak of two objects or of a kilobyte a message is beyond."""
PLUGINS = Path(__file__).parent / "plugins"

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
Nodes = tuple[NodeProcess, NodeProcess]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    config = folder / "goop.toml"
    config.write_text("[plugins.realtime]\n[plugins.chess]\n[plugins.inspect]\n", "utf-8")
    launch = partial(fork, before=Circumstances(plugins=str(PLUGINS)))
    alice = start_node(folder / "alice", "--config", str(config), "--strict", launch=launch)
    bob = start_node(folder / "bob", "--config", str(config), peer=alice, launch=launch)
    asyncio.run(wait_until_discovered(alice, bob))
    yield alice, bob
    for node in (alice, bob):
        assert node.stop() == 0
        log = re.sub(r"(?m)^Ready.*$", "", node.log.read_text())
        assert "Traceback" not in log, log
        assert "Exception" not in log, log


class Game:
    """A game of chess between two pages that stay open; its loop runs while a move is made."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._random = random.Random(1)
        self._stack = AsyncExitStack()
        self._games = 0
        self._board = chess.Board()
        self.moves = 0
        self._loop = asyncio.new_event_loop()
        self._loop.run_until_complete(self._open())

    async def _open(self) -> None:
        self._pages = [
            await self._stack.enter_async_context(Page.open(node)) for node in self._nodes
        ]
        await self._new_game()

    async def _new_game(self) -> None:
        a, b = self._pages
        self._games += 1
        self._board = chess.Board()
        params = {"colour": "white"}
        self._channel = await a.ask(b, context=f"chess_fuzz{self._games}", params=params)

    def move(self) -> None:
        """Make a move, which arrives."""
        self._loop.run_until_complete(self._move())

    async def _move(self) -> None:
        if self._board.is_game_over(claim_draw=True):
            await self._agree()
            await self._new_game()
        white = self._board.turn == chess.WHITE
        mover, other = self._pages if white else self._pages[::-1]
        move = self._random.choice(sorted(self._board.legal_moves, key=str))
        data: dict[str, Any] = {
            "type": "move",
            "from": chess.square_name(move.from_square),
            "to": chess.square_name(move.to_square),
        }
        if move.promotion:
            data["promotion"] = chess.piece_symbol(move.promotion)
        await mover.send(self._channel, data)
        message = await other.frame("message", channel=self._channel, data=data)
        assert message["from"] == mover.node.peer_id
        self._board.push(move)
        self.moves += 1

    async def _agree(self) -> None:
        for page in self._pages:
            answer = await page.http.get(f"/api/chess/games/chess_fuzz{self._games}")
            assert answer.json()["fen"] == self._board.fen(), answer.text

    def end(self) -> None:
        """Both nodes have the same position, and it is ours."""
        try:
            self._loop.run_until_complete(self._agree())
        finally:
            self._loop.run_until_complete(self._stack.aclose())
            self._loop.close()


@pytest.fixture(scope="module")
def game(target: Nodes) -> Iterator[Game]:
    game = Game(target)
    yield game
    assert game.moves >= EXAMPLES
    game.end()


class Ledger:
    """What a node holds, counted when it has warmed up and at the end."""

    def __init__(self, node: NodeProcess) -> None:
        self._node = node
        self._batches = 0
        self._before: dict[str, int] = {}

    def _count(self) -> dict[str, int]:
        url = f"{self._node.url}/api/inspect/memory"
        answer: dict[str, int] = httpx.get(url, headers=self._node.headers, timeout=HANG).json()
        return answer

    def batch(self) -> None:
        """A batch is done."""
        self._batches += 1
        if self._batches == WARM_UP:
            self._before = self._count()

    def close(self) -> None:
        """Nothing was added since the warm-up."""
        assert self._batches == EXAMPLES
        after = self._count()
        added = {name: after[name] - self._before[name] for name in after}
        assert added["objects"] < OBJECTS, added
        assert added["resident"] < RESIDENT, added


def test_mutated_frames(target: Nodes, game: Game) -> None:
    node, ledger = target[0], Ledger(target[0])

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
        game.move()
        ledger.batch()

    run()
    ledger.close()


def test_mutated_bodies(target: Nodes, game: Game) -> None:
    node, ledger = target[0], Ledger(target[0])
    with httpx.Client(base_url=node.url, headers=node.headers, timeout=HANG) as http:

        @fuzz
        @given(batches(BODIES), st.sampled_from(["request", "accept", "decline", "send", "close"]))
        def run(messages: list[bytes], what: str) -> None:
            for message in messages:
                answer = http.post(f"/api/realtime/{what}", content=message)
                refused_well(answer)
            game.move()
            ledger.batch()

        run()
    ledger.close()


def refused_well(answer: httpx.Response) -> None:
    """An answer is a success or a coded refusal."""
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"]


def test_mutated_frames_beside_an_event_stream(target: Nodes, game: Game) -> None:
    """The same frames by POST, while the page's server-sent events are read."""
    node, ledger = target[0], Ledger(target[0])

    async def attack(messages: list[bytes]) -> None:
        async with (
            httpx.AsyncClient(base_url=node.url, headers=node.headers, timeout=HANG) as http,
            http.stream("GET", "/api/realtime/events", params={"page": "sse"}) as events,
        ):
            assert events.status_code == 200
            for message in [*messages, b'{"type":"subscribe","page":"sse"}']:
                # A broken frame breaks the whole body, which is refused as one.
                body = b'{"page":"sse","frames":[' + message + b"]}"
                refused_well(await http.post("/api/realtime/frames", content=body))
            async with asyncio.timeout(HANG):
                async for line in events.aiter_lines():
                    if line.startswith("data: ") and '"subscribed"' in line:
                        break

    @fuzz
    @given(batches(FRAMES))
    def run(messages: list[bytes]) -> None:
        asyncio.run(attack(messages))
        game.move()
        ledger.batch()

    run()
    ledger.close()


def test_mutated_lines(target: Nodes, game: Game, tmp_path: Path) -> None:
    node, ledger = target[0], Ledger(target[0])

    async def attack(p2p: P2P, protocol: str, lines: list[bytes]) -> None:
        stream = await p2p.network.open_stream(node.peer_id, [protocol])
        ended = asyncio.Event()
        stream.start(lambda lines: None, lambda code: ended.set())
        for line in lines:
            stream.write(line.replace(b"\n", b" "))
        stream.close()
        async with asyncio.timeout(HANG):
            await ended.wait()

    async def start() -> P2P:
        p2p = P2P(
            identity=Identity.load_or_create(tmp_path / "mallory.key"),
            listen=["/ip4/127.0.0.1/tcp/0"],
            peers=[node.addrs[0]],
            label=lambda: "Mallory",
            data=tmp_path,
        )
        await p2p.start()
        await p2p.add_peer(node.addrs[0])
        return p2p

    with asyncio.Runner() as runner:
        p2p = runner.run(start())
        try:

            @fuzz
            @given(batches(LINES), st.sampled_from([GROUP_PROTOCOL, INVITE_PROTOCOL]))
            def run(lines: list[bytes], protocol: str) -> None:
                runner.run(attack(p2p, protocol, lines))
                game.move()
                ledger.batch()

            run()
        finally:
            runner.run(p2p.stop())
    ledger.close()
