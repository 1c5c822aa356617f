# SPDX-License-Identifier: MIT
"""What fails on one channel is that channel's trouble: the others lose nothing."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from goop_node.clock import now_ms
from goop_node.problems import Problem
from goop_realtime.contexts.registry import Registry
from goop_realtime.driver.bridge import Bridge
from goop_realtime.engine.door import Engine
from goop_realtime.machine import control, host_side, links, pages
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.core import Core
from goop_realtime.machine.link import Link
from goop_realtime.machine.rights import HOME
from goop_realtime.model.effects import Entry, SaveEntry
from goop_realtime.model.limits import NodeLimits
from goop_realtime.model.wire import SHAPES, Line, raw, serialise
from goop_realtime.storage.journal import Journal
from goop_realtime.storage.schema import MIGRATIONS
from goop_realtime.types import Refusal

Patch = pytest.MonkeyPatch


class Stream:
    """A stream that keeps what was written to it."""

    def __init__(self, peer: str) -> None:
        self.peer_id = peer
        self.lines: list[dict[str, Any]] = []
        self.ended = ""

    def start(self, on_lines: Callable[[list[bytes]], None], on_end: Callable[[str], None]) -> None:
        self.hear = on_lines

    def write(self, line: bytes) -> None:
        self.lines.append(json.loads(line))

    def reset(self) -> None:
        self.ended = "reset"

    def close(self) -> None:
        self.ended = self.ended or "closed"

    def says(self, *lines: Line | dict[str, Any]) -> None:
        self.hear([serialise(x) if isinstance(x, Line) else json.dumps(x).encode() for x in lines])


class House:
    """Alice's node with a page, and channels that she hosts, each with a peer of its own."""

    def __init__(self, journal: Journal | None = None) -> None:
        if journal is None:
            self.database = sqlite3.connect(":memory:", isolation_level=None)
            for script in MIGRATIONS:
                self.database.executescript(script)
            journal = Journal(self.database)
        self.journal = journal
        core = Core(
            me="alice",
            registry=Registry(),
            limits=NodeLimits(),
            random=random.Random(1),
            authorize=lambda request: None,
            is_discovered=lambda peer: True,
            label_of=lambda peer: peer,
            now=now_ms(),
            epoch=now_ms(),
        )
        self.told: list[tuple[str, dict[str, Any]]] = []

        async def open_stream(peer: str, protocols: Any, **how: Any) -> Any:
            stream = Stream(peer)
            stream.write = lambda line: self.told.append((peer, json.loads(line)))  # type: ignore[method-assign]
            stream.protocol = protocols[0]  # type: ignore[attr-defined]
            return stream

        self.faults: list[str] = []

        def failed(plugin: str, error: BaseException, *, doing: str, about: str) -> None:
            self.faults.append(f"{plugin}: {doing}: {error!r}, {about}")

        node: Any = SimpleNamespace(
            failed=failed,
            network=SimpleNamespace(open_stream=open_stream),
            peers=SimpleNamespace(is_discovered=lambda peer: True),
            peer_id="alice",
        )
        self.bridge = Bridge(node, Engine(core), journal)
        self.core = core
        self.frames: list[dict[str, Any]] = []
        self.cut: list[str] = []
        self.page = self.bridge.engine.attach(now_ms(), "p", HOME)
        self.bridge.sinks["p"] = lambda data, newest: self.frames.append(json.loads(data))
        self.bridge.cuts["p"] = lambda: self.cut.append("p")
        self.bridge.engine.frame(
            now_ms(), self.page, {"type": "subscribe", "page": "p", "ack": True}
        )

    def channel(self, peer: str) -> tuple[Channel, Stream]:
        """An open channel with that peer, who has joined on that stream."""
        asked = self.bridge.engine.request(now_ms(), peer, "", None, 60_000, new=False, caller=HOME)
        assert not isinstance(asked, Refusal)
        channel = self.core.channels[asked.id]
        stream = Stream(peer)
        self.bridge.inbound("/goop-node/group/1.1.0", stream)  # type: ignore[arg-type]
        stream.says(Line(type="join", group=channel.id, payload=raw({"have": None})))
        self.bridge.flush()
        assert channel.phase is Phase.OPEN
        return channel, stream

    def stored(self, channel: Channel) -> list[str]:
        """The ids that the journal has of it."""
        rows = self.database.execute(
            "SELECT id FROM entries WHERE channel = ? ORDER BY seq", (channel.id,)
        )
        return [row[0] for row in rows]


