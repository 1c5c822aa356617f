# SPDX-License-Identifier: MIT
"""What takes longest begins first, at each process."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.longest_first import LONGEST, spread

TESTS = Path(__file__).resolve().parents[1]
NAMES = st.sampled_from([*sorted(LONGEST), "test_a.py", "test_b.py"])


def shares(order: list[int], processes: int) -> list[list[int]]:
    """What pytest-xdist hands to each process at first."""
    found = []
    for left in range(processes, 0, -1):
        size = len(order) // left
        found.append(order[:size])
        order = order[size:]
    return found


@given(st.lists(st.tuples(NAMES, st.integers(1, 5))), st.integers(1, 5))
def test_every_test_is_run_once_and_all_else_stays_in_its_order(
    runs: list[tuple[str, int]], processes: int
) -> None:
    files = [name for name, count in runs for _ in range(count)]
    order = spread(files, processes)
    assert sorted(order) == list(range(len(files)))
    rest = [index for index in order if files[index] not in LONGEST]
    assert rest == sorted(rest)
    for name in LONGEST:
        own = [place for place, index in enumerate(order) if files[index] == name]
        assert own == [*range(own[0], own[0] + len(own))] if own else True


def test_each_process_begins_with_some_of_them() -> None:
    files = [f"test_{n}.py" for n in range(500)]
    for place, name in enumerate(sorted(LONGEST), 3):
        files[place * 40 : place * 40] = [name] * 3
    for processes in (1, 2, 3, 4):
        for share in shares(spread(files, processes), processes):
            longest = [files[index] in LONGEST for index in share]
            assert [is_long for is_long, _ in groupby(longest)] == [True, False]


def test_all_of_them_are_there() -> None:
    assert {path.name for path in TESTS.rglob("test_*.py")} >= LONGEST
