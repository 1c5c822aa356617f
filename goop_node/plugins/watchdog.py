# SPDX-License-Identifier: MIT
"""A thread that notices when something blocks the event loop, and says what.

One thread runs everything, so a plugin that computes or waits synchronously stops the whole
node. That cannot be prevented, but it can be named.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from types import FrameType

from goop_node.log_format import log_with

LIMIT_SECONDS = 2.0
INTERVAL_SECONDS = 1.0
log = logging.getLogger("goop_node.plugins.watchdog")

Report = Callable[[str, "str | None"], None]
"""Called on the watchdog's thread with the stack as text and the plugin's name, if known."""


def log_report(stack: str, plugin: str | None) -> None:
    """Write what blocks to the log."""
    who = f"plugin {plugin}" if plugin else "something"
    words = "%s blocks the node for more than %g s:"
    log_with(log, logging.WARNING, stack, words, who, LIMIT_SECONDS)


class Watchdog:
    """Watches the running loop between ``start`` and ``stop``.

    ``packages`` maps each plugin to the top-level package its code is in. ``limit`` and
    ``interval`` are in seconds; a block is reported once.
    """

    def __init__(
        self,
        packages: Mapping[str, str],
        *,
        report: Report = log_report,
        limit: float = LIMIT_SECONDS,
        interval: float = INTERVAL_SECONDS,
    ) -> None:
        self._plugins = {package: plugin for plugin, package in packages.items()}
        self._report = report
        self._limit = limit
        self._interval = interval
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin. Call it on the loop's thread."""
        self._thread = threading.Thread(
            target=self._watch,
            args=(asyncio.get_running_loop(), threading.get_ident()),
            name="goop-watchdog",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the thread."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self, loop: asyncio.AbstractEventLoop, loop_thread: int) -> None:
        while not self._stopped.wait(self._interval):
            beat = threading.Event()
            try:
                loop.call_soon_threadsafe(beat.set)
            except RuntimeError:
                return  # the loop is closed
            if beat.wait(self._limit):
                continue
            frame = sys._current_frames().get(loop_thread)
            if frame is None or self._stopped.is_set():
                return
            self._report("".join(traceback.format_stack(frame)), self._plugin_in(frame))
            while not beat.wait(self._interval):
                if self._stopped.is_set():
                    return

    def _plugin_in(self, innermost: FrameType) -> str | None:
        """The plugin whose code is nearest to where the loop is stuck."""
        frame: FrameType | None = innermost
        while frame is not None:
            package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
            if package in self._plugins:
                return self._plugins[package]
            frame = frame.f_back
        return None
