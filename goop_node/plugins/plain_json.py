# SPDX-License-Identifier: MIT
"""A copy of a value as plain JSON: dict, list, str, int, float, bool and None, and no more.

Encoders are lenient: they take dates, bytes and dataclasses, and turn NaN into null. What a node
keeps and sends has to be the same after it was stored, so nothing is taken that would change.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

MAX_DEPTH = 32
"""How many arrays and objects may be nested."""

MAX_VALUES = 200_000
"""How many values there may be in all: a small structure can stand for a huge one."""

MAX_INT = 2**53 - 1
"""The largest whole number that every JSON reader keeps."""


class NotJson(TypeError):
    """The value is no JSON. ``pointer`` says where, ``found`` and ``expected`` what."""

    def __init__(self, pointer: str, found: str, expected: str) -> None:
        super().__init__(f"{pointer or 'the value'}: found {found}, expected {expected}")
        self.pointer = pointer
        self.found = found
        self.expected = expected


def a_type(value: object) -> str:
    """The type of ``value`` with its article: ``a dict``, ``an object``."""
    name = type(value).__name__
    return f"{'an' if name[:1] in 'aeiouAEIOU' else 'a'} {name}"


def plain_json(value: object) -> Any:
    """A copy of ``value``; mappings become dicts, tuples lists. Raises ``NotJson``.

    Whole numbers are within ±(2^53 - 1), other numbers finite, text is valid Unicode.
    """
    left = [MAX_VALUES]
    return _copy(value, "", 0, left)


def _copy(value: Any, pointer: str, depth: int, left: list[int]) -> Any:
    left[0] -= 1
    if left[0] < 0:
        raise NotJson(pointer, f"more than {MAX_VALUES} values", "fewer")
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return _text(value, pointer)
    if isinstance(value, int):
        number = int.__int__(value)
        if abs(number) > MAX_INT:
            raise NotJson(pointer, "a number beyond 2^53", "a smaller one, or text")
        return number
    if isinstance(value, float):
        real = float.__float__(value)
        if not math.isfinite(real):
            raise NotJson(pointer, str(real), "a finite number")
        return real
    if isinstance(value, (Mapping, list, tuple)):
        if depth >= MAX_DEPTH:
            raise NotJson(pointer[:60] + "...", "deeper nesting", f"at most {MAX_DEPTH} levels")
        if isinstance(value, Mapping):
            return {
                _key(key, pointer): _copy(part, f"{pointer}/{_key(key, pointer)}", depth + 1, left)
                for key, part in value.items()
            }
        return [
            _copy(part, f"{pointer}/{index}", depth + 1, left) for index, part in enumerate(value)
        ]
    raise NotJson(pointer, a_type(value), "JSON")


def _key(key: object, pointer: str) -> str:
    if not isinstance(key, str):
        raise NotJson(pointer, f"{a_type(key)} as a key", "text")
    return _text(key, pointer)


def _text(value: str, pointer: str) -> str:
    text = str.__str__(value)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise NotJson(pointer, "text with half a character (a surrogate)", "Unicode") from None
    return text