@pytest.fixture
async def house() -> Any:
    found = House()
    yield found
    await found.bridge.close()
    found.journal.close()


def message(channel: Channel, n: int, **more: Any) -> dict[str, Any]:
    return {"type": "msg", "group": channel.id, "id": f"m-{n}", "payload": n, "at": 1, **more}


HUGE: list[dict[str, Any]] = [{"at": 2**63}, {"epoch": 2**64}, {"seq": 10**30}, {"at": -1}]


@pytest.mark.parametrize("field", HUGE, ids=str)
async def test_one_huge_integer_costs_its_sender_its_stream_and_nobody_anything(
    house: House, field: dict[str, Any]
) -> None:
    good, bob = house.channel("bob")
    bad, mallory = house.channel("mallory")
    bob.says(message(good, 1))
    mallory.says(message(bad, 1, **field))
    bob.says(message(good, 2))
    house.bridge.flush()
    assert mallory.ended == "reset"
    assert [line["id"] for line in bob.lines if line["type"] == "confirm"] == ["m-1", "m-2"]
    assert house.stored(good) == ["m-1", "m-2"]


POISON: list[Any] = [2**63, -(2**64), object(), 1.5j, "\ud800"]


@pytest.mark.parametrize("poison", POISON, ids=lambda value: type(value).__name__)
async def test_a_record_that_cannot_be_stored_takes_its_channel_and_no_other(
    house: House, poison: Any, monkeypatch: Patch
) -> None:
    good, bob = house.channel("bob")
    bad, mallory = house.channel("mallory")
    before = len(house.frames)

    place = host_side.place

    def poisoned(core: Core, channel: Channel, entry: Entry, said: Any) -> bool:
        done = place(core, channel, entry, said)
        if channel.id == bad.id:
            saved = core.out.index(SaveEntry(channel.id, entry))
            ruined = Entry(entry.epoch, entry.seq, entry.id, entry.author, poison, "msg", b"1")
            core.out[saved] = SaveEntry(channel.id, ruined)
        return done

    monkeypatch.setattr(host_side, "place", poisoned)
    for n in range(1, 4):
        bob.says(message(good, n))
        mallory.says(message(bad, n))
    house.bridge.flush()
    assert house.stored(good) == ["m-1", "m-2", "m-3"]
    assert house.stored(bad) == []
    assert [line["id"] for line in bob.lines if line["type"] == "confirm"] == ["m-1", "m-2", "m-3"]
    assert not [line for line in mallory.lines if line["type"] == "confirm"]
    assert bob.ended == ""
    assert house.cut == []
    told = [frame["channel"] for frame in house.frames[before:] if frame["type"] == "message"]
    assert told == [good.id] * 3
    assert good.phase is Phase.OPEN
    ended = house.core.channels[bad.id]
    assert (ended.phase, ended.close_code) == (Phase.CLOSED, "failed")
    [final] = [f for f in house.frames[before:] if f["type"] == "state" and f["channel"] == bad.id]
    assert final["final"]
    assert [bad.id in fault for fault in house.faults] == [True]
    assert any(row["code"] == "failed" for row in house.core.trace.rows(bad.id))


FAILING: list[tuple[Any, str]] = [
    (host_side, "_judge_new"),
    (host_side, "place"),
    (links, "_ping"),
    (links, "_page"),
    (pages, "tell_entries"),
]


