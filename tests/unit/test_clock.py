# SPDX-License-Identifier: MIT
"""A system clock that is set does not bend what waits."""

from __future__ import annotations

import time

import pytest

from goop_node.clock import correction_ms, now_ms

HOUR = 3_600_000


@pytest.mark.parametrize("step", [-HOUR, HOUR])
def test_only_the_times_people_read_follow(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    before, wall = now_ms(), time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: wall() + step * 1_000_000)
    assert 0 <= now_ms() - before < HOUR // 2
    assert abs(correction_ms() - step) < HOUR // 2


def test_it_starts_as_the_systems_clock() -> None:
    assert abs(time.time_ns() // 1_000_000 - now_ms()) < HOUR
