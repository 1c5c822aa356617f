# SPDX-License-Identifier: MIT
"""Frames of yamux: https://github.com/hashicorp/yamux/blob/master/spec.md"""

from __future__ import annotations

from struct import Struct

HEADER = Struct("!BBHII")
"""Version, kind, flags, number of the stream, length."""
DATA, WINDOW, PING, GO_AWAY = range(4)
SYN, ACK, FIN, RST = 1, 2, 4, 8
LARGEST = 2**32 - 1
"""Of every number in a header but the first three."""


def frame(kind: int, flags: int, number: int, length: int = 0) -> bytes:
    """A frame, or the header of one of data."""
    return HEADER.pack(0, kind, flags, number, length)
