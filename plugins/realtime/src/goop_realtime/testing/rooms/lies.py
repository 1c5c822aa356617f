# SPDX-License-Identifier: MIT
"""What a host may try to make others believe, in an author's name."""

from __future__ import annotations

import random

import msgspec

from goop_realtime.rooms.forms import serialise
from goop_realtime.rooms.lines import EntryLine, parse

WORDS = msgspec.Raw(b'{"type":"add","n":6}')


def lie(data: bytes, liar: str, chance: random.Random) -> bytes | None:
    """A line as a liar writes it; ``None`` where there is nothing to lie about in it."""
    if not data.startswith(b'{"type":"entry"'):
        return None
    line = parse(data)
    if not isinstance(line, EntryLine) or line.kind != "msg" or line.author == liar or line.to:
        return None
    if chance.random() < 0.5:
        line.data = WORDS
    else:
        line.id = f"another-{chance.randrange(100)}"
    return serialise(line)
