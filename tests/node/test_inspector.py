# SPDX-License-Identifier: MIT
"""The Inspector's endpoints at real nodes: what is live, decided, replayed and recorded."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from goop_node.cli import main as cli
from goop_realtime.testing.kit import replay
from tests.node.conftest import Pair, pages
from tests.unit.recordings import constants

API = "/api/realtime/inspector"
MOVES = ("e2e4", "e7e5", "d1h5")


async def test_a_game_is_looked_at_while_it_is_played(
    pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with pages(pair) as (a, b):
        channel = await a.ask(b, context="chess")
        for n, squares in enumerate(MOVES):
            one, other = (a, b) if n % 2 == 0 else (b, a)
            await one.send(channel, {"type": "move", "from": squares[:2], "to": squares[2:]})
            await other.received(channel, n // 2 + 1)
        await a.send(channel, {"type": "move", "from": "h5", "to": "f7"}, id="wrong-1")
        await a.frame("refused", id="wrong-1")

        found = (await a.http.get(f"{API}/logs", params={"text": f"chess {channel}"})).json()
        (row,) = found["rows"]
        assert (row["id"], row["plugin"], row["last"], row["ended"]) == (channel, "chess", 3, False)
        told = (
            await a.http.get(f"{API}/decisions", params={"channel": channel, "hop": "page"})
        ).json()
        (decision,) = told["rows"]
        assert (decision["code"], decision["message"]) == ("not_your_turn", "wrong-1")
        assert decision["peer"] == b.node.peer_id
        assert told["count"] >= decision["n"]
        newer = {"channel": channel, "hop": "page", "after": decision["n"]}
        assert (await a.http.get(f"{API}/decisions", params=newer)).json()["rows"] == []

        seen = (await b.http.get(f"{API}/replay", params={"channel": channel})).json()
        assert [step["data"]["to"] for step in seen["steps"]] == ["e4", "e5", "h5"]
        state = (await b.http.get("/api/realtime/snapshot", params={"channel": channel})).json()
        assert seen["steps"][-1]["state"] == state["state"]

        made = await a.http.get(f"{API}/test", params={"channel": channel})
        name = f"test_replay_{channel.replace('-', '_')}.py"
        assert made.headers["content-disposition"] == f'attachment; filename="{name}"'
        log = constants(made.content)
        assert await asyncio.to_thread(replay, "chess", log["LOG"]) == log["STATE"]
        file = tmp_path / "test_it.py"
        options = ["transcript", "--test", channel, "--data", str(a.node.data), "-o", str(file)]
        assert await asyncio.to_thread(cli.main, options) == 0
        assert file.read_bytes() == made.content

        await a.post("close", channelId=channel)
        await b.frame("state", channel=channel, state="disconnected")
        for page in (a, b):
            (row,) = (await page.http.get(f"{API}/logs", params={"text": channel})).json()["rows"]
            assert (row["ended"], row["code"]) == (True, "closed")
            after = (await page.http.get(f"{API}/replay", params={"channel": channel})).json()
            assert after["steps"][:3] == seen["steps"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("logs?limit=0", "bad_request"),
        ("logs?chanel=rt-0000000000000000", "bad_request"),
        ("decisions?=x", "bad_request"),
        ("logs?offset=-1", "bad_request"),
        ("decisions?limit=1001", "bad_request"),
        (f"decisions?text={'x' * 201}", "bad_request"),
        ("replay?channel=rt-0000000000000000", "unknown_channel"),
        ("replay?channel=room-0000000000000000", "unknown_channel"),
        ("replay?channel=x&count=201", "bad_request"),
        ("test?channel=rt-0000000000000000", "unknown_channel"),
    ],
)
async def test_what_is_asked_wrongly_is_told_in_words(pair: Pair, query: str, code: str) -> None:
    async with pages(pair) as (a, _):
        answer = await a.http.get(f"{API}/{query}")
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert (answer.json()["code"], bool(answer.json()["detail"])) == (code, True)
