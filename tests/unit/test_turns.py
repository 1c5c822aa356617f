# SPDX-License-Identifier: MIT
"""However much pages ask for, everybody else has a turn in between."""

from __future__ import annotations

import asyncio
import inspect
import json
from time import thread_time
from typing import Any
from unittest.mock import AsyncMock, MagicMock

import pytest
from litestar import Request
from litestar.handlers import HTTPRouteHandler
from litestar.testing import RequestFactory

from goop_node.access import CALLER
from goop_node.types import Caller
from goop_realtime.web import room_handlers
from goop_realtime.web import turns as turns_module
from goop_realtime.web.event_streams import take_frames
from goop_realtime.web.handlers import routes
from goop_realtime.web.page_session import PageSession
from goop_realtime.web.sockets import READ_TOGETHER, PageSocket
from goop_realtime.web.turns import TURN_SECONDS, Turn, Turns

HEAVY = 2 * TURN_SECONDS
PROGRAM = Caller(kind="program")


class Session(PageSession):
    """Takes frames that say how long they take, and notes each."""

    def __init__(self, name: str, turns: Turns, told: list[str]) -> None:
        self.caller = PROGRAM
        self.turn = Turn(turns)
        self.posting = asyncio.Lock()
        self.wake = asyncio.Event()
        self.over = 0
        self._name = name
        self._told = told

    def open(self, page_id: str = "") -> bool:
        return True

    def leave(self, *, for_good: bool = False) -> None:
        pass

    def frame(self, text: str) -> None:
        end = thread_time() + float(text)
        while thread_time() < end:
            pass
        self._told.append(self._name)


async def read(session: Session, texts: list[str]) -> None:
    """Serve a socket on which all of that has come already."""
    messages: list[dict[str, Any]] = [{"type": "websocket.connect"}]
    messages += [{"type": "websocket.receive", "text": text} for text in texts]
    messages.append({"type": "websocket.disconnect"})
    waiting = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(waiting)

    async def send(message: object) -> None:
        pass

    await PageSocket(session, receive, send).run()


async def observed(told: list[str], *work: Any) -> None:
    """Do the work, with somebody beside it who wants nothing but a turn now and then."""

    async def look() -> None:
        while True:
            told.append("")
            await asyncio.sleep(0)

    looking = asyncio.create_task(look())
    await asyncio.gather(*work)
    looking.cancel()


def together(told: list[str]) -> list[int]:
    """How many frames were taken from one turn of the one who looks to the next."""
    return [len(part.split()) for part in " ".join(one or "\n" for one in told).split("\n")]


@pytest.mark.parametrize("connections", [1, 2, 5])
async def test_of_what_takes_long_one_comes_after_the_other(connections: int) -> None:
    turns, told = Turns(), list[str]()
    sessions = [Session(f"{n}", turns, told) for n in range(connections)]
    await observed(told, *(read(one, [f"{HEAVY}"] * 6) for one in sessions))
    first, *later = [one for one in together(told) if one]
    assert sum(together(told)) == 6 * connections
    # What each asked for before anybody had taken a turn comes at once; from then on one by one.
    assert first == connections
    assert set(later) <= {1}


async def test_what_takes_little_never_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns_module, "TURN_SECONDS", 60.0)
    turns, told = Turns(), list[str]()
    await turns._waiting.acquire()  # whoever waited now would wait for good
    await observed(told, read(Session("a", turns, told), ["0"] * 3 * READ_TOGETHER))
    assert [one for one in together(told) if one] == [READ_TOGETHER] * 3


async def test_the_time_of_a_turn_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    def thread_time() -> float:
        asked.append(0.0)
        return 0.0

    monkeypatch.setattr(turns_module, "TURN_SECONDS", 60.0)
    monkeypatch.setattr(turns_module, "thread_time", thread_time)
    told: list[str] = []
    await observed(told, read(Session("a", Turns(), told), ["0"] * 3 * READ_TOGETHER))
    assert len([one for one in told if one]) == 3 * READ_TOGETHER
    assert len(asked) == 3


async def test_what_comes_little_by_little_never_waits() -> None:
    turns, told = Turns(), list[str]()
    await turns._waiting.acquire()  # whoever waited now would wait for good
    turn, session = Turn(turns), Session("a", turns, told)
    for _ in range(30):
        turn.take(session.frame, f"{TURN_SECONDS / 5}")
        assert not turn.over
        await asyncio.sleep(0)
    assert len(told) == 30


async def test_posts_of_a_page_keep_their_order() -> None:
    turns, told = Turns(), list[str]()
    sessions: dict[str, PageSession] = {"p": Session("p", turns, told)}
    came: list[str] = []
    monitored = sessions["p"]
    taken = monitored.frame

    def frame(text: str) -> None:
        came.append(text)
        taken(text)

    monitored.frame = frame  # type: ignore[method-assign]
    texts = [[HEAVY + n / 1e6 + k / 1e5 for k in range(3)] for n in range(4)]
    posts = [
        take_frames(sessions, PROGRAM, json.dumps({"page": "p", "frames": frames}).encode())
        for frames in texts
    ]
    await observed(told, *posts)
    assert came == [json.dumps(one) for frames in texts for one in frames]
    assert max(together(told)) == 1


async def test_lists_of_everything_are_made_one_by_one() -> None:
    turns, told = Turns(), list[str]()
    session = Session("list", turns, told)
    lists = [turns.alone(lambda: session.frame(f"{HEAVY}")) for _ in range(5)]
    await observed(told, *lists)
    assert sum(together(told)) == 5
    assert max(together(told)) == 1


ASKED = [
    handler
    for route in routes(MagicMock())
    for handler in route.handlers
    if isinstance(handler, HTTPRouteHandler) and "GET" in handler.http_methods
]
IN_PORTIONS = {"/inspector/replay", "/inspector/test"}
"""These fold a log, with pauses of their own."""


@pytest.mark.parametrize("handler", ASKED, ids=lambda handler: min(handler.paths))
async def test_whatever_is_asked_for_waits_for_its_turn(
    handler: HTTPRouteHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    if handler.paths & IN_PORTIONS:
        return
    monkeypatch.setattr(room_handlers, "NEARBY_SECONDS", 0)
    came: list[object] = []

    async def alone(turns: Turns, work: Any) -> Any:
        came.append(work)
        return work()

    monkeypatch.setattr(Turns, "alone", alone)
    bridge = MagicMock(stored=AsyncMock())
    bridge.engine.read.all_decisions.return_value = [], 0, 0
    served = next(
        known
        for route in routes(lambda: bridge)
        for known in route.handlers
        if isinstance(known, HTTPRouteHandler) and known.paths == handler.paths
    )
    request: Request[Any, Any, Any] = RequestFactory().get()
    request.scope[CALLER] = PROGRAM  # type: ignore[literal-required]
    asked = inspect.signature(served.fn).parameters
    values = {"request": request, "channel": "c", "context": "c"}
    await served.fn(**{name: values[name] for name in asked if name in values})
    assert came


async def test_what_fails_gives_the_turn_on() -> None:
    turns = Turns()
    with pytest.raises(ZeroDivisionError):
        await turns.alone(lambda: 1 // 0)
    assert await turns.alone(lambda: 7) == 7
