# SPDX-License-Identifier: MIT
"""Transcripts of rooms: what nodes write is genuine, and nothing else is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goop_node.cli import main as cli
from goop_realtime.rooms.transcript import Report, check, transcript
from goop_realtime.types import ContextType, MessageType
from tests.unit.rooms_world import START, World, signing
from tests.unit.test_rooms_lives import joined

TALK = ContextType(
    name="talk",
    title="Talk",
    version="1.0",
    messages={"say": MessageType({"type": "object"}), "whisper": MessageType({"type": "object"})},
    max_peers=8,
)
VERIFY = signing("").verify


def written() -> list[bytes]:
    """A room of three: all speak, and one whispers to another; c, who is not meant, writes it."""
    world = World("a", "b", "c", contexts=[replace(TALK)])
    world.meet()
    nodes = list(world.nodes.values())
    for node in nodes:
        handle = node.join("den", context="talk")
        world.until(lambda: joined(handle, node))  # noqa: B023
    for number in range(3):
        for node in nodes:
            node.send(handle, {"type": "say", "n": number})
    nodes[0].send(handle, {"type": "whisper", "n": 9}, to="b")
    world.run(2_000)
    return list(transcript(nodes[2].room(handle), "c", START))


WRITTEN = written()


def lines() -> list[dict[str, Any]]:
    return [json.loads(line) for line in WRITTEN]


def checked(told: list[dict[str, Any]]) -> Report:
    return check([json.dumps(one, separators=(",", ":")).encode() for one in told], VERIFY)


def test_what_a_node_writes_is_genuine() -> None:
    report = check(WRITTEN, VERIFY)
    assert report.head is not None
    assert (report.head.name, report.head.by) == ("den", "c")
    assert (report.faults, report.first, report.withheld) == ([], 1, 1)
    assert report.said == {"a": 4, "b": 3, "c": 3}
    assert report.entries == len(WRITTEN) - 1
    assert b'"n":9' not in b"".join(WRITTEN)


MESSAGES = [at for at, line in enumerate(lines()) if line.get("type") == "entry" and "sig" in line]


@given(at=st.sampled_from(MESSAGES), key=st.sampled_from(["author", "id", "to", "data", "salt"]))
def test_nothing_that_an_author_signed_can_be_changed(at: int, key: str) -> None:
    told = lines()
    said: Any = {"author": "b" if told[at]["author"] != "b" else "a", "id": "other-1", "to": "c"}
    said |= {"data": {"type": "say", "n": 77}, "salt": "AAAAAAAAAAAAAAAAAAAAAA=="}
    if key in ("data", "salt") and key not in told[at]:
        return  # a private one: there is only its digest
    told[at][key] = said[key]
    assert checked(told).wrong


@given(at=st.integers(1, len(WRITTEN) - 2), to=st.integers(1, len(WRITTEN) - 1))
def test_what_is_left_out_or_put_elsewhere_is_missed(at: int, to: int) -> None:
    without = lines()
    line = without.pop(at)
    if at > 1:  # one may begin later, but then it says so
        assert checked(without).wrong
    elif not checked(without).wrong:
        assert checked(without).first == 2
    if to != at:
        without.insert(to, line)
        assert checked(without).wrong


def test_messages_of_another_room_are_none_of_this() -> None:
    told = lines()
    told[0]["room"] = "another"
    told.pop(1)
    assert checked(told).wrong == len(MESSAGES)


def test_who_is_no_member_says_nothing() -> None:
    told = lines()
    joins = [at for at, line in enumerate(told) if line.get("kind") == "join"]
    at = next(at for at in joins if told[at]["author"] == "c")
    told[at]["author"] = "d"
    assert "c is no member there" in checked(told).faults[0]


@given(st.lists(st.binary(max_size=60), max_size=4), st.booleans())
def test_whatever_the_file_holds(content: list[bytes], headed: bool) -> None:
    assert check([*WRITTEN[: int(headed)], *content, b"{"], VERIFY).wrong


@pytest.mark.parametrize("first", [b"", b"{}", b'{"type":"entry"}', WRITTEN[1]])
def test_what_is_no_transcript(first: bytes) -> None:
    report = check([first, *WRITTEN[1:]], VERIFY)
    assert report.head is None
    assert report.faults[0].startswith("line 1: ")


@pytest.mark.parametrize("key", ["name", "by", "context", "room"])
def test_a_strangers_file_writes_nothing_on_the_screen(
    key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = lines()
    told[0][key] = "\x1b[2J\x1b]0;owned\x07\u202e"
    file = tmp_path / "strange.jsonl"
    file.write_text("\n".join(map(json.dumps, told)))
    assert cli.main(["transcript", "--check", str(file), f"--data={tmp_path}"]) == 1
    out, err = capsys.readouterr()
    assert all(sign.isprintable() or sign == "\n" for sign in out + err)
