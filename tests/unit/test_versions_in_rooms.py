# SPDX-License-Identifier: MIT
"""Rooms whose members have several versions of the context, and update it while they talk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goop_node.types import JsonValue
from goop_realtime import ContextType, LogEntry, Message, OpenRequest, Refusal, Snapshot
from goop_realtime.contexts.registry import compile_context
from goop_realtime.rooms import folding, trimming, versions
from goop_realtime.rooms.entries import Joining, MemberVersion, RoomEntry
from goop_realtime.rooms.fold import Fold, FoldForm
from goop_realtime.rooms.lines import Join
from goop_realtime.testing.kit import Swarm
from goop_realtime.testing.kit.fixtures import MakesSwarms
from goop_realtime.types import Joined, Left, RoomSession
from tests.unit.test_versions_of_contexts import ADD, CLEAR, add, bringing, restart


class Sum(RoomSession):
    """1.0: a sum, and how often somebody came or went."""

    def __init__(self, request: OpenRequest, state: Any) -> None:
        self.sum, self.moves = state or (0, 0)

    def apply(self, message: LogEntry) -> None:
        if isinstance(message, Message):
            self.sum += message.fields["n"]
        else:
            self.moves += 1

    def snapshot(self) -> JsonValue:
        return [self.sum, self.moves]


class Clearing(Sum):
    """1.1: a message to clear it."""

    def apply(self, message: LogEntry) -> None:
        if isinstance(message, Message) and message.data == CLEAR:
            self.sum = 0
        else:
            super().apply(message)


class Named(RoomSession):
    """1.2: another form of state, and nothing above 100 any more."""

    def __init__(self, request: OpenRequest, state: Any) -> None:
        self.state: dict[str, int] = dict(state or {"sum": 0, "moves": 0})

    def check(self, message: LogEntry) -> Refusal | None:
        if isinstance(message, Message) and message.fields.get("n", 0) > 100:
            return Refusal(code="too_much", reason="that is above 100")
        return None

    def apply(self, message: LogEntry) -> None:
        if isinstance(message, Joined | Left):
            self.state["moves"] += 1
        else:
            self.state["sum"] += message.fields.get("n", -self.state["sum"])

    def snapshot(self) -> JsonValue:
        return self.state


def opening(session: Callable[[OpenRequest, Any], RoomSession]) -> Any:
    def opened(request: OpenRequest, snapshot: Snapshot | None) -> RoomSession:
        return session(request, snapshot.state if snapshot else None)

    return opened


def to_named(state: Any, from_version: str) -> JsonValue:
    return {"sum": state[0], "moves": state[1]}


FIRST = ContextType(
    name="hall",
    version="1.0",
    title="Hall",
    messages={"add": ADD},
    open_session=opening(Sum),
    max_peers=8,
)
SECOND = replace(
    FIRST,
    version="1.1",
    messages={"add": ADD, "clear": {"type": "object"}},
    open_session=opening(Clearing),
)
THIRD = replace(SECOND, version="1.2", open_session=opening(Named), upgrade=to_named)
OTHER = replace(
    THIRD,
    version="2.0",
    upgrade=lambda state, since: to_named(state, since) if isinstance(state, list) else state,
)


@pytest.fixture
def hall(goop_swarm: MakesSwarms) -> Swarm:
    return goop_swarm(FIRST, 3)


def inside(hall: Swarm, *names: str) -> bool:
    """Whether these, or all, take part."""
    whom = [one for one in hall if (one.name in names if names else one.node.up)]

    def there() -> bool:
        rooms = [room_of(hall, one.name) for one in whom]
        return all(
            room is not None and room.joined and {*room.fold.members} >= {one.name for one in whom}
            for room in rooms
        )

    return hall.run(ms=90_000, until=there)


def room_of(hall: Swarm, name: str) -> Any:
    node: Any = next(one.node for one in hall if one.name == name)
    return node.engine.rooms._sh.rooms.get(hall.place)


def update(hall: Swarm, **plugins: object) -> None:
    restart(hall, dict(plugins))
    assert inside(hall)


def host_of(hall: Swarm) -> str:
    return str(next(room_of(hall, one.name).host for one in hall if one.node.up))


def waits(hall: Swarm, name: str, words: str) -> bool:
    """Whether that node is told, in words, what keeps it away; the room is not left."""
    player = next(one for one in hall if one.name == name)

    def told() -> bool:
        room = room_of(hall, name)
        code, reason = player.ending
        return (
            code == "contract_mismatch"
            and words in reason
            and player.connection in ("joined", "joining")
            and not room.final
        )

    return hall.run(ms=90_000, until=told)


def told_apart(hall: Swarm, host: str, peer: str, words: str) -> bool:
    """Whether the host's page is told, too, who is kept out and why."""
    player: Any = next(one for one in hall if one.name == host)

    def told() -> bool:
        rows = player._page.states[hall.place].get("apart", [])
        return any(row["peerId"] == peer and words in row["reason"] for row in rows)

    return hall.run(ms=60_000, until=told)


