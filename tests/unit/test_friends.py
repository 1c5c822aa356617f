# SPDX-License-Identifier: MIT
"""Remembered addresses: bounded, written seldom, and never the reason for anything to fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.peer.id import ID

from goop_node.data.kept_files import NotKeptError
from goop_node.p2p.friends import MAX_ADDRESSES, Friends

PEERS = [str(ID.from_pubkey(create_new_key_pair().public_key)) for _ in range(10)]


def test_what_is_seen_is_written_once_for_all(tmp_path: Path) -> None:
    file = tmp_path / "seen.json"
    waiting: list[Callable[[], None]] = []
    seen = Friends(file, bound=10, later=waiting.append)
    for n in range(2500):
        seen.remember(PEERS[0], f"/ip4/10.0.0.{n % 250}/tcp/{n}")
    assert len(waiting) == 1
    assert not file.exists()
    waiting.pop()()
    assert Friends(file).all() == seen.all()
    assert len(seen.all()[PEERS[0]]) == MAX_ADDRESSES
    seen.save()
    seen.remember(PEERS[1], "/ip4/10.0.0.1/tcp/1")
    assert len(waiting) == 1


def test_the_bound_holds_and_the_newest_stay(tmp_path: Path) -> None:
    friends = Friends(tmp_path / "friends.json", bound=3)
    for n in range(10):
        friends.remember(PEERS[n])
    assert list(friends.all()) == PEERS[7:]
    friends.forget(PEERS[8])
    assert list(Friends(tmp_path / "friends.json").all()) == [PEERS[7], PEERS[9]]


@pytest.mark.parametrize(
    "text", ["", "[]", "nonsense", '{"a": 1}', '{"a": [1]}', '{"a": null}', "[" * 100_000, "\udcff"]
)
def test_a_file_that_is_none_begins_anew(tmp_path: Path, text: str) -> None:
    file = tmp_path / "friends.json"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    friends = Friends(file)
    assert friends.all() == {}
    friends.remember(PEERS[0], "/ip4/10.0.0.1/tcp/1")
    assert Friends(file).all() == {PEERS[0]: ("/ip4/10.0.0.1/tcp/1",)}


def test_a_friend_who_cannot_be_kept_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    friends = Friends(tmp_path / "file" / "friends.json")
    with pytest.raises(NotKeptError, match=r"friends\.json"):
        friends.remember(PEERS[0], "/ip4/10.0.0.1/tcp/1")
    assert not friends.all()


def test_what_is_seen_and_cannot_be_written_is_no_failure(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    seen = Friends(tmp_path / "file" / "seen.json", later=lambda save: save())
    seen.remember(PEERS[0], "/ip4/10.0.0.1/tcp/1")
    assert "could not be written" in caplog.text
    assert seen.all() == {PEERS[0]: ("/ip4/10.0.0.1/tcp/1",)}


def test_who_stays_is_not_crowded_out(tmp_path: Path) -> None:
    connected = {PEERS[0], PEERS[2]}
    seen = Friends(tmp_path / "seen.json", bound=3, stays=connected.__contains__)
    for peer in PEERS:
        seen.remember(peer, "/ip4/10.0.0.1/tcp/1")
    assert set(seen.all()) == {*connected, PEERS[-1]}
    connected |= set(PEERS)
    seen.remember("12D3KooWEyopopk2uVXyrpvWSPLcMSAmcbnuuyYqCpAAhRgPFoMk")
    assert len(seen) == 3
    assert PEERS[-1] in seen
