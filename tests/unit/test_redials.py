# SPDX-License-Identifier: MIT
"""When peers are dialled again: pauses grow, places are bounded, and whoever speaks up has none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from goop_node.p2p import limits
from goop_node.p2p.redials import REDIAL_MAX, REDIAL_MIN, REDIAL_SEEN_MAX, Redials

chances = st.floats(0, 1)


def is_named(peer_id: str) -> bool:
    return peer_id.startswith("friend")


@given(st.sampled_from(["friend", "stranger"]), st.lists(chances, min_size=1, max_size=20))
def test_pauses_grow_to_a_bound(peer: str, story: list[float]) -> None:
    redials, now, longest = Redials(is_named), 0.0, REDIAL_MIN
    for chance in story:
        assert redials.due([peer], (), now) == [peer]
        redials.begun(peer, now, chance)
        longest = min(longest * 2, REDIAL_MAX if is_named(peer) else REDIAL_SEEN_MAX)
        assert redials.due([peer], (), now + longest * 0.49) == []
        now += longest
    redials.begun(peer, now, 1.0)
    redials.forget(peer)
    assert redials.due([peer], (), now) == [peer]


@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 40), st.integers(0, 40))
def test_strangers_take_no_place_of_friends(
    friends: int, strangers: int, busy: int, occupied: int
) -> None:
    redials = Redials(is_named)
    away = [f"friend {n}" for n in range(friends)] + [f"stranger {n}" for n in range(strangers)]
    under_way = [f"friend at {n}" for n in range(busy)]
    under_way += [f"stranger at {n}" for n in range(occupied)]
    due = redials.due(away, under_way, 0.0)
    named = sum(map(is_named, due))
    assert named == min(friends, max(0, limits.NAMED_DIALS - busy))
    assert len(due) - named == min(strangers, max(0, limits.TOLD_DIALS - occupied))


def test_those_dialled_in_vain_least_come_first() -> None:
    redials = Redials(is_named)
    many = [f"stranger {n:02}" for n in range(limits.TOLD_DIALS)]
    for peer in many:
        redials.begun(peer, 0.0, 0.0)
    assert "new" in redials.due([*many, "new"], (), 1000.0)
    redials.keep(["new"])
    assert redials.due(many, (), 0.0) == many
