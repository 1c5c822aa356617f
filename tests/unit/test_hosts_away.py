# SPDX-License-Identifier: MIT
"""Channels whose host is away: how long a close waits for it, and how often it is tried."""

from __future__ import annotations

import pytest

from goop_realtime.machine import joining, links
from goop_realtime.machine.channel import Channel
from goop_realtime.model.effects import OpenLink
from goop_realtime.testing import SimNode, World


class Away:
    """Alice hosts some channels, of which Bob is the guest; then she is gone."""

    def __init__(self, count: int = 1) -> None:
        self.world = World(7)
        self.alice, self.bob = self.world.node("alice"), self.world.node("bob")
        self.page = self.bob.page("b")
        self.alice.page("a")
        self.ids = [self._agreed() for _ in range(count)]
        self.alice.crash()
        self.world.run(10_000)

    def _agreed(self) -> str:
        channel_id = self.alice.ask("bob")
        self.world.run(500)
        self.bob.accept(channel_id)
        self.world.run(500)
        return channel_id

    def channel(self, node: SimNode) -> Channel:
        """The first of them, from inside."""
        return node.engine.core.channels[self.ids[0]]

    def tries(self, duration: int) -> int:
        """How often Bob tries to reach her in so many ms."""
        count, attempt = 0, self.bob.open_stream

        def counted(effect: OpenLink) -> None:
            nonlocal count
            count += 1
            attempt(effect)

        self.bob.open_stream = counted  # type: ignore[method-assign]
        self.world.run(duration)
        self.bob.open_stream = attempt  # type: ignore[method-assign]
        return count


def test_a_close_does_not_wait_for_a_host_that_is_away_for_long() -> None:
    away = Away()
    away.bob.close(away.ids[0])
    assert not away.channel(away.bob).final
    away.world.run(links.CLOSE_MS)
    assert away.channel(away.bob).final
    assert away.tries(60_000) == 0
    away.alice.start()
    away.world.run(20_000)
    assert away.channel(away.alice).close_code == "closed"


def test_a_close_waits_with_what_was_said_before_it() -> None:
    away = Away()
    said = away.page.send(away.ids[0], "the last word")
    away.bob.close(away.ids[0])
    away.world.run(10 * links.CLOSE_MS)
    assert not away.channel(away.bob).final
    away.alice.start()
    away.world.run(20_000)
    for node in (away.alice, away.bob):
        assert away.channel(node).closed_by_log
        assert said in [entry.id for entry in away.channel(node).log.after(0)]


def test_many_hosts_that_are_away_are_tried_as_often_as_few(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(joining, "RETRY_APART_MS", 1000)
    few, many = (Away(count).tries(600_000) for count in (10, 40))
    assert many < 1.5 * few
