# SPDX-License-Identifier: MIT
"""SECURITY.md names the bounds of the network, with the numbers that hold."""

from __future__ import annotations

import re

import pytest

from goop_node.p2p import limits
from tests.unit.test_layers import ROOT

BOUNDS = {
    name: value
    for name, value in vars(limits).items()
    if name.isupper() and isinstance(value, (int, float))
}
ROWS = {
    "connections; of these": ("CONNECTIONS", "INBOUND", "PER_PEER"),
    "connections with others": ("STRANGERS",),
    "streams in all": ("STREAMS", "MAX_STREAMS"),
    "streams to one peer": ("OPENING",),
    "bytes unread": ("HELD_EACH", "HELD_ALL"),
    "first line": ("FIRST_LINE_SECONDS", "LINE_SECONDS"),
    "one message while": ("NEGOTIATION_BYTES",),
    "one message of gossip": ("MESSAGE_BYTES", "ENVELOPE_BYTES", "RPC_BYTES"),
    "gossip read of one peer": ("GOSSIP_RATE", "GOSSIP_BURST"),
    "gossip that waits": ("QUEUE_BYTES",),
    "ids in one RPC": ("MESSAGE_IDS", "SEEN_MESSAGES"),
    "messages kept": ("RECENT_MESSAGES", "RECENT_BYTES"),
    "peers only heard of": ("HEARD_PEERS", "SHARE"),
    "events of one peer": ("EVENT_RATE", "EVENT_BURST"),
    "events of all peers": ("STRANGER_RATE", "STRANGER_BURST"),
    "peers dialled": ("NAMED_DIALS", "TOLD_DIALS"),
    "our presence told": ("EARLY_RATE", "EARLY_BURST"),
    "friends; blocked": ("MAX_FRIENDS", "MAX_BLOCKED", "MAX_SEEN"),
}
"""The beginning of each row, and the bounds in it."""
UNITS = {"KiB": 1024, "MiB": 1024 * 1024}


def numbers(text: str) -> list[float]:
    """The numbers of a cell, with their units."""
    found = re.findall(r"([\d,.]*\d)(?: (KiB|MiB))?", text)
    return [float(number.replace(",", "")) * UNITS.get(unit, 1) for number, unit in found]


@pytest.mark.parametrize("begins", ROWS)
def test_each_bound_is_told_as_it_is(begins: str) -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    (row,) = [line for line in text.splitlines() if line.startswith(f"| {begins}")]
    assert numbers(row.split("|")[2]) == [BOUNDS[name] for name in ROWS[begins]]


def test_the_number_of_dropped_streams_is_told() -> None:
    text = " ".join((ROOT / "SECURITY.md").read_text(encoding="utf-8").split())
    assert f"After {limits.MAX_DROPPED} such streams" in text
