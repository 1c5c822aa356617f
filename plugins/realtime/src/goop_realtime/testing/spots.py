# SPDX-License-Identifier: MIT
"""The tally with messages in no log beside it: where things are, and who waves."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from goop_node.types import JsonValue
from goop_realtime.testing.tally import TALLY, TallySession, say
from goop_realtime.types import Message, MessageType, OpenRequest, Refusal, Session, Snapshot

FAR = 20
"""What nothing moves by at a time: a host that has skipped a step finds some of them too far."""


class SpotsSession(TallySession):
    """Things move step by step."""

    def check_latest(self, message: Message, previous: Message | None) -> Refusal | None:
        """Whether the thing can have got there."""
        assert isinstance(message.data, dict)
        if previous is not None:
            assert isinstance(previous.data, dict)
            if abs(message.data["x"] - previous.data["x"]) > FAR:
                return Refusal(code="too_far", reason="not that far", pointer="/x")
        return None


def _open(request: OpenRequest, snapshot: Snapshot | None) -> Session:
    return SpotsSession(snapshot.state if snapshot else None)


_NUMBER = {"type": "integer"}
SPOTS = replace(
    TALLY,
    open_session=_open,
    messages={
        **TALLY.messages,
        "at": MessageType(
            {"type": "object", "properties": {"x": _NUMBER}, "required": ["x"]},
            delivery="latest",
            key="/thing",
        ),
        "wave": MessageType({"type": "object"}, delivery="volatile"),
    },
)
"""Beside the tally's, ``{"type": "at", "thing": N, "x": X}``, of which the newest counts, and
``{"type": "wave", "n": N}``, now or never."""


def say_spots(chance: random.Random, state: Any, peer: str) -> JsonValue:
    """A message of it, half of them the tally's."""
    what = chance.random()
    if what < 0.5:
        return say(chance, state, peer)
    if what < 0.6:
        return {"type": "wave", "n": chance.randrange(1000)}
    return {"type": "at", "thing": chance.randrange(3), "x": chance.randrange(30)}
