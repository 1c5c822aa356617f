# SPDX-License-Identifier: MIT
"""Presence messages of the topic ``goop.presence.v1``: parse and serialise (pure)."""

from __future__ import annotations

import msgspec

TOPIC = "goop.presence.v1"
HEARTBEAT = 5.0
"""Seconds between two ``update`` messages."""
EXPIRY = 20.0
"""Seconds after which a peer that was not heard of counts as gone."""
MAX_LABEL = 256
MAX_MESSAGE = 16 * 1024


class Presence(msgspec.Struct, omit_defaults=True, rename={"peer_id": "peerId"}):
    """One message; the fields in the order that existing peers write them."""

    type: str
    peer_id: str
    content: str = ""
    ts: int = 0


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Presence)


def serialise(kind: str, peer_id: str, label: str, now: float) -> bytes:
    """``kind`` is ``online``, ``update`` or ``offline``; ``now`` in Unix seconds."""
    content = "" if kind == "offline" else label
    return _encoder.encode(
        Presence(type=kind, peer_id=peer_id, content=content, ts=int(now * 1000))
    )


def parse(data: bytes, signer: str) -> Presence | None:
    """The message in ``data``; ``None`` for what is malformed or not about its signer."""
    if len(data) > MAX_MESSAGE:
        return None
    try:
        message = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    if message.type not in ("online", "update", "offline") or message.peer_id != signer:
        return None
    message.content = "".join(c for c in message.content if c.isprintable())[:MAX_LABEL]
    return message
