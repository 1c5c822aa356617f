# SPDX-License-Identifier: MIT
"""Invitations as people pass them on, and the fingerprint that they compare."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goop_node.fingerprints import fingerprint
from goop_node.types import Refusal
from goop_node.web.invite_api import about, address_in, distance, invitation, words_of

PEER = "12D3KooWRfvz7kQBZKN7NPLonXoKEitVxp2forDCDi8ogsApKTso"
PLACES = ["/ip4/192.168.1.7/tcp/4001", "/ip6/2001:db8::1/tcp/9", "/dns4/x.example/tcp/4001"]
ADDRESSES = st.sampled_from(PLACES).map(lambda place: f"{place}/p2p/{PEER}")
around = st.text(st.characters(exclude_characters="%/#", exclude_categories=["Cs"]), max_size=40)


def test_a_fingerprint_is_long_enough_to_mean_something_and_the_same_everywhere() -> None:
    assert re.fullmatch(r"\d{5}( \d{5}){3}", fingerprint(PEER))
    assert 10**20 > 2**64
    # Written down: both ends have to agree whatever version each is.
    assert fingerprint(PEER) == "23141 58143 51051 87961"
    others = {fingerprint(PEER[:-1] + last) for last in "abcdefghijkmn"}
    assert len(others | {fingerprint(PEER)}) == 14


@given(ADDRESSES, around, around, st.integers(1, 65535))
def test_the_address_is_found_in_whatever_was_copied(
    address: str, before: str, after: str, port: int
) -> None:
    link = f"http://localhost:{port}/join#{quote(address, safe='')}"
    message = invitation(f"Zoë {before}", address, link)
    for pasted in (
        address,
        f"  {address}\n",
        link,
        f"#{quote(address, safe='')}",
        message,
        f"{before} {link} {after}",
        f"{before} {address} {after}",
        message.replace("\n", "\r\n> "),
    ):
        assert address_in(pasted) == address


@pytest.mark.parametrize("text", ["", "hello", "/ip4/1.2.3.4/tcp/1", "http://x/#", "a#b"])
def test_what_holds_no_address_is_left_to_be_refused(text: str) -> None:
    assert "/p2p/" not in address_in(text)


@pytest.mark.parametrize(
    ("host", "far", "words"),
    [
        ("/ip4/127.0.0.1", 2, "on this computer alone"),
        ("/ip4/127.0.0.2", 2, "on this computer alone"),
        ("/ip6/::1", 2, "on this computer alone"),
        ("/ip4/192.168.1.7", 1, "in the same network"),
        ("/ip4/10.0.0.1", 1, "in the same network"),
        ("/ip4/100.64.3.1", 1, "in the same network"),
        ("/ip4/169.254.3.1", 1, "in the same network"),
        ("/ip6/fe80::1", 1, "in the same network"),
        ("/ip6/fd00::1", 1, "in the same network"),
        ("/ip4/8.8.8.8", 0, ""),
        ("/ip6/2a00::1", 0, ""),
        ("/dns4/node.example", 0, ""),
        ("/ip6/::ffff:127.0.0.1", 2, "on this computer alone"),
        ("/dns4/localhost", 2, "on this computer alone"),
        ("/dns6/Home.Localhost.", 2, "on this computer alone"),
        ("/dns4/laptop.local", 1, "in the same network"),
        ("/dns/laptop", 1, "in the same network"),
    ],
)
def test_who_cannot_use_a_link_is_said_when_it_is_made(host: str, far: int, words: str) -> None:
    address = f"{host}/tcp/4001/p2p/{PEER}"
    assert distance(address) == far
    assert words in about([address])
    assert bool(about([address])) == bool(words)
    if far == 1:
        assert "4001" in about([address])


def test_a_node_that_listens_nowhere_invites_nobody() -> None:
    assert "not on the network" in about([])


def test_the_message_says_what_to_do_where_no_node_listens() -> None:
    text = invitation("Alice", f"{PLACES[0]}/p2p/{PEER}", "http://localhost:1/join#x")
    for part in ("Alice invites you", "Start your own node", "Paste this whole message", PEER):
        assert part in text


def test_why_somebody_was_not_reached_is_said_in_words() -> None:
    assert words_of(None) == ""
    assert "Nobody answers" in words_of(Refusal(code="refused", reason="x"))
    assert words_of(Refusal(code="other", reason="its own words")) == "its own words"
