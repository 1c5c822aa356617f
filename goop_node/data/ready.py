# SPDX-License-Identifier: MIT
"""One node per data folder, and ``ready.json``, by which programs find the running one."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from goop_node.config.model import StartError
from goop_node.data.kept_files import read_json, set_aside, write_kept
from goop_node.types import JsonValue

READY_FILE = "ready.json"
LOCK_FILE = "lock"


@contextlib.contextmanager
def only_node(data: Path) -> Iterator[None]:
    """Hold the data folder for this process; the folder is made when missing (0700).

    The operating system gives the lock back however the process ends. Raises ``StartError``
    when another node holds it or the folder cannot be used.
    """
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        reason = error.strerror or error
        raise StartError(
            [f"data: {data} cannot be used ({reason}); choose a folder with --data"], code="data"
        ) from error
    try:
        file = (data / LOCK_FILE).open("a+b")
    except OSError as error:
        reason = error.strerror or error
        line = f"data: {data / LOCK_FILE} cannot be used ({reason}); move it away, or choose --data"
        raise StartError([line], code="data") from error
    with file:
        try:
            _lock(file)
        except OSError as error:
            raise StartError([_who_runs(data)], code="already_running") from error
        # What a killed node left behind is no longer true.
        remove_ready(data)
        yield


def write_ready(data: Path, content: JsonValue) -> None:
    """Write ``DATA/ready.json`` at once and readable by this user only (0600)."""
    write_kept(data / READY_FILE, content)


def remove_ready(data: Path) -> None:
    """Remove ``DATA/ready.json`` if it is there."""
    try:
        (data / READY_FILE).unlink(missing_ok=True)
    except OSError as error:  # a folder, for one
        set_aside(data / READY_FILE, error.strerror or str(error))


def read_ready(data: Path) -> dict[str, JsonValue]:
    """What ``DATA/ready.json`` says, or ``{}``."""
    found = read_json(data / READY_FILE)
    return found if isinstance(found, dict) else {}


def _who_runs(data: Path) -> str:
    match read_ready(data):
        case {"pid": int(pid), "url": str(url)} if url.isprintable():
            who = f" (process {pid}, {url[:100]})"
        case _:
            who = ""
    return f"data: a node already runs on {data}{who}; stop it, or choose another --data"


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
