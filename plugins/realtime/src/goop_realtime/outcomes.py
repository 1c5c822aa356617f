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
        self._newest: dict[str, tuple[int, int]] = {}
        """By page: its newest message that was ordered, as counter and epoch."""

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, message_id: str) -> bool:
        return message_id in self._known

    def get(self, message_id: str) -> Outcome | None:
        """What became of it, where that is remembered."""
        return self._known.get(message_id)

    def overtaken(self, message_id: str, epoch: int) -> bool:
        """Whether an earlier start of the host has ordered a later message of the same page.

        It was refused then, since a host judges in order, and a power cut took the refusal.
        """
        page, counter = _page_and_counter(message_id)
        newest = self._newest.get(page)
        return newest is not None and counter < newest[0] and newest[1] < epoch

    def remember(self, message_id: str, outcome: Outcome) -> None:
        """Keep what became of an id, forgetting the oldest beyond the bound."""
        ids, bound = self._ordered, REMEMBERED_ORDERED
        if outcome.code:
            ids, bound = self._refused, REMEMBERED_REFUSED
        else:
            page, counter = _page_and_counter(message_id)
            if counter >= self._newest.get(page, (0, 0))[0]:
                self._newest[page] = counter, outcome.epoch
        ids.append(message_id)
        self._known[message_id] = outcome
        if len(ids) > bound:
            self._forget(ids.popleft())

    def _forget(self, message_id: str) -> None:
        self._known.pop(message_id, None)
        page, counter = _page_and_counter(message_id)
        if self._newest.get(page, (-1, 0))[0] == counter:
            del self._newest[page]


def _page_and_counter(message_id: str) -> tuple[str, int]:
    """The parts of ``PAGE-COUNTER``; another node may write ids that are nothing of the kind."""
    page, _, counter = message_id.rpartition("-")
    return page, int(counter) if counter.isascii() and counter.isdigit() else 0
