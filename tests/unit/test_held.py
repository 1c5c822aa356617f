# SPDX-License-Identifier: MIT
"""The budget of held bytes: kept after every step, and empty when everything has ended."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from goop_node.p2p.held import Account, Budget

EACH, WHOLE = 1000, 2500

steps = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.integers(0, 8),
        st.sampled_from([0, 1, 300, 999, 1000, 1001, 5000]) | st.integers(0, 600),
        st.sampled_from(["set", "set", "set", "set", "close"]),
    ),
    max_size=80,
)


@given(steps)
def test_both_bounds_hold_whatever_the_order(steps: list[tuple[int, int, int, str]]) -> None:
    budget = Budget(EACH, WHOLE)
    sizes: dict[tuple[int, int], int] = {}
    accounts: dict[int, Account] = {}

    def account_of(number: int) -> Account:
        if number not in accounts:

            def drop(stream: int) -> None:
                sizes.pop((number, stream))

            accounts[number] = budget.open(drop)
        return accounts[number]

    for number, stream, size, what in steps:
        account = account_of(number)
        if what == "close":
            accounts.pop(number).close()
            account.set(stream, size)  # of a connection that has ended nothing counts
            sizes = {key: value for key, value in sizes.items() if key[0] != number}
        else:
            sizes[number, stream] = size
            account.set(stream, size)
        assert budget.held == sum(sizes.values()) <= WHOLE
        for one, its in accounts.items():
            assert its.held == sum(v for (n, _), v in sizes.items() if n == one) <= EACH
    for account in accounts.values():
        account.close()
        assert len(account) == 0
    assert budget.held == 0


def test_who_holds_most_pays() -> None:
    dropped: list[str] = []
    budget = Budget(EACH, WHOLE)
    hogs = [budget.open(lambda stream: dropped.append("hog")) for _ in range(3)]
    friend = budget.open(lambda stream: dropped.append("friend"))
    for hog in hogs:
        for stream in range(4):
            hog.set(stream, 200 + stream)
    friend.set(1, 90)
    for _ in range(100):
        friend.set(1, 0)
        friend.set(1, 90)
    assert "friend" not in dropped
    assert dropped
