# SPDX-License-Identifier: MIT
"""What a request asks of a file: all of it, a part, or nothing new (pure; RFC 9110 §13 and §14)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.IGNORECASE)
_TAG = re.compile(r'(?:W/)?("[^"]*")')


@dataclass(frozen=True)
class Part:
    """The bytes from ``start`` up to ``stop``, which is not among them."""

    start: int
    stop: int


class Unsatisfiable(Exception):
    """The range lies behind the file's end."""


def part_of(size: int, wanted: str | None, condition: str | None, tag: str) -> Part | None:
    """The part that ``Range: wanted`` names of ``size`` bytes; ``None``: all of it.

    So it is where ``If-Range: condition`` names another state of the file than ``tag``, and for
    what we do not do: several ranges, other units, no range at all. Raises ``Unsatisfiable``.
    """
    found = _RANGE.fullmatch(wanted or "")
    if found is None or (condition is not None and condition.strip() != tag):
        return None
    first, last = found[1], found[2]
    if not first and not last:
        return None
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1 if last else size)
        if last and int(last) < start:
            return None
    if start >= size:
        raise Unsatisfiable
    return Part(start, stop)


def is_known(tag: str, known: str | None) -> bool:
    """Whether ``If-None-Match: known`` names ``tag``: the client has the file already."""
    return known is not None and (known.strip() == "*" or tag in _TAG.findall(known))
