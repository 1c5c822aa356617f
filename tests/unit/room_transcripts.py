# SPDX-License-Identifier: MIT
"""Golden transcripts of rooms: nodes play files of ``docs/transcripts/rooms``; see ``transcripts``.

A row is one step. ``does`` is what happens to ``who`` from outside; ``line`` and ``ends`` are what
``who`` then does, ``on`` the stream between two nodes for finding rooms (``find``) or a room's,
which it ``opens``. A node's key is the Ed25519 key whose seed is 32 times its name's first letter.

``python -m tests.unit.room_transcripts FILE…`` plays the ``does`` rows of the files and writes
what follows from them anew.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey

from goop_realtime.contexts.registry import Registry, compile_context
from goop_realtime.driver.introductions import Introductions
from goop_realtime.engine.door import Engine
from goop_realtime.engine.effects import RECORD_KINDS
from goop_realtime.machine.rights import HOME
from goop_realtime.machine.surroundings import Surroundings
from goop_realtime.model.effects import CloseLink, SendLine
from goop_realtime.model.jsonio import encode
from goop_realtime.model.limits import NodeLimits
from goop_realtime.rooms import folding
from goop_realtime.rooms.door import JoinOptions
from goop_realtime.rooms.log import Base
from goop_realtime.rooms.records import OpenRoomLink, SendFind, SetBase
from goop_realtime.storage.journal import Journal
from goop_realtime.storage.schema import MIGRATIONS
from goop_realtime.types import ContextType, Message, MessageType, NoRules, Refusal
from tests.unit.transcripts import START_MS, Counted, Row, read

NAMES = ("alice", "bob", "carol", "dave")
WHERE = "/ip4/192.0.2.7/tcp/4001"
"""Where everybody is."""
KEYS = {name: SigningKey(name[0].encode() * 32) for name in NAMES}


class Sum(NoRules):
    """The state is a sum; numbers are even."""

    def __init__(self, total: int) -> None:
        self.total = total

    def check(self, message: Any) -> Refusal | None:
        """Refuse an odd ``n``."""
        if isinstance(message, Message) and message.fields["n"] % 2:
            return Refusal(code="odd", reason="only even numbers", pointer="/n")
        return None

    def apply(self, message: Any) -> None:
        """Add ``n``."""
        if isinstance(message, Message):
            self.total += message.fields["n"]

    def check_latest(self, message: Any, previous: Any) -> Refusal | None:
        """Values grow; where there is no host nobody says so."""
        if previous is None or message.fields["n"] >= previous.fields["n"] or not message.host:
            return None
        return Refusal(code="shrinks", reason="what was told was more", pointer="/n")

    def snapshot(self) -> int:
        """The sum."""
        return self.total


NUMBER = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
SUM = ContextType(
    name="sum",
    version="1.0",
    title="Sums",
    messages={
        "add": NUMBER,
        "at": MessageType(NUMBER, delivery="latest"),
        "ping": MessageType(NUMBER, delivery="volatile"),
    },
    open_session=lambda request, snapshot: Sum(0 if snapshot is None else int(str(snapshot.state))),
    max_peers=4,
)


def verify(peer: str, data: bytes, signature: bytes) -> bool:
    """Whether that node has signed the data."""
    try:
        KEYS[peer].verify_key.verify(data, signature)
    except (KeyError, ValueError, BadSignatureError):
        return False
    return True


class Loop:
    """What stands for asyncio's loop: nothing is due by itself."""

    def time(self) -> float:
        """It stands still."""
        return 0.0

    def call_later(self, delay: float, work: Callable[[], None]) -> Any:
        """It happens when the transcript says so."""
        self.due = work


def spawn(work: Coroutine[Any, Any, None]) -> None:
    """Nobody is dialled."""
    work.close()


