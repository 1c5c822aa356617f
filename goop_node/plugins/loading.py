# SPDX-License-Identifier: MIT
"""Names the plugin that takes the process, or all of its time, while the node is being built.

A plugin that calls ``os._exit``, or crashes in compiled code, leaves nobody behind to say so.
Therefore a marker in the data folder says whose code runs; the next start reads it.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from goop_node.data.kept_files import read_json, write_kept
from goop_node.log_format import log_with
from goop_node.plugins.last_words import EARLIER, place_in
from goop_node.plugins.process_state import held

MARKER = "loading.json"
LIMIT_SECONDS = 10.0
log = logging.getLogger("goop_node.plugins.watchdog")


def _warn(plugin: str, sentence: str) -> None:
    log.warning("plugin %s: %s", plugin, sentence)


class Loading:
    """Keeps the marker. ``data`` is ``None`` where nothing is to be written.

    ``suspect`` is the plugin, and what it was doing, in which the last start ended.
    """

    def __init__(self, data: Path | None = None, *, limit: float = LIMIT_SECONDS) -> None:
        self._path = data / MARKER if data is not None else None
        self._limit = limit
        self.warn: Callable[[str, str], None] = _warn
        """Told of a plugin that it did what it should not have done, in a sentence."""
        self._steps: list[tuple[str, str]] = []
        self.suspect = self._read()

    def place_in(self, plugin: str, origin: str) -> str:
        """Where the last start was in the code of the suspect, if the plugin is that."""
        if self._path is None or self.suspect is None or self.suspect[0] != plugin:
            return ""
        return place_in(self._path.with_name(EARLIER), origin)

    @contextlib.contextmanager
    def step(self, plugin: str, doing: str, *, watched: bool = True) -> Iterator[None]:
        """Within it code of ``plugin`` runs; told when that takes very long, where ``watched``.

        What it changes of the whole process is set back.
        """
        self._steps.append((plugin, doing))
        self._write()
        thread = threading.get_ident()
        timer = threading.Timer(self._limit, self._report, (plugin, doing, thread))
        timer.daemon = True
        if watched:
            timer.start()
        try:
            with held(lambda sentence: self.warn(plugin, f"{doing}: {sentence}")):
                yield
        finally:
            timer.cancel()
            self._steps.pop()
            self._write()

    def _report(self, plugin: str, doing: str, thread: int) -> None:
        frame = sys._current_frames().get(thread)
        stack = "".join(traceback.format_stack(frame)) if frame is not None else ""
        words = "plugin %s blocks the node's start for more than %g s, in %s:"
        log_with(log, logging.WARNING, stack, words, plugin, self._limit, doing)

    def _write(self) -> None:
        if self._path is None:
            return
        with contextlib.suppress(OSError):  # a full disk is told where it matters
            if self._steps:
                plugin, doing = self._steps[-1]
                # It tells of processes that end, not of power cuts.
                write_kept(self._path, {"plugin": plugin, "doing": doing}, durable=False)
            else:
                self._path.unlink(missing_ok=True)

    def _read(self) -> tuple[str, str] | None:
        """What the marker of a start that ended too early says; it counts once."""
        if self._path is None:
            return None
        found = read_json(self._path)
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
        if not isinstance(found, dict):
            return None
        plugin, doing = found.get("plugin"), found.get("doing")
        return (plugin, doing) if isinstance(plugin, str) and isinstance(doing, str) else None
