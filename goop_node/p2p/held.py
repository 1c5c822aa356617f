# SPDX-License-Identifier: MIT
"""How many bytes strangers make this node hold (pure): a share for each connection, one for all.

Each connection has an account, with what each of its streams holds: bytes that nobody has read,
and lines without an end. Where a bound is passed, the stream that holds most is dropped: of the
connection that passed its share, or, when all together hold too much, of the one that holds most.
"""

from __future__ import annotations

from collections.abc import Callable


class Budget:
    """``each`` bytes for one account, ``whole`` for all; both hold after every call."""

    def __init__(self, each: int, whole: int) -> None:
        self._each = each
        self._whole = whole
        self._accounts: set[Account] = set()
        self.held = 0

    def open(self, drop: Callable[[int], None]) -> Account:
        """An account. ``drop`` is called with the stream that must let go of what it holds."""
        account = Account(self, drop)
        self._accounts.add(account)
        return account

    def _settle(self, account: Account) -> None:
        while account.held > self._each:
            account._drop_largest()
        while self.held > self._whole:
            max(self._accounts, key=lambda one: one.held)._drop_largest()

    def _leave(self, account: Account) -> None:
        self._accounts.discard(account)


class Account:
    """What the streams of one connection hold."""

    def __init__(self, budget: Budget, drop: Callable[[int], None]) -> None:
        self._budget = budget
        self._drop = drop
        self._sizes: dict[int, int] = {}
        self._open = True
        self.held = 0

    def __len__(self) -> int:
        return len(self._sizes)

    def set(self, stream: int, size: int) -> None:
        """A stream holds so many bytes now. What is too much for the bounds is dropped."""
        if not self._open:
            return
        self._change(stream, size)
        self._budget._settle(self)

    def close(self) -> None:
        """The connection has ended, and what it held is gone."""
        for stream in list(self._sizes):
            self._change(stream, 0)
        self._open = False
        self._budget._leave(self)

    def _change(self, stream: int, size: int) -> None:
        change = size - self._sizes.pop(stream, 0)
        if size:
            self._sizes[stream] = size
        self.held += change
        self._budget.held += change

    def _drop_largest(self) -> None:
        stream = max(self._sizes, key=self._sizes.__getitem__)
        self._change(stream, 0)
        self._drop(stream)
