# SPDX-License-Identifier: MIT
"""The Inspector's lists: which logs and decisions are told, in portions."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goop_realtime.inspector.listing import Wanted, decisions_page, logs_page
from goop_realtime.inspector.replays import Row
from goop_realtime.model.trace import PASSING, RING, STRANGERS, Trace
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


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["rt-1", "rt-2"]),
            st.sampled_from(["", ALICE]),
            st.sampled_from([("latest", "at"), ("volatile", "blink"), ("signal", "")]),
            st.booleans(),
        ),
        max_size=60,
    )
)
def test_what_goes_by_in_no_log_has_one_row_of_a_kind(
    said: list[tuple[str, str, tuple[str, str], bool]],
) -> None:
    trace, times, decided = Trace(), Counter[tuple[str, str, str]](), 0
    for at, (channel, source, (delivery, kind), noted) in enumerate(said, 1):
        trace.passed(at, delivery, channel=channel, kind=kind, source=source)
        times[channel, source, delivery] += 1
        newest = trace.passing()[-1][1]
        assert (newest["at"], newest["n"], newest["code"]) == (at, trace.count, delivery)
        assert (newest["hop"], newest.get("type", "")) == ("link" if source else "page", kind)
        if noted:
            trace.note(at, "page", "too_fast")
            decided += 1
    found = {(row["channel"], source, row["code"]): row["times"] for source, row in trace.passing()}
    assert found == times
    assert (len(trace.by_source()), trace.dropped) == (decided, 0)


def test_of_too_many_kinds_the_oldest_is_forgotten() -> None:
    trace = Trace()
    for n in (*range(PASSING), 0, PASSING):  # the first one comes once more
        trace.passed(n, "signal", channel=f"rt-{n}", kind="")
    found = {row["channel"] for _, row in trace.passing()}
    assert len(found) == PASSING
    assert "rt-1" not in found
    assert {"rt-0", f"rt-{PASSING}"} <= found


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
