# SPDX-License-Identifier: GPL-3.0-or-later
"""Games as PGN files: by the standard's own grammar, as the library reads them, and their names."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import chess
import chess.pgn
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goop_chess.pgn import export
from goop_chess.pgn_tags import JOINERS, disposition, tags
from goop_chess.session import ChessSession
from tests.node.chess_player import random_game
from tests.unit.test_chess_session import REQUEST, Table

ROSTER = ["Event", "Site", "Date", "Round", "White", "Black", "Result"]
NAMES = {"white": "Alice", "black": "Bob"}
BEGAN = int(datetime(2026, 5, 3, 12, 30, 15, tzinfo=UTC).timestamp() * 1000)

# The standard's export format: sections 4.3 and 8.1 (tag pairs), 8.2 (movetext), 7 (tokens).
TAG = re.compile(r'\[([A-Z][A-Za-z0-9_]*) "((?:[^"\\]|\\["\\])*)"\]')
SAN = (
    r"(?:[KQRBN][a-h]?[1-8]?x?[a-h][1-8]|[a-h][1-8](?:=[QRBN])?|[a-h]x[a-h][1-8](?:=[QRBN])?"
    r"|O-O(?:-O)?)[+#]?"
)
RESULT = r"(?:1-0|0-1|1/2-1/2|\*)"
MOVETEXT = re.compile(rf"(?:\d+\. {SAN} {SAN} )*(?:\d+\. {SAN} )?{RESULT}")
TERMINATIONS = (
    "abandoned adjudication death emergency normal unterminated".split()
    + "rules infraction,time forfeit".split(",")
)  # fmt: skip


def parse(text: str) -> tuple[dict[str, str], str]:
    """The tags and the movetext of a PGN file, which has to keep the grammar."""
    assert text.endswith("\n")
    lines = text[:-1].split("\n")
    assert all(len(f"{line}\n".encode()) <= 255 for line in lines)
    blank = lines.index("")
    found = [TAG.fullmatch(line) for line in lines[:blank]]
    assert all(found), lines[:blank]
    pairs = [(match[1], re.sub(r"\\(.)", r"\1", match[2])) for match in found if match]
    names = [name for name, _ in pairs]
    assert names[:7] == ROSTER
    assert names[7:] == sorted(set(names[7:]))
    moves = [line for line in lines[blank + 1 :] if line]
    assert all(len(line) <= 80 for line in moves)
    movetext = " ".join(moves)
    assert MOVETEXT.fullmatch(movetext), movetext
    told = dict(pairs)
    assert movetext.endswith(told["Result"])
    assert told["Termination"] in TERMINATIONS
    assert re.fullmatch(r"\d{4}\.\d\d\.\d\d", told["Date"])
    assert re.fullmatch(r"\d\d:\d\d:\d\d", told["UTCTime"])
    assert re.fullmatch(r"-|\d+(\+\d+)?|\d+/\d+", told["TimeControl"])
    return told, movetext


def file_of(state: dict[str, Any], names: dict[str, str] | None = None, **more: Any) -> str:
    """The file of a game."""
    return export(state["moves"], tags(state, names or NAMES, BEGAN, **more))


def state_of(moves: list[str], **changes: Any) -> dict[str, Any]:
    """A game's state."""
    return {**ChessSession(REQUEST, {"moves": moves}).snapshot(), **changes}


@pytest.mark.parametrize("seed", range(6))
def test_random_games_keep_the_grammar_and_read_as_they_were_played(seed: int) -> None:
    moves = random_game(seed, 160)
    text = file_of(state_of(moves))
    parse(text)
    read = chess.pgn.read_game(io.StringIO(text))
    assert read is not None
    assert not read.errors
    assert [move.uci() for move in read.mainline_moves()] == moves


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300), st.text(max_size=300))
def test_any_two_names_stand_in_the_file(white: str, black: str) -> None:
    text = file_of(state_of(["e2e4", "e7e5"]), {"white": white, "black": black})
    told, _ = parse(text)
    kept = "".join(c for c in white if c.isprintable() or c in JOINERS)
    assert kept.startswith(told["White"]) or told["White"] == "?"
    assert told["White"]
    read = chess.pgn.read_game(io.StringIO(text))
    assert read is not None
    assert len(list(read.mainline_moves())) == 2


ENDS: list[tuple[dict[str, Any], str]] = [
    ({}, "unterminated"),
    ({"abandonedBy": "white"}, "abandoned"),
    ({"result": "*", "reason": "abort"}, "abandoned"),
    ({"result": "1-0", "reason": "abandonment", "abandonedBy": "black"}, "abandoned"),
    ({"result": "1-0", "reason": "time"}, "time forfeit"),
    ({"result": "1/2-1/2", "reason": "time_no_material"}, "time forfeit"),
    *(({"result": "1/2-1/2", "reason": why}, "normal") for why in ("agreement", "repetition")),
    *(({"result": "0-1", "reason": why}, "normal") for why in ("resignation", "checkmate")),
]


@pytest.mark.parametrize(("changes", "said"), ENDS)
def test_the_termination_is_one_of_the_standard(changes: dict[str, Any], said: str) -> None:
    told, _ = parse(file_of(state_of(["e2e4", "e7e5"], **changes)))
    assert told["Termination"] == said