# Of one major version


@pytest.mark.parametrize("older", ["alice", "bob", "carol"])
def test_nobody_says_what_a_member_has_no_message_for(hall: Swarm, older: str) -> None:
    for name in ("alice", "bob", "carol"):
        if name != older:
            update(hall, **{name: SECOND})
    for player in hall:
        sent = player.send(CLEAR)
        if player.name == older:
            assert sent.code == "unknown_type"
        else:
            assert sent.code == "unknown_type_there"
            assert f"{older} has hall 1.0, which has no message 'clear'" in sent.reason
    hall.play([(player.name, add(1)) for player in hall])
    update(hall, **{older: SECOND})
    hall.play([(older, CLEAR), ("bob", add(3))])
    assert hall.state[0] == 3


def test_whoever_takes_over_knows_what_the_others_have(hall: Swarm) -> None:
    update(hall, alice=SECOND)
    update(hall, bob=SECOND)
    for player in hall:
        host = host_of(hall)
        if player.name != host:
            continue
        player.kill()
        rest = [one for one in hall if one.node.up]
        assert hall.run(ms=30_000, until=lambda: bool(host_of(hall)))
        newer = next(one for one in rest if one.name != "carol")
        assert newer.send(CLEAR).code == ("unknown_type_there" if host != "carol" else "")
        player.start()
        assert inside(hall)
    assert hall.run(until=lambda: hall[0].state == hall[1].state == hall[2].state)


def test_who_was_updated_within_the_grace_has_neither_come_nor_gone(hall: Swarm) -> None:
    moves = hall.state[1]
    guest = next(one for one in hall if one.name != host_of(hall))
    told = len([one for one in heard(guest, hall) if one["type"] == "member"])
    guest.node.crash()
    guest.start(SECOND)
    assert inside(hall)
    assert hall.state[1] == moves
    host = next(one for one in hall if one.name == host_of(hall))
    log = room_of(hall, host.name).log
    again = [msgspec.json.decode(one.raw) for one in log.after(0) if one.kind == "join"][-1]
    assert again["again"]
    assert again["has"] == {"version": "1.1", "types": ["add", "clear"]}
    assert len([one for one in heard(guest, hall) if one["type"] == "member"]) == told


def heard(player: Any, hall: Swarm) -> list[dict[str, Any]]:
    return [one for one in getattr(player._page, "frames", []) if one.get("channel") == hall.place]


def test_a_newcomer_that_lacks_a_type_of_the_log_begins_with_the_state(hall: Swarm) -> None:
    restart(hall, dict.fromkeys(("alice", "bob", "carol"), SECOND))
    assert inside(hall)
    hall.play([("alice", add(3)), ("bob", CLEAR), ("carol", add(4))])
    guest = next(one for one in hall if one.name != host_of(hall))
    guest.node.journal.lose_everything()
    guest.node.lose_power()
    hall.run(ms=15_000)  # it is a member no more
    other = next(one for one in hall if one.node.up)
    hall.play([(other.name, CLEAR), (other.name, add(5))])
    guest.start(FIRST)
    guest.join("hall_1", 3)
    assert inside(hall)
    assert hall.state[0] == 5
    assert other.send(CLEAR).code == "unknown_type_there"
    hall.play([(guest.name, add(1)), (other.name, add(2))])
    assert hall.state[0] == 8


def test_a_stored_state_is_taken_over(hall: Swarm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trimming, "KEPT_ENTRIES", 2)
    hall.play([(name, add(n)) for n in range(6) for name in ("alice", "bob", "carol")])
    for plugin in (SECOND, THIRD, THIRD):
        restart(hall, dict.fromkeys(("alice", "bob", "carol"), plugin))
        assert inside(hall)
    hall.play([("bob", add(1))])
    assert hall.state["sum"] == 46


