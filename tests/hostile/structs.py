# SPDX-License-Identifier: MIT
"""JSON for a declared type, as texts: most of it fits, and the rest is at the extremes."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import inspect

from goop_realtime.testing.extremes import EXTREMES
from tests.hostile.extremes import damaged, number, text
from tests.hostile.presence_json import anything, written

Known = Mapping[str, Sequence[str]]
"""What makes sense in a field of that name, as JSON texts."""


def object_of(rng: random.Random, kind: type[Any], known: Known, **given: str) -> str:
    """An object of the type ``kind`` as a JSON text; ``given`` are fields that stay."""
    return _object(rng, inspect.type_info(kind), known, given)


def hostile(rng: random.Random) -> str:
    """A value for any field, as a JSON text."""
    if rng.random() < 0.5:
        return rng.choice(EXTREMES)
    return written(anything(rng))


def spoilt(rng: random.Random, line: str) -> bytes:
    """The bytes of a text, now and then after an accident."""
    data = line.encode("utf-8", "surrogatepass")
    return damaged(rng, data) if rng.random() < 0.15 else data


def _object(rng: random.Random, info: Any, known: Known, given: Mapping[str, str]) -> str:
    fields = {
        one.encode_name: _value(rng, one, known)
        for one in info.fields
        if one.required or rng.random() < 0.6
    } | dict(given)
    free = [name for name in fields if name not in given]
    for name in rng.sample(free, min(len(free), rng.choice([0, 0, 1, 2]))):
        fields[name] = hostile(rng)
    if free and rng.random() < 0.1:
        del fields[rng.choice(free)]
    if info.array_like:
        return f"[{','.join(fields.values())}]"
    items = [f"{json.dumps(name)}:{value}" for name, value in fields.items()]
    if items and rng.random() < 0.1:
        items.append(rng.choice(items))
    if rng.random() < 0.1:
        items.append(f"{json.dumps(text(rng))}:{hostile(rng)}")
    return f"{{{','.join(items)}}}"


def _value(rng: random.Random, one: Any, known: Known) -> str:
    if one.encode_name in known and rng.random() < 0.9:
        return rng.choice(known[one.encode_name])
    return _fitting(rng, one.type, known)


def _fitting(rng: random.Random, kind: Any, known: Known) -> str:
    match kind:
        case inspect.UnionType():
            return _fitting(rng, rng.choice(kind.types), known)
        case inspect.IntType():
            low = -(2**63) if kind.ge is None else kind.ge
            high = 2**64 - 1 if kind.le is None else kind.le
            return str(number(rng, low, high))
        case inspect.LiteralType():
            return written(rng.choice(kind.values))
        case inspect.BoolType():
            return rng.choice(["true", "false"])
        case inspect.TupleType():
            return f"[{','.join(_fitting(rng, one, known) for one in kind.item_types)}]"
        case inspect.ListType():
            count = rng.choice([0, 1, 3])
            return f"[{','.join(_fitting(rng, kind.item_type, known) for _ in range(count))}]"
        case inspect.StructType():
            return _object(rng, kind, known, {})
        case inspect.StrType():
            return written(text(rng)[: kind.max_length])
        case inspect.NoneType():
            return "null"
        case _:
            return written(anything(rng))
