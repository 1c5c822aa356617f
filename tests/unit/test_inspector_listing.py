# SPDX-License-Identifier: MIT
"""The Inspector's lists: which logs and decisions are told, in portions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goop_realtime.inspector.listing import Wanted, decisions_page, logs_page
from goop_realtime.inspector.replays import Row
from goop_realtime.model.trace import RING, STRANGERS, Trace
from tests.unit.recordings import (
    ALICE,
    BOB,
)


def test_a_trace_that_overflows_says_how_many_made_room() -> None:
    trace = Trace()
    for n in range(RING + 7):
        trace.note(n, "page", "too_fast", channel=f"rt-{n}")
    assert (trace.count, trace.dropped, len(trace.by_source())) == (RING + 7, 7, RING)
    trace.note(1, "peer", "forged", source=STRANGERS)
    assert (trace.count, trace.dropped) == (RING + 8, 8)


ROWS: list[Row] = [
    {"n": n, "hop": hop, "code": code, "detail": f"Detail {n}", "peer": ALICE if n % 2 else BOB}
    for n, (hop, code) in enumerate([("page", "slow"), ("link", "forged"), ("page", "full")] * 9, 1)
]


@given(st.integers(0, 30), st.integers(1, 30), st.sampled_from(["", "page", "link", "none"]))
def test_decisions_come_in_portions_and_none_twice(after: int, limit: int, hop: str) -> None:
    seen, upto, rounds = [], after, 0
    while upto is not None:
        rows, following = decisions_page(ROWS, Wanted(hop=hop), upto, limit)
        assert len(rows) <= limit
        seen += rows
        upto = following
        rounds += 1
        assert rounds < 40
    assert seen == [row for row in ROWS if row["n"] > after and hop in ("", row["hop"])]


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Wanted(code="slow"), 9),
        (Wanted(peer=BOB[-6:]), 13),
        (Wanted(text="DETAIL page"), 18),
        (Wanted(text="detail 27"), 1),
        (Wanted(plugin="chess"), 0),
        (Wanted(hop="page", code="forged"), 0),
    ],
)
def test_what_is_looked_for_is_found(wanted: Wanted, count: int) -> None:
    assert len(decisions_page(ROWS, wanted, 0, 100)[0]) == count


def test_thousands_of_logs_come_in_portions_the_living_first() -> None:
    rows: list[Row] = [
        {"id": f"rt-{n:016x}", "ended": n % 3 == 0, "at": n, "peers": [{"peerId": f"p{n}"}]}
        for n in range(5_000)
    ]
    found: list[Row] = []
    while True:
        page, total = logs_page(rows, Wanted(), len(found), 300)
        assert total == 5_000
        if not page:
            break
        found += page
    assert sorted(str(row["id"]) for row in found) == sorted(str(row["id"]) for row in rows)
    assert [row["ended"] for row in found] == sorted(row["ended"] for row in found)
    assert [row["at"] for row in found[:2]] == [4_999, 4_997]
    assert logs_page(rows, Wanted(peer="p4321"), 0, 10)[1] == 1
