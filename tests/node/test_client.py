# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs at two real nodes talk by the Python client: receipts, refusals, restarts, a bot."""

from __future__ import annotations

import asyncio
import random
import runpy
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import chess
import pytest
from websockets.asyncio.client import ClientConnection, connect

from goop_node.client import Channel, Client, GoopError, Message, Request
from goop_node.testing import NodeProcess
from goop_realtime.client import line
from tests.limits import HANG
from tests.node.conftest import Pair
from tests.unit.test_layers import ROOT

MOST = 300
"""Messages of each side."""
MATE = 1370
"""The seed of a random game that White wins with the eleventh half-move."""


@asynccontextmanager
async def programs(pair: Pair) -> AsyncIterator[tuple[Client, Client]]:
    """A program at each node."""
    async with (
        asyncio.timeout(4 * HANG),
        Client.from_data(pair[0].data) as a,
        Client.from_data(pair[1].data) as b,
    ):
        yield a, b


async def talk(a: Client, b: Client, **options: Any) -> tuple[Channel, Channel]:
    """A channel of its own between the two."""
    accepted: asyncio.Queue[Channel] = asyncio.Queue()

    async def accept(request: Request) -> None:
        accepted.put_nowait(await request.accept())

    b.on_incoming = accept
    return await a.connect(b.peer_id, new=True, **options), await accepted.get()


async def test_a_message_goes_its_way(pair: Pair) -> None:
    async with programs(pair) as (a, b):
        one, other = await talk(a, b)
        assert (a.peer_id, b.peer_id) == (pair[0].peer_id, pair[1].peer_id)
        assert (one.id, one.state, one.peer_label) == (other.id, "connected", "bob")
        got: list[Any] = []

        def failing(data: Any, meta: Any) -> None:
            got.append((data, meta.sender))
            if data == "fail":
                raise ValueError("the handler of a program")

        other.on_message = failing
        sent = one.send({"n": 1})
        assert one.buffered_amount > 0
        assert (await sent).id == (await sent.delivered).id == sent.id
        assert not (await sent.handled).failed
        assert one.buffered_amount == 0
        assert (await one.send("fail").handled).failed
        assert got == [({"n": 1}, a.peer_id), ("fail", a.peer_id)]
        assert [past.data for past in await other.history()] == [{"n": 1}, "fail"]
        assert await other.pending() == []

        signals: asyncio.Queue[tuple[Any, str]] = asyncio.Queue()
        one.on_signal = lambda data, sender: signals.put_nowait((data, sender))
        assert other.signal("typing")
        assert await signals.get() == ("typing", b.peer_id)
        ends: asyncio.Queue[str | None] = asyncio.Queue()
        other.on_state_change = lambda state, detail: ends.put_nowait(detail.code)
        await one.close()
        assert (one.state, one.detail.final) == ("disconnected", True)
        while await ends.get() != "closed":
            pass
        with pytest.raises(GoopError) as closed:
            await one.send("late")
        assert closed.value.code == "closed"


async def test_what_is_refused_has_a_code(pair: Pair) -> None:
    async with programs(pair) as (a, b):
        ended: asyncio.Queue[str] = asyncio.Queue()
        b.serve(
            "chess",
            lambda request: request.decline("no time"),
            lambda request, code: ended.put_nowait(code),
        )
        codes = {}
        for name, ask in {
            "declined": a.connect(b.peer_id, context="chess_9"),
            "unknown_context": a.connect(b.peer_id, context="nothing"),
            "undiscovered": a.connect("12D3KooWLnobody"),
        }.items():
            with pytest.raises(GoopError) as refused:
                await ask
            codes[name] = (refused.value.code, bool(str(refused.value)))
        assert codes == {name: (name, True) for name in codes}
        assert await ended.get() == "declined"

        one, other = await talk(a, b, context="arcade")
        errors: asyncio.Queue[GoopError] = asyncio.Queue()
        one.on_error = errors.put_nowait
        one.send({"type": "nothing"})  # nobody awaits it
        assert (await errors.get()).code == "unknown_type"
        with pytest.raises(GoopError) as unfit:
            await one.send({"type": "ready", "ready": "perhaps"}).delivered
        assert (unfit.value.code, unfit.value.channel_id) == ("invalid_message", one.id)
        for data, code in ((object(), "not_serialisable"), (2**60, "unsafe_integer")):
            with pytest.raises(GoopError) as nothing:
                one.send(data)
            assert nothing.value.code == code
        with pytest.raises(GoopError) as large:
            await one.send("x" * 100_000)
        assert large.value.code == "too_large"
        await other.close()


async def test_a_request_that_nobody_waits_for_is_withdrawn(pair: Pair) -> None:
    async with programs(pair) as (a, b):
        asked: asyncio.Queue[Request] = asyncio.Queue()
        ended: asyncio.Queue[str] = asyncio.Queue()
        b.on_incoming = asked.put_nowait
        b.on_incoming_ended = lambda request, code: ended.put_nowait(code)
        waiting = asyncio.create_task(a.connect(b.peer_id, params={"why": "no reason"}, app="x"))
        with pytest.raises(GoopError) as unfit:
            await waiting
        assert unfit.value.code == "invalid_params"
        waiting = asyncio.create_task(a.connect(b.peer_id, app="x"))
        assert (await asked.get()).app == "x"
        waiting.cancel()
        assert await ended.get() == "cancelled"


