# SPDX-License-Identifier: MIT
"""A folder of pages, out of a ZIP file or a folder, copied into a new folder; or nothing of it.

Whatever is in a ZIP was written by anybody. Nothing of it is trusted: names, sizes and kinds are
looked at before the first byte is written, and sizes once more while it is.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from goop_node.data.kept_files import sync_folder

MAX_ZIP = 64 * 1024 * 1024
"""Bytes of a ZIP file."""
MAX_BYTES = 256 * 1024 * 1024
"""Of all files together, as they are unpacked."""
MAX_RATIO = 200
"""How many times as large as the ZIP they may be, beyond the first megabyte."""
MAX_FILES = 5_000
MAX_LIST = 4 * 1024 * 1024
"""Bytes of the list of files at a ZIP's end."""
MAX_DEPTH = 16
MAX_NAME = 200
"""Bytes of one name."""
INDEX = "index.html"
CHUNK = 256 * 1024

_FORBIDDEN = frozenset('<>:"|?*\\')
"""What no name of a file has on every system."""
_PORTS = (f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))
_DEVICES = frozenset({"con", "prn", "aux", "nul", *_PORTS})
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    LookupError,
    ArithmeticError,
    RuntimeError,
)
"""What ``zipfile`` raises for files that are none."""
_ENCRYPTED, _UTF8 = 0x1 | 0x40, 0x800


class NotTaken(ValueError):
    """What was given is no folder of pages, in words for people."""


@dataclass(frozen=True)
class _Entry:
    """A file: its path below the folder, its size as it is announced, and how to read it."""

    path: tuple[str, ...]
    size: int
    opened: Callable[[], IO[bytes]]


def unpack(source: Path, into: Path) -> None:
    """Copy the pages of ``source``, a ZIP file or a folder, into ``into``, which is made.

    A single folder around everything is left away, and so are hidden files. Raises ``NotTaken``
    for what a person has to change, and ``OSError`` where the disk fails.
    """
    if source.is_dir():
        _copy(_within(_entries_of_folder(source)), into, MAX_BYTES)
        return
    try:
        size = source.stat().st_size
        if size > MAX_ZIP:
            raise NotTaken(f"it has more than {MAX_ZIP >> 20} MiB")
        _look_at_end(source)
        with zipfile.ZipFile(source) as archive:
            most = min(MAX_BYTES, (1 << 20) + size * MAX_RATIO)
            _copy(_within(_entries_of_zip(archive, size, most)), into, most)
    except FileNotFoundError:
        raise NotTaken("there is no such file") from None
    except NotTaken:
        raise
    except OSError as error:
        if error.errno == errno.EINVAL:  # it leads to before its beginning
            raise NotTaken("it is no ZIP file that can be read") from None
        raise
    except _DAMAGED as error:
        reason = f": {error}" if isinstance(error, zipfile.BadZipFile) else ""
        raise NotTaken(f"it is no ZIP file that can be read{reason}") from None


def _look_at_end(source: Path) -> None:
    """Refuse a list of files that would fill the memory when ``zipfile`` reads it."""
    with source.open("rb") as file:
        end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
    if end and end[5] > MAX_LIST:
        raise NotTaken(f"it has more than {MAX_FILES} files")


def _entries_of_zip(archive: zipfile.ZipFile, size: int, most: int) -> Iterator[_Entry]:
    infos = archive.infolist()
    if len(infos) > 2 * MAX_FILES:  # folders are entries, too
        raise NotTaken(f"it has more than {MAX_FILES} files")
    if sum(info.compress_size for info in infos) > size:
        raise NotTaken("its files overlap, as in a ZIP bomb")
    if sum(info.file_size for info in infos) > most:
        raise NotTaken(f"its files have more than {most >> 20} MiB when they are unpacked")
    for info in infos:
        name = _decoded(info)
        mode = stat.S_IFMT(info.external_attr >> 16)
        folder = name.endswith("/")
        path = _path(name.removesuffix("/"))
        if mode not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise NotTaken(f"{name!a} is a link or a device, expected a plain file")
        if info.flag_bits & _ENCRYPTED:
            raise NotTaken(f"{name!a} is encrypted")
        if info.compress_type not in _METHODS:
            raise NotTaken(f"{name!a} is packed in a way that is not known here")
        if not folder and not _is_hidden(path):
            yield _Entry(path, info.file_size, partial(archive.open, info))


