# SPDX-License-Identifier: MIT
"""What a guest may give back to a host that lost its newest entries, and what it may not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from goop_node.data.storage import open_database
from goop_realtime.machine import tails
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.model.wire import Line, raw
from goop_realtime.storage import journal
from goop_realtime.storage.journal import Journal
from goop_realtime.storage.schema import MIGRATIONS
from goop_realtime.testing import World
from tests.unit.transcripts import START_MS, Play

CHANNEL = "rt-a000000000000001"


def opened(restarted: bool) -> tuple[Play, Channel]:
    """Alice hosts an open, empty channel; she may have started again since."""
    play = Play()
    play.act({"at": 0, "who": "alice", "does": "request", "peer": "bob"})
    play.next_of("alice")
    play.act({"at": 10, "who": "bob", "does": "accept", "channel": CHANNEL})
    while any(play.next_of(name) for name in ("bob", "alice")):
        pass
    assert play.nodes["alice"].engine.core.channels[CHANNEL].phase is Phase.OPEN
    play.act({"at": 20, "who": "bob", "does": "cut", "on": 1})
    if restarted:
        play.act({"at": 30, "who": "alice", "does": "restart"})
    return play, play.nodes["alice"].engine.core.channels[CHANNEL]


def join(play: Play, have: tuple[int, int]) -> list[dict[str, Any]]:
    """A guest joins as link 9 and claims to have that; what the host answers."""
    alice = play.nodes["alice"]
    payload = raw({"have": list(have), "handled": 0, "page": "none"})
    alice.engine.joined(START_MS + 50, 9, "bob", Line(type="join", group=CHANNEL, payload=payload))
    alice.flush()
    return [want["line"] for want in alice.wants if "line" in want]


def give(play: Play, row: Any) -> None:
    """The guest's next ``tail``."""
    line = {"type": "tail", "group": CHANNEL, "payload": row}
    alice = play.nodes["alice"]
    assert alice.engine.lines(START_MS + 60, 9, [json.dumps(line).encode()])
    alice.flush()


def test_a_host_that_lost_nothing_takes_nothing_back() -> None:
    play, channel = opened(restarted=False)
    assert [line["type"] for line in join(play, (START_MS, 1))] == ["close"]
    assert (channel.phase, channel.close_code) == (Phase.CLOSED, "lost")


def test_a_tail_is_taken_back_and_a_close_in_it_ends_the_channel() -> None:
    play, channel = opened(restarted=True)
    assert [line["type"] for line in join(play, (START_MS, 2))] == ["pull"]
    give(play, [START_MS, 1, "b-1", "bob", START_MS, "msg", "hello"])
    give(play, [START_MS, 2, "close1-1", "alice", START_MS, "close", "closed"])
    give(play, None)
    assert [entry.id for entry in channel.log.after(0)] == ["b-1", "close1-1"]
    assert (channel.phase, channel.close_code) == (Phase.CLOSED, "closed")


@pytest.mark.parametrize(
    ("said", "reason"),
    [("bye\u202e\n", "bye\\u202e\\n"), ({"a": [1]}, ""), ("x" * 999, "x" * 300)],
    ids=["acts on who reads it", "no text", "long"],
)
def test_the_reason_in_a_close_is_a_line_of_text_as_any_other(said: Any, reason: str) -> None:
    play, channel = opened(restarted=False)
    join(play, (0, 0))
    alice = play.nodes["alice"]
    close = {"type": "msg", "kind": "close", "group": CHANNEL, "id": "close1-1", "payload": said}
    assert alice.engine.lines(START_MS + 60, 9, [json.dumps(close).encode()])
    assert (channel.phase, channel.close_reason) == (Phase.CLOSED, reason)


def test_what_was_refused_before_is_not_ordered_behind_a_later_message_of_its_page() -> None:
    play, channel = opened(restarted=True)
    join(play, (START_MS, 1))
    give(play, [START_MS, 1, "b-2", "bob", START_MS, "msg", "two"])
    give(play, None)
    alice = play.nodes["alice"]
    for message_id in ("b-1", "c-1", "b-3"):
        line = {"type": "msg", "group": CHANNEL, "id": message_id, "at": 1, "payload": message_id}
        assert alice.engine.lines(START_MS + 70, 9, [json.dumps(line).encode()])
    alice.flush()
    assert [entry.id for entry in channel.log.after(0)] == ["b-2", "c-1", "b-3"]
    lines = [want["line"] for want in alice.wants if "line" in want]
    [refused] = [line for line in lines if line["type"] == "refuse"]
    assert (refused["id"], refused["code"]) == ("b-1", "overtaken")


