# SPDX-License-Identifier: MIT
"""Who watches a context is told of each of its changes, in time, and nobody else of any."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from goop_node.types import Caller
from goop_realtime.machine.pages import Page
from goop_realtime.machine.rights import Rights
from goop_realtime.machine.watching import MAX_WATCHED, watch
from goop_realtime.model.effects import Changed, Effect, Frame, SaveEntry
from goop_realtime.testing import SimNode, World

STEPS = st.lists(
    st.sampled_from(("ask", "ask plain", "accept", "send", "back", "cut", "close", "wait")),
    min_size=3,
    max_size=25,
)
WATCHERS: dict[str, tuple[Caller, list[str]]] = {
    "home": (Caller(kind="home"), ["tally"]),
    "program": (Caller(kind="program"), ["other", "tally"]),
    "granted": (Caller(kind="template", name="granted"), ["tally"]),
    "barred": (Caller(kind="template", name="barred"), ["tally"]),
    "elsewhere": (Caller(kind="program"), ["other"]),
}
TOLD = {"home", "program", "granted"}
PLAYED = ["ask", "accept", "send", "back", "send", "cut", "send", "close"]
ADD = {"type": "add", "n": 1}


def watched(node: SimNode) -> list[list[Effect]]:
    """Let everybody of ``WATCHERS`` watch at that node; the batches that it will carry out."""
    batches: list[list[Effect]] = []
    carry_out = node.act

    def act(effects: list[Effect]) -> None:
        batches.append(effects)
        carry_out(effects)

    node.act = act  # type: ignore[method-assign]
    node.engine.core.rights = Rights({"granted": frozenset({"tally"}), "barred": frozenset()})
    for name, (caller, contexts) in WATCHERS.items():
        page = node.engine.attach(node.world.now, name, caller)
        node.engine.frame(
            node.world.now, page, {"type": "subscribe", "channels": [], "watch": contexts}
        )
    node.flush()
    return batches


def told(effects: list[Effect]) -> list[tuple[str, str]]:
    """Who is told of which context, in order."""
    frames = [effect for effect in effects if isinstance(effect, Frame)]
    bodies = [(frame.page, json.loads(frame.data)) for frame in frames]
    return [(page, body["context"]) for page, body in bodies if body["type"] == "changed"]


def is_change(node: SimNode, effect: Effect) -> bool:
    """Whether the effect says that a channel of the context began, grew, waits or ended."""
    if not isinstance(effect, (Changed, SaveEntry)):
        return False
    channel = node.engine.core.channels.get(effect.channel)
    return channel is not None and channel.context.type.name == "tally"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1000), STEPS)
@example(1, PLAYED)
def test_every_change_is_told_once_behind_it_to_those_who_may_know(
    seed: int, steps: list[str]
) -> None:
    world = World(seed)
    alice, bob = world.node("alice"), world.node("bob")
    a, b = alice.page("a"), bob.page("b")
    batches = watched(alice)
    channels: list[str] = []
    for n, step in enumerate(steps):
        newest = channels[-1] if channels else ""
        match step:
            case "ask" | "ask plain":
                channels.append(alice.ask("bob", "" if "plain" in step else f"tally_{n}"))
            case "accept" if newest:
                world.run(1_000)
                bob.accept(newest)
            case "send" if newest:
                a.send(newest, ADD)
            case "back" if newest:
                b.send(newest, ADD)
            case "cut":
                world.cut()
            case "close" if newest:
                alice.close(newest)
        world.run(1_000)
    if steps == PLAYED:
        assert len([one for effects in batches for one in effects if is_change(alice, one)]) > 5
    for effects in batches:
        changes = [index for index, one in enumerate(effects) if is_change(alice, one)]
        found = told(effects)
        assert sorted(found) == ([(name, "tally") for name in sorted(TOLD)] if changes else [])
        if changes:
            frames = [i for i, one in enumerate(effects) if isinstance(one, Frame)]
            first = next(i for i in frames if told([effects[i]]))
            assert first > max(changes)


def test_the_answer_says_what_is_watched_within_its_bound() -> None:
    world = World(1)
    alice = world.node("alice")
    batches = watched(alice)
    page = alice.engine.core.pages["home"]
    wanted: list[Any] = [f"c{n}" for n in range(100)]
    alice.engine.frame(world.now, page, {"type": "subscribe", "channels": [], "watch": wanted})
    alice.flush()
    frames = [json.loads(one.data) for one in batches[-1] if isinstance(one, Frame)]
    [answer] = [frame for frame in frames if frame["type"] == "subscribed"]
    assert answer["watch"] == sorted(wanted[:MAX_WATCHED])


@pytest.mark.parametrize(
    "wanted", [None, True, 7, "tally", {"tally": 1}, ["a", "", None, ["b"], 3, "x" * 130]]
)
def test_whatever_a_page_says_it_watches_is_taken_as_names_or_not_at_all(wanted: Any) -> None:
    page = Page("p", Caller(kind="program"))
    names = watch(page, wanted)
    assert names == sorted(page.watches)
    assert names == (["a"] if isinstance(wanted, list) else [])
