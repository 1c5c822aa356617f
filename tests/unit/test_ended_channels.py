# SPDX-License-Identifier: MIT
"""What a channel keeps that has ended: its request, how it ended, and its log; little besides."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable
from dataclasses import replace
from types import FunctionType, MethodType, ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goop_node.types import JsonValue
from goop_realtime.machine import tombstones
from goop_realtime.machine.channel import Channel
from goop_realtime.machine.tombstones import REST_MS
from goop_realtime.model.wire import Line, raw
from goop_realtime.testing import SimNode, World
from goop_realtime.testing.person import HOME
from goop_realtime.testing.tally import TALLY, TallySession
from goop_realtime.types import OpenRequest, Session, Snapshot

SMALL = 4_500
"""Bytes of an ended channel besides its request and its log."""


class Large(TallySession):
    """A Session that holds much."""

    def __init__(self) -> None:
        super().__init__()
        self.held = [str(number) for number in range(10_000)]


def _large(request: OpenRequest, snapshot: Snapshot | None) -> Session:
    return Large()


CONTEXT = replace(TALLY, params={}, open_session=_large)


def size(roots: Iterable[object], shared: Iterable[object] = ()) -> int:
    """Bytes of all that is reachable from ``roots``, and is not ``shared``, code or a type."""
    seen = {id(one) for one in shared}
    waiting, found = list(roots), 0
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, (type, ModuleType, FunctionType, MethodType)):
            continue
        seen.add(id(one))
        found += sys.getsizeof(one)
        waiting += gc.get_referents(one)
    return found


def kept_of(node: SimNode, channel: Channel) -> int:
    """Bytes of what only this channel keeps, besides what it was asked with."""
    core, asked = node.engine.core, channel.request
    shared = [core, channel.context, channel.session._slow]
    return size([channel], shared) - size([asked.params, asked.peers, asked.channel], shared)


def agreed(alice: SimNode, bob: SimNode, params: JsonValue) -> str:
    channel: str = alice.ask("bob", "tally", params=params)
    alice.world.run(500)
    bob.accept(channel)
    alice.world.run(1_000)
    return channel


def ended(how: str, alice: SimNode, bob: SimNode, params: JsonValue, count: int) -> str:
    """A channel of the two that has come to an end that way."""
    world = alice.world
    if how in ("withdrawn", "declined", "expired"):
        channel: str = alice.ask("bob", "tally", params=params)
        world.run(500)
        match how:
            case "withdrawn":
                alice.close(channel)
            case "declined":
                bob.decline(channel)
            case "expired":
                world.run(200_000)
        world.run(500)
        bob.engine.dismiss(world.now, channel, HOME)
        bob.flush()
        return channel
    channel = agreed(alice, bob, params)
    for number in range(count):
        alice.pages["a"].send(channel, {"type": "add", "n": 0, "pad": number})
        world.run(100)
    (alice if how == "closed by its host" else bob).close(channel)
    world.run(1_000)
    return channel


JSON = st.recursive(
    st.none() | st.integers(0, 9) | st.text("abc", max_size=4),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text("abc"), inner, max_size=5),
    max_leaves=40,
)
ENDS = ("withdrawn", "declined", "expired", "closed by its host", "closed by its guest")


@settings(max_examples=15)
@given(how=st.sampled_from(ENDS), params=JSON, count=st.integers(0, 20))
def test_an_ended_channel_is_small(how: str, params: JsonValue, count: int) -> None:
    world = World(1, [CONTEXT])
    alice, bob = world.node("alice"), world.node("bob")
    alice.page("a"), bob.page("b")
    name = ended(how, alice, bob, params, count)
    world.run(REST_MS + 61_000)
    for node in (alice, bob):
        channel = node.engine.core.channels[name]
        assert channel.final
        assert kept_of(node, channel) < SMALL + channel.log.weight
        assert not any(name in page.views for page in node.engine.core.pages.values())


def test_the_logs_that_ended_channels_keep_have_a_size_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(2, [CONTEXT])
    alice, bob = world.node("alice"), world.node("bob")
    alice.page("a"), bob.page("b")
    names = [ended("closed by its host", alice, bob, None, 6) for _ in range(6)]
    weight = alice.engine.core.channels[names[0]].log.weight
    monkeypatch.setattr(tombstones, "BYTES_PER_PEER", 3 * weight + weight // 2)
    names += [ended("closed by its host", alice, bob, None, 6)]
    for node in (alice, bob):
        # The newest may have ended with a link, and was not counted then.
        assert set(node.engine.core.channels) in (set(names[-3:]), set(names[-4:]))
        assert set(node.journal.load()) == set(node.engine.core.channels)


@pytest.mark.parametrize("context", ["", "tally"])
def test_a_state_to_start_from_that_nobody_reads_is_refused(context: str) -> None:
    world = World(3, [CONTEXT])
    alice, bob = world.node("alice"), world.node("bob")
    kind = alice.engine.core.context_of(context)
    assert kind is not None
    asked = {"timeout": 60_000, "context": context, "hash": kind.hash, "base": [[]] * 10_000}
    line = Line(type="invite", group=f"rt-{1:016x}", payload=raw(asked))
    alice.engine.control(world.now, bob.peer_id, line)
    alice.flush()
    assert not alice.engine.core.channels
