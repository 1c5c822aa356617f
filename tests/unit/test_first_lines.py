# SPDX-License-Identifier: MIT
"""The beginning of a channel's stream: what is no join is answered in the protocol's own terms."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goop_realtime.driver.channel_streams import ChannelStreams
from goop_realtime.driver.streams import Steps, Streams
from goop_realtime.machine.channel import Phase
from goop_realtime.model import obstacles
from goop_realtime.model.effects import CloseLink
from goop_realtime.model.wire import SHAPES, parse
from goop_realtime.testing import World
from goop_realtime.testing.extremes import EXTREMES
from tests.unit.test_line_fields import GROUP, example

MISSHAPEN = st.builds(
    lambda kind, field, extreme: (
        json.dumps({**example(kind), field: None})
        .replace("null", extreme, 1)
        .encode("utf-8", "surrogatepass")
    ),
    st.sampled_from(sorted(SHAPES)),
    st.sampled_from(["group", "id", "seq", "unknown"]),
    st.sampled_from(EXTREMES),
)


class Stream:
    """A stream whose other side sends one line."""

    peer_id = "mallory"

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.ended = ""

    def start(self, on_lines: Callable[[list[bytes]], None], on_end: object) -> None:
        self.on_lines = on_lines

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.ended = "closed"

    def reset(self) -> None:
        self.ended = "reset"


def begun(first: bytes) -> tuple[bool, Stream]:
    """Whether a stream with that first line is taken for a join, and the stream."""
    joined: list[Any] = []
    engine: Any = SimpleNamespace(
        joined=lambda *told: joined.append(told),
        note=lambda *told, **more: None,
        lines=lambda *told: True,
        link_ended=lambda *told: None,
    )
    nothing: Any = lambda: None  # noqa: E731
    steps = Steps(step=nothing, flush=nothing, look=nothing)
    streams = ChannelStreams(nothing, engine, Streams(steps), steps)
    stream: Any = Stream()
    streams.inbound(stream)
    stream.on_lines([first])
    return bool(joined), stream


@given(MISSHAPEN | st.binary(max_size=50) | st.just(b'{"type": "unknown"}'))
def test_whatever_comes_first_is_a_join_or_the_end(first: bytes) -> None:
    joined, stream = begun(first)
    answers = [parse(line) for line in stream.written]
    assert len(answers) + joined + (stream.ended == "reset") == 1
    for answer in answers:
        assert (answer.type, answer.code, stream.ended) == ("close", "bad_first_line", "closed")


@pytest.mark.parametrize("kind", SHAPES)
def test_a_line_of_the_protocol_is_answered_about_its_channel(kind: str) -> None:
    joined, stream = begun(json.dumps(example(kind)).encode())
    assert joined == (kind == "join")
    assert joined or [parse(line).group for line in stream.written] == [GROUP]


def _barred(channel: Any) -> None:
    channel.obstacle = obstacles.here(obstacles.FAILED, "tally", "bob")


def _ended(channel: Any) -> None:
    channel.phase = Phase.CLOSED


@pytest.mark.parametrize("happens", [_barred, _ended])
def test_a_stream_that_comes_too_late_is_not_waited_for(happens: Callable[[Any], None]) -> None:
    world = World(1)
    alice, bob = world.node("alice"), world.node("bob")
    name = alice.ask("bob", "tally")
    world.run(1_000)
    bob.accept(name)
    world.run(3_000)
    channel = bob.engine.core.channels[name]
    host = channel.members["alice"]
    bob.engine.link_ended(world.now, next(iter(bob.engine.core.links)), "reset")
    bob.engine.tick(host.retry_at)
    assert host.opening
    happens(channel)
    bob.engine.link_opened(world.now, name, 999)
    assert CloseLink(999, drain=False, channel=name) in bob.engine.core.out
    assert not host.opening
