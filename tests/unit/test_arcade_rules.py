# SPDX-License-Identifier: MIT
"""What the arcade's nodes let nobody say: each kind of cheating has a code and a reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

from goop_arcade_rooms.march import March
from goop_arcade_rooms.rules import ALIENS
from goop_arcade_rooms.session import ArcadeSession
from goop_realtime import Joined, Left, LogEntry, Message, OpenRequest, Refusal

NOW = 1_700_000_000_000
REQUEST = OpenRequest(channel="room-1", context="arcade_1", opener="host", peers=("host",))
START = {"type": "start", "mode": "together", "seed": 7, "ships": ["host", "guest"]}
MARCH = March(seed=7, wave=1, tick=0, ships=2)


def said(sender: str, data: Any, *, at: int = 0, host: str = "host") -> Message:
    return Message(sender=sender, data=data, id=f"{sender}-1", sent_at_ms=NOW + at, host=host)


def joined(peer: str) -> Joined:
    return Joined(peer=peer, label=peer.title(), at_ms=NOW, host="host")


def told(session: ArcadeSession, *entries: LogEntry) -> ArcadeSession:
    for entry in entries:
        assert session.check(entry) is None, entry
        session.apply(entry)
    return session


def room(*entries: LogEntry) -> ArcadeSession:
    """Host and guest are there, and so is somebody who watches."""
    return told(ArcadeSession(REQUEST), *map(joined, ("host", "guest", "watcher")), *entries)


def playing(*entries: LogEntry, mode: str = "together") -> ArcadeSession:
    ready = said("guest", {"type": "ready", "ready": True}, at=-1)
    wave = said("host", {"type": "wave", "wave": 1, "tick": 0})
    return room(ready, said("host", START | {"mode": mode}), wave, *entries)


def shot(sender: str = "guest", *, at: int = 0, **more: Any) -> Message:
    data = {"type": "shoot", "x": 34, "y": 216, "direction": "up", "tick": 100}
    return said(sender, data | more, at=at)


def hit(what: dict[str, Any], sender: str = "host", **more: Any) -> Message:
    return said(sender, {"type": "hit", "wave": 1, "tick": 130} | what | more)


ALIEN: dict[str, Any] = {
    "what": "alien",
    "alien": 44,
    "by": "guest",
    "shot": "guest 100",
    "points": 10,
}
BOMB_TICK, BOMB = next((t, n) for t in range(900) for n in range(1, 99) if MARCH.falls(n, t))
SHIP: dict[str, Any] = {"what": "ship", "ship": "guest", "bomb": f"1.{BOMB}", "tick": BOMB_TICK}
UFO_TICK = next(tick for tick in range(2_000) if MARCH.ufo(0, tick) is not None)
UFO_WORTH = MARCH.ufo(0, UFO_TICK)
UFO: dict[str, Any] = {
    "what": "ufo",
    "ufo": "1.u0",
    "by": "guest",
    "shot": "guest 100",
    "tick": UFO_TICK,
}


def over(reason: str, tick: int = 100) -> Message:
    return said("host", {"type": "over", "reason": reason, "tick": tick})


def wave(number: int, tick: int = 100) -> Message:
    return said("host", {"type": "wave", "wave": number, "tick": tick})


def all_hit(mode: str) -> ArcadeSession:
    session = playing(mode=mode)
    session.rounds.hits.update(dict.fromkeys(range(ALIENS), 500))
    return session


CHEATS: dict[str, tuple[ArcadeSession, Message, str]] = {
    "a guest starts": (room(), said("guest", START), "not_referee"),
    "a guest brings a wave": (playing(), said("guest", wave(2).data), "not_referee"),
    "a guest announces hits": (playing(shot()), hit(ALIEN, "guest"), "not_referee"),
    "a guest ends it": (playing(), said("guest", over("invaded").data), "not_referee"),
    "a former host": (
        playing(shot()),
        said("host", hit(ALIEN).data, host="guest"),
        "not_referee",
    ),
    "a second start": (playing(), said("host", START), "round_runs"),
    "a stranger plays": (room(), said("host", START | {"ships": ["eve"]}), "unknown_player"),
    "a wave too early": (playing(), wave(2), "too_early"),
    "a wave at once": (all_hit("together"), wave(2, 510), "too_early"),
    "a wave left out": (all_hit("together"), wave(3, 900), "wrong_wave"),
    "a wave without a round": (room(), wave(1), "no_round"),
    "over without a round": (room(), over("lost"), "no_round"),
    "over with ships": (playing(), over("lost"), "not_over"),
    "over before they land": (playing(), over("invaded", 200), "not_over"),
    "cleared too early": (playing(mode="versus"), over("cleared"), "not_over"),
    "cleared together": (all_hit("together"), over("cleared", 900), "not_over"),
    "a hit without a round": (room(), hit(ALIEN), "no_round"),
    "a hit of another wave": (playing(shot()), hit(ALIEN, wave=2), "wrong_wave"),
    "a hit with half of it": (
        playing(shot()),
        hit({"what": "alien", "alien": 1}),
        "invalid_message",
    ),
    "a hit without a shot": (playing(), hit(ALIEN), "unknown_shot"),
    "another's shot": (playing(shot()), hit(ALIEN | {"by": "host"}), "unknown_shot"),
    "a hit that passes by": (playing(shot()), hit(ALIEN | {"alien": 54}), "missed"),
    "a shot hits twice": (
        playing(shot(), hit(ALIEN)),
        hit(ALIEN | {"alien": 33}),
        "spent",
    ),
    "an alien twice": (
        playing(shot(), hit(ALIEN), shot(tick=118, at=300)),
        hit(ALIEN | {"shot": "guest 118"}),
        "gone",
    ),
    "an invented bomb": (playing(), hit(SHIP | {"bomb": "1.3000"}), "unknown_bomb"),
    "a bomb of another wave": (playing(), hit(SHIP | {"bomb": f"2.{BOMB}"}), "unknown_bomb"),
    "a ship that is not there": (playing(), hit(SHIP | {"ship": "watcher"}), "no_ship"),
    "a dear flyer": (playing(shot()), hit(UFO, points=10 + (UFO_WORTH or 0)), "wrong_points"),
    "a flyer that is not there": (
        playing(shot()),
        hit(UFO | {"tick": 10}, points=UFO_WORTH),
        "unknown_ufo",
    ),
    "a shield by nothing": (
        playing(),
        hit({"what": "shield", "shield": 0, "cell": 30}),
        "unknown_shot",
    ),
    "a shield where none is": (
        playing(shot()),
        hit(ALIEN | {"what": "shield", "shield": 0, "cell": 0}),
        "missed",
    ),
    "a watcher shoots": (playing(), shot("watcher"), "no_ship"),
    "a shot from outside": (playing(), shot(x=500), "outside"),
    "a shot from above": (playing(), shot(y=60), "outside"),
    "a shot without a time": (
        playing(),
        said("guest", {"type": "shoot", "x": 3, "y": 216, "direction": "up"}),
        "no_time",
    ),
    "a shot too soon": (playing(shot()), shot(tick=110, at=200), "too_often"),
    "shots on a heap": (
        playing(*[shot(tick=100 + 20 * n) for n in range(12)]),
        shot(tick=400),
        "too_often",
    ),
    "shots of other games": (room(*[shot() for _ in range(20)]), shot(), "too_often"),
    "a shot from elsewhere": (playing(shot()), shot(x=200, tick=130, at=500), "teleport"),
}


@pytest.mark.parametrize("kind", CHEATS)
def test_who_cheats_is_refused_and_told_why(kind: str) -> None:
    session, message, code = CHEATS[kind]
    before = json.dumps(session.snapshot())
    refusal = session.check(message)
    assert refusal is not None
    assert refusal.code == code
    assert 10 < len(refusal.reason) < 100
    assert json.dumps(session.snapshot()) == before


def position(x: float, y: float = 216, *, at: int, sender: str = "guest") -> Message:
    return said(sender, {"type": "position", "x": x, "y": y}, at=at)


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (None, position(100, at=0), ""),
        (None, position(230, at=0), "outside"),
        (None, position(100, 60, at=0), "outside"),
        (position(100, at=0), position(102.5, at=33), ""),
        (position(100, at=0), position(107.5, at=0), ""),
        (position(100, at=0), position(200, at=33), "teleport"),
        (position(10, at=0), position(200, at=3_000), ""),
        (position(10, at=600_000), position(200, at=0), ""),
        (position(200, at=-5_000), position(10, at=20), ""),
        (None, position(5_000, 5_000, at=0, sender="watcher"), ""),
    ],
)
def test_a_ship_stays_in_the_field_and_does_not_leap(
    before: Message | None, after: Message, code: str
) -> None:
    refusal = playing().check_latest(after, before)
    assert (refusal.code if refusal else "") == code


def test_outside_of_rounds_ships_are_anywhere() -> None:
    far = said("guest", {"type": "position", "x": -4_000, "y": 9})
    assert room().check_latest(far, position(200, at=0)) is None
    assert told(playing(), Left(peer="guest", lost=False, at_ms=NOW, host="host"))


@pytest.mark.parametrize(("sender", "host"), [("host", "host"), ("guest", "")])
def test_only_the_referee_has_the_time(sender: str, host: str) -> None:
    clock = {"type": "clock", "tick": 5}
    assert playing().check_latest(said(sender, clock, host=host), None) is None
    refusal = playing().check_latest(said("guest", clock), None)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "not_referee"


def test_another_host_is_the_referee_then() -> None:
    session = playing(shot())
    told(session, said("guest", hit(ALIEN).data, host="guest"))
    assert session.rounds.ships["guest"].score == 10


def test_what_two_pages_of_the_referee_say_alike_counts_once() -> None:
    session = playing(shot(), hit(ALIEN), hit(ALIEN), wave(1), hit(SHIP), hit(SHIP))
    ship = session.rounds.ships["guest"]
    assert (ship.score, ship.lives) == (10, 2)
    later = ((t, n) for t in range(BOMB_TICK, 900) for n in range(BOMB + 1, 99))
    tick, bomb = next((t, n) for t, n in later if session.rounds.march.falls(n, t))
    refusal = session.check(hit(SHIP | {"bomb": f"1.{bomb}", "tick": tick}))
    assert refusal is not None
    assert refusal.code == "spared"


def test_in_a_channel_the_opener_is_the_referee() -> None:
    session = ArcadeSession(REQUEST)
    assert session.check(said("guest", START, host="")) is not None
    told(session, said("host", START, host=""))


def test_no_tick_keeps_a_node_busy() -> None:
    session = playing(shot())
    refusal = session.check(hit(ALIEN, tick=2**53 - 1))
    assert refusal is not None
    assert session.check(over("invaded", 2**53 - 1)) is None


def test_who_is_gone_shoots_no_more() -> None:
    session = playing(shot())
    session.rounds.ships["guest"].lives = 0
    session.rounds.ships["guest"].hit_at = 200
    assert session.check(shot(tick=210, at=9_000)) is None
    refusal = session.check(shot(tick=600, at=9_000))
    assert refusal is not None
    assert refusal.code == "no_ship"
