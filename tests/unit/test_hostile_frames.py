# SPDX-License-Identifier: MIT
"""Every field of every frame at the extremes of its type: answered, and nothing fails."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from goop_node.escaping import escaped
from goop_node.types import Caller
from goop_realtime.machine.channel import Phase
from goop_realtime.testing.extremes import EXTREMES
from goop_realtime.web.page_session import PageSession
from goop_realtime.web.turns import Turns
from tests.unit.test_containment import House

FRAMES: dict[str, dict[str, Any]] = {
    "subscribe": dict.fromkeys(
        "channels page after handled pending ack batch contexts watch since".split()
    ),
    "send": {"data": 1, "id": "me-1"},
    "ack": {"epoch": 1, "seq": 1},
    "signal": {"data": 1},
    "close": {},
}
SHORT = [extreme for extreme in EXTREMES if len(extreme) < 5_000]


def mutants(kind: str, channel: str) -> Iterator[str]:
    """Frames of that kind, each with a field, or what is in it for the channel, at an extreme."""
    whole = {"type": kind, "channel": channel, **FRAMES[kind]}
    for field in [*FRAMES[kind], "channel", "type"]:
        for extreme in EXTREMES:
            body = json.dumps({**whole, field: "HERE"})
            yield body.replace('"HERE"', extreme)
            yield body.replace('"HERE"', f'{{"{channel}":{extreme}}}')
            yield body.replace('"HERE"', f"[{extreme}]")


@pytest.mark.parametrize("kind", FRAMES)
async def test_no_extreme_of_any_field_of_a_frame_fails(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    house = House()
    channel, bob = house.channel("bob")
    other, carol = house.channel("carol")
    session = PageSession(house.bridge, Caller(kind="program"), {}, Turns())
    assert session.open()
    with caplog.at_level(logging.ERROR):
        for text in mutants(kind, other.id):
            session.frame(text)
            house.bridge.flush()
            assert not session.over
            answers = [json.loads(frame) for frame in session.take()]
            assert "internal_error" not in {answer.get("code") for answer in answers}
            reasons = [answer.get("reason", "") for answer in answers]
            assert reasons == [escaped(reason) for reason in reasons]
            session.sent(1 << 30)
    assert (caplog.records, house.faults) == ([], [])
    sent = house.bridge.engine.send(0, channel.id, house.page, "p-1", "still here")
    assert sent == "p-1"
    house.bridge.flush()
    assert [line["id"] for line in bob.lines if line["type"] == "msg"] == ["p-1"]
    assert channel.phase is Phase.OPEN
    assert carol.ended in ("", "closed")
    assert house.core.failures == {}
    await house.bridge.close()
