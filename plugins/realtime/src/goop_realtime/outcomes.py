# SPDX-License-Identifier: MIT
"""What became of message ids, for messages that are sent again."""

from __future__ import annotations

from collections import deque

from goop_realtime.effects import Outcome
from goop_realtime.limits import OUTBOX_MESSAGES

REMEMBERED_ORDERED = 2 * OUTBOX_MESSAGES
REMEMBERED_REFUSED = OUTBOX_MESSAGES
"""How many ids are remembered: twice what may be on its way, and of what was refused so many
that none of it pushes out what was ordered."""


class Outcomes:
    """One author's newest message ids, and what became of each.

    Each node chooses its own ids: the same one from the other node is another message.
    """

    def __init__(self) -> None:
        self._known: dict[str, Outcome] = {}
        self._ordered: deque[str] = deque()
        self._refused: deque[str] = deque()

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, message_id: str) -> bool:
        return message_id in self._known

    def get(self, message_id: str) -> Outcome | None:
        """What became of it, where that is remembered."""
        return self._known.get(message_id)

    def remember(self, message_id: str, outcome: Outcome) -> None:
        """Keep what became of an id, forgetting the oldest beyond the bound."""
        ids, bound = self._ordered, REMEMBERED_ORDERED
        if outcome.code:
            ids, bound = self._refused, REMEMBERED_REFUSED
        ids.append(message_id)
        self._known[message_id] = outcome
        if len(ids) > bound:
            self._known.pop(ids.popleft(), None)