def test_a_state_that_an_older_version_cannot_read_keeps_it_away_in_words(hall: Swarm) -> None:
    restart(hall, dict.fromkeys(("alice", "bob", "carol"), THIRD))
    assert inside(hall)
    hall.play([("alice", add(3)), ("bob", add(4))])
    guest = next(one for one in hall if one.name != host_of(hall))
    guest.kill()
    hall.run(ms=15_000)
    other = next(one for one in hall if one.node.up)
    hall.play([(other.name, CLEAR), (other.name, add(5))])
    guest.start(FIRST)
    assert waits(hall, guest.name, "the state of this room is of hall 1.2, which 1.0 cannot read")
    hall.play([(other.name, add(1))])
    guest.node.crash()
    guest.start(THIRD)
    assert inside(hall)
    assert hall.state["sum"] == 6


def test_what_a_laxer_host_orders_suspends_the_stricter_alone(hall: Swarm) -> None:
    host = host_of(hall)
    guest, other = [one for one in hall if one.name != host]
    update(hall, **{guest.name: THIRD})
    assert other.send(add(1000)).stage in ("ordered", "delivered", "handled")
    assert waits(hall, guest.name, "that is above 100")
    assert f"1.2 does not take what {host} has ordered by hall 1.0" in guest.ending[1]
    assert told_apart(hall, host, guest.name, "that is above 100")
    hall.run(ms=90_000)
    log = room_of(hall, host).log
    assert (
        len([one for one in log.after(0) if one.author == guest.name]) <= 4
    )  # no coming and going
    hall.play([(other.name, add(1)), (host, add(2))])
    guest.node.crash()
    guest.start(FIRST)
    assert inside(hall)
    assert hall.state[0] == 1003
    assert not told_apart(hall, host, guest.name, "")


def test_what_was_judged_before_an_update_is_not_judged_by_a_newcomer(hall: Swarm) -> None:
    guest = next(one for one in hall if one.name != host_of(hall))
    hall.play([(host_of(hall), add(1000))])
    guest.kill()
    hall.run(ms=15_000)
    rest = [one for one in hall if one.node.up]
    hall.play([(rest[0].name, add(1000))])
    restart(hall, {one.name: THIRD for one in rest})
    guest.start(THIRD)
    assert inside(hall)
    assert hall.state["sum"] == 2000
    assert rest[0].send(add(101)).code == "too_much"


# Of another one


def test_a_room_goes_on_by_the_next_major_version(hall: Swarm) -> None:
    hall.play([("alice", add(1)), ("bob", add(2))])
    host = host_of(hall)
    guest, other = [one for one in hall if one.name != host]
    guest.node.crash()
    guest.start(OTHER)
    assert waits(hall, guest.name, f"{host} has hall 1.0, you have 2.0")
    assert told_apart(
        hall, host, guest.name, f"{guest.name} has hall_1 2.0, which cannot take part"
    )
    hall.play([(other.name, add(3))])
    update(hall, **{host: OTHER, other.name: OTHER})
    assert hall.state["sum"] == 6