def test_a_game_that_was_put_aside_is_abandoned() -> None:
    assert parse(file_of(state_of(["e2e4"]), aside=True))[0]["Termination"] == "abandoned"


@pytest.mark.parametrize(
    ("control", "said"),
    [
        (None, "-"),
        ({"kind": "fischer", "seconds": 300, "increment": 5}, "300+5"),
        ({"kind": "fischer", "seconds": 60, "increment": 0}, "60"),
        ({"kind": "correspondence", "days": 3}, "1/259200"),
    ],
)
def test_the_time_control_is_told_where_there_is_one(control: Any, said: str) -> None:
    state = state_of(["e2e4"], clock=control and {"control": control})
    assert parse(file_of(state))[0]["TimeControl"] == said


ZONES = ["America/New_York", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Kiritimati", "UTC"]
NEW_YORK = [
    ("2026-03-08T04:59:59", "2026.03.07"),  # the clocks go forward in this night
    ("2026-03-08T05:00:00", "2026.03.08"),
    ("2026-03-09T03:59:59", "2026.03.08"),
    ("2026-03-09T04:00:00", "2026.03.09"),
    ("2026-11-01T03:59:59", "2026.10.31"),  # and back in this one
    ("2026-11-01T04:00:00", "2026.11.01"),
    ("2026-11-02T04:59:59", "2026.11.01"),
    ("2026-11-02T05:00:00", "2026.11.02"),
]


@pytest.fixture
def zone_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Sets the machine's time zone."""

    def put(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield put
    monkeypatch.undo()
    time.tzset()


def _day(began: int, zone: ZoneInfo | None = None) -> tuple[str, str, str, str]:
    told = tags(state_of([]), NAMES, began, zone=zone)
    name = disposition(NAMES, began, zone).rpartition("%20")[2]
    return told["Date"], told["UTCDate"], told["UTCTime"], name


@pytest.mark.parametrize(("instant", "day"), NEW_YORK)
def test_the_date_is_the_one_where_the_node_is(
    zone_of_the_machine: Any, instant: str, day: str
) -> None:
    zone_of_the_machine("America/New_York")
    began = int(datetime.fromisoformat(f"{instant}+00:00").timestamp() * 1000)
    date, utc_date, utc_time, name = _day(began)
    assert date == day
    assert f"{utc_date.replace('.', '-')}T{utc_time}" == instant
    assert name == f"{day.replace('.', '-')}.pgn"


@pytest.mark.parametrize("zone", ZONES)
def test_the_machines_own_zone_is_taken_at_every_hour_of_a_year(
    zone_of_the_machine: Any, zone: str
) -> None:
    zone_of_the_machine(zone)
    for hour in range(0, 366 * 24, 23):
        began = BEGAN + hour * 3_600_000 - 1
        assert _day(began) == _day(began, ZoneInfo(zone))


HEADER = re.compile(
    r"attachment; filename=\"([A-Za-z0-9 _.()+-]+)\"; "
    r"filename\*=UTF-8''((?:[A-Za-z0-9_.~-]|%[0-9A-F]{2})+)"
)
FORBIDDEN = set('/\\:*?"<>|')
DAY = " 2026-05-03.pgn"


def names_of(header: str) -> tuple[str, str]:
    """The file's name in ASCII, and as it is, by the grammar of RFC 6266 and RFC 8187."""
    found = HEADER.fullmatch(header)
    assert found is not None, header
    return found[1], unquote(found[2], errors="strict")


@settings(max_examples=300)
@given(st.text(max_size=120), st.text(max_size=120))
def test_a_file_is_called_safely_whatever_its_players_are_called(white: str, black: str) -> None:
    header = disposition({"white": white, "black": black}, BEGAN, ZoneInfo("UTC"))
    for name in names_of(header):
        assert name.endswith(DAY)
        assert len(name.encode()) <= 255
        assert not FORBIDDEN & set(name)
        assert all(c.isprintable() or c in JOINERS for c in name)
        assert not name.startswith((".", "-", " "))
        assert ".." not in name.partition(" - ")[0][:2]


@pytest.mark.parametrize(
    ("white", "black", "plain", "name"),
    [
        ("Alice", "Bob", "Alice - Bob", "Alice - Bob"),
        ("Zoë Müller", "Łódź", "Zoe Muller - odz", "Zoë Müller - Łódź"),
        ("محمد", "ویکی\u200cپدیا", "White - Black", "محمد - ویکی\u200cپدیا"),
        ("李小龍", "👩‍🚀 Ann", "White - Ann", "李小龍 - 👩‍🚀 Ann"),
        ("../../etc/passwd", "a\u202egnp.exe", "etc passwd - agnp.exe", "etc passwd - agnp.exe"),
        ("", "\x00\n", "White - Black", "White - Black"),
    ],
)
def test_files_are_called_as_their_players_and_the_day(
    white: str, black: str, plain: str, name: str
) -> None:
    header = disposition({"white": white, "black": black}, BEGAN, ZoneInfo("UTC"))
    assert names_of(header) == (plain + DAY, name + DAY)


def test_the_state_that_a_session_gives_makes_a_file() -> None:
    table = Table()
    table.play(["e4", "e5"])
    table.say("b", "resign")
    told, movetext = parse(file_of(table.sessions[0].snapshot()))
    assert movetext == "1. e4 e5 1-0"
    assert (told["White"], told["Black"], told["Termination"]) == ("Alice", "Bob", "normal")
