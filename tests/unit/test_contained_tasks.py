# SPDX-License-Identifier: MIT
"""A task that fails ends itself, and is told once a minute for each peer."""

from __future__ import annotations

import logging

import pytest
import trio
import trio.testing
from libp2p.tools.anyio_service import Service

from goop_node.p2p.containment import MAX_TOLD, QUIET_SECONDS, Complaints, contained, serving


class Fails(Service):
    """A service with a task that fails, and one that always does."""

    def __init__(self) -> None:
        self.beats = 0
        self.done = trio.Event()

    async def run(self) -> None:
        self.manager.run_task(self.stumble)
        self.manager.run_daemon_task(self.beat)
        await self.manager.wait_finished()

    async def stumble(self) -> None:
        raise ZeroDivisionError

    async def beat(self) -> None:
        self.beats += 1
        if self.beats == 3:
            self.done.set()
        raise KeyError("a beat")


def test_a_service_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    # Of all that fails in a minute for nobody in particular, only the first is a warning.
    caplog.set_level(logging.DEBUG, "goop_node.p2p.containment")

    async def run() -> None:
        service = Fails()
        async with serving(service):
            await service.done.wait()

    trio.run(run, clock=trio.testing.MockClock(autojump_threshold=0))
    assert "stumble failed" in caplog.text
    assert not [one for one in caplog.records if one.levelno > logging.DEBUG and one.exc_info]


def test_what_fails_while_it_is_cancelled(caplog: pytest.LogCaptureFixture) -> None:
    """The failure stays there, and the cancellation does not."""
    caplog.set_level(logging.WARNING)
    ended = False

    async def stubborn() -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise ValueError("on the way out")

    async def both() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stubborn)
            nursery.start_soon(trio.sleep_forever)

    async def run() -> None:
        nonlocal ended
        async with trio.open_nursery() as nursery:
            nursery.start_soon(contained, "a test", "its own peer", both)
            await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
        ended = True

    trio.run(run)
    assert ended
    assert "on the way out" in caplog.text


def test_strangers_do_not_fill_the_log() -> None:
    complaints = Complaints()
    assert [complaints.tells("a", 0.0) for _ in range(3)] == [True, False, False]
    told = [complaints.tells(f"peer {n}", 1.0) for n in range(1000)]
    assert sum(told) == MAX_TOLD - 1
    assert complaints.tells("a", 1.0 + QUIET_SECONDS)
