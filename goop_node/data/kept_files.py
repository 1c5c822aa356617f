# SPDX-License-Identifier: MIT
"""Files of ``DATA`` that the node writes and reads again: read whole or not at all.

What stands in one is validated as anything else from outside is. A bad one is set aside under
another name, and said in the log and on the status page: its content may matter to the person,
and what it held is made anew.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from goop_node.types import JsonValue

MAX_BYTES = 4 * 1024 * 1024
"""Of one file."""
MAX_ASIDE = 9
"""Bad ones of one name that are kept; the last of them gives way to a newer one."""

_BAD = ".bad"
T = TypeVar("T")
log = logging.getLogger(__name__)


class NotKeptError(OSError):
    """What was decided cannot be written down; ``strerror`` says why.

    ``holds`` says that it holds all the same, until the node ends. Else nothing has changed.
    """

    holds = False

    @property
    def words(self) -> str:
        """The same for people."""
        why = f"this cannot be kept on the disk ({self.strerror})"
        then = "it holds now, and the next start has forgotten it" if self.holds else ""
        return f"{why}: {then or 'nothing was changed'}"


def read_kept(path: Path, parse: Callable[[bytes], T]) -> T | None:
    """What ``parse`` makes of the file; ``None`` where there is none, or a bad one was set aside.

    ``parse`` raises ``ValueError`` or an error of msgspec for what it does not take.
    """
    try:
        return parse(read_bytes(path))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        set_aside(path, str(error))
        return None


def read_json(path: Path) -> JsonValue:
    """What a JSON file holds that is not ours to mend, ``None`` when it is missing or no JSON."""
    try:
        value: JsonValue = msgspec.json.decode(read_bytes(path))
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError):
        return None
    return value


def read_bytes(path: Path) -> bytes:
    """The content of a file. Raises ``OSError``; ``ValueError`` where it cannot be ours."""
    # A pipe would keep who opens it waiting for ever.
    with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError("it is no file")
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"it has more than {MAX_BYTES} bytes")
    return content


def write_kept(path: Path, content: JsonValue, *, durable: bool = True) -> None:
    """Write JSON, see :func:`write_whole`. Raises ``NotKeptError``."""
    write_whole(path, json.dumps(content).encode(), durable=durable)


def write_new(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Write a file that must not be there yet, see :func:`write_whole`.

    Raises ``FileExistsError`` and ``NotKeptError``.
    """
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    write_whole(path, content, mode=mode)


def write_whole(path: Path, content: bytes, *, mode: int = 0o600, durable: bool = True) -> None:
    """Write so that whoever reads, also after a power cut, finds the old content or the new.

    Where ``durable`` is false a power cut may leave the old content, or none. Raises
    ``NotKeptError``; then the file is as it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with open(number, "wb") as file:
                file.write(content)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            if mode != 0o600:
                os.chmod(name, mode)
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
        if durable:
            sync_folder(path.parent)
    except OSError as error:
        raise NotKeptError(
            error.errno, error.strerror or type(error).__name__, str(path)
        ) from error


def sync_folder(folder: Path) -> None:
    """Make the name of a new file as durable as its content, where folders can be synced."""
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def warn_if_shared(path: Path) -> None:
    """Say in the log that others can read a secret."""
    if os.name == "nt":
        return  # there a file's mode says nothing
    with contextlib.suppress(OSError):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            words = (
                "%s: other users of this machine may read or change it (mode %03o); chmod 600 it"
            )
            log.warning(words, path, mode)


def set_aside(path: Path, reason: str) -> None:
    """Give a bad file another name, so that one can be made anew; the log says why.

    Where that cannot be done the file stays, and the log says so.
    """
    names = [_BAD, *(f"{_BAD}{number}" for number in range(2, MAX_ASIDE + 1))]
    free = [path.with_name(path.name + name) for name in names]
    aside = next((one for one in free if not os.path.lexists(one)), free[-1])
    reason = " ".join(reason.split())[:300]
    try:
        path.replace(aside)
        log.warning("%s: %s; it is set aside as %s and made anew", path, reason, aside.name)
    except OSError as error:
        log.warning("%s: %s; it cannot be set aside: %s", path, reason, error.strerror)


def aside_in(data: Path) -> list[str]:
    """The names of what was set aside in ``data`` and is still there."""
    found: list[str] = []
    with contextlib.suppress(OSError):
        found = [one.name for one in data.iterdir() if one.suffix.startswith(_BAD)]
    return sorted(found)
