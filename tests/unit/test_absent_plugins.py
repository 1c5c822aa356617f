# SPDX-License-Identifier: MIT
"""A channel never dies of its plugin's absence or failure, and both nodes are told the reason."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from goop_node.types import Caller
from goop_realtime.contexts.registry import compile_context
from goop_realtime.machine import ending, guest_side, joining, lookup
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.rights import HOME, Rights
from goop_realtime.model.failure import Failure
from goop_realtime.model.obstacles import KEPT_MS
from goop_realtime.model.wire import Line, raw, serialise
from goop_realtime.testing import World
from goop_realtime.testing.astray import UNLUCKY
from goop_realtime.testing.node import SimNode
from goop_realtime.testing.page import SimPage
from goop_realtime.testing.tally import TALLY, TallySession
from goop_realtime.types import Message, Refusal, Session

Patch = pytest.MonkeyPatch
DAY_MS = 24 * 3600 * 1000


class Pair:
    """Alice hosts a channel of ``tally`` with Bob; both have a page that keeps what it is told."""

    def __init__(self) -> None:
        self.world = World(3)
        self.host, self.guest = self.world.node("alice"), self.world.node("bob")
        self.pages = {node.peer_id: node.page(f"{node.peer_id}p") for node in self.nodes}
        self.told: dict[str, list[dict[str, Any]]] = {"alice": [], "bob": []}
        for who, page in self.pages.items():
            self._listen(page, self.told[who])
        self.id = self.host.ask("bob", "tally")
        assert self.run(lambda: bool(self.pages["bob"].incoming))
        self.guest.accept(self.id)
        assert self.run(self.connected)

    def _listen(self, page: SimPage, told: list[dict[str, Any]]) -> None:
        take = page.frame

        def frame(data: bytes) -> None:
            body = json.loads(data)
            if body["type"] == "state":
                told.append(body)
            take(data)

        page.frame = frame  # type: ignore[method-assign]

    @property
    def nodes(self) -> tuple[SimNode, SimNode]:
        return self.host, self.guest

    def other(self, node: SimNode) -> SimNode:
        return self.guest if node is self.host else self.host

    def channel(self, node: SimNode) -> Channel:
        return node.engine.core.channels[self.id]

    def connected(self) -> bool:
        rows = [node.engine.core.channels.get(self.id) for node in self.nodes if node.up]
        return len(rows) == 2 and all(row and row.page_state == "connected" for row in rows)

    def run(self, until: Callable[[], bool], ms: int = 60_000) -> bool:
        return until() or self.world.run(ms, until)

    def send(self, node: SimNode, n: int = 5) -> str:
        return self.pages[node.peer_id].send(self.id, {"type": "add", "n": n})

    def logs(self) -> list[list[str]]:
        return [[entry.id for entry in self.channel(node).log.after(0)] for node in self.nodes]

    def restart(self, node: SimNode, plugin: str) -> None:
        if node.up:
            node.crash()
        node.plugin = plugin
        node.start()

    def sleep(self, ms: int) -> None:
        """Both nodes are off for so long."""
        for node in self.nodes:
            node.crash()
        self.world._events.clear()
        self.world.now += ms
        for node in self.nodes:
            node.start()
        self.world.run(30_000)

    def says(self, node: SimNode, code: str) -> bool:
        """Whether the newest that the node's page was told is that code, with words."""
        last = self.told[node.peer_id][-1]
        return last["state"] == "disconnected" and last.get("code") == code and last["reason"]


SIDES = ("host", "guest")


@pytest.fixture
def pair() -> Pair:
    return Pair()


# What keeps a node from taking part


def missing(pair: Pair, node: SimNode) -> None:
    pair.restart(node, "missing")


def newer(pair: Pair, node: SimNode) -> None:
    pair.restart(node, "newer")


def apply_raises(pair: Pair, node: SimNode) -> None:
    pair.restart(node, "broken")
    assert pair.run(pair.connected)
    pair.send(pair.other(node), UNLUCKY)


def _with_session(pair: Pair, node: SimNode, session: type[TallySession]) -> None:
    def opened(request: Any, snapshot: Any) -> Session:
        return session(snapshot.state if snapshot else None)

    kind = replace(TALLY, open_session=opened)
    pair.world.contexts["own"] = [compile_context("sim", kind)]
    pair.send(node)
    assert pair.run(lambda: len(pair.logs()[0]) == len(pair.logs()[1]) == 3)
    pair.restart(node, "own")


