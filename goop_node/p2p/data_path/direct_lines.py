# SPDX-License-Identifier: MIT
"""Lines on a stream by plain calls: what was written in one turn leaves together, and what came in
one read comes in one call. Nothing waits, and no task is woken."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Protocol

from goop_node.p2p import limits
from goop_node.p2p.data_path.streams import Stream, nobody
from goop_node.p2p.framing import Framing, LineTooLong, NotAgreed
from goop_node.plugins.callbacks import called

DRAIN_SECONDS = 2.0
"""How long a peer may take for what is still to be sent on a stream that is closed."""
STALLED_SECONDS = 5.0
"""How long a peer may grant nothing on a stream whose window is used up."""


class Handle(Protocol):
    """What the loop has been told to do."""

    def cancel(self) -> None:
        """Not to do it."""


class Loop(Protocol):
    """What is asked of asyncio's loop."""

    def time(self) -> float:
        """Seconds, by the clock of ``call_later``."""

    def call_soon(self, work: Callable[[], object]) -> Handle:
        """Do it behind what is being done."""

    def call_later(self, seconds: float, work: Callable[[], object]) -> Handle:
        """Do it then."""


class DirectLines:
    """A ``LineStream`` (see ``goop_node.types``). It is told of its stream by calls."""

    def __init__(
        self,
        core: Stream,
        peer_id: str,
        protocol: str,
        framing: Framing,
        loop: Loop,
        proposal: bytes = b"",
    ) -> None:
        """``proposal`` goes before the first line."""
        self.peer_id = peer_id
        self.protocol = protocol
        self._core = core
        self._framing = framing
        self._loop = loop
        self._started = False
        self._paused = False
        self._closing = False
        self._ended = False
        self._end_code = ""
        self._patience: Handle | None = None
        self._waits_since = 0.0
        self._drain: Handle | None = None
        self._stall: Handle | None = None
        self._on_lines: Callable[[list[bytes]], None] = lambda lines: None
        self._on_end: Callable[[str], None] = lambda code: None
        core.out += proposal
        core.on_input = self._input
        core.on_output = nobody
        if core.end:
            loop.call_soon(self._input)

    # What users call

    @property
    def queued(self) -> int:
        """Bytes that have not left yet."""
        return len(self._core.out)

    def start(self, on_lines: Callable[[list[bytes]], None], on_end: Callable[[str], None]) -> None:
        """Begin reading; see ``LineStream.start``."""
        self._on_lines = on_lines
        self._on_end = on_end
        self._started = True
        if self._ended:
            on_end(self._end_code)
            return
        if self._core.out:
            self._core.write(b"")
        self._wait()
        self._loop.call_soon(self._input)

    def write(self, line: bytes) -> None:
        """Queue a line."""
        if self._ended or self._closing:
            return
        core = self._core
        core.write(line + b"\n")
        if not core.send_window and self._stall is None:
            later = partial(self._stalled, core.credits)
            self._stall = self._loop.call_later(STALLED_SECONDS, later)

    def pause(self) -> None:
        """Stop reading."""
        if not self._paused:
            self._rest()
            self._paused = True

    def resume(self) -> None:
        """Read again."""
        if self._paused:
            self._paused = False
            self._wait()
            self._loop.call_soon(self._input)

    def close(self) -> None:
        """Write what is queued, then close; end it at once when the peer takes nothing of it."""
        if self._ended or self._closing:
            return
        self._closing = True
        self._core.on_output = self._output
        self._core.finish()
        wait = DRAIN_SECONDS if self._framing.agreed else limits.AGREEING_SECONDS
        self._drain = self._loop.call_later(wait, self._give_up)

    def reset(self) -> None:
        """End it at once."""
        if not self._ended:
            self._closing = self._paused = True
            self._core.on_input = self._core.on_output = nobody
            self._core.abort()
            self._loop.call_soon(self._give_up)

    # What comes from the stream

    def _input(self) -> None:
        """Something came, or the stream ended."""
        core = self._core
        if core.end:
            self._end("reset" if core.end == "dropped" else core.end)
        elif self._started and not self._paused and not self._ended:
            if core.came:
                self._take_lines(core.read())
            if core.at_end and not self._paused:
                self._end("eof")

    def _take_lines(self, chunk: bytes) -> None:
        framing = self._framing
        self._rest()
        try:
            lines = framing.lines(chunk)
        except LineTooLong:
            self._end("line_too_long")
            return
        except NotAgreed:
            self._end("reset")
            return
        self._core.keep(framing.unfinished)
        self._wait()
        if lines and not called(
            partial(self._on_lines, lines), f"the lines of a stream of {self.protocol}"
        ):
            self._end("reset")
        elif self._closing:
            self._output()

    def _output(self) -> None:
        """Something has left of a stream that is to be closed."""
        if self._core.finished and self._framing.agreed:
            self._end("closed")

    # Deadlines

    def _wait(self) -> None:
        """From now on the peer's time for what is missing runs."""
        if self._framing.patience != math.inf:
            self._waits_since = self._loop.time()
            if self._patience is None:
                self._patience = self._loop.call_later(self._framing.patience, self._late)

    def _rest(self) -> None:
        """Nothing is read, or something came: the peer's time stands still."""
        if self._framing.patience != math.inf and self._started and not self._paused:
            now = self._loop.time()
            self._framing.patience -= now - self._waits_since
            self._waits_since = now

    def _late(self) -> None:
        self._patience = None
        if self._ended or self._paused:
            return
        self._rest()
        if self._framing.patience <= 0:
            self._end("too_slow")
        else:
            self._wait()

    def _stalled(self, credits_before: int) -> None:
        self._stall = None
        core = self._core
        if self._ended or core.send_window or not core.out:
            return
        if core.credits == credits_before:
            self._end("reset")
        else:
            later = partial(self._stalled, core.credits)
            self._stall = self._loop.call_later(STALLED_SECONDS, later)

    # The end

    def _give_up(self) -> None:
        """Of a stream that was closed or reset, whatever has become of it."""
        self._end("closed")

    def lose(self) -> None:
        """Nobody serves it any more."""
        self._end("lost")

    def over(self) -> None:
        """It has ended: for who waits for that."""

    def _end(self, code: str) -> None:
        if self._ended:
            return
        self._ended = True
        core = self._core
        agreed = self._framing.agreed
        self._end_code = code if agreed else "unanswered"
        for waiting in (self._patience, self._drain, self._stall):
            if waiting is not None:
                waiting.cancel()
        core.on_input = core.on_output = nobody
        self._framing.clear()
        if agreed and (code == "eof" or core.finished):
            self._finish()
        else:
            core.abort()
        self.over()
        if self._started:
            what = f"the end of a stream of {self.protocol}"
            called(partial(self._on_end, self._end_code), what)

    def _finish(self) -> None:
        """The peer has said all, or we have: what is left of ours may leave, for a while."""
        core = self._core
        core.unfinished = 0
        core.ignore()
        core.finish()
        if not core.finished:
            self._loop.call_later(DRAIN_SECONDS, self._drained)

    def _drained(self) -> None:
        if not self._core.finished:
            self._core.abort()
