# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule of the clocks: with skewed clocks, delays, outages, restarts, and nodes that lie."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goop_chess.clocks import DAY_MS, LAG_MS, Clock, charge, pgn_tag
from goop_chess.plugin import schemas
from goop_chess.session import ChessSession, new_game, refuse_state, same_clock
from goop_chess.timekeeper import AWAY_MS, TICK_MS
from goop_realtime.contexts.validator import Validator
from goop_realtime.types import Message, OpenRequest
from tests.unit.chess_clock_world import GUEST, HOST, Node, World
from tests.unit.test_chess_session import REQUEST

LONG = {"kind": "fischer", "seconds": 10_800, "increment": 0}
BLITZ: dict[str, Any] = {"kind": "fischer", "seconds": 60, "increment": 2}
DAYS = {"kind": "correspondence", "days": 3}
SLACK_MS = 2 * TICK_MS
"""What is seen is counted in ticks."""


def last(world: World) -> dict[str, Any]:
    """The newest move whose charge is final."""
    clock = world.nodes[HOST].session.clock
    assert clock is not None
    assert clock.last is not None
    return clock.last


def begun(control: dict[str, Any], **nodes: dict[str, Any]) -> World:
    """A game in which both have made the first move."""
    world = World(control, **nodes)
    world.move(1_000)
    world.move(1_000)
    return world


def claim(world: World, by: Node, of: str) -> str:
    """Claim that a player's time is over; the refusal's code."""
    found = world.say(by, {"type": "flag", "colour": of})
    return found.code if found is not None else ""


TROUBLE = st.tuples(
    st.integers(0, 60_000),  # true thinking time
    st.integers(0, 2_000),  # delay of a line
    st.sampled_from([0, 0, 0, 20_000, 200_000]),  # an outage in the middle of the thinking
    st.sampled_from([0, 0, 0, 20_000, 200_000]),  # one right behind the move
    st.sampled_from(["", "", "", "mover", "other"]),  # whose node is stopped during the first one
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(TROUBLE, min_size=1, max_size=6),
    st.floats(0.9995, 1.0005),
    st.integers(-DAY_MS, DAY_MS),
)
def test_an_honest_player_is_charged_what_his_own_node_measured_and_never_flagged(
    moves: list[tuple[int, int, int, int, str]], rate: float, offset: int
) -> None:
    world = begun(LONG, guest={"rate": rate, "offset": offset})
    for think, delay, before, behind, stopped in moves:
        world.delay = delay
        mover = world.turn()
        [other] = [node for node in world.nodes.values() if node is not mover]

        def trouble(
            mover: Node = mover, other: Node = other, before: int = before, stopped: str = stopped
        ) -> None:
            victim = {"mover": mover, "other": other}.get(stopped)
            world.line = not before
            if victim is not None and before:
                victim.up = False
            world.run(before)
            world.line = True
            if victim is not None and before:
                victim.start()

        begin = mover.took
        assert world.move(think, trouble) is mover
        moved = world.now
        colour = mover.colour
        world.line = not behind
        world.run(behind)
        assert claim(world, other, colour) == "time_left"
        world.line = True
        world.turn()
        world.move(1_000)  # the answer, which settles it
        world.settle()
        settled, thought = last(world), moved - begin
        assert settled["by"] == colour
        assert abs(settled["charged"] - thought) <= 10 + thought // 1_000, (settled, thought)
        assert settled["charged"] <= settled["spent"]


@pytest.mark.parametrize("liar", [HOST, GUEST])
@pytest.mark.parametrize("think", [3_000, 60_000, 600_000])
def test_a_mover_that_lies_gains_at_most_the_lag(liar: str, think: int) -> None:
    world = begun(LONG, **{liar: {"lies": lambda stamp: {**stamp, "spent": 0}}})
    if world.turn().me != liar:
        world.move(1_000)
    assert world.move(think).me == liar
    world.move(1_000)
    world.settle()
    assert last(world)["spent"] == 0
    assert think - LAG_MS - SLACK_MS <= last(world)["charged"] <= think
    assert last(world)["seen"] >= think - SLACK_MS, "the other one sees it"


def test_a_mover_that_hides_gains_what_an_absence_may_take_at_most() -> None:
    world = begun(LONG, host={"lies": lambda stamp: {**stamp, "spent": 0}})
    think = 20 * 60_000
    world.settle()
    world.line = False
    world.run(think)
    world.line = True
    world.move(0)
    world.move(1_000)
    world.settle()
    assert last(world)["charged"] >= think - AWAY_MS - LAG_MS - SLACK_MS


