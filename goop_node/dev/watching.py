# SPDX-License-Identifier: MIT
"""Watches files: tells of what changed once it has been quiet for a moment."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from pathlib import Path

from watchfiles import Change, awatch

from goop_node.dev.watched import Places, matters

QUIET_MS = 100
"""How long nothing may change before changes are told: editors save in several steps."""
LONGEST_MS = 1_000
"""How long changes are held back at most, where there is always another."""
AGAIN_SECONDS = 0.2
"""How often a folder that was removed is looked for."""
LATER_SECONDS = 5.0
"""How long it takes until what the system refused to watch is tried again."""
log = logging.getLogger(__name__)

Tell = Callable[[frozenset[Path]], None]


class Watching:
    """What is watched until it is closed. ``tell`` gets absolute paths, in the loop.

    Places are only added: between the end of one watch and the beginning of another, changes
    would be missed.
    """

    def __init__(self, tell: Tell, *, never: Collection[Path] = ()) -> None:
        """``never`` are folders of which nothing is told, wherever they lie."""
        self._tell = tell
        self._never = frozenset(never)
        self._folders: set[Path] = set()
        self._files: dict[Path, set[str]] = {}
        """The names of single files, by their folder: a file that is replaced is another one."""
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, places: Places) -> None:
        """Watch these, too."""
        for folder in sorted(places.folders):  # a folder comes before what is in it
            if not any(folder.is_relative_to(one) for one in self._folders):
                self._folders.add(folder)
                self._begin(folder, recursive=True)
        for file in places.files:
            if file.parent not in self._files:
                self._files[file.parent] = set()
                self._begin(file.parent, recursive=False)
            self._files[file.parent].add(file.name)

    async def close(self) -> None:
        """Watch nothing any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, folder: Path, *, recursive: bool) -> None:
        self._tasks.add(asyncio.create_task(self._follow(folder, recursive), name=f"{folder}"))

    async def _follow(self, folder: Path, recursive: bool) -> None:
        """Tell of changes in ``folder``, also after it was removed and made anew."""

        gone = (Change.deleted, str(folder))

        def wanted(change: Change, name: str) -> bool:
            path = Path(name)
            if (change, name) == gone:
                return True
            if not recursive:
                return path.name in self._files[folder]
            return matters(path, folder) and not any(map(path.is_relative_to, self._never))

        missed = refused = False
        while True:
            known = _inode(folder)
            if known is None:
                missed = True
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            if missed:
                all_of_it = {folder} if recursive else {folder / one for one in self._files[folder]}
                self._tell(frozenset(all_of_it))
            missed = False
            try:
                async for changes in awatch(
                    folder,
                    watch_filter=wanted,
                    recursive=recursive,
                    step=QUIET_MS,
                    debounce=LONGEST_MS,
                    ignore_permission_denied=True,
                ):
                    self._tell(frozenset(Path(name) for _, name in changes))
                    if gone in changes or _inode(folder) != known:
                        missed = True
                        break
            except (OSError, RuntimeError) as error:
                if _inode(folder) == known:
                    if not refused:
                        log.warning("changes in %s are not seen: %s", folder, error)
                    refused = True
                    await asyncio.sleep(LATER_SECONDS)
            missed = missed or _inode(folder) != known


def _inode(folder: Path) -> int | None:
    try:
        return folder.stat().st_ino
    except OSError:
        return None
