# SPDX-License-Identifier: MIT
"""Protocols of one request and one answer, as values: what is asked, and what is said to that."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from goop_node.reach import Matter
from goop_node.types import StreamHandler


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A protocol on whose streams a peer asks once, and is answered once.

    ``answer`` makes the answer of the request, without I/O: of what the peer has said before the
    first end of a line, or before it ended its side. ``longest`` is how many bytes a request may
    have; with 0 nothing is awaited, and the answer comes unasked. ``matter`` says who may ask.
    """

    protocol: str
    answer: Callable[[bytes], bytes]
    longest: int = 0
    matter: Matter = "exchange"


def matter_of(protocol: str | None, served: Iterable[StreamHandler | Exchange]) -> Matter:
    """What a stream of a protocol is about; what is not served here belongs to libp2p itself."""
    for one in served:
        if one.protocol == protocol:
            return one.matter if isinstance(one, Exchange) else "exchange"
    return "presence"


def longest_line(protocol: str, served: Iterable[StreamHandler | Exchange], otherwise: int) -> int:
    """Bytes of a line: what is served here has one bound, whoever opens the stream."""
    handlers = (one for one in served if isinstance(one, StreamHandler))
    return next((one.max_line for one in handlers if one.protocol == protocol), otherwise)
