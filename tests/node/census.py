# SPDX-License-Identifier: MIT
"""How much memory hangs on an object: the sum of what it leads to, not of the whole process."""

from __future__ import annotations

import gc
import sys
import types
from collections import deque
from collections.abc import Iterator
from typing import Any

from google.protobuf.message import Message
from libp2p.peer.id import ID

_NOT_DATA = (
    type,
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.CodeType,
    types.FrameType,
    types.CoroutineType,
    types.GeneratorType,
)


_OTHERS = {"trio", "asyncio", "_asyncio"}
"""Loops lead to everything that runs in the process."""


def held(*roots: Any) -> int:
    """Bytes of everything that the roots lead to, without code, types and running tasks."""
    return sum(_size(one) for one in _reached(roots))


def largest(*roots: Any) -> list[tuple[int, str]]:
    """The largest collections that the roots lead to, with the beginning of what is in them."""
    found = [
        (len(one), repr(one)[:200])
        for one in _reached(roots)
        if isinstance(one, (dict, list, set, bytearray))
    ]
    return sorted(found, reverse=True)[:10]


def _size(one: Any) -> int:
    return one.ByteSize() if isinstance(one, Message) else sys.getsizeof(one)


def _reached(roots: tuple[Any, ...]) -> Iterator[Any]:
    seen: dict[int, Any] = {}
    waiting = list(roots)
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, _NOT_DATA):
            continue
        if type(one).__module__.partition(".")[0] in _OTHERS:
            continue
        seen[id(one)] = one
        yield one
        waiting.extend(gc.get_referents(one))


def mentions(names: set[str], *roots: Any) -> list[str]:
    """The collections that the roots lead to in which one of the peers is an entry."""
    return [
        f"{type(one).__name__}: {one!r}"[:300]
        for one in _reached(roots)
        if isinstance(one, (dict, set, list, deque)) and any(_name(entry) in names for entry in one)
    ]


def _name(entry: Any) -> str:
    return str(entry) if isinstance(entry, (str, ID)) else ""
