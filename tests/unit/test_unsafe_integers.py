# SPDX-License-Identifier: MIT
"""Integers that JavaScript would round are refused, wherever in a value they stand."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from goop_realtime.model.jsonio import MAX_INTEGER, MalformedJson, read
from goop_realtime.model.wire import parse
from tests.unit.test_line_fields import CARRIED, GROUP

NUMBERS = (
    st.sampled_from([sign * (2**53 + step) for sign in (1, -1) for step in (-2, -1, 0, 1)])
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
)
TEXTS = st.text(st.sampled_from('0123456789"\\ -.eé'), max_size=40)
VALUES = st.recursive(
    NUMBERS | TEXTS | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def integers(value: Any) -> list[int]:
    """All integers in a value."""
    if type(value) is int:
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [number for one in inner for number in integers(one)]


def code_of(read_it: Any) -> str:
    try:
        read_it()
    except MalformedJson as error:
        return error.code
    return ""


@given(VALUES, st.booleans(), st.sampled_from([None, 1]))
@example("1" * 20, True, None)
@example({'"9007199254740993': "\\" * 3}, True, None)
@example([1e20, 1.5e300], True, None)
def test_what_is_read_has_integers_that_everybody_knows(
    value: Any, plain: bool, indent: int | None
) -> None:
    text = json.dumps(value, ensure_ascii=plain, indent=indent)
    unsafe = any(abs(number) > MAX_INTEGER for number in integers(value))
    assert code_of(lambda: read(text)) == ("unsafe_integer" if unsafe else "")
    assert code_of(lambda: read(text.encode())) == ("unsafe_integer" if unsafe else "")


@pytest.mark.parametrize("kind", CARRIED)
def test_no_line_carries_one(kind: str) -> None:
    def carrying(number: str) -> str:
        payload = json.dumps(CARRIED[kind]).replace('"VALUE"', number)
        line = f'{{"type": "{kind}", "group": "{GROUP}", "id": "x-1", "payload": {payload}}}'
        return code_of(lambda: parse(line.encode()).value())

    assert carrying(str(2**53 - 1)) == carrying("-9007199254740991") == ""
    assert carrying(str(2**53)) == carrying("-9007199254740992") == "unsafe_integer"


def test_much_of_it_takes_little_time() -> None:
    escaped = b'"' + b'\\"' * 70_000 + b'"'
    assert read(b"[" + escaped + b",1234567890123456]") is not None
    assert code_of(lambda: read(b"[" + escaped + b"," + b"1" * 300 + b"]")) == "unsafe_integer"
