# SPDX-License-Identifier: MIT
"""The blocks of code in a document, and what they are for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_FENCE = re.compile(r"^(`{3,}|~{3,})([^\n`]*)\n(.*?)^\1[ \t]*$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"^`([\w./-]+)`(?:, [^:\n]*)?:\n\n\Z", re.MULTILINE)


class Block(NamedTuple):
    """One fenced block: where it begins, its language, and the file that the line before it names
    (``"`path`:"``), or ``""``."""

    place: str
    language: str
    text: str
    file: str


class Command(NamedTuple):
    """A line of a console block behind its ``$``, and the lines under it, which it prints."""

    line: str
    printed: tuple[str, ...]


def blocks_of(path: Path) -> Iterator[Block]:
    """The blocks of a document, in their order."""
    text = path.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        before = text[: found.start()]
        named = _FILE.search(before)
        yield Block(
            place=f"{path.name}:{before.count(chr(10)) + 1}",
            language=found[2].strip(),
            text=found[3],
            file=named[1] if named else "",
        )


def commands_of(text: str) -> Iterator[Command]:
    """The commands of a console block. ``ValueError`` where it begins with something else."""
    command, printed = "", []
    for line in text.splitlines():
        if line.startswith("$ "):
            if command:
                yield Command(command, tuple(printed))
            command, printed = line[2:], []
        elif not command:
            raise ValueError(f"found {line!r}, expected a command: $ …")
        else:
            printed.append(line)
    if command:
        yield Command(command, tuple(printed))