class Node:
    """One node: an engine over a journal in memory, and what it wants to do on the network."""

    def __init__(self, name: str, now: int) -> None:
        self.name = name
        self.wants: deque[Row] = deque()
        database = sqlite3.connect(":memory:")
        for script in MIGRATIONS:
            database.executescript(script)
        self._journal = Journal(database)
        self._chance = Counted(name)
        self.start(now)

    def start(self, now: int) -> None:
        """Start, or start again."""
        registry = Registry()
        registry.add(compile_context("test", SUM))
        surroundings = Surroundings(
            me=self.name,
            registry=registry,
            limits=NodeLimits(),
            random=self._chance,
            authorize=lambda request: None,
            is_discovered=lambda peer: True,
            label_of=lambda peer: peer.title(),
            sign=lambda data: bytes(KEYS[self.name].sign(data).signature),
            verify=verify,
        )
        epoch = self._journal.next_epoch(now)
        self.engine = Engine.start(surroundings, now, self._journal.load(), epoch=epoch)
        self.loop = Loop()
        peers = {name: SimpleNamespace(online=True, addrs=[WHERE]) for name in NAMES}
        with mock.patch.object(asyncio, "get_running_loop", return_value=self.loop):
            home: Any = SimpleNamespace(peers=peers)
            self.introductions = Introductions(home, self.engine, self._find, spawn)
        self.wants.clear()
        self.flush()

    def _find(self, peer: str, line: bytes) -> None:
        self.wants.append({"to": peer, "on": "find", "line": json.loads(line)})

    def flush(self) -> None:
        """Commit what is to be kept, and queue what is to be done on the network."""
        self.engine.settle()
        effects = self.engine.take()
        assert not self.engine.failures()
        assert not self._journal.commit([one for one in effects if type(one) in RECORD_KINDS])  # type: ignore[misc]
        for item in effects:
            if isinstance(item, SendFind):
                self._find(item.peer, item.data)
            elif isinstance(item, SendLine):
                self.wants.append({"on": item.link, "line": json.loads(item.data)})
            elif isinstance(item, OpenRoomLink):
                self.wants.append({"to": item.peer, "opens": item.channel})
            elif isinstance(item, CloseLink):
                self.wants.append({"on": item.link, "ends": "close" if item.drain else "reset"})


