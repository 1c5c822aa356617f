# SPDX-License-Identifier: MIT
"""Which messages of a room have been handed out, by their ids."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict

from goop_realtime.model.message_ids import parsed

PAGES_KEPT = 4_096
RANGES_KEPT = 1_000
"""Pages of others that are remembered, and ranges of numbers of each."""


class Seen:
    """A page counts its messages (``PAGE-COUNTER``), so what is known of it are ranges."""

    def __init__(self) -> None:
        self._pages: OrderedDict[str, list[list[int]]] = OrderedDict()

    def add(self, message_id: str) -> bool:
        """Remember a message; whether it was not known."""
        page, number = parsed(message_id)
        ranges = self._pages.setdefault(page, [])
        self._pages.move_to_end(page)
        if len(self._pages) > PAGES_KEPT:
            self._pages.popitem(last=False)
        at = bisect_right(ranges, number, key=lambda one: one[0])
        before = ranges[at - 1] if at else None
        if before is not None and number <= before[1]:
            return False
        behind = ranges[at] if at < len(ranges) else None
        ranges.insert(at, [number, number])
        if behind is not None and behind[0] == number + 1:
            ranges[at][1] = behind[1]
            del ranges[at + 1]
        if before is not None and before[1] == number - 1:
            before[1] = ranges[at][1]
            del ranges[at]
        if len(ranges) > RANGES_KEPT:
            # What lies between the two lowest comes too late for any log.
            ranges[0:2] = [[ranges[0][0], ranges[1][1]]]
        return True
