# SPDX-License-Identifier: MIT
"""A context for rooms whose state remembers everything, who came and went included."""

from __future__ import annotations

import zlib
from dataclasses import replace

from goop_realtime.testing.tally import TALLY, TallySession
from goop_realtime.types import (
    Joined,
    Left,
    LogEntry,
    Message,
    MessageType,
    OpenRequest,
    Refusal,
    RoomSession,
    Snapshot,
)


class RoomTallySession(TallySession):
    """The sum of all that members say; nobody else says anything."""

    def check_latest(self, message: Message, previous: Message | None) -> Refusal | None:
        """Nothing goes back to 13."""
        assert isinstance(message.data, dict)
        if previous is not None and message.data["x"] == 13:
            return Refusal(code="unlucky", reason="not again")
        return None

    def check(self, message: LogEntry) -> Refusal | None:
        """Whether the sum may grow by that. Everybody may come."""
        return super().check(message) if isinstance(message, Message) else None

    def apply(self, message: LogEntry) -> None:
        """Add, or note who came or went."""
        if isinstance(message, Message):
            super().apply(message)
        elif isinstance(message, Joined | Left):
            what = f"{type(message).__name__} {message.peer}"
            self._check = zlib.crc32(what.encode(), self._check)


def _open(request: OpenRequest, snapshot: Snapshot | None) -> RoomSession:
    return RoomTallySession(snapshot.state if snapshot else None)


AT = MessageType(
    {
        "type": "object",
        "properties": {"thing": {"type": "integer"}, "x": {"type": "integer"}},
        "required": ["thing", "x"],
    },
    delivery="latest",
    key="/thing",
)
ROOM_TALLY = replace(TALLY, max_peers=16, open_session=_open, messages={**TALLY.messages, "at": AT})
"""Messages ``{"type": "add", "n": N}``, and ``{"type": "at", "thing": N, "x": X}``, of which the
newest counts."""
