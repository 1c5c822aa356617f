# SPDX-License-Identifier: MIT
"""Presence messages: what they tell, and what is taken from them."""

from __future__ import annotations

import json

import pytest

from goop_node.p2p import presence

LAN = "/ip4/192.168.1.7/tcp/8788"
LOOP = "/ip4/127.0.0.1/tcp/8788"


def told(*addrs: str, kind: str = "update") -> list[str]:
    message = json.loads(presence.serialise(kind, "me", presence.Own("Me"), 1.0, addrs))
    found: list[str] = message.get("addrs", [])
    return found


def test_others_are_told_where_we_can_be_dialled() -> None:
    assert told(f"{LAN}/p2p/me", f"{LOOP}/p2p/me") == [LAN]
    assert told(f"{LOOP}/p2p/me") == [LOOP]
    assert told() == []
    assert told(LAN, kind="offline") == []


def test_fields_stand_in_the_order_of_go_peers() -> None:
    own = presence.Own("Me", "0123456789abcdef")
    message = json.loads(presence.serialise("online", "me", own, 1.0, [LAN]))
    assert list(message) == ["type", "peerId", "content", "avatarHash", "addrs", "ts"]
    message = json.loads(presence.serialise("offline", "me", own, 1.0, [LAN]))
    assert list(message) == ["type", "peerId", "ts"]


def test_what_go_peers_tell_besides_is_taken_and_nothing_is_believed_of_it() -> None:
    told = {
        "type": "update",
        "peerId": "x",
        "content": "X",
        "email": "x@example.org",
        "avatarHash": "00ff00ff00ff00ff",
        "videoDisabled": True,
        "activeTemplate": "chess",
        "addrs": [LAN],
        "verificationToken": "t",
        "ts": 1,
        "verified": True,
        "newer": {},
    }
    message = presence.parse(json.dumps(told).encode(), "x")
    assert message is not None
    assert (message.email, message.avatar_hash) == ("x@example.org", "00ff00ff00ff00ff")
    assert (message.video_disabled, message.active_template) == (True, "chess")
    assert (message.verification_token, message.verified) == ("", False)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("avatarHash", one) for one in ("x", "00FF00FF00FF00FF", "00ff00ff00ff00ff\n", "0" * 17)],
        *[("email", one) for one in ("a\nb", "x" * 321, "\u202emoc", " ")],
        *[("activeTemplate", one) for one in ("\u200b", " ")],
    ],
)
def test_what_does_not_fit_is_left_out(field: str, value: str) -> None:
    told = {"type": "update", "peerId": "x", "content": "X", "ts": 1, field: value}
    message = presence.parse(json.dumps(told).encode(), "x")
    assert message == presence.Presence(type="update", peer_id="x", content="X", ts=1)


@pytest.mark.parametrize(
    ("addrs", "taken"),
    [
        ([f"{LAN}/p2p/x", LAN], (LAN,)),
        (["/ip4/1.2.3.4/udp/1/quic-v1", "nonsense", "/ip4/1.2.3.4/tcp/9"], ("/ip4/1.2.3.4/tcp/9",)),
        ([f"/ip4/10.0.0.{n}/tcp/1" for n in range(50)], 8),
        ([], ()),
    ],
)
def test_what_is_taken_is_bounded_and_can_be_dialled(
    addrs: list[str], taken: tuple[str, ...] | int
) -> None:
    data = json.dumps({"type": "update", "peerId": "x", "addrs": addrs, "ts": 1}).encode()
    message = presence.parse(data, "x")
    assert message is not None
    assert message.addrs == taken or len(message.addrs) == taken


def test_nobody_makes_us_dial_our_own_machine() -> None:
    assert presence.to_dial((LAN, LOOP), [LAN, LOOP]) == (LAN,)
    assert presence.to_dial((LOOP,), [LOOP]) == (LOOP,)