def check_raises(pair: Pair, node: SimNode) -> None:
    class Raises(TallySession):
        def check(self, message: Message) -> Refusal | None:
            raise ZeroDivisionError("planted")

    _with_session(pair, node, Raises)


def check_answers_nonsense(pair: Pair, node: SimNode) -> None:
    class Answers(TallySession):
        def check(self, message: Message) -> Any:
            return False

    _with_session(pair, node, Answers)


def open_session_raises(pair: Pair, node: SimNode) -> None:
    class Unborn(TallySession):
        def __init__(self, state: Any = None) -> None:
            raise ZeroDivisionError("planted")

    _with_session(pair, node, Unborn)


def log_refused(pair: Pair, node: SimNode) -> None:
    class Strict(TallySession):
        def check(self, message: Message) -> Refusal | None:
            return Refusal(code="new_rule", reason="not any more")

    _with_session(pair, node, Strict)


OBSTACLES: list[tuple[Callable[[Pair, SimNode], None], str]] = [
    (missing, "plugin_missing"),
    (newer, "contract_mismatch"),
    (apply_raises, "plugin_failed"),
    (check_raises, "plugin_failed"),
    (check_answers_nonsense, "plugin_failed"),
    (open_session_raises, "plugin_failed"),
    (log_refused, "contract_mismatch"),
]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("cause", "code"), OBSTACLES, ids=lambda x: getattr(x, "__name__", None))
def test_what_suspends_a_channel_is_told_at_both_nodes_and_it_goes_on(
    pair: Pair, cause: Callable[[Pair, SimNode], None], code: str, side: str
) -> None:
    node: SimNode = getattr(pair, side)
    pair.send(pair.host)
    pair.send(pair.guest)
    assert pair.run(lambda: len(pair.logs()[0]) == len(pair.logs()[1]) == 2)
    cause(pair, node)
    assert pair.run(lambda: all(pair.says(one, code) for one in pair.nodes))
    if code == "plugin_missing":
        assert "alice" in pair.told["bob"][-1]["reason"] or side == "guest"
    pair.send(pair.other(node))
    pair.world.run(5 * 60_000)
    assert [pair.channel(one).phase for one in pair.nodes] == [Phase.OPEN, Phase.OPEN]
    assert all(pair.told[one.peer_id][-1]["suspended"] for one in pair.nodes)
    pair.restart(node, "works")
    sent = {key for page in pair.pages.values() for key in page.sent}

    def whole() -> bool:
        first, second = pair.logs()
        return pair.connected() and first == second and set(first) == sent

    assert pair.run(whole), (pair.logs(), sent)

    def told() -> bool:
        newest = [told[-1] for told in pair.told.values()]
        return all(one["state"] == "connected" and "code" not in one for one in newest)

    assert pair.run(told)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("closer", SIDES)
@pytest.mark.parametrize("reachable", [True, False])
def test_a_suspended_channel_is_ended_by_choice(
    pair: Pair, side: str, closer: str, reachable: bool
) -> None:
    node: SimNode = getattr(pair, side)
    closing: SimNode = getattr(pair, closer)
    pair.restart(node, "missing")
    assert pair.run(lambda: all(pair.says(one, "plugin_missing") for one in pair.nodes))
    if not reachable:
        pair.world.blocked |= {("alice", "bob"), ("bob", "alice")}
    closing.close(pair.id)
    assert pair.channel(closing).final
    pair.world.run(2_000)
    pair.world.heal()
    assert pair.run(lambda: pair.channel(pair.other(closing)).final)
    assert {pair.channel(one).close_code for one in pair.nodes} == {"closed"}
    pair.restart(node, "works")
    pair.world.run(5_000)
    assert all(pair.channel(one).final for one in pair.nodes)


# What ends a channel at one node


def diverges(pair: Pair, node: SimNode) -> None:
    guest_side.diverged(node.engine.core, pair.channel(node), "planted")


def overflows(pair: Pair, node: SimNode) -> None:
    ending.end(node.engine.core, pair.channel(node), "overflow", "planted")


def loses(pair: Pair, node: SimNode) -> None:
    joining._lose(node.engine.core, pair.channel(node), "planted")


def expires(pair: Pair, node: SimNode) -> None:
    channel = pair.channel(node)
    assert channel.other.link is not None
    ending.let_go(node.engine.core, channel.other.link, "planted")
    channel.other.suspended_at = node.engine.core.now - 2 * DAY_MS
    node.engine.tick(pair.world.now)


