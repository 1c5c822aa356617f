# SPDX-License-Identifier: MIT
"""Telling a person's Ctrl-C from a ``KeyboardInterrupt`` that a plugin raised.

While a command runs, SIGINT and SIGTERM raise :class:`Interrupted`, which nothing contains.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class Interrupted(KeyboardInterrupt):
    """The process was told to stop by the signal ``number``."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Within it SIGINT and SIGTERM raise ``Interrupted``, unless a loop handles them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, _interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def is_persons(error: BaseException) -> bool:
    """Whether ``error`` is a person's wish to stop, as far as that can be known."""
    if isinstance(error, Interrupted):
        return True
    # Under Python's own handler a Ctrl-C cannot be told from a plugin's: the person is believed.
    python = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    return isinstance(error, KeyboardInterrupt) and python


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted(number)
