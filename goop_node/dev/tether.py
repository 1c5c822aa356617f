# SPDX-License-Identifier: MIT
"""The node's end of the line to its supervisor: it starts when told, and ends with it."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from goop_node.dev.lines import TO_NODE, Changed, Go, Ready, Row, line
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
        self._before: list[Row] = []
        """The templates of the nodes before this one."""
        self._take: Callable[[list[Path]], object] | None = None

    def wait(self) -> bool:
        """Import what needs no plugin, and wait for the word to go; ``False``: it will not come."""
        for module in _OF_THE_HOST:
            try:
                importlib.import_module(module)
            except ImportError:  # uvloop is not everywhere; the rest is told at the start
                continue
        told = self._lines.readline()
        go = TO_NODE.decode(told) if told else None
        if not isinstance(go, Go):
            return False
        self._before = go.templates
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
        left_out = {one.name for one in node.plugin_status() if one.status == "failed"}
        lacking = [
            row.brought()
            for row in self._before
            if row.plugin in left_out
            and row.name not in node.templates
            and Path(row.folder).is_dir()
        ]
        if lacking:
            node.shelf.keep(lacking)
        self._socket.sendall(line(Ready([Row.of(one) for one in node.shelf.brought])))

    def _read(self) -> None:
        for text in self._lines:
            told = TO_NODE.decode(text)
            if self._take is not None and isinstance(told, Changed):
                try:
                    self._take([Path(one) for one in told.paths])
                except RuntimeError:
                    break  # the loop has ended
        # The supervisor is gone, however it ended: nobody else would end this process.
        end_within(END_SECONDS, 1)
        os.kill(os.getpid(), signal.SIGTERM)
