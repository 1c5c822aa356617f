# SPDX-License-Identifier: MIT
"""A node's process as its supervisor has it: told to go, told of changes, ended for certain."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from goop_node.dev.lines import FROM_NODE, Changed, Go, Ready, Row, ToNode, line

OPTION = "--tether"
"""Takes the number of the socket to the supervisor."""
END_SECONDS = 3.0
"""How long a process that is told to end may take before it is killed."""
_LIMIT = 1024 * 1024
"""Bytes of a line: paths of all templates."""


class NodeProcess:
    """``goop run`` in a process of its own, which has imported what is no plugin, and waits.

    ``code`` is its exit code once it has ended. Make it with ``begin``.
    """

    def __init__(
        self, process: asyncio.subprocess.Process, writer: asyncio.StreamWriter, name: str
    ) -> None:
        self._process = process
        self._writer = writer
        self._name = name
        self.ready = False
        self._went = False
        self._told_to_end = False
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def begin(
        cls,
        arguments: Sequence[str],
        on_ready: Callable[[Ready], None],
        on_end: Callable[[NodeProcess], None],
    ) -> NodeProcess:
        """Start one with the arguments of ``goop``. That it is ready, and its end, are told."""
        ours, theirs = socket.socketpair()
        with theirs:
            # A session of its own: Ctrl-C reaches the supervisor alone, which then ends it.
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, *_path_option(), "-m", "goop_node"),
                *(*arguments, OPTION, str(theirs.fileno())),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        reader, writer = await asyncio.open_connection(sock=ours, limit=_LIMIT)
        node = cls(process, writer, f"node {process.pid}")
        node._tasks = [
            asyncio.create_task(node._hear(reader, on_ready), name=f"{node._name}: what it says"),
            asyncio.create_task(node._await_end(on_end), name=f"{node._name}: its end"),
        ]
        return node

    @property
    def code(self) -> int | None:
        """The exit code, negative for a signal; ``None`` while it runs."""
        return self._process.returncode

    def go(self, templates: Iterable[Row]) -> None:
        """Have it load its plugins and be a node. ``templates`` are those of nodes before it."""
        self._went = True
        self._say(Go(list(templates)))

    def tell_changed(self, paths: Sequence[Path]) -> None:
        """Have it tell its pages that these files changed."""
        self._say(Changed([str(path) for path in paths]))

    def terminate(self) -> None:
        """Have it end, if it still runs; one that never went has nothing to put in order.

        A node that is told twice waits for nothing any more.
        """
        self._told_to_end = True
        if self.code is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM if self._went else signal.SIGKILL)

    async def end(self) -> None:
        """End it, by force where it does not go."""
        if not self._told_to_end:
            self.terminate()
        try:
            async with asyncio.timeout(END_SECONDS):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        self._writer.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _say(self, message: ToNode) -> None:
        if not self._writer.is_closing():
            self._writer.write(line(message))

    async def _hear(self, reader: asyncio.StreamReader, on_ready: Callable[[Ready], None]) -> None:
        with contextlib.suppress(OSError):
            async for text in reader:
                self.ready = True
                on_ready(FROM_NODE.decode(text))

    async def _await_end(self, on_end: Callable[[NodeProcess], None]) -> None:
        await self._process.wait()
        on_end(self)


def _path_option() -> Sequence[str]:
    """``-m`` finds modules in the working folder first; ``goop`` itself does not."""
    here = os.getcwd()
    return () if any(one in ("", here) for one in sys.path) else ("-P",)
