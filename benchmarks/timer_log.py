# SPDX-License-Identifier: MIT
"""Runs a node and writes down who sets which timer: a tool of ``footprint.py``.

``python timer_log.py LOG COMMAND…``, where the command is ``python -m goop_node …``. A line of
the log is the time (Unix), the delay in seconds and the place in the code.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import trio
import uvloop

from goop_node.cli import main as cli

PASSED_OVER = ("asyncio", "contextlib", "threading", "trio", "uvloop", "__main__")
GUEST = "goop_node.p2p.guest"
"""These modules only pass trio's timers on, whose places are known."""


def main() -> int:
    """Patch what sets timers, and be ``goop``."""
    with Path(sys.argv[1]).open("w", encoding="utf-8", buffering=1) as log:
        _watch(log)
        return cli.main(sys.argv[sys.argv.index("goop_node") + 1 :])


def _watch(log: TextIO) -> None:
    class Loop(uvloop.Loop):
        def call_later(  # type: ignore[override]
            self, delay: float, callback: Any, *arguments: Any, context: Any = None
        ) -> Any:
            _note(log, delay)
            return super().call_later(delay, callback, *arguments, context=context)

        def call_at(  # type: ignore[override]
            self, when: float, callback: Any, *arguments: Any, context: Any = None
        ) -> Any:
            return self.call_later(when - self.time(), callback, *arguments, context=context)

    uvloop.new_event_loop = Loop
    for name in ("sleep", "move_on_after", "fail_after"):
        setattr(trio, name, _noting(log, getattr(trio, name)))
    wait = threading.Event.wait

    def waiting(self: threading.Event, timeout: float | None = None) -> bool:
        if timeout is not None:
            _note(log, timeout)
        return wait(self, timeout)

    threading.Event.wait = waiting  # type: ignore[method-assign]


def _noting(log: TextIO, real: Callable[..., Any]) -> Callable[..., Any]:
    def noting(seconds: float, **more: Any) -> Any:
        _note(log, seconds)
        return real(seconds, **more)

    return noting


def _note(log: TextIO, delay: float) -> None:
    frame = sys._getframe(1)
    while frame.f_back is not None and (
        frame.f_globals["__name__"].partition(".")[0] in PASSED_OVER
    ):
        frame = frame.f_back
    where = frame.f_globals["__name__"]
    if not where.startswith(GUEST):
        log.write(f"{time.time()} {delay} {where}:{frame.f_lineno}\n")


if __name__ == "__main__":
    sys.exit(main())
