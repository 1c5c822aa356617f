# SPDX-License-Identifier: MIT
"""Files of a folder as answers: found without a way out, streamed, never read in the loop."""

from __future__ import annotations

import asyncio
import logging
import mimetypes
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from litestar import Request, Response

from goop_node.config.file import FILE_NAME
from goop_node.own_threads import in_own_thread
from goop_node.web.ranges import Part, Unsatisfiable, is_known, part_of

CHUNK = 256 * 1024
"""Bytes that are read and written at once."""

_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".ts": "text/plain; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """A file of a folder; ``by_folder``: the path named the folder whose index.html it is."""

    file: Path
    by_folder: bool = False


def find(folder: Path, path: str) -> Found | None:
    """The file that ``path`` names in ``folder``; ``None`` for what is none of its files.

    A folder stands for its index.html, and a name without an ending for the .html file. Names
    that begin with a dot, the node's goop.toml, links that lead out of the folder, and what is no
    plain file are refused.
    """
    parts = [part for part in path.split("/") if part]
    if any(_is_private(part) or "\\" in part or "\0" in part for part in parts):
        return None
    base = folder.resolve()
    wanted = base.joinpath(*parts)
    for candidate in (wanted / "index.html", wanted, wanted.with_name(wanted.name + ".html")):
        try:
            real = candidate.resolve()
            if real.is_file() and not _is_hidden(real, base):
                return Found(real, by_folder=candidate.parent == wanted)
        except (OSError, ValueError, RuntimeError):  # too long, not encodable, links in a ring
            continue
    return None


def _is_hidden(real: Path, base: Path) -> bool:
    """Whether a link has led out of ``base``, or to what a path could not name."""
    inside = real.is_relative_to(base)
    return not inside or any(map(_is_private, real.relative_to(base).parts))


def _is_private(name: str) -> bool:
    """Whether it is for nobody's eyes: a hidden file, or what the node is told."""
    return name.startswith(".") or name.lower() == FILE_NAME


@dataclass(frozen=True)
class Opened:
    """An open file as it was found. ``tag`` is another one after each change."""

    file: FileIO
    path: Path
    size: int
    tag: str


def open_file(path: Path) -> Opened | None:
    """Open a file; ``None`` (and a word in the log) when it cannot be read or is no plain one."""
    try:
        # A pipe that took the file's place would never open otherwise.
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY)
    except OSError as error:
        log.warning("%s cannot be read: %s", path, error.strerror)
        return None
    file = FileIO(number)
    state = os.fstat(number)
    if not stat.S_ISREG(state.st_mode):
        file.close()
        return None
    tag = f'"{state.st_mtime_ns:x}-{state.st_size:x}-{state.st_ino:x}"'
    return Opened(file, path, state.st_size, tag)


_BINARY = getattr(os, "O_BINARY", 0)


def type_of(path: Path) -> str:
    """The media type of a file, by its name."""
    kind = _TYPES.get(path.suffix.lower()) or mimetypes.guess_type(path.name)[0]
    return kind or "application/octet-stream"


class FileResponse(Response[None]):
    """A file, a part of it, or the word that the client has it already."""

    def __init__(self, opened: Opened) -> None:
        super().__init__(None, status_code=200)
        self.opened = opened

    def to_asgi_response(self, app: Any, request: Request[Any, Any, Any], **_: Any) -> Any:
        """The ASGI application that answers."""
        opened = self.opened
        get = request.headers.get
        headers = {
            "content-type": type_of(opened.path),
            "etag": opened.tag,
            "cache-control": "no-cache",
            "accept-ranges": "bytes",
        }
        status, part = 200, Part(0, opened.size)
        if is_known(opened.tag, get("if-none-match")):
            status, part = 304, Part(0, 0)
        elif request.method == "GET":
            try:
                wanted = part_of(opened.size, get("range"), get("if-range"), opened.tag)
            except Unsatisfiable:
                status, part = 416, Part(0, 0)
                headers["content-range"] = f"bytes */{opened.size}"
            else:
                if wanted is not None:
                    status, part = 206, wanted
                    headers["content-range"] = f"bytes {part.start}-{part.stop - 1}/{opened.size}"
        if status != 304:
            headers["content-length"] = str(part.stop - part.start)
        if request.method == "HEAD":
            part = Part(0, 0)
        return _Stream(opened, status, headers, part)


class _Stream:
    """Sends a part of a file, as fast as the client takes it, and no further than it stays."""

    def __init__(self, opened: Opened, status: int, headers: dict[str, str], part: Part) -> None:
        self._opened = opened
        self._start = {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (name.encode(), value.encode("latin-1")) for name, value in headers.items()
            ],
        }
        self._part = part

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        file, part = self._opened.file, self._part
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            await send(self._start)
            file.seek(part.start)
            left = part.stop - part.start
            while left and not gone.done():
                data = await in_own_thread(file.read, min(CHUNK, left))
                if not data:
                    # Without its last part the answer is cut, and the client sees that.
                    log.warning("%s became shorter while it was sent", self._opened.path)
                    return
                left -= len(data)
                await send({"type": "http.response.body", "body": data, "more_body": left > 0})
            if part.start == part.stop:
                await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            file.close()


async def _disconnected(receive: Callable[[], Any]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
