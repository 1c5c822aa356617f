# SPDX-License-Identifier: MIT
"""Another peer of a channel, as this node knows it: what it has, what it said, how to reach it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from goop_realtime.machine.link import Link
from goop_realtime.model.limits import Bucket
from goop_realtime.model.outcomes import Outcomes


@dataclass(eq=False, slots=True)
class Member:
    """One other peer of a channel. Sequence numbers are of the log; times are Unix ms."""

    peer: str
    """Its peer id."""
    label: str
    """What it called itself when the channel was asked for."""
    link: Link | None = None
    """The living stream between the two nodes."""

    outcomes: Outcomes = field(default_factory=Outcomes)
    """Of its pages' messages."""
    has: int = 0
    """Up to where its node has the log."""
    handled: int = 0
    """Up to where its pages have handled it."""
    written: int = 0
    """Up to where ``handled`` only means that it was written to a page of it."""
    ahead: tuple[int, str] = (0, "page")
    """How far its pages were at its welcome, which tells of entries to come, and how."""
    failures: list[int] = field(default_factory=list)
    """The newest entries that handlers of its pages failed on."""
    version: str = ""
    hash: str = ""
    types: frozenset[str] | None = None
    """What its node has of the context, as it said last; ``None`` where it knows no versions."""
    judged: int = 0
    """Host: up to which entry another version than its present one has judged the log."""
    close_acked: bool = False
    """Whether it has the close that the log ends with."""
    bucket: Bucket | None = None
    """Host: what its node may send; far above what one with the same limits does."""

    reach: str = ""
    """How far a request has come, as both sides last said and heard: ``node``, ``page``; at its
    opener also ``away``, where it came through before and does not now."""
    repeat_at: int = 0
    """When it is invited again."""
    suspended_at: int | None = None
    """Since when there is no link, or something stands in the way."""
    opening: bool = False
    """Whether a stream to it is being opened."""
    retry_at: int = 0
    retries: int = 0

    @property
    def page(self) -> str:
        """Whether a page of it is open on the channel: ``open``, ``none`` or ``unknown``."""
        return "unknown" if self.link is None else self.link.page

    def row(self) -> dict[str, Any]:
        """What the journal keeps of it."""
        return {
            "label": self.label,
            "suspendedAt": self.suspended_at,
            "closeAcked": self.close_acked,
            "failures": list(self.failures),
        }
