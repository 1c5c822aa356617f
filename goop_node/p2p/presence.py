# SPDX-License-Identifier: MIT
"""Presence messages of the topic ``goop.presence.v1``: parse and serialise (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from goop_node.p2p import limits

TOPIC = "goop.presence.v1"
HEARTBEAT = 5.0
"""Seconds between two ``update`` messages."""
EXPIRY = 20.0
"""Seconds after which a peer that was not heard of counts as gone."""
MAX_LABEL = 256
MAX_ADDRESSES = 8
_ADDRESS = re.compile(
    r"(/(?:ip4|ip6|dns|dns4|dns6)/[0-9A-Za-z.:-]{1,253}/tcp/[0-9]{1,5})(?:/p2p/.*)?"
)


class Presence(msgspec.Struct, omit_defaults=True, rename={"peer_id": "peerId"}):
    """One message; the fields in the order that existing peers write them."""

    type: str
    peer_id: str
    content: str = ""
    addrs: tuple[str, ...] = ()
    """Where the peer can be dialled, without its id."""
    ts: int = 0


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Presence)


def serialise(kind: str, peer_id: str, label: str, now: float, addrs: Iterable[str] = ()) -> bytes:
    """``kind`` is ``online``, ``update`` or ``offline``; ``now`` in Unix seconds."""
    message = Presence(type=kind, peer_id=peer_id, ts=int(now * 1000))
    if kind != "offline":
        message.content = label
        message.addrs = to_tell(addrs)
    return _encoder.encode(message)


def to_tell(addrs: Iterable[str]) -> tuple[str, ...]:
    """Which of our addresses others are told: loopback only where we listen nowhere else."""
    found = _without_ids(addrs)
    return tuple(_far(found) or found)[:MAX_ADDRESSES]


def to_dial(told: Iterable[str], own: Iterable[str]) -> tuple[str, ...]:
    """Which of a peer's addresses we may dial: our own machine only if we are nowhere else."""
    return tuple(told) if not _far(own) else tuple(_far(told))


def _far(addrs: Iterable[str]) -> list[str]:
    return [one for one in addrs if not one.startswith(("/ip4/127.", "/ip6/::1/"))]


def _without_ids(addrs: Iterable[str]) -> list[str]:
    """The addresses among these that can be dialled, each once, without peer ids."""
    matches = (_ADDRESS.fullmatch(one) for one in addrs)
    return list(dict.fromkeys(match[1] for match in matches if match is not None))


def parse(data: bytes, signer: str) -> Presence | None:
    """The message in ``data``; ``None`` for what is malformed or not about its signer."""
    if len(data) > limits.MESSAGE_BYTES:
        return None
    try:
        message = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    if message.type not in ("online", "update", "offline") or message.peer_id != signer:
        return None
    message.content = "".join(c for c in message.content if c.isprintable())[:MAX_LABEL]
    message.addrs = tuple(_without_ids(message.addrs))[:MAX_ADDRESSES]
    return message