@pytest.mark.parametrize("claims", [HOST, GUEST])
def test_running_out_is_claimed_by_the_other_or_owned_up_to(claims: str) -> None:
    world = begun(BLITZ)
    if world.turn().me == claims:
        world.move(1_000)
    mover, other = world.turn(), world.nodes[claims]
    world.run(50_000)
    assert claim(world, other, mover.colour) == "time_left"
    assert claim(world, mover, mover.colour) == "time_left"
    assert claim(world, mover, other.colour) == "time_left"
    world.run(13_000)
    assert claim(world, other, mover.colour) == "time_left", "the lag is granted"
    world.run(LAG_MS + SLACK_MS)
    assert claim(world, other, mover.colour) == ""
    world.settle()
    won = "1-0" if mover.colour == "black" else "0-1"
    assert (other.session.result, other.session.reason) == (won, "time")
    assert other.session.clock is not None
    assert other.session.clock.left[mover.colour] == 0


def test_a_node_owns_up_at_once() -> None:
    world = begun(BLITZ)
    mover = world.turn()
    world.run(62_000)
    assert claim(world, mover, mover.colour) == ""
    world.settle()
    assert mover.session.reason == "time"


def test_a_flag_that_fell_unclaimed_can_be_claimed_behind_the_move() -> None:
    world = begun(BLITZ)
    mover = world.move(70_000)
    world.settle()
    [other] = [node for node in world.nodes.values() if node is not mover]
    assert claim(world, other, mover.colour) == ""
    world.settle()
    assert other.session.reason == "time"


def test_who_stays_away_can_be_claimed_against_and_the_claimer_must_have_been_there() -> None:
    world = begun(BLITZ)
    mover = world.turn()
    [other] = [node for node in world.nodes.values() if node is not mover]
    assert other.me == GUEST
    world.line = False
    other.up = False
    world.run(DAY_MS // 24)
    other.start()
    assert claim(world, other, mover.colour) == "time_left", "nobody was there to see it"
    world.run(AWAY_MS + 62_000 + LAG_MS + SLACK_MS)
    assert claim(world, other, mover.colour) == ""


def test_the_first_moves_cost_nothing_and_each_later_one_brings_its_increment() -> None:
    world = World(BLITZ)
    for _ in range(2):
        world.move(30_000)
    world.settle()
    for node in world.nodes.values():
        assert node.session.clock is not None
        assert node.session.clock.left == {"white": 60_000, "black": 60_000}
    mover = world.move(10_000)
    world.move(1_000)
    world.settle()
    for node in world.nodes.values():
        assert node.session.clock is not None
        left = node.session.clock.left[mover.colour]
        assert abs(left - (60_000 - 10_000 + BLITZ["increment"] * 1000)) <= SLACK_MS


def test_correspondence_gives_days_for_each_move_and_one_of_grace() -> None:
    world = begun(DAYS)
    world.every = 60_000
    mover = world.move(2 * DAY_MS)
    world.settle()
    clock = mover.session.clock
    assert clock is not None
    assert clock.left[mover.colour] == 3 * DAY_MS
    waiter, mover = mover, world.turn()
    world.line = False
    world.run(3 * DAY_MS + 3600_000)
    assert claim(world, waiter, mover.colour) == "time_left"
    world.run(DAY_MS)
    assert claim(world, waiter, mover.colour) == ""


def test_a_restart_of_the_movers_node_stops_no_clock() -> None:
    world = begun(LONG)
    mover = world.turn()
    mover.up = False
    world.run(100_000)
    mover.start()
    world.move(1_000)
    world.move(1_000)
    world.settle()
    assert 101_000 <= last(world)["charged"] <= 102_000


def _fallen(moves: list[str], winner: str) -> ChessSession:
    left = {"white": 5_000, "black": 5_000}
    clock = {"control": BLITZ, "left": left, "open": None, "last": None}
    session = ChessSession(REQUEST, {**new_game(REQUEST), "moves": moves, "clock": clock})
    loser = "black" if winner == "white" else "white"
    data = {
        "type": "flag",
        "colour": loser,
        "clock": {"spent": 0, "passed": 90_000, "seen": 90_000},
    }
    message = Message(sender=session.players[winner], data=data, id="x-1", sent_at_ms=0)
    assert session.check(message) is None
    session.apply(message)
    return session


def test_who_cannot_mate_does_not_win_on_time() -> None:
    assert _fallen(["e2e4", "e7e5"], "black").result == "0-1"
    state = {**new_game(REQUEST), "moves": ["e2e4", "e7e5"]}
    session = ChessSession(REQUEST, state)
    session.position._board.set_fen("8/8/4k3/8/8/3QK3/8/8 w - - 0 1")
    session.clock = Clock({"control": BLITZ, "left": {"white": 0, "black": 9}})
    session._flag_fell("white")
    assert (session.result, session.reason) == ("1/2-1/2", "time_no_material")


@given(*(st.integers(0, 10**11) for _ in range(3)))
def test_a_charge_stays_within_what_the_other_node_saw(spent: int, passed: int, seen: int) -> None:
    seen = min(seen, passed)
    charged = charge(spent, passed, seen)
    assert max(0, seen - LAG_MS) <= charged <= passed
    assert charged == spent or spent > passed or spent < seen - LAG_MS


def test_time_controls_in_pgn() -> None:
    assert [pgn_tag(each) for each in (None, BLITZ, LONG, DAYS)] == [
        *("-", "60+2", "10800", "1/259200")
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"control": None},
        {"control": {**BLITZ, "seconds": 0}},
        {"control": {**BLITZ, "seconds": True}},
        {"control": {"kind": "correspondence", "days": 15}},
        {"left": {"white": 1}},
        {"left": {"white": 1, "black": "1"}},
        {"left": {"white": 1, "black": 10**12}},
        {"open": {"by": "white", "before": 1}},
        {"open": {"by": ["white"], "before": 1, "spent": 1}},
        {"last": {"by": "green", "spent": 1, "seen": 1, "charged": 1}},
        {"more": 1},
    ],
)
def test_forged_clocks_are_no_game(change: dict[str, Any]) -> None:
    asked = OpenRequest(
        channel="rt-1", context="chess", opener="w", peers=("w", "b"), params={"clock": BLITZ}
    )
    initial_state = new_game(asked)
    assert refuse_state(asked, initial_state) is None
    refusal = refuse_state(asked, {**initial_state, "clock": {**initial_state["clock"], **change}})
    assert refusal is not None
    assert refusal.code == "bad_base"