class Play:
    """Nodes, the streams between them, and the steps of a transcript."""

    def __init__(self) -> None:
        self.now = START_MS
        self.nodes = {name: Node(name, START_MS) for name in NAMES}
        self._met: set[frozenset[str]] = set()
        self._streams: list[tuple[str, str]] = []
        """The two ends of each, its opener first."""
        self._joined: set[int] = set()
        self._ended: set[int] = set()

    def act(self, row: Row) -> None:
        """Do to ``who`` what the row says, from outside."""
        self.now = now = START_MS + row["at"]
        node = self.nodes[row["who"]]
        engine, rooms, channel = node.engine, node.engine.rooms, row.get("channel", "")
        match row["does"]:
            case "meet":
                self._meet(row["who"], row["peer"])
            case "part":
                self._part(row["who"], row["peer"])
            case "open page":
                page = engine.attach(now, row["page"], HOME)
                engine.frame(now, page, {"type": "subscribe", "channels": [], "ack": True})
            case "join":
                options = JoinOptions(**row.get("options", {}))
                page = engine.core.pages[row["page"]]
                joined = rooms.join(now, row["room"], options, HOME, page)
                assert not isinstance(joined, Refusal), joined
            case "leave":
                assert rooms.leave(now, channel, HOME) is None
            case "send":
                page = engine.core.pages[row["page"]]
                sent = rooms.send(
                    now, channel, page, row.get("id"), row["data"], row.get("peer", "")
                )
                assert isinstance(sent, str), sent
            case "handled":
                page = engine.core.pages[row["page"]]
                number, host, seq = row["position"]
                place = {"epoch": number, "host": host, "seq": seq}
                engine.frame(now, page, {"type": "ack", "channel": channel, **place})
            case "wait":
                engine.tick(now)
            case "restart":
                for link, ends in enumerate(self._streams, 1):
                    if node.name in ends and link not in self._ended:
                        self._end(link, "reset", set(ends) - {node.name})
                node.start(now)
                for peer in NAMES:
                    if frozenset((node.name, peer)) in self._met:
                        node.engine.rooms.peer_back(now, peer)
            case "list":
                assert not isinstance(rooms.nearby(now, HOME, row["context"]), Refusal)
            case "drift":
                session: Any = rooms._sh.rooms[channel].session
                session._session.total += 2
            case "miss":
                node.loop.due()
            case "forget":
                self._forget(node, channel)
            case unknown:
                raise AssertionError(f"no such step: {unknown}")
        node.flush()
        self._lose()

    def _meet(self, one: str, other: str) -> None:
        self._met.add(frozenset((one, other)))
        for name, peer in ((one, other), (other, one)):
            self.nodes[name].engine.rooms.peer_back(self.now, peer)
            self.nodes[name].flush()

    def _part(self, one: str, other: str) -> None:
        self._met.discard(frozenset((one, other)))
        for link, ends in enumerate(self._streams, 1):
            if set(ends) == {one, other} and link not in self._ended:
                self._end(link, "lost", ends)
        self.nodes[one].engine.rooms.peer_gone(self.now, other)
        self.nodes[other].engine.rooms.peer_gone(self.now, one)
        self.nodes[other].flush()

    def _forget(self, node: Node, handle: str) -> None:
        """Its log begins behind its last entry, as if it were a long one that was trimmed."""
        sh = node.engine.rooms._sh
        base = folding.base_of(sh, sh.rooms[handle])
        assert isinstance(base, Base)
        sh.rooms[handle].log.trim(base)
        sh.out.append(SetBase(handle, base))

    def next_of(self, name: str) -> Row | None:
        """What that node does next on the network, as a row; it is done."""
        node = self.nodes[name]
        while node.wants:
            want = node.wants.popleft()
            if want.get("on") in self._ended:
                continue
            row = {
                "at": self.now - START_MS,
                "who": name,
                "to": self._other_end(name, want),
                **want,
            }
            self._do(node, self.nodes[row["to"]], row)
            return row
        return None

    def _other_end(self, name: str, want: Row) -> str:
        if "to" in want:
            return str(want["to"])
        return next(end for end in self._streams[want["on"] - 1] if end != name)

    def _do(self, node: Node, other: Node, row: Row) -> None:
        rooms = other.engine.rooms
        raw = encode(row.get("line"))  # as it was written: what is signed are its bytes
        if "opens" in row:
            self._streams.append((node.name, other.name))
            row["on"] = len(self._streams)
            node.engine.rooms.linked(self.now, row["opens"], other.name, row["on"])
            node.flush()
        elif "ends" in row:
            self._end(row["on"], "closed", {node.name, other.name})
        elif row["on"] == "find":
            taken = other.introductions.takes(node.name, raw)
            assert taken or rooms.found(self.now, node.name, raw)
        elif row["on"] in self._joined:
            assert rooms.lines(self.now, row["on"], [raw])
        else:
            self._joined.add(row["on"])
            assert rooms.joined(self.now, row["on"], node.name, raw)
        other.flush()
        self._lose()

    def _lose(self) -> None:
        """What cannot leave is lost at once."""
        for name, node in self.nodes.items():
            gone = [one for one in node.wants if self._is_apart(name, one)]
            node.wants = deque(one for one in node.wants if one not in gone)
            for one in gone:
                if "opens" in one:
                    rooms = node.engine.rooms
                    rooms.link_failed(self.now, one["opens"], one["to"], "unreachable")
                    node.flush()

    def _is_apart(self, name: str, want: Row) -> bool:
        return frozenset((name, self._other_end(name, want))) not in self._met

    def _end(self, link: int, code: str, noticed_by: Iterable[str]) -> None:
        self._ended.add(link)
        for name in sorted(noticed_by):
            self.nodes[name].engine.rooms.link_ended(self.now, link, code)
            self.nodes[name].flush()


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
        while any(said := [row for name in NAMES if (row := play.next_of(name))]):
            written += said
    return written


if __name__ == "__main__":
    for name in sys.argv[1:]:
        file = Path(name)
        text = "".join(json.dumps(row) + "\n" for row in record(read(file)))
        file.write_text(text, encoding="utf-8")
