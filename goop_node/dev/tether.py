# SPDX-License-Identifier: MIT
"""The node's end of the line to its supervisor: it starts when told, and ends with it.

Lines of JSON in both directions over one socket. From the supervisor: ``{"go": true}`` once, then
``{"changed": [PATH, …]}`` for files of pages. To it: ``{"pages": {TEMPLATE: FOLDER}}`` once the
node is ready.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goop_node.lifetime import END_SECONDS, end_within

if TYPE_CHECKING:
    from goop_node.node import Node

_OF_THE_HOST = ("goop_node.cli.run", "goop_node.p2p", "goop_node.web.app", "uvloop")
"""What a node imports whatever its plugins are: most of the time that a start takes."""


class Tether:
    """That end, over the open socket with the number ``descriptor``."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._socket.set_inheritable(False)  # what a plugin starts would hold it open
        self._lines = self._socket.makefile("rb")
        self._take: Callable[[list[Path]], object] | None = None

    def wait(self) -> bool:
        """Import what needs no plugin, and wait for the word to go; ``False``: it will not come."""
        for module in _OF_THE_HOST:
            try:
                importlib.import_module(module)
            except ImportError:  # uvloop is not everywhere; the rest is told at the start
                continue
        if not self._lines.readline():
            return False
        threading.Thread(target=self._read, name="goop-supervisor", daemon=True).start()
        return True

    def attend(self, node: Node) -> None:
        """The node is ready: say where its pages are, and hear of their changes. In the loop."""
        loop, author = asyncio.get_running_loop(), node.author
        if author is None:
            return

        def take(paths: list[Path]) -> None:
            loop.call_soon_threadsafe(author.changed, paths)

        self._take = take
        pages = {name: str(one.folder.resolve()) for name, one in node.templates.items()}
        self._socket.sendall(json.dumps({"pages": pages}).encode() + b"\n")

    def _read(self) -> None:
        for line in self._lines:
            told: dict[str, Any] = json.loads(line)
            if self._take is not None:
                try:
                    self._take([Path(one) for one in told.get("changed", ())])
                except RuntimeError:
                    break  # the loop has ended
        # The supervisor is gone, however it ended: nobody else would end this process.
        end_within(END_SECONDS, 1)
        os.kill(os.getpid(), signal.SIGTERM)
