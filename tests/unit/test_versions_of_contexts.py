# SPDX-License-Identifier: MIT
"""A running channel while its plugin breaks, is off, is updated and put right, at both nodes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goop_node.hookspecs import hookimpl
from goop_node.types import JsonValue, NodeApi
from goop_realtime import ContextType, Message, OpenRequest, Refusal, Session, Snapshot, open_freely
from goop_realtime.machine import trimming, versions
from goop_realtime.model.wire import Suspended
from goop_realtime.testing.astray import UNLUCKY, broken
from goop_realtime.testing.kit import Swarm
from goop_realtime.testing.kit.fixtures import MakesPairs, MakesSwarms

ADD = {
    "type": "object",
    "properties": {"type": {"const": "add"}, "n": {"type": "integer"}},
    "required": ["type", "n"],
}


class Sum:
    """1.0: a sum."""

    def __init__(self, request: OpenRequest, state: Any) -> None:
        self.request = request
        self.sum: int = state or 0

    def check(self, message: Message) -> Refusal | None:
        return None

    def apply(self, message: Message) -> None:
        self.sum += message.fields["n"]

    def snapshot(self) -> JsonValue:
        return self.sum


class CountedSum:
    """1.1: another form of state, a message to clear it, and nothing above 100 any more."""

    def __init__(self, request: OpenRequest, state: Any) -> None:
        self.request = request
        self.state: dict[str, int] = dict(state or {"sum": 0})

    def check(self, message: Message) -> Refusal | None:
        if message.fields.get("n", 0) > 100:
            return Refusal(code="too_much", reason="that is above 100")
        return None

    def apply(self, message: Message) -> None:
        added = message.fields.get("n", -self.state["sum"])
        self.state["sum"] += added

    def snapshot(self) -> JsonValue:
        return self.state


class Doubling(CountedSum):
    """2.0: the same message means twice as much, but where it began by 1."""

    def __init__(self, request: OpenRequest, state: Any) -> None:
        super().__init__(request, state or {"sum": 0, "times": 2})
        if request.version.startswith("1"):
            self.state["times"] = 1

    def apply(self, message: Message) -> None:
        if "n" in message.fields:
            self.state["sum"] += self.state["times"] * message.fields["n"]
        else:
            self.state["sum"] = 0


def opening(session: Callable[[OpenRequest, Any], Session]) -> Any:
    def opened(request: OpenRequest, snapshot: Snapshot | None) -> Session:
        return session(request, snapshot.state if snapshot else None)

    return opened


def to_counted(state: Any, from_version: str) -> JsonValue:
    assert from_version == "1.0"
    return {"sum": state}


def to_doubling(state: Any, from_version: str) -> JsonValue:
    return {"sum": state if from_version == "1.0" else state["sum"], "times": 1}


FIRST = ContextType(
    name="board", version="1.0", title="Board", messages={"add": ADD}, open_session=opening(Sum)
)
SECOND = replace(
    FIRST,
    version="1.1",
    messages={"add": ADD, "clear": {"type": "object"}},
    open_session=opening(CountedSum),
    upgrade=to_counted,
)
OTHER = replace(SECOND, version="2.0", open_session=opening(Doubling), upgrade=None)
THIRD = replace(OTHER, upgrade=to_doubling)


class Off:
    """The plugin without its context."""


def bringing(*contexts: ContextType) -> type:
    class Brings:
        @hookimpl
        def realtime_contexts(self, node: NodeApi) -> Iterable[ContextType]:
            return contexts

    return Brings


def add(n: int) -> JsonValue:
    return {"type": "add", "n": n}


CLEAR: JsonValue = {"type": "clear"}


@pytest.fixture
def board(goop_pair: MakesPairs) -> Swarm:
    return goop_pair(FIRST)


def restart(board: Swarm, plugins: dict[str, object]) -> None:
    for player in board:
        if player.name in plugins and player.node.up:
            player.kill()
    for player in board:
        if player.name in plugins:
            player.start(plugins[player.name])


def open_again(board: Swarm, *names: str) -> bool:
    whom = [player for player in board if not names or player.name in names]
    return board.run(ms=90_000, until=lambda: all(one.connection == "connected" for one in whom))


def waits(board: Swarm, code: str) -> bool:
    """Whether both have been told the code, in words, and it is not the end."""

    def told() -> bool:
        states = [player._page.states[board.place] for player in board]
        return all(
            one["state"] == "disconnected"
            and one.get("code") == code
            and one["reason"]
            and not one["final"]
            for one in states
        )

    return board.run(ms=90_000, until=told)


SIDES = [("alice",), ("bob",), ("alice", "bob")]
BEFALLS: list[tuple[str, object, str]] = [
    ("broken", broken(FIRST), "plugin_failed"),
    ("off", Off, "plugin_missing"),
    ("compatible", SECOND, ""),
    ("incompatible", OTHER, "contract_mismatch"),
]


@pytest.mark.parametrize("sides", SIDES, ids="+".join)
@pytest.mark.parametrize(("name", "plugin", "code"), BEFALLS, ids=lambda one: str(one)[:12])
def test_whatever_befalls_its_plugin_a_channel_waits_in_words_and_goes_on(
    board: Swarm, sides: tuple[str, ...], name: str, plugin: object, code: str
) -> None:
    board.play([("alice", add(1)), ("bob", add(2))])
    restart(board, dict.fromkeys(sides, plugin))
    expected = 3
    if name == "broken":
        # It fails on what is said next, by whoever can say it.
        assert open_again(board)
        speaker = next((one for one in board if one.name not in sides), board[0])
        speaker.send(add(UNLUCKY))
        expected += UNLUCKY
    if code:
        assert waits(board, code)
        for player in board:
            sent = player.send(add(10))
            # Where nobody can judge it, it is refused; else it waits for the plugin.
            assert sent.stage == "accepted" or sent.code == code
            expected += 10 * (not sent.refused)
    else:
        assert open_again(board)
        board.play([("alice", add(10)), ("bob", add(10))])
        expected += 20
    restart(board, dict.fromkeys(sides, FIRST))
    assert open_again(board)
    assert board.run(ms=5_000, until=lambda: all(one.state == expected for one in board))
    assert all(player.failures == [] for player in board) or name == "broken"


# Both of one major version


def test_what_the_other_has_no_message_for_is_refused_and_everything_else_goes_on(
    board: Swarm,
) -> None:
    for newer in board:
        older = board[1] if newer is board[0] else board[0]
        restart(board, {newer.name: SECOND, older.name: FIRST})
        assert open_again(board)
        refused = newer.send(CLEAR)
        assert refused.code == "unknown_type_there"
        assert f"{older.name} has board 1.0, which has no message 'clear'" in refused.reason
        assert older.send(CLEAR).code == "unknown_type"
        board.play([("alice", add(1)), ("bob", add(1))])
    restart(board, dict.fromkeys(("alice", "bob"), SECOND))
    assert open_again(board)
    board.play([("alice", CLEAR), ("bob", add(3))])
    assert board.state == {"sum": 3}


@pytest.mark.parametrize("back", ["alice", "bob"])
def test_a_node_goes_back_to_a_version_that_does_not_know_what_was_said(
    board: Swarm, back: str
) -> None:
    restart(board, dict.fromkeys(("alice", "bob"), SECOND))
    assert open_again(board)
    board.play([("alice", add(3)), ("bob", CLEAR), ("alice", add(4))])
    restart(board, {back: FIRST})
    assert waits(board, "contract_mismatch")
    restart(board, {back: SECOND})
    assert open_again(board)
    assert board.state == {"sum": 4}


def test_a_guest_that_was_away_and_comes_back_older_waits(board: Swarm) -> None:
    alice, bob = board
    restart(board, dict.fromkeys(("alice", "bob"), SECOND))
    assert open_again(board)
    bob.kill()
    assert alice.send(CLEAR).stage == "accepted"
    bob.start(FIRST)
    assert waits(board, "contract_mismatch")
    assert "1.0 does not take what alice has ordered by board 1.1" in bob.ending[1]
    restart(board, {"bob": SECOND})
    assert open_again(board)
    assert bob.received == [CLEAR]


def test_stricter_rules_hold_for_what_comes_and_not_for_what_was_said(board: Swarm) -> None:
    board.play([("alice", add(1000)), ("bob", add(2000))])
    for _ in range(2):  # the second start knows, too, what was judged before the first
        restart(board, dict.fromkeys(("alice", "bob"), SECOND))
        assert open_again(board)
        assert board[1].send(add(101)).code == "too_much"
        assert board.state == {"sum": 3000}


def test_what_a_laxer_host_orders_is_no_divergence(board: Swarm) -> None:
    alice, bob = board
    restart(board, {"bob": SECOND})
    assert open_again(board)
    assert alice.send(add(1000)).stage == "accepted"
    assert waits(board, "contract_mismatch")
    assert "that is above 100" in bob.ending[1]
    # Also where both are of the stricter version when the guest hears of it.
    restart(board, dict.fromkeys(("alice", "bob"), SECOND))
    assert waits(board, "contract_mismatch")
    restart(board, {"bob": FIRST})
    assert open_again(board)
    assert [bob.state, alice.state] == [1000, {"sum": 1000}]


# States


@pytest.fixture
def trimmed(monkeypatch: pytest.MonkeyPatch, board: Swarm) -> Swarm:
    """A board whose log has been cut: its state at the beginning is stored."""
    monkeypatch.setattr(trimming, "KEPT_ENTRIES", 2)
    board.play([(name, add(n)) for n in range(6) for name in ("alice", "bob")])
    board.run(ms=10_000)
    assert all(starts(player.node, board.place) for player in board)
    return board


def starts(node: Any, place: str) -> int:
    return int(node.engine.core.channels[place].log.start[1])


def test_a_stored_state_is_taken_over_once(trimmed: Swarm) -> None:
    for plugin in (SECOND, SECOND, THIRD, THIRD):
        restart(trimmed, dict.fromkeys(("alice", "bob"), plugin))
        assert open_again(trimmed)
        found = trimmed.state
        assert found["sum"] == 30
    trimmed.play([("alice", add(1))])
    assert trimmed.state == {"sum": 31, "times": 1}  # as it began


def test_a_state_is_not_given_to_an_older_version(trimmed: Swarm) -> None:
    restart(trimmed, {"bob": SECOND})
    assert open_again(trimmed)
    restart(trimmed, {"bob": FIRST})
    assert waits(trimmed, "contract_mismatch")
    assert "its state is of board 1.1, which 1.0 cannot read" in trimmed[1].ending[1]
    restart(trimmed, {"bob": SECOND})
    assert open_again(trimmed)


def test_an_upgrade_that_fails_changes_nothing(trimmed: Swarm) -> None:
    def fails(state: Any, from_version: str) -> JsonValue:
        raise ZeroDivisionError

    restart(trimmed, {"alice": replace(SECOND, upgrade=fails)})
    assert waits(trimmed, "plugin_failed")
    assert "upgrade() of the context board" in trimmed[0].failures[0]
    restart(trimmed, {"alice": FIRST})
    assert open_again(trimmed)
    assert trimmed.state == 30


# Major versions


def test_a_running_channel_outlives_an_update_to_another_major_version(board: Swarm) -> None:
    board.play([("alice", add(1))])
    both = bringing(SECOND, OTHER)
    restart(board, {"alice": both})
    assert open_again(board)
    restart(board, {"bob": both})
    assert open_again(board)
    board.play([("bob", add(2))])
    assert board.state == {"sum": 3}


@pytest.mark.parametrize(
    ("opener", "other", "version"),
    [
        (bringing(SECOND, OTHER), bringing(OTHER), "2.0"),
        (bringing(SECOND, OTHER), bringing(FIRST), "1.0"),
        (bringing(FIRST), bringing(SECOND, OTHER), "1.0"),
        (bringing(OTHER), bringing(FIRST), ""),
    ],
)
def test_two_nodes_open_the_newest_version_that_both_have(
    board: Swarm, opener: type, other: type, version: str
) -> None:
    restart(board, {"alice": opener, "bob": other})
    alice: Any = board[0]
    asked = alice.node.ask("bob", "board_new")
    board.run(ms=5_000, until=lambda: asked in board[1]._page.requests)
    board[1].node.accept(asked)
    board.run(ms=5_000)
    channels = [player.node.engine.core.channels.get(asked) for player in board]
    if not version:
        assert channels[0].close_code == "contract_mismatch"
        assert "bob has board 1.0, you have 2.0" in channels[0].close_reason
        return
    assert [one.page_state for one in channels] == ["connected", "connected"]
    assert [one.request.version for one in channels] == [version, version]


def test_a_node_with_both_versions_goes_on_with_one_that_has_only_the_newer(board: Swarm) -> None:
    board.play([("alice", add(1)), ("bob", add(2))])
    restart(board, {"alice": bringing(THIRD), "bob": bringing(SECOND, THIRD)})
    assert open_again(board)
    board.play([("alice", add(1)), ("bob", add(2))])
    assert board.state == {"sum": 6, "times": 1}


@pytest.mark.parametrize("cut", [False, True], ids=["whole", "trimmed"])
@pytest.mark.parametrize("sides", [("alice",), ("bob",)], ids="+".join)
@pytest.mark.parametrize("times", [1, 2])
def test_a_major_version_that_the_other_has_not_can_be_taken_back(
    request: pytest.FixtureRequest, cut: bool, sides: tuple[str, ...], times: int
) -> None:
    board: Swarm = request.getfixturevalue("trimmed" if cut else "board")
    if not cut:
        board.play([("alice", add(10)), ("bob", add(20))])
    for _ in range(times):
        restart(board, dict.fromkeys(sides, THIRD))
        assert waits(board, "contract_mismatch")
    # Meanwhile its own pages see what it comes to there, and say what fits both.
    newer = board[0] if board[0].name in sides else board[1]
    assert newer.state == {"sum": 30, "times": 1}
    expected = 30
    for player in board:
        assert player.send(add(1)).stage == "accepted"
        expected += 1
    restart(board, dict.fromkeys(sides, FIRST))
    assert open_again(board)
    assert board.run(ms=5_000, until=lambda: all(one.state == expected for one in board))
    # With both there it goes on by that one, for good.
    restart(board, dict.fromkeys(("alice", "bob"), THIRD))
    assert open_again(board)
    assert board.state == {"sum": expected, "times": 1}
    restart(board, {"alice": FIRST})
    assert waits(board, "contract_mismatch")
    assert "it goes by 2.0, and there is 1.0 now" in board[0].ending[1]
    restart(board, {"alice": THIRD})
    assert open_again(board)


def test_who_has_both_majors_goes_where_the_other_goes_and_back(trimmed: Swarm) -> None:
    both = bringing(SECOND, THIRD)
    restart(trimmed, {"alice": both})
    assert open_again(trimmed)
    bob: Any = trimmed[1]
    # Bob says that he goes by 2.0, which Alice hears, and is gone before they meet.
    alice: Any = trimmed[0]
    channel = alice.node.engine.core.channels[trimmed.place]
    bob.kill()
    said = Suspended(version="2.0", hash="x", types=["add", "clear"])
    assert versions.suit(alice.node.engine.core, channel, said)
    assert (channel.context.type.version, channel.goes_by.version) == ("2.0", "1.1")
    bob.start(FIRST)
    assert open_again(trimmed)
    assert channel.context.type.version == "1.1"
    assert [alice.state, bob.state] == [{"sum": 30}, 30]


# Rooms


def test_a_room_waits_for_the_major_version_that_it_goes_by(goop_swarm: MakesSwarms) -> None:
    first = replace(FIRST, name="hall", max_peers=3, open_session=open_freely)
    other = replace(OTHER, name="hall", max_peers=3, open_session=open_freely)
    room = goop_swarm(first, 2)
    everybody = ("alice", "bob")
    room.play([("alice", add(1))])
    restart(room, dict.fromkeys(everybody, bringing(first, other)))
    assert room.run(ms=60_000, until=lambda: all(one.connection == "joined" for one in room))
    room.play([("bob", add(2))])
    restart(room, dict.fromkeys(everybody, other))
    assert room.run(until=lambda: all(one.ending[0] == "contract_mismatch" for one in room))
    assert "hall_1 goes by 1.0, and there is 2.0 now" in room[0].ending[1]
    with pytest.raises(AssertionError, match="contract_mismatch"):
        room[0].join("hall_1", 2)
    restart(room, dict.fromkeys(everybody, first))
    for player in room:
        player.join("hall_1", 2)
    assert room.run(ms=60_000, until=lambda: all(one.connection == "joined" for one in room))


# Folds


@given(
    log=st.lists(st.integers(-5, 200), max_size=8),
    cuts=st.tuples(st.integers(0, 8), st.integers(0, 8)),
)
@settings(max_examples=60, deadline=None)
def test_whatever_an_older_version_has_folded_the_same_comes_out(
    log: list[int], cuts: tuple[int, int]
) -> None:
    """Each node is updated behind another entry."""
    request = OpenRequest(
        channel="rt-0", context="board", opener="a", peers=("a", "b"), version="1.0"
    )
    ends = []
    for cut in sorted(cuts):
        session: Session = Sum(request, None)
        for n in log[:cut]:
            session.apply(message(n))
        versions: list[tuple[ContextType, Any]] = [(SECOND, CountedSum), (THIRD, Doubling)]
        since = "1.0"
        for kind, opened in versions:
            assert kind.upgrade is not None
            session = opened(request, kind.upgrade(session.snapshot(), since))
            since = kind.version
        for n in log[cut:]:
            session.apply(message(n))
        ends.append(session.snapshot())
    assert ends[0] == ends[1] == {"sum": sum(log), "times": 1}


def message(n: int) -> Message:
    return Message(sender="a", data=add(n), id="a-1", sent_at_ms=0)


@pytest.mark.parametrize("seed", range(3))
def test_two_nodes_come_to_the_same_whenever_each_is_updated(board: Swarm, seed: int) -> None:
    chance = random.Random(seed)
    alice, bob = board
    total = 0
    have: dict[str, ContextType] = {"alice": FIRST, "bob": FIRST}
    for _ in range(6):
        player = chance.choice((alice, bob))
        if chance.random() < 0.5:
            have[player.name] = chance.choice((FIRST, SECOND))
            restart(board, {player.name: have[player.name]})
            assert open_again(board)
        n = chance.randint(1, 50)
        assert player.send(add(n)).delivered
        total += n
    restart(board, dict.fromkeys(("alice", "bob"), SECOND))
    assert open_again(board)
    assert board.state == {"sum": total}
