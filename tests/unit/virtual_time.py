# SPDX-License-Identifier: MIT
"""An event loop whose clock jumps to whatever is due next: minutes pass in a moment."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time passes only while nothing is ready to run. ``time()`` begins at zero."""

    def __init__(self) -> None:
        self._virtual = 0.0
        super().__init__()

    def time(self) -> float:
        """Virtual seconds."""
        return self._virtual

    def _run_once(self) -> None:
        inner: Any = self
        due = [handle.when() for handle in inner._scheduled if not handle.cancelled()]
        if not inner._ready:
            if not due:
                raise RuntimeError("everything waits, and nothing will ever come")
            self._virtual = max(self._virtual, min(due))
        inner._clock_resolution = 1e-9
        super()._run_once()  # type: ignore[misc]


def live(story: Coroutine[Any, Any, T]) -> T:
    """Run ``story`` in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(story)
