# SPDX-License-Identifier: MIT
"""Golden transcripts: two nodes' state machines play a file of ``docs/transcripts``.

A row is one step, ``at`` ms after the start. ``does`` is what happens to ``who`` from outside
(a person, a page, time, a failure); ``line``, ``opens`` and ``ends`` are what ``who`` then does
on the network, and what the other one meets next. Clock, ids and chance are fixed, so that a
row that a node would not produce, or one that it produces beyond the file, is a difference.

``python -m tests.unit.transcripts FILE…`` plays the ``does`` rows of the files and writes
what follows from them anew.
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from goop_realtime.contexts.registry import Registry, compile_context
from goop_realtime.engine.door import Engine
from goop_realtime.machine.core import Core
from goop_realtime.machine.restore import restore
from goop_realtime.machine.rights import HOME
from goop_realtime.model.effects import (
    RECORDS,
    CloseLink,
    OpenLink,
    Record,
    SendControl,
    SendLine,
    TrimLog,
)
from goop_realtime.model.limits import NodeLimits
from goop_realtime.model.wire import parse, serialise
from goop_realtime.storage.journal import Journal
from goop_realtime.storage.schema import MIGRATIONS
from goop_realtime.types import ContextType, Message, MessageType, NoRules, Refusal

Row = dict[str, Any]

START_MS = 1_700_000_000_000
NAMES = ("alice", "bob")


class Even(NoRules):
    """A rule for the refusals: numbers are even."""

    def check(self, message: Message) -> Refusal | None:
        """Refuse an odd ``n``."""
        assert isinstance(message.data, dict)
        if int(message.data["n"]) % 2:
            return Refusal(code="odd", reason="only even numbers", pointer="/n")
        return None


EVEN = ContextType(
    name="even",
    version="1.0",
    title="Even numbers",
    messages={"say": {"type": "object", "properties": {"n": {"type": "integer"}}}},
    open_session=lambda request, snapshot: Even(),
)


EVENS = {
    "1.0": EVEN,
    "2.0": replace(EVEN, version="2.0", messages={**EVEN.messages, "ask": {"type": "object"}}),
}
"""By version."""


POINTER = ContextType(
    name="pointer",
    version="1.0",
    title="Pointing",
    messages={
        "at": MessageType({"type": "object"}, delivery="latest", key="/of"),
        "here": MessageType({"type": "object"}, delivery="volatile"),
    },
)
"""Nothing of it is in a log."""


class Counted(random.Random):
    """Chance without chance: ids count up from the owner's letter, delays take their middle."""

    def __init__(self, name: str) -> None:
        super().__init__(0)
        self._next = int(name[0], 16) << 60

    def getrandbits(self, k: int) -> int:
        """The next id, in its upper digits the owner's letter."""
        self._next += 1
        return self._next & ((1 << k) - 1)

    def random(self) -> float:
        """Always in the middle."""
        return 0.5


class Node:
    """One side: an engine over a journal in memory, and what it wants to do on the network."""

    def __init__(self, name: str, now: int) -> None:
        self.name = name
        self.wants: deque[Row] = deque()
        self.held: list[Row] | None = None
        self.states: list[bytes] = []
        self._db = sqlite3.connect(":memory:")
        for script in MIGRATIONS:
            self._db.executescript(script)
        self.states.append(self._db.serialize())
        self._chance = Counted(name)
        self.start(now)

    def start(self, now: int, lost: int = 0, plugin: str | None = "1.0") -> None:
        """Start, or start again; a power cut took the last ``lost`` commits, or all of them.

        ``plugin`` is the version that it has of the context, or ``None`` for no plugin at all.
        """
        if lost:
            self._db.deserialize(self.states[max(0, len(self.states) - 1 - lost)])
        registry = Registry()
        if plugin is not None:
            for kind in (EVENS[plugin], POINTER):
                registry.add(compile_context("test", kind))
        journal = self._journal = Journal(self._db)
        core = Core(
            me=self.name,
            registry=registry,
            limits=NodeLimits(),
            random=self._chance,
            authorize=lambda request: None,
            is_discovered=lambda peer: True,
            label_of=lambda peer: peer.title(),
            now=now,
        )
        core.epoch = journal.next_epoch(now)
        restore(core, journal.load())
        self.engine = Engine(core)
        self.wants.clear()
        self.flush()

    def flush(self) -> None:
        """Commit what is to be kept, and queue what is to be done on the network."""
        self.engine.settle()
        effects = self.engine.take()
        records: list[Record] = [item for item in effects if isinstance(item, RECORDS)]
        if records:
            self._journal.commit(records)
            self.states.append(self._db.serialize())
        for item in effects:
            if isinstance(item, SendControl):
                line = json.loads(serialise(item.line))
                row = {"to": item.peer, "on": "invite", "line": line}
                (self.wants if self.held is None else self.held).append(row)
            elif isinstance(item, SendLine):
                self.wants.append({"on": item.link, "line": json.loads(item.data)})
            elif isinstance(item, OpenLink):
                self.wants.append({"to": item.peer, "opens": item.channel})
            elif isinstance(item, CloseLink):
                self.wants.append({"on": item.link, "ends": "close" if item.drain else "reset"})


