# SPDX-License-Identifier: MIT
"""What Goop² peers are answered (pure). Each answer is all that is written on its stream."""

from __future__ import annotations

import msgspec

MAX_REQUEST = 4 * 1024
"""Bytes of a request for a group's documents: a group, an operation and a file's name."""
MAX_LISTEN = 512
"""Bytes of a request to listen: a word and a group."""

_encoder = msgspec.json.Encoder()


class DocsRequest(msgspec.Struct, rename={"group": "group_id"}):
    """A request for the documents of a group."""

    op: str
    group: str
    file: str = ""


_decoder = msgspec.json.Decoder(DocsRequest)


def content(label: str) -> bytes:
    """To who asks for our content: the name that presence tells, too."""
    return label.encode() + b"\n"


def avatar(picture: bytes | None) -> bytes:
    """To who asks for our picture: a PNG, or that there is none."""
    return b"NONE\n" if picture is None else b"OK %d\n" % len(picture) + picture


def diag() -> bytes:
    """To who asks how we are: well, or nobody would answer. The rest is not for others."""
    return _line({"ok": True})


def relay_refresh() -> bytes:
    """To who asks us to renew our place at a relay: we have none."""
    return _line({"ok": False, "error": "this peer uses no relay"})


def docs(request: bytes) -> bytes:
    """To who asks for a group's documents: no group of ours has any."""
    try:
        asked = _decoder.decode(request)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return _line({"ok": False, "error": "bad request"})
    known = asked.op in ("list", "get")
    return _line({"ok": False, "error": "group not found" if known else "unknown op"})


def listen(request: bytes) -> bytes:
    """To who would listen along with a group: nothing is playing here."""
    word, _, group = request.partition(b" ")
    return b"ERR not found\n" if word == b"LISTEN" and group.strip() else b"ERR bad request\n"


def _line(value: dict[str, bool | str]) -> bytes:
    return _encoder.encode(value) + b"\n"
