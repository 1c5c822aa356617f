# SPDX-License-Identifier: MIT
"""The decision trace: every refusal, drop, close and state change, in one bounded ring.

It is the one answer to "who dropped what, and why".
"""

from __future__ import annotations

from collections import deque
from typing import Any

RING = 1000


class Trace:
    """The newest ``RING`` decisions, oldest first."""

    def __init__(self) -> None:
        self._ring: deque[dict[str, Any]] = deque(maxlen=RING)
        self._count = 0

    def note(
        self,
        at: int,
        hop: str,
        code: str,
        *,
        channel: str = "",
        message: str = "",
        plugin: str = "",
        detail: str = "",
    ) -> None:
        """Note a decision taken ``at`` (Unix ms) by ``hop`` (page, node, link, peer…)."""
        self._count += 1
        row = {"n": self._count, "at": at, "hop": hop, "code": code}
        optional = {"channel": channel, "message": message, "plugin": plugin, "detail": detail}
        row.update({key: value[:300] for key, value in optional.items() if value})
        self._ring.append(row)

    def rows(self, channel: str = "") -> list[dict[str, Any]]:
        """The decisions, or those of one channel, oldest first."""
        return [row for row in self._ring if not channel or row.get("channel") == channel]
