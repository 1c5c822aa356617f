# SPDX-License-Identifier: MIT
"""What is said where a context is tried: recorded by its author, or made.

A plugin's package may have a folder ``logs`` with files such as

    {"context": "notes", "log": [["alice", {"type": "note"}], ["bob", {"type": "note"}, 2500]]}

``log`` is what ``play()`` of the test kit takes; a third item says when, in milliseconds from the
beginning (else it is a second after what came before). ``params`` may stand beside it. The n-th
message, from 1, has the id ``message-N``. In a room all who speak are members from the beginning
on, and the first of them is its host.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from goop_node.config.values import show
from goop_node.findings import Finding, wrong
from goop_node.types import JsonValue
from goop_realtime.contexts.registry import Context
from goop_realtime.gate import made
from goop_realtime.model.jsonio import read

FOLDER = "logs"
PACE_MS = 1000
PEOPLE = ("alice", "bob", "carol")
COME, GO = "come", "go"
MADE, MADE_QUICKLY = 8, 4
"""How many are made of a context's schemas."""
LENGTH = 40
"""What is said in one of those, besides what it begins with."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """Something that is said, or where ``event`` is ``COME`` or ``GO``, that happens in a room.

    ``at_ms`` counts from the beginning.
    """

    author: str
    data: JsonValue
    at_ms: int
    event: str = ""


@dataclass(frozen=True, kw_only=True)
class Script:
    """What is tried, one after the other. Where it was ``recorded`` all of it may come."""

    name: str
    params: JsonValue
    lines: tuple[Line, ...]
    recorded: bool = False

    @property
    def people(self) -> tuple[str, ...]:
        """Who speaks, in the order of their first words; at least two."""
        said = dict.fromkeys([*(line.author for line in self.lines), *PEOPLE[:2]])
        return tuple(said)


class _File(msgspec.Struct, forbid_unknown_fields=True):
    context: str
    log: list[list[Any]]
    params: Any = None


def recorded(folder: Path | None, context: Context) -> Iterator[Script | Finding]:
    """The context's logs in the package's folder, or what is wrong with a file."""
    for file in _files(folder):
        try:
            told = _read(file)
            lines = tuple(_lines(told.log))
        except (OSError, ValueError, msgspec.ValidationError) as error:
            yield wrong(context.name, f"{file.name} is no log: {error}", place=f"{file}:1")
            continue
        if told.context == context.name:
            name = f"{FOLDER}/{file.name}"
            yield Script(name=name, params=told.params, lines=lines, recorded=True)


def of_no_context(folder: Path | None, names: Sequence[str]) -> Iterator[Finding]:
    """What is wrong with logs in the package's folder that are of none of its contexts."""
    for file in _files(folder):
        try:
            name = _read(file).context
        except (OSError, ValueError, msgspec.ValidationError):
            continue  # each context says it
        if name not in names:
            words = f"{file.name} is of the context {show(name)}, expected {' or '.join(names)}"
            yield wrong(FOLDER, words, place=f"{file}:1")


def _files(folder: Path | None) -> list[Path]:
    return sorted((folder / FOLDER).glob("*.json")) if folder is not None else []


def _read(file: Path) -> _File:
    return msgspec.convert(read(file.read_bytes()), _File)


def _lines(said: Sequence[list[Any]]) -> Iterator[Line]:
    at = 0
    for number, one in enumerate(said, 1):
        author, data, *when = one if len(one) in (2, 3) else (None, None)
        at = when[0] if when else at + PACE_MS
        if not isinstance(author, str) or not isinstance(at, int):
            raise ValueError(f"entry {number}: expected [NAME, MESSAGE] or [NAME, MESSAGE, MS]")
        yield Line(author=author, data=data, at_ms=at)


class Makers:
    """Makes logs of a context; ``unmade`` are the types of which no message could be made."""

    def __init__(self, context: Context, known: Sequence[Script]) -> None:
        self._context = context
        self._known = known
        self.unmade: set[str] = set()
        self._said: dict[str, list[JsonValue]] = {}
        for line in (line for one in known for line in one.lines):
            kind = line.data.get("type") if isinstance(line.data, dict) else None
            if isinstance(kind, str):
                self._said.setdefault(kind, []).append(line.data)

    def scripts(self, count: int) -> Iterator[Script]:
        """So many. They begin like a recorded one, where there is one, and then go astray."""
        for number in range(1, count + 1):
            chance = random.Random(f"{self._context.name} {number}")
            known = chance.choice(self._known) if self._known and number > 1 else None
            params = known.params if known is not None else self._params(chance, number)
            lines = list(known.lines[: chance.randint(0, len(known.lines))]) if known else []
            at = lines[-1].at_ms if lines else 0
            for _ in range(LENGTH):
                at += chance.choice((1, 40, 300, PACE_MS, 20 * PACE_MS))
                lines.append(self._line(chance, at))
            yield Script(name=f"made log {number}", params=params, lines=tuple(lines))

    def _params(self, chance: random.Random, number: int) -> JsonValue:
        schema = self._context.type.params
        if schema is None or number == 1:
            return None
        try:
            return made.value(schema, chance)
        except made.NotMade:
            self.unmade.add("params")
            return None

    def _line(self, chance: random.Random, at: int) -> Line:
        room = self._context.type.max_peers > 2
        author = chance.choice(PEOPLE if room else PEOPLE[:2])
        if room and chance.random() < 0.05:
            event = chance.choice((COME, GO))
            return Line(author=author, data=None, at_ms=at, event=event)
        if not self._context.messages:
            return Line(author=author, data={"n": chance.randint(0, 9)}, at_ms=at)
        return Line(author=author, data=self._message(chance), at_ms=at)

    def _message(self, chance: random.Random) -> JsonValue:
        """One that was recorded, or one that is made."""
        kind = chance.choice(sorted(self._context.messages))
        said = self._said.get(kind, [])
        if said and chance.random() < 0.5:
            return chance.choice(said)
        try:
            return made.message(self._context, kind, chance)
        except made.NotMade:
            if said:
                return chance.choice(said)
            self.unmade.add(kind)
            return {"type": kind}
