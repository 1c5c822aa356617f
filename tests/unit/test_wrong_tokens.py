# SPDX-License-Identifier: MIT
"""Wrong tokens wait; the right one never does, and nothing grows."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goop_node.problems import Problem
from goop_node.web import guard
from goop_node.web.tokens import MIN_SECRET
from goop_node.web.wrong_tokens import (
    FIRST_SECONDS,
    FORGIVEN_SECONDS,
    FREE,
    LONGEST_SECONDS,
    MAX_PLACES,
    WrongTokens,
)
from tests.unit.in_process import Client, Headers, make_node
from tests.unit.spellings import PORT
from tests.unit.test_layers import ROOT

HOST = (b"host", f"localhost:{PORT}".encode())
WRONG: Headers = [HOST, (b"authorization", b"Bearer wrong")]


def test_some_are_free_then_each_waits_longer_up_to_a_bound() -> None:
    wrong = WrongTokens()
    waits = [wrong.wait("127.0.0.1", 100.0) for _ in range(50)]
    assert waits[:FREE] == [0.0] * FREE
    assert waits[FREE:] == sorted(waits[FREE:])
    assert waits[FREE] > 0
    assert waits[-1] == LONGEST_SECONDS


def test_time_forgives() -> None:
    wrong = WrongTokens()
    for _ in range(1000):
        wrong.wait("127.0.0.1", 0.0)
    assert wrong.wait("127.0.0.1", 1.0) == LONGEST_SECONDS
    assert wrong.wait("127.0.0.1", 600.0) == 0.0


@given(st.lists(st.tuples(st.ip_addresses().map(str) | st.text(), st.floats(0, 1e9))))
def test_whatever_comes_the_bounds_hold(shown: list[tuple[str, float]]) -> None:
    wrong = WrongTokens()
    for address, now in shown:
        assert 0.0 <= wrong.wait(address, now) <= LONGEST_SECONDS
    assert len(wrong) <= MAX_PLACES


def test_places_are_bounded_and_one_network_is_one_place() -> None:
    wrong = WrongTokens()
    for number in range(5 * MAX_PLACES):
        wrong.wait(f"10.0.{number // 256}.{number % 256}", 0.0)
    assert len(wrong) == MAX_PLACES
    one = WrongTokens()
    for number in range(10):
        one.wait(f"2001:db8::{number:x}", 0.0)
    assert len(one) == 1
    assert one.wait("::ffff:10.0.0.1", 0.0) == one.wait("10.0.0.2", 0.0) == 0.0


async def test_the_right_token_is_let_in_at_once_while_wrong_ones_wait(
    clients: tuple[Client, Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = clients[0]
    call = functools.partial(client.call, b"/api/realtime/connect", address="10.0.0.1")
    waiting: list[asyncio.Future[None]] = []

    async def sleep(seconds: float) -> None:
        if seconds:
            waiting.append(asyncio.get_running_loop().create_future())
            await waiting[-1]

    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(client.app, "_wrong", WrongTokens())
    calls: list[asyncio.Task[Any]] = [
        asyncio.create_task(call(WRONG, socket=number % 2 == 1))
        for number in range(FREE + 2 * guard.MAX_WAITING)
    ]
    done, pending = await asyncio.wait(calls, timeout=0)
    while len(done) < FREE + guard.MAX_WAITING:
        done, pending = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED, timeout=0)
    statuses = sorted(task.result().status for task in done)
    assert statuses == [401] * FREE + [429] * guard.MAX_WAITING
    token = b"Bearer " + client.node.tokens.bearer.encode()
    answer = await call([HOST, (b"authorization", token)])
    assert answer.ran == ["/api/realtime/connect"]
    assert len(pending) == len(waiting) == guard.MAX_WAITING
    for future in waiting:
        future.set_result(None)
    assert {(await task).status for task in pending} == {401}


async def test_wrong_keys_wait_but_not_those_of_who_is_known(
    tmp_path: Path, clients: tuple[Client, Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(make_node(tmp_path, http_host="127.0.0.2"))
    shown: list[Problem] = []

    async def slowly(scope: object, problem: Problem) -> Problem:
        shown.append(problem)
        return problem

    monkeypatch.setattr(client.app, "_slowly", slowly)
    page: Headers = [(b"host", f"127.0.0.2:{PORT}".encode()), (b"accept", b"text/html")]
    cookie: Headers = [(b"cookie", client.cookie(""))]
    for query, headers, waits in (
        (b"", page, False),
        (b"key=spent", page, True),
        (b"key=spent", page + cookie, False),
        (b"key=spent", [*page, (b"cookie", b"goop_x=y")], True),
    ):
        shown.clear()
        answer = await client.call(b"/", headers, query=query)
        assert bool(shown) == waits
        assert b"set-cookie" not in dict(answer.headers)


def test_the_document_tells_the_numbers() -> None:
    text = " ".join((ROOT / "SECURITY.md").read_text(encoding="utf-8").split())
    first = FIRST_SECONDS * 2
    for words in (
        f"fewer than {MIN_SECRET} characters",
        f"After {FREE} wrong ones",
        f"waits for {first:g} s, then up to {LONGEST_SECONDS:g} s",
        f"one is forgotten every {FORGIVEN_SECONDS:g} s, {MAX_PLACES} addresses",
        f"{guard.MAX_WAITING} answers wait at once",
    ):
        assert words in text