async def test_a_loop_takes_messages_until_the_end(pair: Pair) -> None:
    async with programs(pair) as (a, b):
        one, other = await talk(a, b)
        first, second, third = one.send(1), one.send(2), one.send(3)
        loop = aiter(other)
        assert (await anext(loop)).data == 1
        await first.delivered
        assert (await anext(loop)).data == 2
        await first.handled
        assert not second.handled.done()
        closing = asyncio.create_task(one.close())
        assert [message.data async for message in other] == [3]
        await asyncio.gather(closing, third.handled)
        assert other.detail.final


async def test_a_program_that_comes_later_hears_the_log_from_its_start(pair: Pair) -> None:
    async with programs(pair) as (a, b):
        one, other = await talk(a, b, context="arcade")
        other.on_message = lambda data, meta: None
        said = [{"type": "ready", "ready": n % 2 == 0} for n in range(3)]
        for data in said:
            await one.send(data).handled
        async with Client.from_data(pair[1].data) as late:
            (again,) = await late.channels("arcade")
            assert (again.id, again.peer_id, again.context) == (one.id, a.peer_id, "arcade")
            told = await late.connect(a.peer_id, context="arcade", since="start")
            assert told is again
            heard = aiter(told)
            assert [(await anext(heard)).data for _ in said] == said
        await one.close()


def restart(node: NodeProcess) -> Callable[[], Awaitable[None]]:
    """It is killed, and started again."""

    async def act() -> None:
        node.kill()
        await asyncio.to_thread(node.start)

    return act


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> list[ClientConnection]:
    """The connections of programs, as they are made."""
    made: list[ClientConnection] = []

    class Connect(connect):
        async def __aenter__(self) -> ClientConnection:
            made.append(await super().__aenter__())
            return made[-1]

    monkeypatch.setattr(line, "connect", Connect)
    return made


@pytest.mark.parametrize("seed", [11])
async def test_nothing_is_lost_or_doubled_whatever_breaks(
    pair: Pair, sockets: list[ClientConnection], seed: int
) -> None:
    """Both talk while their nodes are killed and their connections break, in a random order."""
    chance = random.Random(seed)

    async def cut() -> None:
        """Connections break, whatever is on its way."""
        for socket in chance.sample(sockets, len(sockets) // 2 + 1):
            socket.transport.abort()

    async with programs(pair) as (a, b):
        one, other = await talk(a, b)
        heard: dict[str, list[Any]] = {"one": [], "other": []}
        one.on_message = lambda data, meta: heard["one"].append(data)
        other.on_message = lambda data, meta: heard["other"].append(data)
        faults = [cut, cut, cut, restart(pair[0]), restart(pair[1])]
        chance.shuffle(faults)
        sent, said = [], {"one": 0, "other": 0}
        for fault in faults:
            breaking = asyncio.create_task(fault())
            while not breaking.done() or chance.random() < 0.9:
                for name, channel in (("one", one), ("other", other)):
                    if said[name] < MOST and chance.random() < 0.5:
                        sent.append(channel.send(said[name]))
                        said[name] += 1
                await asyncio.sleep(chance.choice((0, 0.001, 0.02)))
            await breaking
        await asyncio.gather(*(message.handled for message in sent))
        assert heard == {"one": list(range(said["other"])), "other": list(range(said["one"]))}
        await one.close()


async def test_a_bot_plays_a_whole_game(pair: Pair) -> None:
    black, white = random.Random(MATE + 1), random.Random(MATE)
    main = runpy.run_path(str(ROOT / "examples" / "chess_bot.py"))["main"]
    main.__globals__["choose"] = lambda board: black.choice(list(board.legal_moves))
    bot = asyncio.create_task(main(str(pair[1].data)))
    async with programs(pair) as (a, _):
        game = await a.connect(pair[1].peer_id, context="chess", new=True)
        board = chess.Board()
        replies: AsyncIterator[Message] = aiter(game)
        while not board.is_game_over():
            move = white.choice(list(board.legal_moves))
            board.push(move)
            uci = move.uci()
            await game.send({"type": "move", "from": uci[:2], "to": uci[2:]}).delivered
            if not board.is_game_over():
                reply = (await anext(replies)).data
                board.push_uci(reply["from"] + reply["to"] + reply.get("promotion", ""))
        assert (board.ply(), board.result()) == (11, "1-0")
        state = (await game.snapshot()).state
        assert (state["reason"], state["result"]) == ("checkmate", "1-0")
        assert [message async for message in game] == []  # the bot leaves the table
        assert game.detail.code == "closed"
    bot.cancel()
    await asyncio.gather(bot, return_exceptions=True)
