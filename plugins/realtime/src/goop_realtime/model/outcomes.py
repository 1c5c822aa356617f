# SPDX-License-Identifier: MIT
"""What became of message ids, for messages that are sent again."""

from __future__ import annotations

from collections.abc import Iterable

from goop_realtime.model.effects import Outcome
from goop_realtime.model.limits import OUTBOX_MESSAGES
from goop_realtime.model.message_ids import parsed

REMEMBERED_ORDERED = 2 * OUTBOX_MESSAGES
REMEMBERED_REFUSED = OUTBOX_MESSAGES
"""How many ids are remembered: twice what may be on its way, and of what was refused so many
that none of it pushes out what was ordered."""
FORGOTTEN_TOGETHER = 100
"""The oldest go that many at a time: to take the first one off a long list moves all the others."""


class Outcomes:
    """One author's newest message ids, and what became of each.

    Each node chooses its own ids: the same one from the other node is another message.
    """

    __slots__ = ("_before", "_known", "_newest", "_ordered", "_refused")

    def __init__(self) -> None:
        self._known: dict[str, Outcome] = {}
        self._ordered: list[str] = []
        self._refused: list[str] = []
        self._newest: dict[str, int] = {}
        """By page of ours: the greatest counter of what it had accepted."""
        self._before: dict[str, int] = {}
        """By page: the counter of its newest message that an earlier start of the host ordered."""

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, message_id: str) -> bool:
        return message_id in self._known

    def items(self) -> Iterable[tuple[str, Outcome]]:
        """All that is remembered."""
        return self._known.items()

    def get(self, message_id: str) -> Outcome | None:
        """What became of it, where that is remembered."""
        return self._known.get(message_id)

    def ordered_before(self, message_id: str) -> None:
        """An earlier start of the host has ordered this one."""
        at = parsed(message_id)
        self._before[at.page] = max(at.counter, self._before.get(at.page, 0))

    def behind(self, page: str) -> int:
        """A counter above all that are known of that page's messages."""
        return max(self._newest.get(page, 0), self._before.get(page, 0)) + 1

    def accepted(self, message_id: str) -> None:
        """A page of ours has sent it, whatever becomes of it."""
        at = parsed(message_id)
        if at.counter > self._newest.get(at.page, -1):
            self._newest[at.page] = at.counter

    def passed(self, message_id: str) -> bool:
        """Whether a later message of the same page was accepted or judged already."""
        at = parsed(message_id)
        return at.counter < self._newest.get(at.page, 0)

    def overtaken(self, message_id: str) -> bool:
        """Whether an earlier start of the host has ordered a later message of the same page.

        It was refused then, since a host judges in order, and a power cut took the refusal.
        """
        if not self._before:
            return False
        at = parsed(message_id)
        return at.counter < self._before.get(at.page, 0)

    def remember(self, message_id: str, outcome: Outcome) -> None:
        """Keep what became of an id, forgetting the oldest beyond the bound."""
        ids, bound = self._ordered, REMEMBERED_ORDERED
        if outcome.code:
            ids, bound = self._refused, REMEMBERED_REFUSED
        ids.append(message_id)
        self._known[message_id] = outcome
        if len(ids) >= bound + FORGOTTEN_TOGETHER:
            self._forget_oldest(ids)

    def _forget_oldest(self, ids: list[str]) -> None:
        for oldest in ids[:FORGOTTEN_TOGETHER]:
            self._known.pop(oldest, None)
        del ids[:FORGOTTEN_TOGETHER]
        if len(self._newest) > 2 * REMEMBERED_ORDERED:
            self._newest.clear()
            for known in self._known:
                self.accepted(known)
