# SPDX-License-Identifier: MIT
"""``goop run --dev``: the process that watches files, and starts the node's process anew."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from goop_node.config.model import NodeConfig, StartError
from goop_node.dev.lines import Ready, Row
from goop_node.dev.processes import NodeProcess
from goop_node.dev.watched import Places, config_file, consequences, places_of
from goop_node.dev.watching import Watching
from goop_node.log_format import say
from goop_node.plugins.environment import installed
from goop_node.plugins.loading import MARKER
from goop_node.stop_signals import until_told

TOLD_IN_WORDS = 2
"""The exit code of a node that said what is wrong before it started."""


def supervise(
    config: NodeConfig, arguments: Sequence[str], config_of: Callable[[], NodeConfig]
) -> int:
    """Run the node of ``goop ARGUMENTS`` until SIGINT or SIGTERM. Returns the exit code.

    ``config_of`` reads the configuration anew; it raises ``StartError`` where that has mistakes.
    """
    return asyncio.run(Supervisor(config, arguments, config_of).run())


class Supervisor:
    """Keeps one node running, and another process in reserve that becomes the next one.

    The node that runs is ``_node``. All that happens comes as a ``bool`` through ``_events``, one
    after another: whether to start anew; else somebody has ended.
    """

    def __init__(
        self, config: NodeConfig, arguments: Sequence[str], config_of: Callable[[], NodeConfig]
    ) -> None:
        self._config = config
        self._arguments = arguments
        self._config_of = config_of
        self._node: NodeProcess | None = None
        self._reserve: NodeProcess | None = None
        self._templates: dict[str, Row] = {}
        """All that any node has had, by name: a plugin may be left out for now."""
        self._changed: set[Path] = set()
        """What changed since the last start, for which the node has to start anew."""
        self._awake = asyncio.Event()
        self._stopping = False
        self._was_ready = False
        self._tried_again = False
        """Whether the node was started without a change since the last one."""

    async def run(self) -> int:
        """Until a signal comes, or the node ends in a way that no change of a file mends."""
        watching = self._watching = Watching(self._see, never=(self._config.data.resolve(),))
        with until_told(self._stop):
            try:
                watching.add(self._places())
                await self._start()
                code = None
                while code is None and not self._stopping:
                    await self._awake.wait()
                    self._awake.clear()
                    code = None if self._stopping else await self._turn()
                return code or 0
            finally:
                ending = [one.end() for one in (self._node, self._reserve) if one is not None]
                await asyncio.gather(watching.close(), *ending)

    async def _turn(self) -> int | None:
        """Something happened. Returns the exit code where it is the end."""
        if self._changed:
            await self._start_anew()
            return None
        node = self._node
        if node is None or node.code is None:
            if node is not None and node.ready and self._reserve is None:
                self._reserve = await self._begin()
            return None
        code = node.code
        if code == 0 or (code == TOLD_IN_WORDS and not self._was_ready):
            return code
        await node.end()
        self._node = None
        if code != TOLD_IN_WORDS and not self._tried_again:
            # Whose code ended it is known from the marker: that plugin is left out now.
            self._tried_again = True
            say(f"The node ended (exit code {code}) and is started again", error=True)
            await self._start()
        else:
            say(f"The node ended (exit code {code}); it starts when a file changes", error=True)
        return None

    async def _start_anew(self) -> None:
        """End the node and start it with what changed."""
        changed = self._take_changed()
        if config_file(self._config) in changed and not self._read_config():
            return  # the node goes on as it was; that file has to be saved again anyway
        say(f"{_named(changed)} changed: the node starts anew")
        if self._node is not None:
            await self._node.end()
            self._node = None
        self._take_changed()  # what changed until now is read by the next one anyway
        # A process that was ended while it loaded a plugin says nothing against the plugin.
        with contextlib.suppress(OSError):
            (self._config.data / MARKER).unlink(missing_ok=True)
        self._tried_again = False
        self._watching.add(self._places())
        if not self._stopping:
            await self._start()

    async def _start(self) -> None:
        if self._reserve is not None and self._reserve.code is not None:
            await self._reserve.end()
            self._reserve = None
        self._node, self._reserve = self._reserve or await self._begin(), None
        self._node.go(self._templates.values())

    async def _begin(self) -> NodeProcess:
        return await NodeProcess.begin(self._arguments, self._ready, lambda _: self._awake.set())

    def _ready(self, told: Ready) -> None:
        """The node serves pages."""
        self._was_ready = True
        self._templates.update((row.name, row) for row in told.templates)
        self._watching.add(Places(folders=frozenset(Path(row.folder) for row in told.templates)))
        self._awake.set()

    def _see(self, changed: frozenset[Path]) -> None:
        folders = {name: Path(row.folder) for name, row in self._templates.items()}
        found = consequences(
            changed, config=config_file(self._config), page_folders=folders, plain=self._plain()
        )
        if found.pages and self._node is not None:
            self._node.tell_changed(sorted(found.pages))
        if found.restart:
            self._changed |= found.restart
            self._awake.set()

    def _plain(self) -> list[Path]:
        return [folder.resolve() for folder in self._config.templates]

    def _places(self) -> Places:
        return places_of(self._config, installed().plugins)

    def _take_changed(self) -> set[Path]:
        changed, self._changed = self._changed, set()
        return changed

    def _read_config(self) -> bool:
        """Whether goop.toml can be used as it is now; else its mistakes are told."""
        try:
            self._config = self._config_of()
        except StartError as error:
            for line in error.lines:
                say(line, error=True)
            return False
        return True

    def _stop(self) -> None:
        """Somebody wants it to end; who presses Ctrl-C again does not wait for anything."""
        for one in (self._node, self._reserve):
            if one is not None:
                one.terminate()
        self._stopping = True
        self._awake.set()


def _named(changed: Iterable[Path]) -> str:
    """The first of the files by name, and how many there are besides."""
    first, *others = sorted(changed)
    return f"{first.name} and {len(others)} more" if others else first.name
