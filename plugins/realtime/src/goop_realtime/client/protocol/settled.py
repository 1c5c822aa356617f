# SPDX-License-Identifier: MIT
"""This page's messages of a room of which all was said. Another host may say otherwise."""

from __future__ import annotations

import math
from collections import OrderedDict

from goop_realtime.client.protocol.frames import Receipt, Refused

KEPT = 4_096
"""How many are remembered, the newest."""


class Settled:
    """Their ids, with their numbers in the log."""

    def __init__(self) -> None:
        self._places: OrderedDict[str, float] = OrderedDict()
        self._asked: set[str] = set()

    def add(self, message_id: str, seq: float) -> None:
        """All was said of that one."""
        self._places[message_id] = seq
        if len(self._places) > KEPT:
            self._forget(next(iter(self._places)))

    def question(self, seq: float) -> list[str]:
        """The ids of those above a number, and of those that were and of which nothing was said."""
        self._asked |= {one for one, at in self._places.items() if at > seq}
        return sorted(self._asked)

    def answer(self, told: Receipt | Refused) -> str | None:
        """The node says what became of one; the code, where it is not in the log any more."""
        if told.id not in self._places:
            return None
        self._asked.discard(told.id)
        if isinstance(told, Receipt) and told.stage != "lost":
            # Without a number it waits for one again, or stands below all that the node has.
            missing = math.inf if told.stage == "accepted" else 0
            self._places[told.id] = missing if told.seq is None else told.seq
            return None
        self._forget(told.id)
        return told.code or "lost"

    def _forget(self, message_id: str) -> None:
        del self._places[message_id]
        self._asked.discard(message_id)
