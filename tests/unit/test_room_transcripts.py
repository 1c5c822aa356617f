# SPDX-License-Identifier: MIT
"""The golden transcripts of rooms, played by the state machines of up to four nodes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.room_transcripts import record, replay
from tests.unit.transcripts import read

DOCS = Path(__file__).resolve().parents[2] / "docs"
FILES = sorted((DOCS / "transcripts" / "rooms").glob("*.jsonl"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nodes_say_exactly_what_the_transcript_says(path: Path) -> None:
    rows = read(path)
    replay(rows)
    again = f"python -m tests.unit.room_transcripts {path} would change the file"
    assert record(rows) == rows, again


def test_private_content_comes_when_its_author_is_back() -> None:
    """Who hosts meanwhile has it not, and does not take the asker's word that nobody has."""
    rows = read(DOCS / "transcripts" / "rooms" / "content.jsonl")
    came = [row for row in rows if row.get("line", {}).get("type") == "content"]
    assert [(row["who"], row["to"], row["line"]["data"]) for row in came] == [
        ("alice", "carol", "for Bob"),
        ("carol", "bob", "for Bob"),
    ]


def test_a_state_of_a_session_that_begins_with_no_rules_travels() -> None:
    rows = read(DOCS / "transcripts" / "rooms" / "snapshot.jsonl")
    welcome = next(row["line"] for row in rows if row.get("line", {}).get("type") == "welcome")
    assert welcome["snapshot"]["state"] == 6


def test_the_page_names_every_transcript_and_every_type_of_line() -> None:
    page = (DOCS / "protocol.md").read_text(encoding="utf-8")
    assert [one.name for one in FILES if f"transcripts/rooms/{one.name}" not in page] == []
    spoken = {row["line"]["type"] for path in FILES for row in read(path) if "line" in row}
    assert [kind for kind in sorted(spoken) if f"`{kind}`" not in page] == []
    assert spoken >= set(
        "seek host guest out join challenge prove welcome entry msg confirm refuse ack stable "
        "latest unfit volatile drift want content leave moved close ping pong list rooms where "
        "there".split()
    )
