# SPDX-License-Identifier: MIT
"""What pages learn while their author works: that their files changed, what their plugin said.

A page is told of the plugin that brings its template, and of no other.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from goop_node.dev.remarks import Level, Remark, Remarks
from goop_node.dev.stamps import stamp_of
from goop_node.own_threads import in_own_thread
from goop_node.types import Template

WAITING = 200
"""Frames that may wait for one page; one that takes none is let go, and comes again."""


class Follower:
    """One open page of ``template``. ``None`` in ``frames`` is its end."""

    def __init__(self, template: str) -> None:
        self.template = template
        self.frames: asyncio.Queue[str | None] = asyncio.Queue(WAITING)

    def put(self, frame: str) -> bool:
        """Have a frame sent; ``False``: the page takes none, and this was its end."""
        if not self.frames.full():
            self.frames.put_nowait(frame)
            return True
        while not self.frames.empty():
            self.frames.get_nowait()
        self.frames.put_nowait(None)
        return False


class Author:
    """What a node that runs under ``goop run --dev`` tells its pages.

    ``templates`` are those of the node by name, ``plugin_of`` says who brings one (``""``: nobody).
    """

    def __init__(
        self,
        templates: Callable[[], Mapping[str, Template]],
        plugin_of: Callable[[str], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._templates = templates
        self._plugin_of = plugin_of
        self._remarks: dict[str, Remarks] = defaultdict(lambda: Remarks(clock))
        self._followers: set[Follower] = set()
        self._looking: set[asyncio.Task[None]] = set()
        self._start = secrets.token_hex(8)
        """Tells the numbers of this start from those of another."""

    def tell(self, plugin: str, level: Level, text: str) -> None:
        """Show something of ``plugin`` (``""``: nobody's) in the console of its own pages."""
        if not plugin:
            return
        remark = self._remarks[plugin].add(level, text)
        if remark is None:
            return
        for one in list(self._followers):
            if self._plugin_of(one.template) == plugin and not one.put(self._said(remark)):
                self.leave(one)

    def changed(self, paths: Iterable[Path]) -> None:
        """Files of pages changed: whoever has such a page open is told its template's stamp."""
        paths = list(paths)
        templates = self._templates()
        for name in {one.template for one in self._followers} & templates.keys():
            folder = templates[name].folder.resolve()
            if any(path.is_relative_to(folder) for path in paths):
                task = asyncio.create_task(self._tell_stamp(name))
                self._looking.add(task)
                task.add_done_callback(self._looking.discard)

    async def stamp(self, template: str) -> str:
        """The stamp of a template's pages as they are now."""
        return await in_own_thread(stamp_of, self._templates()[template].folder.resolve())

    async def follow(self, template: str) -> Follower:
        """A page of ``template`` opens: the stamp, what was said so far, and what will be."""
        follower = Follower(template)
        self._followers.add(follower)
        for remark in self._remarks[self._plugin_of(template)].kept:
            follower.put(self._said(remark))
        follower.put(_stamped(await self.stamp(template)))
        return follower

    def leave(self, follower: Follower) -> None:
        """A page goes."""
        self._followers.discard(follower)

    async def _tell_stamp(self, template: str) -> None:
        frame = _stamped(await self.stamp(template))
        for one in list(self._followers):
            if one.template == template and not one.put(frame):
                self.leave(one)

    def _said(self, remark: Remark) -> str:
        return json.dumps(
            {
                "type": "remark",
                "start": self._start,
                "number": remark.number,
                "level": remark.level,
                "text": remark.text,
            }
        )


def _stamped(stamp: str) -> str:
    return json.dumps({"type": "stamp", "stamp": stamp})