def test_the_clocks_are_those_that_the_invitation_shows() -> None:
    def asked(params: Any, initial_state: Any) -> OpenRequest:
        return OpenRequest(
            channel="rt-1",
            context="c",
            opener="w",
            peers=("w", "b"),
            params=params,
            initial_state=initial_state,
        )

    with_clock, without = ({"clock": BLITZ}, {"colour": "white"})
    timed = new_game(asked(with_clock, None))
    assert same_clock(asked(with_clock, timed))
    assert same_clock(asked({"clock": {**BLITZ, "seconds": 60.0}}, timed))
    assert same_clock(asked(without, new_game(REQUEST)))
    assert not same_clock(asked(without, timed))
    assert not same_clock(asked(with_clock, new_game(REQUEST)))
    assert not same_clock(asked({"clock": {**BLITZ, "seconds": 61}}, timed))


def test_a_game_without_clocks_has_no_flags_and_one_with_them_needs_the_time() -> None:
    plain = ChessSession(REQUEST, new_game(REQUEST))
    flag = {"type": "flag", "colour": "black"}
    found = plain.check(Message(sender="w", data=flag, id="x-1", sent_at_ms=0))
    assert found is not None
    assert found.code == "no_clock"
    timed = ChessSession(REQUEST, {"rules": 2, "clock": {"control": BLITZ}})
    for data in (flag, {"type": "move", "from": "e2", "to": "e4"}):
        found = timed.check(Message(sender="w", data=data, id="x-1", sent_at_ms=0))
        assert found is not None
        assert found.code == "no_time"


def test_a_page_cannot_say_the_time_itself() -> None:
    world = begun(BLITZ)
    mover = world.turn()
    world.run(10_000)
    forged = {"spent": 0, "passed": 0, "seen": 0}
    move = {"type": "move", "from": "e2", "to": "e4", "clock": forged}
    assert mover.keeper.stamp(mover.session, move)["clock"]["spent"] >= 10_000
    plain = ChessSession(REQUEST, new_game(REQUEST))
    assert "clock" not in mover.keeper.stamp(plain, move)
    assert Validator(schemas()["move"], where="move").check(move) is None
