# SPDX-License-Identifier: MIT
"""What the log has for a page comes before the news that the channel has ended."""

from __future__ import annotations

from typing import Any

import pytest

from goop_realtime.machine import pages
from goop_realtime.testing import SimNode, SimPage, World


class Told(SimPage):
    """A page that notes what it is told of messages and of the state."""

    def __init__(self, node: SimNode, name: str, *, acks: bool) -> None:
        super().__init__(node, name, acks=acks)
        self.told: list[Any] = []

    def take(self, body: dict[str, Any]) -> None:
        if body["type"] == "message":
            self.told.append(body["data"])
        elif body["type"] == "state":
            self.told.append("over" if body["final"] else body["state"])
        super().take(body)


def run(world: World, *, acks: bool, away: bool) -> Told:
    """Alice sends three messages and closes; Bob's page hears of it, or is away just then."""
    alice, bob = world.node("alice"), world.node("bob")
    a = alice.page("a")
    b = bob.pages["b"] = Told(bob, "b", acks=acks)
    b.attach()
    channel = alice.ask("bob")
    assert world.run(10_000, lambda: bool(b.incoming))
    bob.accept(channel)
    assert world.run(10_000, lambda: "connected" in b.told)
    if away:
        a.send(channel, 0)
        assert world.run(10_000, lambda: 0 in b.told)
        b.cut()
    for number in (1, 2, 3):
        a.send(channel, number)
    alice.close(channel)
    assert world.run(10_000, lambda: bob.engine.core.channels[channel].final)
    assert world.run(60_000, lambda: "over" in b.told), b.told
    return b


@pytest.mark.parametrize("acks", [True, False])
@pytest.mark.parametrize("away", [True, False])
@pytest.mark.parametrize("window", [1, pages.PAGE_WINDOW])
def test_messages_before_the_end(
    monkeypatch: pytest.MonkeyPatch, *, acks: bool, away: bool, window: int
) -> None:
    monkeypatch.setattr(pages, "PAGE_WINDOW", window)
    told = run(World(1), acks=acks, away=away).told
    assert [one for one in told if isinstance(one, int)] == [0, 1, 2, 3][not away :]
    assert told.index("over") == len(told) - 1
