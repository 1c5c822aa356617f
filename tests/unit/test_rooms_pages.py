# SPDX-License-Identifier: MIT
"""What pages of a room have been told, and what they are still told when it comes late."""

from __future__ import annotations

from typing import Any

import pytest

from goop_realtime.machine.pages import Page
from goop_realtime.rooms import distributing, folding, page_frames, trimming, views
from goop_realtime.rooms.entries import RoomEntry
from goop_realtime.rooms.log import Base
from goop_realtime.types import ContextType, Message, NoRules
from tests.unit.rooms_world import Node, World


def start(*names: str) -> tuple[World, str, list[Node]]:
    """Nodes in one room, the first of them its host."""
    world = World(*names)
    world.meet()
    nodes = list(world.nodes.values())
    handle, *_ = (node.join("den") for node in nodes)
    world.until(lambda: all(node.room(handle).joined for node in nodes))
    world.run(300)
    return world, handle, nodes


def again(node: Node, handle: str, had: list[Any]) -> Page:
    """The node's page is back, and says that it has the log up to there."""
    page = node.page()
    body = {"channels": [handle], "after": {handle: had}}
    page_frames.subscribe(node.rooms._sh, page, body)
    node.flush()
    return page


def runs(node: Node, handle: str) -> list[Any]:
    """What a page that was told everything says that it has."""
    return [list(run) for run in node.room(handle).fold.runs]


def private(node: Node, handle: str) -> RoomEntry:
    """The only private entry of the node's log."""
    (found,) = (one for one in node.room(handle).log.after(0) if one.to)
    return found


@pytest.mark.parametrize("page", ["there", "away", "of a node that was killed"])
def test_pages_go_back_to_what_comes_when_its_author_does(page: str) -> None:
    """Whoever had the content is away: the addressee's pages go on, and it comes in the end."""
    world, handle, (a, b, c, d) = start("a", "b", "c", "d")
    c.kill()
    b.send(handle, {"secret": 1}, to="c")
    world.run(300)
    a.kill()
    b.kill()
    world.until(lambda: list(d.room(handle).fold.members) == ["d"], 60_000)
    c.start()
    again(c, handle, [])
    world.until(lambda: c.room(handle).joined)
    d.send(handle, {"hello": 2})
    world.until(lambda: [one["data"] for one in c.got("message")] == [{"hello": 2}])
    assert private(c, handle).withheld

    had, told = runs(c, handle), len(c.frames[c.page().id])
    if page != "there":
        c.detach(c.page())
    b.start()
    world.until(lambda: not private(c, handle).withheld)
    if page == "of a node that was killed":
        c.kill()
        c.start()
    if page != "there":
        again(c, handle, had)
    world.until(lambda: c.room(handle).joined)
    world.run(300)
    heard = c.frames[c.page().id][told:]
    rewound = next(one for one in heard if one["type"] == "rewound")
    assert rewound["to"] == private(c, handle).seq - 1
    said = [one for one in heard if one["type"] == "message"]
    assert [one["data"] for one in said] == [{"secret": 1}, {"hello": 2}]
    assert said[1]["redelivered"]


def test_a_page_hears_of_what_was_forgotten_while_its_node_came_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It was told of the log, and its node comes in only when that begins behind what it was told.

    The node was killed when it had the beginning of another host's log, and its own join not yet.
    """
    monkeypatch.setattr(distributing, "LINK_WINDOW", 10)
    monkeypatch.setattr(folding, "CHECKPOINT_ENTRIES", 4)
    monkeypatch.setattr(trimming, "KEPT_ENTRIES", 8)
    monkeypatch.setattr(trimming, "LOG_ENTRIES", 40)
    world, handle, (a, _, c) = start("a", "b", "c")
    had = runs(c, handle)
    had[0][2] = 1
    c.kill()
    c.stored[handle].entries = c.stored[handle].entries[:1]
    c.stored[handle].handled = 0
    hosts = a.room(handle).hosting
    assert hosts is not None
    hosts.stored.clear()  # as if the node that was killed had acknowledged nothing
    a.room(handle).stable = 0
    for n in range(35):
        a.send(handle, {"n": n})
        world.run(20)
    c.start()
    again(c, handle, had)
    told = len(c.frames[c.page().id])
    world.until(lambda: c.room(handle).joined)
    world.run(100)
    heard = [one for one in c.frames[c.page().id][told:] if one["type"] in ("gap", "message")]
    assert c.room(handle).log.start > 1
    assert heard[0]["type"] == "gap"
    assert heard[0]["from"][2] == 1
    assert heard[1]["seq"] == heard[0]["to"][2] + 1


def test_a_page_that_was_full_hears_what_comes_behind_a_gap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What it was told of a log that is given up waits for no acknowledgement."""
    monkeypatch.setattr(views, "PAGE_WINDOW", 20)
    world, handle, (a, _, c) = start("a", "b", "c")
    slow = c.page("slow")
    page_frames.subscribe(c.rooms._sh, slow, {"channels": [handle]})
    world.part("ab", "c")
    world.until(lambda: c.room(handle).hosting is not None)
    for n in range(5):
        c.send(handle, {"n": n})
        a.send(handle, {"m": n})
    world.run(100)
    assert 0 < len(c.got("message", slow)) < 5
    sh = a.rooms._sh
    base = folding.base_of(sh, a.room(handle))
    assert isinstance(base, Base)
    a.room(handle).log.trim(base)
    world.part("abc")
    world.until(lambda: c.room(handle).host == a.room(handle).host)
    a.send(handle, "go on")
    world.run(1_000)
    kinds = [one["type"] for one in c.frames[slow.id]]
    assert kinds.count("gap") == 1
    assert "message" in kinds[kinds.index("gap") :]


class Failing(NoRules):
    """Fails on whatever comes second, where it is told to."""

    fails = False

    def __init__(self) -> None:
        self.count = 0

    def apply(self, message: Any) -> None:
        """Count messages."""
        if isinstance(message, Message):
            self.count += 1
            if self.fails and self.count == 2:
                raise ZeroDivisionError("planted")


def test_nothing_is_claimed_of_a_message_where_the_context_fails_at_a_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody else has it: that it is in the log is all that is known."""
    game = ContextType(
        name="game",
        version="1",
        title="Game",
        messages={"say": {"type": "object"}},
        open_session=lambda request, snapshot: Failing(),
        max_peers=4,
    )
    world = World("a", "b", contexts=[game])
    world.meet()
    a, b = world.nodes.values()
    handle, _ = a.join("game_1"), b.join("game_1")
    world.until(lambda: a.room(handle).joined and b.room(handle).joined)
    world.run(300)
    world.part("a", "b")
    ids = [a.send(handle, {"type": "say"}) for _ in range(2)]
    monkeypatch.setattr(Failing, "fails", True)
    a.kill()
    a.start()
    assert a.room(handle).code == "plugin_failed"
    page = a.page()
    body = {"channels": [handle], "pending": {handle: ids[:1]}}
    page_frames.subscribe(a.rooms._sh, page, body)
    a.flush()
    assert a.got("receipt")[-1]["stage"] == "ordered"
