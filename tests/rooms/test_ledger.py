# SPDX-License-Identifier: MIT
"""The ledger notices what it is there to notice."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from goop_realtime.rooms.positions import Epoch, Position
from goop_realtime.testing.rooms.view import Own
from goop_realtime.testing.seen import Violation
from tests.rooms import ledger
from tests.rooms.crowd import connect
from tests.rooms.news import News
from tests.rooms.player import Player

HOST = "a"


@pytest.fixture
async def players() -> list[Player]:
    """Two in one room, who were told nothing yet."""
    made = []
    for name in "ab":
        node: Any = SimpleNamespace(peer_id=name, data=Path(name))
        player = Player(node, News(), connect)
        row = {"host": HOST, "state": "joined", "at": [1, HOST, 2], "runs": [[1, HOST, 2]]}
        members = [{"peerId": one} for one in "ab"]
        await player._take({"type": "room", "channel": "room-x", "members": members, **row}, 0)
        made.append(player)
    return made


async def tell(player: Player, seq: int, message_id: str, host: str = HOST, epoch: int = 1) -> None:
    """It is told a message."""
    body = {"epoch": epoch, "host": host, "seq": seq, "from": "c", "id": message_id}
    await player._take({"type": "message", "data": {}, **body}, 0)


async def test_what_all_were_told_is_fine(players: list[Player]) -> None:
    for player in players:
        await tell(player, 3, "p-1")
        await tell(player, 4, "p-2")
    assert ledger.is_at_rest(players) == ""
    assert ledger.judge(players) == 2


async def test_a_lost_message_is_noticed(players: list[Player]) -> None:
    for player in players:
        await tell(player, 3, "p-1")
    await tell(players[1], 4, "p-2")
    assert "lacks 1 messages" in ledger.is_at_rest(players)


async def test_a_doubled_message_is_noticed(players: list[Player]) -> None:
    await tell(players[0], 3, "p-1")
    with pytest.raises(Violation, match="twice"):
        await tell(players[0], 4, "p-1")


async def test_another_order_is_noticed(players: list[Player]) -> None:
    for player, first, second in zip(players, ("p-1", "q-1"), ("q-1", "p-1"), strict=True):
        await tell(player, 3, first)
        await tell(player, 4, second)
    with pytest.raises(Violation, match=r" is .* and "):
        ledger.judge(players)


async def test_two_places_of_one_message_are_noticed(players: list[Player]) -> None:
    await tell(players[0], 3, "p-1")
    await tell(players[1], 4, "p-1")
    with pytest.raises(Violation, match="p-1 is at"):
        ledger.judge(players)


@pytest.mark.parametrize(("fate", "wrong"), [("", True), ("divisible", False), ("lost", False)])
async def test_what_was_accepted_is_accounted_for(
    players: list[Player], fate: str, wrong: bool
) -> None:
    players[0].view.own["x-1"] = Own({}, "", stage=3, fate=fate)
    if wrong:
        with pytest.raises(Violation, match="no place"):
            ledger.judge(players)
    else:
        assert ledger.judge(players) == 0


async def test_a_refused_message_that_others_were_told_is_noticed(players: list[Player]) -> None:
    await tell(players[1], 3, f"{players[0].id}-1")
    players[0].view.own[f"{players[0].id}-1"] = Own({}, "", fate="divisible")
    with pytest.raises(Violation, match="is divisible"):
        ledger.judge(players)


async def test_what_was_rewound_counts_no_more(players: list[Player]) -> None:
    await tell(players[0], 3, "p-1")
    runs = [[1, HOST, 2]]
    members = [{"peerId": one} for one in "ab"]
    await players[0]._take({"type": "rewound", "to": 2, "runs": runs, "members": members}, 0)
    for player in players:
        await tell(player, 3, "q-1", host="b", epoch=2)
        assert player.told[Position(Epoch(2, "b"), 3)] == ("c", "q-1")
    assert ledger.is_at_rest(players) == ""
    assert ledger.judge(players) == 1
