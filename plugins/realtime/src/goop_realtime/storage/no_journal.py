# SPDX-License-Identifier: MIT
"""What stands in for the journal with ``journal = false``: channels end with their node."""

from __future__ import annotations

from collections.abc import Sequence

from goop_realtime.engine.effects import AnyRecord, Kept


class NoJournal:
    """Keeps nothing. A peer that comes back to such a node is told that its channel is lost; a room
    has it back from the others, where there are others."""

    flaws: Sequence[str] = ()
    may_lack = False
    lost = False

    def commit(self, records: Sequence[AnyRecord]) -> dict[str, Exception]:
        """Nothing to do."""
        return {}

    def trouble(self) -> str:
        """There is no file."""
        return ""

    def renew(self, records: Sequence[AnyRecord], reason: str) -> dict[str, Exception]:
        """Nothing to do."""
        return {}

    def close(self) -> None:
        """Nothing to do."""

    def next_epoch(self, now: int) -> int:
        """The epoch of this start: its time in Unix ms."""
        return now

    def load(self, only: str | None = None) -> dict[str, Kept]:
        """Nothing is held."""
        return {}
