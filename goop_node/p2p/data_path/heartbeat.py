# SPDX-License-Identifier: MIT
"""Pings on a connection, at their times, and the end of one that is silent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from goop_node.p2p.data_path.liveness import Liveness
from goop_node.p2p.data_path.yamux import Yamux


class Heartbeat:
    """Beats from the beginning until ``stop``. ``silent`` is called when nothing comes any more."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, yamux: Yamux, silent: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._yamux = yamux
        self._silent = silent
        self._liveness = Liveness(loop.time())
        self._timer: asyncio.TimerHandle | None = None
        self._look()

    def doubt(self) -> None:
        """The peer has come with another connection: see soon whether this one still lives."""
        now = self._loop.time()
        if self._liveness.doubt(self._yamux.heard, now):
            self._yamux.ping(now)
            self._wait()

    def stop(self) -> None:
        """The connection has ended."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        now = self._loop.time()
        what = self._liveness.look(self._yamux.heard, now)
        if what == "silent":
            self._silent()
            return
        if what == "ping":
            self._yamux.ping(now)
        self._yamux.sweep(now)
        self._wait()

    def _wait(self) -> None:
        self.stop()
        self._timer = self._loop.call_at(self._liveness.due, self._look)
