# SPDX-License-Identifier: MIT
"""Who may reach whom, as a table of every case."""

from __future__ import annotations

from itertools import product
from typing import get_args

import pytest

from goop_node.reach import Direction, Matter, Reachable, may_reach
from goop_node.types import Standing

# Read: standing, then what is allowed with reachable_by = "discovered", then with "friends".
TABLE = {
    "friend": ({"presence", "exchange"}, {"presence", "exchange"}),
    "discovered": ({"presence", "exchange"}, {"presence"}),
    "unknown": ({"presence", "exchange"}, {"presence"}),
    "blocked": (set(), set()),
}
CASES = list(
    product(get_args(Standing), get_args(Matter), get_args(Direction), get_args(Reachable))
)


def test_the_table_knows_every_kind_of_peer() -> None:
    assert set(TABLE) == set(get_args(Standing))
    assert len(CASES) == 4 * 2 * 2 * 2


@pytest.mark.parametrize(("standing", "matter", "direction", "reachable_by"), CASES)
def test_every_case_is_as_the_table_says(
    standing: Standing, matter: Matter, direction: Direction, reachable_by: Reachable
) -> None:
    allowed = TABLE[standing][reachable_by == "friends"]
    refusal = may_reach(standing, matter, direction, reachable_by)
    if matter in allowed:
        assert refusal is None
    else:
        assert refusal is not None
        assert refusal.code == ("blocked" if standing == "blocked" else "not_friend")
        assert refusal.reason
