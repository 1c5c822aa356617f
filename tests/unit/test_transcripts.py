# SPDX-License-Identifier: MIT
"""The golden transcripts of docs/protocol.md, played by both sides' state machines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.transcripts import read, record, replay

DOCS = Path(__file__).resolve().parents[2] / "docs"
FILES = sorted((DOCS / "transcripts").glob("*.jsonl"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nodes_say_exactly_what_the_transcript_says(path: Path) -> None:
    rows = read(path)
    replay(rows)
    assert record(rows) == rows, f"python -m tests.unit.transcripts {path} would change the file"


def test_a_difference_is_noticed() -> None:
    rows = read(DOCS / "transcripts" / "talk.jsonl")
    spoken = next(n for n, row in enumerate(rows) if "line" in row)
    changed = [dict(row) for row in rows]
    changed[spoken]["line"] = {**rows[spoken]["line"], "group": "rt-0000000000000000"}
    with pytest.raises(AssertionError, match=f"row {spoken + 1}"):
        replay(changed)
    with pytest.raises(AssertionError, match="behind the last row"):
        replay(rows[:spoken])


def test_the_page_names_every_transcript_and_every_type_of_line() -> None:
    page = (DOCS / "protocol.md").read_text(encoding="utf-8")
    rows = [row for path in FILES for row in read(path)]
    assert [path.name for path in FILES if f"transcripts/{path.name}" not in page] == []
    spoken = {row["line"]["type"] for row in rows if "line" in row}
    assert [kind for kind in sorted(spoken) if f"`{kind}`" not in page] == []
    assert spoken >= set(
        "invite decline cancel exists poke gone close join welcome msg confirm refuse ack pull "
        "tail page signal ping pong suspended".split()
    )
