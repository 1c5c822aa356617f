# SPDX-License-Identifier: MIT
"""Presence messages of the topic ``goop.presence.v1``: parse and serialise (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from goop_node.labels import flaw, presentable
from goop_node.p2p import limits
from goop_node.p2p.addresses import Address, parsed
from goop_node.p2p.dial_policy import is_loopback

TOPIC = "goop.presence.v1"
HEARTBEAT = 5.0
"""Seconds between two ``update`` messages."""
EXPIRY = 20.0
"""Seconds after which a peer that was not heard of counts as gone."""
MAX_ADDRESSES = 8
MAX_EMAIL = 320
_HASH = re.compile(r"[0-9a-f]{16}\Z")


class Presence(msgspec.Struct, omit_defaults=True, rename="camel"):
    """One message; the fields in the order that existing peers write them."""

    type: str
    peer_id: str
    content: str = ""
    email: str = ""
    avatar_hash: str = ""
    video_disabled: bool = False
    active_template: str = ""
    addrs: tuple[str, ...] = ()
    """Where the peer can be dialled, without its id."""
    verification_token: str = ""
    ts: int = 0
    verified: bool = False


class Own(NamedTuple):
    """What is told of this node; what it has not is not told."""

    label: str
    avatar_hash: str = ""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Presence)


def serialise(kind: str, peer_id: str, own: Own, now: float, addrs: Iterable[str] = ()) -> bytes:
    """``kind`` is ``online``, ``update`` or ``offline``; ``now`` in Unix seconds."""
    message = Presence(type=kind, peer_id=peer_id, ts=int(now * 1000))
    if kind != "offline":
        message.content, message.avatar_hash = own
        message.addrs = to_tell(addrs)
    return _encoder.encode(message)


def to_tell(addrs: Iterable[str]) -> tuple[str, ...]:
    """Which of our addresses others are told: loopback only where we listen nowhere else."""
    found = _numbers(addrs)
    return tuple(map(str, (_far(found) or found)[:MAX_ADDRESSES]))


def to_dial(told: Iterable[str], own: Iterable[str]) -> tuple[str, ...]:
    """Which of a peer's addresses are kept: our own machine only if we are nowhere else."""
    found = _numbers(told)
    return tuple(map(str, found if not _far(_numbers(own)) else _far(found)))


def _far(addresses: Iterable[Address]) -> list[Address]:
    return [one for one in addresses if one.ip is not None and not is_loopback(one.ip)]


def _numbers(addrs: Iterable[str]) -> list[Address]:
    """The IP addresses among these, each once: names are resolved on no peer's word."""
    return [one for one in parsed(addrs) if one.ip is not None]


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
    message.content = presentable(message.content)
    message.email = message.email if not flaw(message.email, MAX_EMAIL) else ""
    message.avatar_hash = message.avatar_hash if _HASH.match(message.avatar_hash) else ""
    message.active_template = presentable(message.active_template)
    # What a peer says of itself does not prove anything about it.
    message.verification_token, message.verified = "", False
    message.addrs = tuple(map(str, _numbers(message.addrs)[:MAX_ADDRESSES]))
    return message
