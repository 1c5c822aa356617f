# SPDX-License-Identifier: MIT
"""JSON in and out, with the bounds that hold for everything from outside."""

from __future__ import annotations

import re

import msgspec

from goop_node.escaping import escaped
from goop_node.types import JsonValue

MAX_DEPTH = 32
"""How many arrays and objects may be nested in a value; what carries it adds levels of its own."""

MAX_INTEGER = 2**53 - 1
"""The largest integer of ours: every program that reads JSON knows it exactly."""

_OPENERS = frozenset(b"[{")
_CLOSERS = frozenset(b"]}")
_DIGITS_AS_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_MANY_ZEROS = b"0" * 16
_STRING_OR_NUMBER = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|-?[0-9][0-9.eE+-]*')
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


class MalformedJson(ValueError):
    """Text that is not acceptable JSON.

    ``code`` is ``malformed_json``, ``too_deep`` or ``unsafe_integer``.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = escaped(reason)


def encode(value: JsonValue) -> bytes:
    """Compact JSON of ``value`` in UTF-8."""
    return _encoder.encode(value)


def decode(raw: bytes | str, around: int = 0) -> JsonValue:
    """The value of ``raw``, which has ``around`` levels of ours about somebody's value.

    Refuses what is no JSON (RFC 8259), NaN, infinities, lone surrogates, and nesting deeper
    than ``MAX_DEPTH`` and those, with ``MalformedJson``.
    """
    text = _utf8(raw)
    refuse_depth(text, around)
    try:
        value: JsonValue = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError) as error:
        raise MalformedJson("malformed_json", f"not JSON: {error}") from None
    return value


def is_flat(raw: bytes) -> bool:
    """Whether ``raw`` has too few openers to nest too deep, as nearly every message."""
    return raw.count(b"[") + raw.count(b"{") <= MAX_DEPTH


def read(raw: bytes | str) -> JsonValue:
    """The value of what a page or peer sent: as ``decode``, and no integer that JavaScript rounds.

    Raises ``MalformedJson``.
    """
    text = _utf8(raw)
    value = decode(text)
    refuse_unsafe_integers(text)
    return value


def refuse_unsafe_integers(text: bytes) -> None:
    """Raise ``MalformedJson`` (``unsafe_integer``) where ``text``, which is JSON, has one."""
    # Most messages have no such row of digits; this finds one far sooner than an expression does.
    if _MANY_ZEROS not in text.translate(_DIGITS_AS_ZEROS):
        return
    for token in _STRING_OR_NUMBER.finditer(text):
        digits = token[0].removeprefix(b"-")
        if digits.isdigit() and (len(digits) > 16 or int(digits) > MAX_INTEGER):
            reason = "an integer beyond 2^53 - 1, which JavaScript would round; send it as text"
            raise MalformedJson("unsafe_integer", reason)


def refuse_depth(raw: bytes | str, around: int = 0) -> None:
    """Raise ``MalformedJson`` (``too_deep``) where ``raw`` nests too deep, see ``decode``."""
    text = _utf8(raw)
    bound = MAX_DEPTH + around
    # Most messages have fewer openers than the bound: then no scan is needed.
    if text.count(b"[") + text.count(b"{") <= bound:
        return
    depth = 0
    in_string = escaped = False
    for byte in text:
        if in_string:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                in_string = False
        elif byte == 0x22:
            in_string = True
        elif byte in _OPENERS:
            depth += 1
            if depth > bound:
                raise MalformedJson("too_deep", f"nested deeper than {bound} levels")
        elif byte in _CLOSERS:
            depth -= 1


def _utf8(raw: bytes | str) -> bytes:
    """What is read in any case, and then refused where it has a lone surrogate."""
    return raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