@pytest.mark.parametrize("cut", [False, True], ids=["whole", "trimmed"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_major_version_that_the_host_has_not_can_be_taken_back(
    hall: Swarm, monkeypatch: pytest.MonkeyPatch, cut: bool, times: int
) -> None:
    if cut:
        monkeypatch.setattr(trimming, "KEPT_ENTRIES", 2)
        monkeypatch.setattr(folding, "CHECKPOINT_ENTRIES", 4)
    for n in range(8):
        hall.play([("alice", add(n)), ("bob", add(n))])
    hall.run(ms=20_000)
    host = host_of(hall)
    guest = next(one for one in hall if one.name != host)
    assert (room_of(hall, guest.name).log.start > 0) is cut
    for _ in range(times):
        guest.node.crash()
        guest.start(OTHER)
        assert waits(hall, guest.name, f"{host} has hall 1.0, you have 2.0")
    guest.node.crash()
    guest.start(FIRST)
    assert inside(hall)
    hall.play([("alice", add(1)), ("bob", add(2))])
    assert hall.state[0] == 2 * sum(range(8)) + 3
    # With everybody there it goes on by that one, for good.
    update(hall, alice=OTHER, bob=OTHER, carol=OTHER)
    assert hall.state["sum"] == 2 * sum(range(8)) + 3
    guest.node.crash()
    guest.start(FIRST)
    assert hall.run(until=lambda: guest.ending[0] == "contract_mismatch")
    assert guest.ending[1] == "hall_1 goes by 2.0, and there is 1.0 now"


def test_a_node_with_both_goes_by_the_rooms(goop_swarm: MakesSwarms) -> None:
    hall = goop_swarm(FIRST, 2)
    both = bringing(FIRST, OTHER)
    for player in hall:
        restart(hall, {player.name: both})
        assert inside(hall)
    hall.play([("alice", add(1)), ("bob", add(2))])
    assert hall.state[0] == 3
    bob = hall[1]
    bob.kill()
    restart(hall, {"alice": OTHER})
    assert inside(hall, "alice")
    bob.start(both)
    assert inside(hall)
    hall.play([("alice", add(1)), ("bob", add(2))])
    assert hall.state["sum"] == 6


def test_who_comes_first_with_two_versions_takes_the_newest_and_others_go_by_it(
    goop_swarm: MakesSwarms,
) -> None:
    both = goop_swarm(bringing(FIRST, OTHER), 2, context="hall")
    assert both.state["sum"] == 0
    restart(both, {"bob": FIRST})
    assert both.run(ms=60_000, until=lambda: both[1].ending[0] == "contract_mismatch")


# Borders


def asking(kind: ContextType, **more: Any) -> Join:
    found = compile_context("", kind)
    said: dict[str, Any] = {
        "room": "hall_1",
        "context": "hall_1",
        "hash": found.hash,
        "version": kind.version,
        "types": sorted(kind.messages),
    }
    return Join(**{**said, **more})


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, ""),
        ({"types": None}, ""),
        ({"types": None, "hash": "ab"}, "has hall 1.1"),
        ({"version": "1.0", "types": ["add"]}, ""),
        ({"version": "1.7", "types": ["add", "clear", "more"]}, ""),
        ({"version": "1.7", "types": ["add"]}, "neither has all types"),
        ({"version": "1.0", "types": ["add", "more"]}, "neither has all types"),
        ({"version": "1.1", "types": ["add"]}, "neither has all types"),
        ({"version": "2.0"}, "has hall 1.1, you have 2.0"),
        ({"version": "no"}, "has hall 1.1, you have no"),
        ({"context": "hall_2"}, "this room is one of hall_1, and not of hall_2"),
        ({"version": "1.9", "types": ["add", "clear", *(f"t{n:060}" for n in range(500))]}, ""),
    ],
)
def test_what_goes_together(hall: Swarm, more: dict[str, Any], words: str) -> None:
    restart(hall, dict.fromkeys(("alice", "bob", "carol"), SECOND))
    assert inside(hall)
    node: Any = hall[0].node
    shared, room = node.engine.rooms._sh, room_of(hall, "alice")
    found = versions.refusal(shared, room, "dave", asking(SECOND, **more))
    assert (found is None) == (not words), found
    if found is not None:
        assert found.code == "contract_mismatch"
        assert words in found.reason


def test_versions_that_no_snapshot_could_carry_are_turned_away(hall: Swarm) -> None:
    node: Any = hall[0].node
    shared, room = node.engine.rooms._sh, room_of(hall, "alice")
    many = [f"t{n:060}" for n in range(500)]
    for n, peer in enumerate(("dave", "erin", "frank")):
        line = asking(FIRST, version=f"1.{n + 1}", types=["add", *many, f"t{n}"])
        found = versions.refusal(shared, room, peer, line)
        has = versions.of_guest(room, line)
        assert has is not None
        if n < 2:
            assert found is None
            room.fold.versions[peer] = has
    assert found is not None
    assert "too many versions" in found.reason


# Folds

NAMES = st.sampled_from("abcd")
HAS = st.builds(
    MemberVersion,
    version=st.sampled_from(["1.0", "1.1", "2"]),
    types=st.lists(st.sampled_from("xyz"), unique=True).map(sorted),
)
STEPS = st.lists(st.tuples(NAMES, st.none() | HAS), max_size=12)


@given(STEPS)
@settings(max_examples=200, deadline=None)
def test_a_fold_knows_who_lacks_a_type_however_it_came_about(
    steps: list[tuple[str, MemberVersion | None]],
) -> None:
    fold, here = Fold(), dict[str, MemberVersion]()
    for seq, (peer, has) in enumerate(steps, 1):
        if has is None:
            here.pop(peer, None)
            raw, kind = b"{}", "leave"
        else:
            again = peer in here or msgspec.UNSET
            raw, kind = msgspec.json.encode(Joining(peer, has, again)), "join"
            here[peer] = has
        entry: Any = {"kind": kind}
        fold.take(RoomEntry(number=1, host="a", seq=seq, author=peer, at=0, raw=raw, **entry))
        told = msgspec.json.decode(msgspec.json.encode(fold.form()), type=FoldForm)
        for one in (fold, Fold.of(told)):
            assert one.versions == here
            for kind in "xyz":
                lacking = one.who_lacks(kind)
                assert bool(lacking) == any(kind not in found.types for found in here.values())
                assert not lacking or kind not in here[lacking].types
