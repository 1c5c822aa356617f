# SPDX-License-Identifier: MIT
"""What a context's plugin is told at a start: everything that the logs hold, with the Session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from goop_realtime.testing import World
from goop_realtime.testing.node import SimNode
from goop_realtime.testing.tally import TALLY, TallySession
from goop_realtime.types import Applied


class Told:
    """Notes what ``on_commit`` is told: the numbers of the entries, and the Session's state."""

    def __init__(self) -> None:
        self.rows: list[tuple[list[int], Any]] = []

    def __call__(self, session: TallySession, entries: Sequence[Applied]) -> None:
        self.rows.append(([entry.message.data["n"] for entry in entries], session.snapshot()))


def replayed(node: SimNode) -> None:
    assert node.engine.replay(node.world.now) == []


@pytest.mark.parametrize("ended", [False, True])
def test_a_start_tells_a_plugin_again_with_the_session_behind_the_entries(ended: bool) -> None:
    told = Told()
    world = World(1, [replace(TALLY, on_commit=told)])
    alice, bob = world.node("alice"), world.node("bob")
    page, _ = alice.page("a"), bob.page("b")
    channel = alice.ask("bob", "tally")
    world.run(1_000)
    bob.accept(channel)
    world.run(5_000)
    page.send(channel, {"type": "add", "n": 1})
    page.send(channel, {"type": "add", "n": 2})
    world.run(5_000)
    state = alice.engine.core.channels[channel].session.snapshot()
    if ended:
        alice.close(channel)
        world.run(5_000)
    for node in (alice, bob):
        assert node.engine.core.channels[channel].final is ended
        node.crash()
        node.start()
        replayed(node)
    assert told.rows == [([1, 2], state), ([1, 2], state)]