@contextmanager
def failing(module: Any, name: str, bad: str, patch: Patch) -> Iterator[None]:
    """That function raises for the channel ``bad``."""
    real = getattr(module, name)

    def broken(core: Core, what: Channel | Link, *rest: Any) -> Any:
        if (what.channel if isinstance(what, Link) else what).id == bad:
            raise ZeroDivisionError("planted")
        return real(core, what, *rest)

    with patch.context() as inner:
        inner.setattr(module, name, broken)
        for table in (links._COMMON, links._HOST_LINES):
            for kind, handler in table.items():
                if handler is real:
                    inner.setitem(table, kind, broken)
        yield


@pytest.mark.parametrize(("module", "name"), FAILING, ids=lambda value: str(value)[:20])
async def test_an_exception_in_a_step_takes_its_channel_and_no_other(
    house: House, module: Any, name: str, monkeypatch: Patch
) -> None:
    good, bob = house.channel("bob")
    bad, mallory = house.channel("mallory")
    with failing(module, name, bad.id, monkeypatch):
        for n in range(1, 4):
            bob.says(message(good, n), Line(type="ping", group=good.id))
            for line in (message(bad, n), Line(type="ping", group=bad.id)):
                mallory.says(line)
            mallory.says(Line(type="page", group=bad.id, stage="open"))
        house.bridge.flush()
    assert house.stored(good) == ["m-1", "m-2", "m-3"]
    assert [line["id"] for line in bob.lines if line["type"] == "confirm"] == ["m-1", "m-2", "m-3"]
    assert [line["type"] for line in bob.lines].count("pong") == 3
    assert good.phase is Phase.OPEN
    ended = house.core.channels[bad.id]
    assert (ended.phase, ended.close_code) == (Phase.CLOSED, "failed")
    assert house.stored(bad) == []
    assert mallory.ended


async def test_a_stranger_whose_line_fails_here_does_not_end_the_channel_it_names(
    house: House, monkeypatch: Patch
) -> None:
    good, bob = house.channel("bob")

    def broken(core: Core, peer: str, line: Line) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setitem(control._HANDLERS, "close", broken)
    house.bridge.engine.control(now_ms(), "mallory", Line(type="close", group=good.id))
    bob.says(message(good, 1))
    house.bridge.flush()
    assert good.phase is Phase.OPEN
    assert house.stored(good) == ["m-1"]


async def test_who_asked_for_what_failed_is_told(house: House, monkeypatch: Patch) -> None:
    good, _ = house.channel("bob")
    bad, _ = house.channel("mallory")

    def broken(*args: Any) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(host_side, "place", broken)
    refusal = house.bridge.engine.send(now_ms(), bad.id, house.page, "p-1", 1)
    assert getattr(refusal, "code", "") == "internal_error"
    with pytest.raises(Problem, match="nothing of it was done"):
        await house.bridge.stored(bad.id)
    await house.bridge.stored(good.id)
    assert good.phase is Phase.OPEN


@pytest.mark.parametrize("kind", sorted(links._HOST_LINES))
async def test_whatever_a_line_brings_out_stays_with_its_channel(
    house: House, kind: str, monkeypatch: Patch
) -> None:
    good, bob = house.channel("bob")
    bad, mallory = house.channel("mallory")
    real = links._HOST_LINES[kind]

    def broken(core: Core, link: Link, line: Line) -> None:
        if link.channel is bad:
            raise ZeroDivisionError("planted")
        real(core, link, line)

    monkeypatch.setitem(links._HOST_LINES, kind, broken)
    line: dict[str, Any] = {
        "type": kind,
        "group": bad.id,
        "id": "m-1",
        "code": "some",
        "epoch": 1,
        "seq": 1,
        "payload": None,
    }
    if SHAPES[kind].stages:
        line["stage"] = SHAPES[kind].stages[0]
    bob.says(message(good, 1))
    mallory.says(line)
    bob.says(message(good, 2))
    house.bridge.flush()
    assert house.stored(good) == ["m-1", "m-2"]
    assert (good.phase, bob.ended) == (Phase.OPEN, "")
    assert house.core.channels[bad.id].close_code == "failed"
