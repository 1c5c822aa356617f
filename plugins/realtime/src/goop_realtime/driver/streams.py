# SPDX-License-Identifier: MIT
"""The living streams of channels and rooms, by the numbers that the engine knows them by."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from goop_node.clock import now_ms
from goop_node.types import LineStream
from goop_realtime.model.effects import CloseLink, SendLine


@dataclass(frozen=True)
class Steps:
    """How a driver's part has the engine's step ended: in this turn of the loop (``step``), or at
    once (``flush``). ``look`` is told of what may bring the engine's next deadline nearer."""

    step: Callable[[], None]
    flush: Callable[[], object]
    look: Callable[[], None]


Lines = Callable[[int, int, Iterable[bytes]], bool]
"""Takes ``(now, number, lines)``; false where the stream has to end."""
End = Callable[[int, int, str], None]
"""Takes ``(now, number, code)``."""


class Streams:
    """Every stream has a number of its own, whatever it carries."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._streams: dict[int, LineStream] = {}
        self._last = 0
        self._closed = False
        self.received_bytes = self.sent_bytes = 0
        """Of lines, ever."""

    def __len__(self) -> int:
        return len(self._streams)

    def adopt(self, stream: LineStream) -> int:
        """A number for a stream."""
        self._last += 1
        self._streams[self._last] = stream
        return self._last

    def read(self, link: int, stream: LineStream, lines: Lines, ended: End) -> None:
        """Begin reading: its lines go to ``lines``, its end to ``ended``."""
        stream.start(
            lambda raws: self.received(link, stream, raws, lines),
            lambda code: self.ended(link, code, ended),
        )

    def read_inbound(
        self,
        link: int,
        stream: LineStream,
        first: Callable[[bytes], bool],
        lines: Lines,
        ended: End,
    ) -> None:
        """Begin reading a stream that was opened to us: ``first`` says whether its first line is
        one of a guest's; where not, it has ended the stream."""
        begun = False

        def on_lines(raws: list[bytes]) -> None:
            nonlocal begun
            if not begun:
                begun = True
                if not first(raws.pop(0)):
                    return
                self._steps.step()
            self.received(link, stream, raws, lines)

        stream.start(on_lines, lambda code: self.ended(link, code, ended))

    def received(self, link: int, stream: LineStream, raws: list[bytes], lines: Lines) -> None:
        """Lines have come."""
        if not raws:
            return
        self.received_bytes += sum(map(len, raws))
        if not lines(now_ms(), link, raws):
            stream.reset()
        self._steps.step()

    def ended(self, link: int, code: str, ended: End) -> None:
        """A stream has ended; why is the ``code``."""
        self._streams.pop(link, None)
        if not self._closed:
            ended(now_ms(), link, code)
            self._steps.look()
            self._steps.step()

    def write(self, action: SendLine) -> None:
        """Write a line, where the stream is still there."""
        stream = self._streams.get(action.link)
        if stream is not None:
            self.sent_bytes += len(action.data)
            stream.write(action.data)

    def end(self, action: CloseLink) -> None:
        """End a stream, in good order or at once."""
        stream = self._streams.get(action.link)
        if stream is None:
            return
        if action.drain:
            stream.close()
        else:
            stream.reset()

    def cut_off(self) -> None:
        """End every stream at once."""
        for stream in list(self._streams.values()):
            stream.reset()
        self._streams.clear()

    def close(self) -> None:
        """Stop: every stream ends in good order, and the engine hears of none any more."""
        self._closed = True
        for stream in list(self._streams.values()):
            stream.close()