def _decoded(info: zipfile.ZipInfo) -> str:
    """The whole name; ``zipfile`` cuts it at a zero, and takes old code pages for granted."""
    name = info.orig_filename
    if info.flag_bits & _UTF8 or name.isascii():
        return name
    try:
        return name.encode("cp437").decode("utf-8")
    except UnicodeError:
        raise NotTaken(f"the name {name!a} is not UTF-8") from None


def _entries_of_folder(folder: Path) -> Iterator[_Entry]:
    waiting: list[tuple[Path, tuple[str, ...]]] = [(folder, ())]
    while waiting:
        place, above = waiting.pop()
        with os.scandir(place) as found:
            for one in sorted(found, key=lambda one: one.name):
                if _is_hidden((one.name,)):
                    continue
                path = _path("/".join((*above, one.name)))
                if one.is_dir(follow_symlinks=False):
                    waiting.append((Path(one.path), path))
                elif one.is_file(follow_symlinks=False):
                    size = one.stat(follow_symlinks=False).st_size
                    yield _Entry(path, size, partial(_plain, one.path))
                else:
                    raise NotTaken(f"{one.path!a} is a link or a device, expected a plain file")


def _plain(file: str) -> IO[bytes]:
    """Open a file that was none of the others a moment ago."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    return os.fdopen(os.open(file, flags | getattr(os, "O_BINARY", 0)), "rb")


def _path(name: str) -> tuple[str, ...]:
    """The parts of a name. Raises ``NotTaken`` for one that leads out, or is not one everywhere."""
    parts = tuple(name.split("/"))
    if any("\ud800" <= char <= "\udfff" for char in name):
        raise NotTaken(f"the name {name!a} is not UTF-8")
    for part in parts:
        wrong = (
            part in ("", ".", "..")
            or not part.isprintable()
            or not _FORBIDDEN.isdisjoint(part)
            or part[-1] in ". "
            or part.partition(".")[0].lower() in _DEVICES
        )
        if wrong:
            raise NotTaken(f"{name!a} is no name for a file in a folder")
        if len(part.encode()) > MAX_NAME:
            raise NotTaken(f"{name[:60]!a}… is too long a name")
    if len(parts) > MAX_DEPTH:
        raise NotTaken(f"{name[:60]!a}… is more than {MAX_DEPTH} folders deep")
    return parts


def _is_hidden(path: tuple[str, ...]) -> bool:
    """Whether it is for nobody's eyes, or what macOS adds."""
    return path[0] == "__MACOSX" or any(part.startswith(".") for part in path)


def _within(entries: Iterator[_Entry]) -> list[_Entry]:
    """The files, without a single folder around everything. Raises ``NotTaken``."""
    found: list[_Entry] = []
    for entry in entries:
        found.append(entry)
        if len(found) > MAX_FILES:
            raise NotTaken(f"it has more than {MAX_FILES} files")
    tops = {entry.path[0] for entry in found}
    if len(tops) == 1 and all(len(entry.path) > 1 for entry in found):
        found = [_Entry(entry.path[1:], entry.size, entry.opened) for entry in found]
    if all(entry.path != (INDEX,) for entry in found):
        raise NotTaken(f"it has no {INDEX} to begin with")
    _no_clashes(found)
    return found


def _no_clashes(entries: list[_Entry]) -> None:
    """Refuse what would be one file, or one folder, where case or composition does not count."""
    spelt: dict[tuple[str, ...], tuple[str, ...]] = {}
    files = set()
    for entry in entries:
        for end in range(1, len(entry.path) + 1):
            path = entry.path[:end]
            folded = tuple(unicodedata.normalize("NFC", part).casefold() for part in path)
            is_file = end == len(entry.path)
            known = spelt.setdefault(folded, path)
            if known != path or folded in files or (is_file and known is not path):
                names = f"{'/'.join(known)!a} and {'/'.join(path)!a}"
                raise NotTaken(f"{names} would be one on some disks")
            if is_file:
                files.add(folded)


def _copy(entries: list[_Entry], into: Path, most: int) -> None:
    """Write the files, and have them on the disk. Sizes that are announced are not believed."""
    into.mkdir(parents=True)
    left = most
    folders = {into}
    for entry in entries:
        target = into.joinpath(*entry.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        folders.update(into.joinpath(*entry.path[:end]) for end in range(1, len(entry.path)))
        with entry.opened() as file, target.open("xb") as out:
            while data := file.read(CHUNK):
                left -= len(data)
                if left < 0:
                    raise NotTaken(f"its files have more than {most >> 20} MiB")
                out.write(data)
            out.flush()
            os.fsync(out.fileno())
    for folder in folders:
        sync_folder(folder)
