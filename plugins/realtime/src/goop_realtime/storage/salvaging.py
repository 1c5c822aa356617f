# SPDX-License-Identifier: MIT
"""Reading tables of which any row may be damaged: what does not fit is left out, in words."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from goop_realtime.model.jsonio import MalformedJson


class Flawed(Protocol):
    """Something kept, with what had to be left out of it."""

    flaws: list[str]


K = TypeVar("K", bound=Flawed)


@dataclass(frozen=True)
class Table(Generic[K]):
    """A table that says more of what is kept: its columns, its order, the form of a row, and where
    that goes. The first column, ``key``, says of what."""

    name: str
    key: str
    columns: str
    order: str
    form: Any
    put: Callable[[K, Any], None]


@dataclass(frozen=True)
class Kind(Generic[K]):
    """What is kept of one kind: its name for people, the table with a row of each, the form of its
    id, what a row makes (given the id and the row), and the tables that say more."""

    word: str
    table: str
    id: Any
    make: Callable[[str, bytes], K]
    tables: Sequence[Table[K]]


def salvage(
    db: sqlite3.Connection, kind: Kind[K], only: str | None
) -> tuple[dict[str, K], list[str]]:
    """Everything of that kind (or ``only`` that one) by id, and what was left out, in words.

    Raises ``sqlite3.Error`` where the file cannot be read.
    """
    kept: dict[str, K] = {}
    flaws: list[str] = []
    for name, row in _rows(db, kind.table, "id, row", "id", "id", only):
        try:
            kept[name] = kind.make(msgspec.convert(name, kind.id), row)
        except (MalformedJson, msgspec.ValidationError, TypeError) as error:
            flaws.append(f"{kind.word} {name!r:.60}: {error}")
    for table in kind.tables:
        columns = f"{table.key}, {table.columns}"
        for name, *row in _rows(db, table.name, columns, table.order, table.key, only):
            one = kept.get(name)
            if one is None:
                continue
            try:
                table.put(one, msgspec.convert(row, table.form, builtin_types=(bytes,)))
            except (MalformedJson, msgspec.ValidationError) as error:
                one.flaws.append(f"{table.name}: {error}")
    for name, one in kept.items():
        if one.flaws:
            flaws.append(f"{kind.word} {name}: {one.flaws[0]} ({len(one.flaws)} rows in all)")
    return kept, flaws


def _rows(
    db: sqlite3.Connection, table: str, columns: str, order: str, key: str, only: str | None
) -> Iterator[Any]:
    where, values = ("", ()) if only is None else (f" WHERE {key} = ?", (only,))
    return db.execute(f"SELECT {columns} FROM {table}{where} ORDER BY {order}", values)
