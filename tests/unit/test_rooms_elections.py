# SPDX-License-Identifier: MIT
"""How long a room is without a host, in virtual time: R4 of ARCHITECTURE.md."""

from __future__ import annotations

import pytest

from goop_realtime.testing.rooms.elections import after_a_kill, after_a_leave

FIVE_SECONDS = 5_000


@pytest.mark.parametrize("nodes", [3, 4, 6])
def test_a_killed_host_is_followed_soon(nodes: int) -> None:
    assert after_a_kill(nodes, nodes) <= FIVE_SECONDS


@pytest.mark.parametrize("nodes", [2, 4])
def test_a_host_that_leaves_hands_over_at_once(nodes: int) -> None:
    assert after_a_leave(nodes, nodes) <= 1_000
