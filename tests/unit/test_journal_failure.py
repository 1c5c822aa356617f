# SPDX-License-Identifier: MIT
"""A disk that takes nothing: the step does not happen, and the node goes on from what it has."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from goop_node.clock import now_ms
from goop_node.problems import Problem
from goop_realtime.contexts.registry import Registry
from goop_realtime.driver.bridge import Bridge
from goop_realtime.engine.door import Engine
from goop_realtime.machine.core import Core
from goop_realtime.machine.reading import ChannelView
from goop_realtime.machine.rights import HOME
from goop_realtime.model.limits import NodeLimits
from goop_realtime.storage.journal import Journal
from goop_realtime.storage.schema import MIGRATIONS
from tests.unit.full_disk import full_journal


def bridge_over(journal: Journal) -> Bridge:
    """A bridge without a network."""
    core = Core(
        me="alice",
        registry=Registry(),
        limits=NodeLimits(),
        random=random.Random(1),
        authorize=lambda request: None,
        is_discovered=lambda peer: True,
        label_of=lambda peer: peer,
        now=now_ms(),
        epoch=1,
    )

    async def open_stream(peer: str, protocols: Sequence[str], **how: Any) -> Any:
        raise AssertionError("nothing is sent of a step that failed")

    node: Any = SimpleNamespace(
        network=SimpleNamespace(open_stream=open_stream),
        peers=SimpleNamespace(is_discovered=lambda peer: True),
        peer_id="alice",
    )
    return Bridge(node, Engine(core), journal)


async def test_what_the_disk_did_not_take_did_not_happen() -> None:
    database = sqlite3.connect(":memory:")
    for script in MIGRATIONS:
        database.executescript(script)
    journal = Journal(database)
    bridge = bridge_over(journal)
    frames: list[bytes] = []
    cut: list[str] = []
    page = bridge.engine.attach(now_ms(), "p", HOME)
    bridge.sinks["p"] = lambda data, newest: frames.append(data)
    bridge.cuts["p"] = lambda: cut.append("p")
    bridge.engine.frame(now_ms(), page, {"type": "subscribe", "page": "p", "ack": True})
    bridge.flush()
    told = len(frames)

    with full_journal(journal):
        asked = bridge.engine.request(now_ms(), "bob", "", None, 60_000, new=False, caller=HOME)
        assert isinstance(asked, ChannelView)
        with pytest.raises(Problem) as caught:
            await bridge.stored()
    assert caught.value.code == "storage_failed"
    assert (cut, len(frames)) == (["p"], told)
    assert bridge.engine.core.channels == {}
    assert bridge.engine.core.pages == {}

    bridge.engine.attach(now_ms(), "p", HOME)
    bridge.flush()
    await bridge.close()
    database.close()


async def test_a_disk_that_stays_full_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    database = sqlite3.connect(":memory:")
    for script in MIGRATIONS:
        database.executescript(script)
    journal = Journal(database)
    bridge = bridge_over(journal)
    with full_journal(journal):
        for _ in range(50):
            bridge.engine.request(now_ms(), "bob", "", None, 60_000, new=True, caller=HOME)
            with pytest.raises(Problem):
                await bridge.stored()
    told = [one for one in caplog.records if "cannot be written" in one.getMessage()]
    assert len(told) == 1
    await bridge.close()
    database.close()
