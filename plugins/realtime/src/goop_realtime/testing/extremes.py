# SPDX-License-Identifier: MIT
"""Hostile values for any field, as JSON texts: the extremes of each type, and the wrong types."""

from __future__ import annotations

from typing import Any

import msgspec

LONG = 150_000
EXTREMES: tuple[str, ...] = (
    *map(str, (-(2**63), -1, 2**31, 2**53 - 1, 2**53, 2**63 - 1, 2**63, 2**64, 10**30)),
    "1" * 4000,
    "0.5",
    "1e308",
    "-0.0",
    "true",
    "null",
    '""',
    '" "',
    '"\\u0000"',
    '"\\n"',
    '"\\ud800"',
    '"\u202e"',
    f'"{"x" * LONG}"',
    f'"{"ä" * 1000}"',
    f"[{','.join(['0'] * 1000)}]",
    "[-1,0]",
    f"[{2**63},{2**63}]",
    "[]",
    "{}",
    '{"at":[-1,-1]}',
    "[" * 30 + "]" * 30,
)


def fields_of(kind: type[msgspec.Struct]) -> list[str]:
    """The fields that a struct reads, by the names they have in JSON."""
    info: Any = msgspec.inspect.type_info(kind)
    return [field.encode_name for field in info.fields]
