# SPDX-License-Identifier: MIT
"""From the bytes of a stream to its lines (pure): bounds, the answer to a proposal, and how long
what is missing may take."""

from __future__ import annotations

import math

from goop_node.p2p import limits


class LineTooLong(Exception):
    """A line is longer than was agreed."""


class NotAgreed(Exception):
    """The peer does not agree on the protocol that was proposed to it."""


class Framing:
    """Of one stream. ``patience`` is how many seconds what is missing may take from now on; whoever
    waits subtracts what it took."""

    def __init__(self, max_line: int, *, theirs: bool = False, proposal: bytes = b"") -> None:
        """``theirs``: the peer has opened it, so that it has something to say at once.

        ``proposal``: what comes back before any of the peer's lines.
        """
        self._max_line = max_line
        self._answer = proposal
        self._unfinished = bytearray()
        self.patience = math.inf
        if theirs:
            self.patience = limits.FIRST_LINE_SECONDS
        elif proposal:
            self.patience = limits.AGREEING_SECONDS

    @property
    def agreed(self) -> bool:
        """Whether nothing of the answer is missing."""
        return not self._answer

    @property
    def unfinished(self) -> int:
        """Bytes that are kept of a line without its end."""
        return len(self._unfinished)

    def lines(self, chunk: bytes) -> list[bytes]:
        """The lines that are complete with this chunk. A line that begins has its own time.

        Raises ``LineTooLong`` and ``NotAgreed``: then the stream must end.
        """
        if self._answer:
            chunk = self._behind_answer(chunk)
        at_most = len(self._unfinished) + len(chunk)
        lines = self._complete(chunk)
        if at_most > self._max_line and max([self.unfinished, *map(len, lines)]) > self._max_line:
            raise LineTooLong
        return lines

    def clear(self) -> None:
        """Keep nothing."""
        self._unfinished.clear()

    def _behind_answer(self, chunk: bytes) -> bytes:
        """What is behind the answer to our proposal."""
        size = min(len(chunk), len(self._answer))
        if chunk[:size] != self._answer[:size]:
            raise NotAgreed
        self._answer = self._answer[size:]
        if not self._answer:
            self.patience = math.inf
        return chunk[size:]

    def _complete(self, chunk: bytes) -> list[bytes]:
        if b"\n" not in chunk:
            if chunk and not self._unfinished:
                self.patience = min(self.patience, limits.LINE_SECONDS)
            self._unfinished += chunk
            return []
        lines = chunk.split(b"\n")
        rest = lines.pop()
        if self._unfinished:
            lines[0] = bytes(self._unfinished + lines[0])
            self._unfinished.clear()
        self._unfinished += rest
        self.patience = limits.LINE_SECONDS if rest else math.inf
        return lines