class Play:
    """Two nodes, the streams between them, and the steps of a transcript."""

    def __init__(self) -> None:
        self.now = START_MS
        self.nodes = {name: Node(name, START_MS) for name in NAMES}
        self._streams = 0
        self._joined: set[int] = set()
        self._ended: set[int] = set()

    def act(self, row: Row) -> None:
        """Do to ``who`` what the row says, from outside."""
        self.now = START_MS + row["at"]
        node = self.nodes[row["who"]]
        engine, now = node.engine, self.now
        channel = row.get("channel", "")
        match row["does"]:
            case "open page":
                page = engine.attach(now, row["page"], HOME)
                engine.frame(
                    now,
                    page,
                    {"type": "subscribe", "page": row["page"], "ack": row.get("acks", True)},
                )
            case "close page":
                engine.detach(now, engine.core.pages[row["page"]])
            case "request":
                asked = engine.request(
                    now,
                    row["peer"],
                    row.get("context", ""),
                    row.get("params"),
                    row.get("timeout", 60_000),
                    new=row.get("new", False),
                    caller=HOME,
                    app=row.get("app", ""),
                )
                assert not isinstance(asked, Refusal), asked
            case "accept":
                assert not isinstance(engine.accept(now, channel, HOME), Refusal)
            case "decline":
                assert engine.decline(now, channel, HOME, row["reason"]) is None
            case "send":
                page = engine.core.pages[row["id"].rpartition("-")[0]]
                said = engine.send(now, channel, page, row["id"], row["data"])
                assert said == row["id"], said
            case "signal":
                page = next(iter(engine.core.pages.values()))
                body = {"type": "signal", "channel": channel, "data": row["data"]}
                engine.frame(now, page, body)
            case "handled":
                page = engine.core.pages[row["page"]]
                epoch, seq = row["position"]
                body = {"type": "ack", "channel": channel, "epoch": epoch, "seq": seq}
                engine.frame(now, page, {**body, "failed": row.get("failed")})
            case "close":
                assert engine.close(now, channel, HOME) is None
            case "wait":
                engine.tick(now)
            case "restart":
                node.start(now, row.get("lost", 0), row.get("plugin", "1.0"))
            case "forget":
                log = engine.core.channels[channel].log
                log.trim(row["upto"])
                engine.core.out.append(TrimLog(channel, *log.start, b"null"))
            case "hold":
                node.held = []
            case "release":
                node.wants.extend(node.held or ())
                node.held = None
            case "cut":
                self._end(row["on"], "lost", (node,) if row.get("alone") else self.nodes.values())
            case unknown:
                raise AssertionError(f"no such step: {unknown}")
        node.flush()

    def next_of(self, name: str) -> Row | None:
        """What that node does next on the network, as a row; it is done."""
        node, other = self.nodes[name], self.nodes[NAMES[name == NAMES[0]]]
        while node.wants:
            want = node.wants.popleft()
            if want.get("on") in self._ended:
                continue
            row = {"at": self.now - START_MS, "who": name, "to": other.name, **want}
            if "opens" in row:
                self._streams += 1
                row["on"] = self._streams
                node.engine.link_opened(self.now, row["opens"], self._streams)
                node.flush()
            elif "ends" in row:
                self._end(row["on"], "closed", self.nodes.values())
            elif row["on"] == "invite":
                other.engine.control(self.now, name, parse(json.dumps(row["line"]).encode()))
            else:
                self._deliver(other, name, row["on"], json.dumps(row["line"]).encode())
            other.flush()
            return row
        return None

    def _deliver(self, node: Node, sender: str, link: int, raw: bytes) -> None:
        if link not in self._joined:
            self._joined.add(link)
            node.engine.joined(self.now, link, sender, parse(raw))
        else:
            assert node.engine.lines(self.now, link, [raw])

    def _end(self, link: int, code: str, noticed_by: Iterable[Node]) -> None:
        self._ended.add(link)
        for node in noticed_by:
            node.engine.link_ended(self.now, link, code)
            node.flush()


def read(path: Path) -> list[Row]:
    """The rows of a transcript."""
    return [json.loads(text) for text in path.read_text(encoding="utf-8").splitlines()]


def replay(rows: Iterable[Row]) -> None:
    """Play the rows. Raises ``AssertionError`` at the first difference."""
    play = Play()
    for number, row in enumerate(rows, 1):
        if "does" in row:
            play.act(row)
        else:
            found = play.next_of(row["who"])
            assert found == row, f"row {number}: expected {row}, found {found}"
    left = {name: play.next_of(name) for name in NAMES}
    assert not any(left.values()), f"behind the last row: {left}"


def record(rows: Iterable[Row]) -> list[Row]:
    """Play the ``does`` rows; rows of one moment happen before anything of it arrives."""
    play = Play()
    steps = deque(row for row in rows if "does" in row)
    written: list[Row] = []
    while steps:
        at = steps[0]["at"]
        while steps and steps[0]["at"] == at:
            play.act(steps[0])
            written.append(steps.popleft())
        going = True
        while going:
            going = False
            for name in NAMES:
                if row := play.next_of(name):
                    written.append(row)
                    going = True
    return written


if __name__ == "__main__":
    for name in sys.argv[1:]:
        file = Path(name)
        text = "".join(json.dumps(row) + "\n" for row in record(read(file)))
        file.write_text(text, encoding="utf-8")
