# SPDX-License-Identifier: MIT
"""The Python client without a node: its name in the host, its border, what it remembers."""

from __future__ import annotations

import sys
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import goop_node.client
import goop_realtime.client
from goop_realtime.client import GoopError
from goop_realtime.client.protocol import frames
from goop_realtime.client.protocol.outbox import DRAIN, MOST_MESSAGES, Drained, Outbox
from goop_realtime.client.protocol.places import RoomPlaces
from goop_realtime.client.protocol.seen import Seen
from tests.unit.test_layers import ROOT


def test_the_host_has_every_name_of_the_client_and_the_document_does_too() -> None:
    names = goop_realtime.client.__all__
    assert goop_node.client.__all__ == names
    text = (ROOT / "docs" / "client.md").read_text(encoding="utf-8")
    assert [name for name in names if f"`{name}`" not in text] == []
    kinds = (goop_node.client.Client, goop_node.client.Channel, goop_node.client.Room)
    members = {name for kind in kinds for name in dir(kind) if not name.startswith("_")}
    assert sorted(name for name in members if name not in text) == []


def test_without_the_realtime_plugin_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [one for one in sys.modules if one.partition(".")[0] == "goop_realtime"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "goop_node.client")
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "meta_path", [_Nowhere(), *sys.meta_path])
    with pytest.raises(ImportError, match="pip install goop-realtime"):
        __import__("goop_node.client")


class _Nowhere:
    """Finds no realtime plugin."""

    def find_spec(self, name: str, *_: object) -> None:
        if name.partition(".")[0] == "goop_realtime":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


@pytest.mark.parametrize(
    "body",
    [
        {"type": "message", "channel": "rt-1", "from": "p", "data": 1, "id": "x", "epoch": "1"},
        {"type": "state", "channel": "rt-1", "state": "somehow"},
        {"type": "gap", "channel": "rt-1", "from": "0", "to": None},
    ],
)
def test_a_frame_of_another_form_is_not_taken(body: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        frames.read(msgspec.Raw(msgspec.json.encode(body)))


def test_frames_that_are_not_known_are_passed_over() -> None:
    texts = ['{"type":"running","rows":[]}', '[{"type":"later"},{"type":"subscribed","more":1}]']
    read = [frames.read(raw) for text in texts for raw in frames.split(text)]
    assert read == [None, None, frames.Subscribed()]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30))))
def test_what_was_handed_out_is_known(messages: list[tuple[str, int]]) -> None:
    seen, known = Seen(), set()
    for page, number in messages:
        assert seen.add(f"{page}-{number}") == ((page, number) not in known)
        known.add((page, number))


def outbox() -> Outbox:
    """One that makes ids."""
    numbers = iter(range(10_000))
    return Outbox("rt-1", lambda: f"page-{next(numbers)}")


def test_a_full_outbox_says_when_there_is_room() -> None:
    box = outbox()
    ids = [box.send("1", 1).id for _ in range(MOST_MESSAGES)]
    with pytest.raises(GoopError) as full:
        box.send("1", 1)
    assert full.value.code == "outbox_full"
    for n, one in enumerate(ids):
        drained = any(isinstance(news, Drained) for news in box.news)
        assert drained == (n > MOST_MESSAGES // 2 - 1)
        box.receipt(frames.Receipt(channel="rt-1", id=one, stage="handled"))


def test_a_full_node_is_left_alone_for_a_while() -> None:
    box = outbox()
    sent = box.send("1", 1)
    assert list(box.flush(5.0)) == [sent.text]
    box.refused(frames.Refused(channel="rt-1", id=sent.id, code="outbox_full"), 5.0)
    assert box.wait(5.0) == DRAIN
    assert [*box.flush(5.5), *box.news][1:] == []
    assert list(box.flush(5.0 + DRAIN)) == []
    assert isinstance(box.news[-1], Drained)


def test_what_the_node_finds_too_fast_leaves_again_in_its_order() -> None:
    box = outbox()
    sent = [box.send(str(n), 1) for n in range(3)]
    texts = [one.text for one in sent]
    assert list(box.flush(0.0)) == texts
    box.refused(frames.Refused(channel="rt-1", id=sent[1].id, code="too_fast"), 0.0)
    assert list(box.flush(0.0)) == []
    wait = box.wait(0.0)
    assert wait is not None
    assert list(box.flush(wait)) == texts[1:]


def test_a_room_that_is_cut_back_hands_nothing_out_twice() -> None:
    places = RoomPlaces()
    for seq in (1, 2, 3):
        places.entry(entry(seq, "alice", 1))
    first = places.take(lambda _: True, passing=True)
    assert first is not None
    assert places.done(first, well=True)
    places.rewound(frames.Rewound(channel="room-1", to=1, runs=[(1, "alice", 1)], members=[]))
    assert [type(item.told).__name__ for item in places.waiting] == ["Cut"]
    places.entry(entry(2, "bob", 2))
    assert places.after == [(1, "alice", 1), (2, "bob", 2)]
    assert places.is_first("page-2")
    assert not places.is_first("page-2")


def entry(seq: int, host: str, epoch: int) -> frames.Message:
    """A message in a room."""
    told = {"channel": "room-1", "from": "p", "data": seq, "id": f"page-{seq}", "sentAt": 0}
    place = {"epoch": epoch, "host": host, "seq": seq, "type": "message"}
    return msgspec.convert(told | place, frames.Message)
