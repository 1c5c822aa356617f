# SPDX-License-Identifier: MIT
"""Thousands of seeded lives in rooms, with what must hold looked at in every step and at rest.

``pytest tests/unit/test_rooms_simulation.py -k lives --room-seeds 17:18`` lives one again, with
its story.
"""

from __future__ import annotations

import pytest

from goop_realtime.testing.rooms import RoomLife
from tests.unit.lives import all_live
from tests.unit.simulated_rooms import EXPECTED

ENOUGH = 2_000
"""Lives in which everything that is expected happens at least once."""


def test_rooms_hold_in_all_lives(
    pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    first, _, end = pytestconfig.getoption("--room-seeds").partition(":")
    seeds = range(int(first), int(end))
    counts = all_live(RoomLife, seeds)
    with capsys.disabled():
        print(f"\n{len(seeds)} lives in rooms, {counts.total()} events looked at, 0 violations")
        if len(seeds) >= ENOUGH:
            print("\n".join(f"{count:9} {what}" for what, count in sorted(counts.items())))
    if len(seeds) >= ENOUGH:
        assert [what for what in EXPECTED if not counts[what]] == []