def test_a_guest_cannot_give_back_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tails, "HELD_ENTRIES", 3)
    play, channel = opened(restarted=True)
    join(play, (START_MS, 10**9))
    for seq in range(1, 5):
        assert channel.phase is Phase.OPEN
        give(play, [START_MS, seq, f"b-{seq}", "bob", START_MS, "msg", "more"])
    assert (channel.phase, channel.close_code) == (Phase.CLOSED, "lost")
    assert len(channel.log) == 3


@pytest.mark.parametrize(
    "row",
    [
        [START_MS, 2, "b-1", "bob", 0, "msg", 1],
        [START_MS + 30, 1, "b-1", "bob", 0, "msg", 1],
        [START_MS, 1, "b-1", "carol", 0, "msg", 1],
        [START_MS, 1, "b-1", "bob", 0, "msg", "x" * 70_000],
    ],
    ids=lambda row: str(row)[:40],
)
def test_what_cannot_be_the_hosts_own_ends_the_channel(row: Any) -> None:
    play, channel = opened(restarted=True)
    assert [line["type"] for line in join(play, (START_MS, 2))] == ["pull"]
    give(play, row)
    assert (channel.phase, channel.close_code) == (Phase.CLOSED, "lost")
    assert not len(channel.log)


@pytest.mark.parametrize("author", ["alice", "bob"])
def test_who_lost_nothing_takes_nobodys_word_for_what_it_said_itself(author: str) -> None:
    play, channel = opened(restarted=True)
    play.nodes["alice"].engine.core.may_lack = False
    join(play, (START_MS, 1))
    give(play, [channel.first_epoch, 1, "p-1", author, START_MS, "msg", "I owe Bob a hundred"])
    assert (channel.close_code == "lost") == (author == "alice")
    assert len(channel.log) == (author == "bob")


def started(path: Path) -> Journal:
    found = Journal(open_database(path, MIGRATIONS))
    found.next_epoch(1)
    found.load()
    return found


def test_a_journal_knows_whether_it_may_lack_what_was_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.sqlite3"
    first = started(path)
    first._db.close()  # as the death of the process
    killed = started(path)
    assert not killed.may_lack
    killed._db.close()
    now = journal.booted_ms()
    monkeypatch.setattr(journal, "booted_ms", lambda: now + 3_600_000)
    went_down = started(path)
    assert went_down.may_lack
    went_down.close()
    monkeypatch.setattr(journal, "booted_ms", lambda: now + 7_200_000)
    ended = started(path)
    assert not ended.may_lack
    ended._db.execute("INSERT INTO channels VALUES ('rt-00000000000000aa', x'00')")
    ended.close()
    damaged = started(path)
    assert damaged.flaws
    assert damaged.may_lack
    damaged.close()
    path.write_bytes(path.read_bytes()[:4096] + bytes(4096) * 3)
    mended = started(path)
    assert mended.may_lack
    mended.close()


@pytest.mark.parametrize("said", ["nothing", "another", "it"])
@pytest.mark.parametrize("lacks", [False, True])
def test_a_host_has_no_words_of_ours_that_we_did_not_say(said: str, lacks: bool) -> None:
    world = World(3)
    alice, bob = world.node("alice"), world.node("bob")
    world.watch.undue.clear()
    page = bob.page("b")
    name = alice.ask("bob")
    world.run(500)
    bob.accept(name)
    world.run(1_000)
    bob.engine.core.may_lack = lacks
    channel = bob.engine.core.channels[name]
    words = "I owe Alice a hundred"
    if said != "nothing":
        page.send(name, words if said == "it" else "hello")
    sent = next(iter(channel.outbox), "x-1")
    place = {"epoch": channel.epoch, "seq": channel.log.last[1] + 1}
    line = {"type": "msg", "group": name, "from": "bob", "id": sent, "payload": words, **place}
    assert channel.other.link is not None
    bob.engine.lines(world.now, channel.other.link.id, [json.dumps(line).encode()])
    bob.flush()
    taken = said == "it" or (said == "nothing" and lacks)
    assert channel.close_code == ("" if taken else "diverged")
    assert len(channel.log) == taken


@pytest.mark.parametrize("lacks", [False, True])
def test_a_state_in_place_of_the_log_is_for_who_has_lost_it(lacks: bool) -> None:
    world = World(4)
    world.watch.undue.clear()
    alice, bob = world.node("alice"), world.node("bob")
    bob.page("b")
    name = alice.ask("bob", "tally")
    world.run(500)
    bob.accept(name)
    world.run(1_000)
    bob.engine.core.may_lack = lacks
    channel = bob.engine.core.channels[name]
    state = {"at": [channel.epoch, 9], "state": channel.session.snapshot()}
    place = {"group": name, "epoch": channel.epoch}
    line = {"type": "welcome", "payload": {"snapshot": state}, **place}
    assert channel.other.link is not None
    bob.engine.lines(world.now, channel.other.link.id, [json.dumps(line).encode()])
    bob.flush()
    assert channel.close_code == ("" if lacks else "diverged")