def fails(pair: Pair, node: SimNode) -> None:
    stored = node.journal.load()[pair.id]
    node.engine.set_back(pair.world.now, pair.id, stored, Failure(ValueError("planted")))


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    ("cause", "code"),
    [
        (diverges, "diverged"),
        (overflows, "overflow"),
        (loses, "lost"),
        (expires, "expired"),
        (fails, "failed"),
    ],
    ids=lambda x: getattr(x, "__name__", None),
)
def test_what_ends_a_channel_at_one_node_is_told_at_the_other(
    pair: Pair, cause: Callable[[Pair, SimNode], None], code: str, side: str
) -> None:
    node: SimNode = getattr(pair, side)
    pair.world.watch.undue.clear()
    cause(pair, node)
    node.flush()
    other = pair.other(node)
    assert pair.run(lambda: pair.channel(other).final)
    assert pair.channel(other).close_code == code
    assert pair.says(other, code), "no words"
    # What this node's own fault was is for its person alone.
    planted = "planted" in pair.channel(other).close_reason
    assert planted == (code not in ("failed", "expired"))


# What is stored


def _tables(node: SimNode) -> dict[str, list[Any]]:
    db: sqlite3.Connection = node.journal._db
    names = ("entries", "starts", "outbox", "outcomes", "cursors")
    return {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in names}


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("plugin", ["missing", "broken"])
def test_a_start_without_the_plugin_leaves_what_is_stored_as_it_is(
    pair: Pair, side: str, plugin: str
) -> None:
    node: SimNode = getattr(pair, side)
    for n in (5, UNLUCKY, 5):
        pair.send(pair.host, n)
        pair.send(pair.guest, n)
    pair.world.run(5_000)
    pair.world.blocked |= {("alice", "bob"), ("bob", "alice")}
    pair.world.run(20_000)
    pair.send(node)
    pair.world.run(2_000)
    node.crash()
    before = _tables(node)
    node.plugin = plugin
    node.start()
    node.pages.clear()
    pair.world.run(60_000)
    node.crash()
    assert _tables(node) == before
    kept = node.journal.load()[pair.id].row
    assert kept.contract is not None
    assert (kept.contract.name, kept.contract.version) == ("tally", "1")
    pair.world.heal()
    pair.restart(node, "works")
    assert pair.run(pair.connected)
    assert pair.run(lambda: pair.logs()[0] == pair.logs()[1])


@pytest.mark.parametrize("side", SIDES)
def test_a_channel_waits_a_month_for_its_plugin(pair: Pair, side: str) -> None:
    node: SimNode = getattr(pair, side)
    pair.restart(node, "missing")
    assert pair.run(lambda: all(pair.says(one, "plugin_missing") for one in pair.nodes))
    pair.sleep(KEPT_MS - DAY_MS)
    assert [pair.channel(one).phase for one in pair.nodes] == [Phase.OPEN, Phase.OPEN]
    pair.restart(node, "works")
    assert pair.run(pair.connected)
    pair.restart(node, "missing")
    pair.world.run(60_000)
    pair.sleep(2 * KEPT_MS)
    assert pair.channel(node).close_code == "expired"


# What pages and templates may do meanwhile


def test_what_nobody_can_judge_is_refused_and_what_can_wait_waits(pair: Pair) -> None:
    pair.restart(pair.host, "missing")
    assert pair.run(
        lambda: pair.says(pair.guest, "plugin_missing") and pair.pages["alice"].connected
    )
    refused = pair.send(pair.host)
    waits = pair.send(pair.guest)
    pair.world.run(100)
    assert pair.pages["alice"].fate[refused] == "plugin_missing"
    assert pair.pages["bob"].fate[waits] == "accepted"
    pair.restart(pair.host, "works")
    assert pair.run(lambda: pair.logs() == [[waits], [waits]])


