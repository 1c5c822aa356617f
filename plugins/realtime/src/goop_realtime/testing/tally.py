# SPDX-License-Identifier: MIT
"""A context with a state that remembers everything: equal states mean equal folds."""

from __future__ import annotations

import random
import zlib
from typing import Any

from goop_node.types import JsonValue
from goop_realtime.types import ContextType, Message, OpenRequest, Refusal, Session, Snapshot


class TallySession:
    """A sum that must never be divisible by five, and a checksum over all that was folded."""

    def __init__(self, state: Any = None) -> None:
        folded: tuple[int, int, int] = state or (1, 0, 0)
        self._sum, self._count, self._check = folded

    def check(self, message: Message) -> Refusal | None:
        """Whether the sum may grow by that: it depends on everything before it."""
        assert isinstance(message.data, dict)
        if (self._sum + message.data.get("n", 0)) % 5:
            return None
        return Refusal(code="divisible", reason="the sum would be divisible", pointer="/n")

    def apply(self, message: Message) -> None:
        """Add."""
        assert isinstance(message.data, dict)
        self._sum += message.data.get("n", 0)  # none in a message of a later version
        self._count += 1
        self._check = zlib.crc32(f"{message.sender} {message.id}".encode(), self._check)

    def snapshot(self) -> JsonValue:
        """``[sum, count, checksum]``."""
        return [self._sum, self._count, self._check]


def _open(request: OpenRequest, snapshot: Snapshot | None) -> Session:
    return TallySession(snapshot.state if snapshot else None)


TALLY = ContextType(
    name="tally",
    version="1",
    title="Tally",
    messages={
        "add": {
            "type": "object",
            "properties": {"n": {"type": "integer", "minimum": 0}},
            "required": ["n"],
        }
    },
    open_session=_open,
    push_state=True,
)
"""Messages ``{"type": "add", "n": N}``."""


def say(chance: random.Random, state: Any, peer: str) -> JsonValue:
    """A message of it, of any length up to a hundred."""
    return {"type": "add", "n": chance.randint(0, 9), "pad": "x" * chance.randrange(100)}
