# SPDX-License-Identifier: MIT
"""The paced queue towards 1.0.0 peers."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from goop_node.groups import Pacing


@given(st.lists(st.floats(0.01, 60.0), min_size=1, max_size=300))
def test_one_per_interval_however_the_clock_ticks(steps: list[float]) -> None:
    queue: Pacing[int] = Pacing(bound=1000, interval=1.0)
    for number in range(500):
        assert queue.put(number)
    now, taken, at = 100.0, [], []
    for step in steps:
        now += step
        while (item := queue.take(now)) is not None:
            taken.append(item)
            at.append(now)
    assert taken == list(range(len(taken)))
    # However late the clock: nothing is made up for, so a reader's few slots always suffice.
    assert all(later > earlier for earlier, later in itertools.pairwise(at))
    assert len(taken) <= now - 100.0 + 1


def test_a_burst_and_then_the_rate() -> None:
    queue: Pacing[int] = Pacing(bound=100, interval=10.0, burst=3)
    for number in range(5):
        queue.put(number)
    assert [queue.take(0.0) for _ in range(4)] == [0, 1, 2, None]
    assert queue.wait(4.0) == 6.0
    assert [queue.take(10.0) for _ in range(2)] == [3, None]
    assert [queue.take(20.0) for _ in range(2)] == [4, None]
    assert queue.wait(30.0) is None


def test_what_is_not_paced_only_keeps_its_place() -> None:
    queue: Pacing[str] = Pacing(bound=10, interval=10.0)
    for name, paced in (("a", False), ("b", True), ("c", False), ("d", True)):
        queue.put(name, paced=paced)
    assert queue.wait(0.0) == 0.0
    assert [queue.take(0.0) for _ in range(4)] == ["a", "b", "c", None]
    assert queue.take(10.0) == "d"


def test_a_full_queue_says_so() -> None:
    queue: Pacing[int] = Pacing(bound=2)
    assert queue.put(1)
    assert queue.put(2)
    assert queue.full
    assert not queue.put(3)
    assert queue.flush() == [1, 2]
    assert len(queue) == 0