def test_its_own_template_still_sees_and_ends_it(pair: Pair) -> None:
    pair.restart(pair.host, "missing")
    core = pair.host.engine.core
    assert core.registry.find("tally") is None
    assert [(c.name, c.plugin, c.served) for c in core.registry.owned()] == [
        ("tally", "sim", False)
    ]
    channel = pair.channel(pair.host)
    channel.owner = "tally"
    own, stranger = Caller(kind="template", name="tally"), Caller(kind="template", name="other")
    core.rights = Rights(contexts={"tally": frozenset({"tally"}), "other": frozenset()})
    assert [row["channelId"] for row in lookup.rows(core, own, core.now)] == [pair.id]
    assert lookup.rows(core, stranger, core.now) == []
    assert pair.host.engine.close(core.now, pair.id, stranger) is not None
    detail: Any = lookup.rows(core, HOME, core.now)[0]["detail"]
    assert (detail["code"], detail["suspended"], detail["final"]) == ("plugin_missing", True, False)
    assert "tally" in detail["reason"]
    assert pair.host.engine.close(core.now, pair.id, own) is None
    assert channel.final


def test_a_request_that_nobody_agreed_to_ends_with_the_reason() -> None:
    world = World(5)
    alice, bob = world.node("alice"), world.node("bob")
    page = bob.page("b")
    asked = alice.ask("bob", "tally")
    assert world.run(5_000, lambda: bool(page.incoming))
    bob.crash()
    bob.plugin = "missing"
    bob.start()
    assert world.run(20_000, lambda: alice.engine.core.channels[asked].final)
    ended = alice.engine.core.channels[asked]
    assert ended.close_code == "plugin_missing"
    assert "bob" in ended.close_reason


# Peers that know no ``suspended``


def _join(pair: Pair, link: int, **more: Any) -> list[tuple[str, str]]:
    """A join at the host by a guest of our making; what the host says to it on that stream."""
    payload = raw({"have": None, "handled": 0, "page": "none", **more})
    engine, said = pair.host.engine, []
    line = Line(type="join", group=pair.id, payload=payload)
    engine.joined(pair.world.now, link, "bob", line)
    engine.settle()
    for effect in engine.take():
        if getattr(effect, "link", None) == link:
            body = json.loads(effect.data) if hasattr(effect, "data") else {"type": "(end)"}
            said.append((body["type"], body.get("code", "")))
    return said


def test_an_older_guest_hears_nothing_final_and_comes_again(pair: Pair) -> None:
    pair.guest.crash()
    pair.restart(pair.host, "missing")
    assert _join(pair, 901) == []
    assert _join(pair, 902, hash="x") == [("suspended", "plugin_missing"), ("(end)", "")]
    assert pair.channel(pair.host).phase is Phase.OPEN
    pair.restart(pair.host, "works")
    assert _join(pair, 903)[0] == ("welcome", "")
    assert _join(pair, 904, hash="x") == [("suspended", "contract_mismatch"), ("(end)", "")]


def test_an_older_host_that_says_no_hash_is_joined_as_ever(pair: Pair) -> None:
    engine, channel = pair.guest.engine, pair.channel(pair.guest)
    line = Line(type="welcome", group=pair.id, epoch=channel.epoch, payload=raw({"last": [0, 0]}))
    assert channel.other.link is not None
    channel.other.link.welcomed = False
    assert engine.lines(pair.world.now, channel.other.link.id, [serialise(line)])
    assert channel.other.link.welcomed
    other = Line(
        type="welcome",
        group=pair.id,
        epoch=channel.epoch,
        payload=raw({"last": [0, 0], "hash": "x", "version": "9"}),
    )
    assert engine.lines(pair.world.now, channel.other.link.id, [serialise(other)])
    assert channel.obstacle is not None
    assert channel.obstacle.code == "contract_mismatch"
    assert "tally 9, you have 1" in channel.obstacle.reason


def test_a_failing_message_of_the_hosts_own_page_waits_with_those_behind_it(pair: Pair) -> None:
    pair.restart(pair.host, "broken")
    assert pair.run(pair.connected)
    assert pair.run(lambda: pair.pages["alice"].connected)
    sent = [pair.send(pair.host, n) for n in (5, UNLUCKY, 5, 5)]
    assert pair.run(lambda: all(pair.says(one, "plugin_failed") for one in pair.nodes))
    assert list(pair.channel(pair.host).outbox) == sent[1:]
    pair.restart(pair.host, "broken")
    assert pair.run(lambda: pair.says(pair.guest, "plugin_failed"))
    pair.world.run(40_000)
    assert list(pair.channel(pair.host).outbox) == sent[1:]
    pair.host.lose_file()  # what is written anew comes from memory
    pair.restart(pair.host, "works")
    assert pair.run(lambda: pair.logs() == [sent, sent]), pair.logs()
