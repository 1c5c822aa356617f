# SPDX-License-Identifier: GPL-3.0-or-later
"""A game of chess outlives a start without chess: both pages are told, and then it goes on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from goop_node.testing import start_node
from tests.node.chess_player import move_message
from tests.node.page import Page, wait_until_discovered

ON = "[plugins.realtime]\n[plugins.chess]\n"
OFF = ON + "enabled = false\n"


@pytest.mark.parametrize(
    "victim", [pytest.param(0, marks=pytest.mark.soak, id="host"), pytest.param(1, id="guest")]
)
async def test_a_game_goes_on_when_chess_is_back(tmp_path: Path, victim: int) -> None:
    config = tmp_path / "goop.toml"
    config.write_text(ON)
    nodes = []
    for n, name in enumerate(("alice", "bob")):
        more = ("--config", str(config)) if n == victim else ()
        nodes.append(start_node(tmp_path / name, *more, peer=nodes[0] if nodes else None))
    try:
        await asyncio.to_thread(asyncio.run, wait_until_discovered(nodes[0], nodes[1]))
        async with Page.open(nodes[0]) as a, Page.open(nodes[1]) as b:
            channel = await a.ask(b, context="chess")
            await a.send(channel, move_message("e2e4"))
            assert await b.received(channel, 1) == [move_message("e2e4")]
            stays = (a, b)[1 - victim]
            stays.frames.clear()
            games = (await stays.http.get("/api/chess/games")).json()

            nodes[victim].stop()
            config.write_text(OFF)
            nodes[victim].start()
            told = await stays.frame("state", channel=channel, code="plugin_missing")
            assert (told["state"], told["suspended"], told["final"]) == (
                "disconnected",
                True,
                False,
            )
            assert "chess is off on" in told["reason"]
            async with Page.open(nodes[victim]) as page:
                told = await page.frame("state", channel=channel, code="plugin_missing")
                assert "chess is off on this node" in told["reason"]
                rows = (await page.http.get("/api/realtime/channels")).json()
                assert [row["detail"]["code"] for row in rows] == ["plugin_missing"]
                await page.send(channel, move_message("e7e5"), id="away-1")
                await page.frame("refused", code="plugin_missing")
            stays.frames.clear()

            nodes[victim].stop()
            config.write_text(ON)
            nodes[victim].start()
            await stays.frame("state", channel=channel, state="connected")
            async with Page.open(nodes[victim]) as back:
                black = back if victim == 1 else stays
                white = stays if victim == 1 else back
                await black.send(channel, move_message("e7e5"))
                assert (await white.received(channel, 1))[-1] == move_message("e7e5")
                again = (await back.http.get("/api/chess/games")).json()
            assert [row["game"] for row in again] == [row["game"] for row in games]
    finally:
        for node in reversed(nodes):
            node.stop()
