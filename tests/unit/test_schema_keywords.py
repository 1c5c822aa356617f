# SPDX-License-Identifier: MIT
"""A mistyped keyword of a schema judges nothing: it is found, wherever it stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goop_realtime.contexts.keywords import Slip, slips

ROOT = Path(__file__).parents[2]
LONG = [
    *("additionalProperties", "dependentRequired", "exclusiveMaximum", "minLength", "maxItems"),
    *("multipleOf", "pattern", "patternProperties", "prefixItems", "properties", "required"),
    *("unevaluatedItems", "uniqueItems", "minimum", "contains"),
]
PLACES: list[tuple[str, Any]] = [
    ("", lambda schema: schema),
    ("/properties/required", lambda schema: {"properties": {"required": schema}}),
    ("/$defs/a~1b", lambda schema: {"$defs": {"a/b": schema}}),
    ("/allOf/1", lambda schema: {"allOf": [True, schema]}),
    ("/prefixItems/0", lambda schema: {"prefixItems": [schema]}),
    ("/if/not", lambda schema: {"if": {"not": schema}}),
    ("/items/additionalProperties", lambda schema: {"items": {"additionalProperties": schema}}),
    ("/patternProperties/a", lambda schema: {"patternProperties": {"a": schema}}),
]


@st.composite
def mistyped(draw: st.DrawFn) -> str:
    """A keyword with one letter twice, missing, changed with its neighbour, or in another case."""
    word = draw(st.sampled_from(LONG))
    at = draw(st.integers(1, len(word) - 2))
    before, one, two, after = word[:at], word[at], word[at + 1], word[at + 2 :]
    wrong = [
        before + two + one + after,
        before + two + after,
        before + one * 2 + two + after,
        word.lower() if word.lower() != word else word.upper(),
    ]
    return draw(st.sampled_from([one for one in wrong if one != word]))


@given(mistyped(), st.sampled_from(PLACES), st.sampled_from(PLACES))
def test_a_slip_is_found_wherever_it_stands(word: str, outer: Any, inner: Any) -> None:
    schema = outer[1](inner[1]({"type": "object", word: 1, "x-note": 2}))
    (found,) = slips(schema)
    assert found.pointer == f"{outer[0]}{inner[0]}/{word}"
    assert found.found == word


@pytest.mark.parametrize(
    ("word", "meant"),
    [("requried", "required"), ("maxlength", "maxLength"), ("$refs", "$ref"), ("types", "type")],
)
def test_it_says_what_was_meant(word: str, meant: str) -> None:
    assert list(slips({word: 1})) == [Slip(f"/{word}", word, meant)]


def test_names_and_values_are_no_keywords() -> None:
    schema = {
        "title": "requried",
        "properties": {"requried": {"const": {"maxlength": 1}}, "minimun": True},
        "examples": [{"patern": 1}],
        "default": {"types": 1},
        "enum": [{"itmes": 1}],
        "dependentRequired": {"patern": ["requried"]},
        "dependencies": {"x": ["y"]},
        "example": 3,
        "x-required": 1,
        "readOnly": True,
    }
    assert list(slips(schema)) == []


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("plugins/*/src/*/schemas/*.json")), ids=lambda path: path.stem
)
def test_our_own_have_none(path: Path) -> None:
    assert list(slips(json.loads(path.read_text(encoding="utf-8")))) == []


@given(
    st.recursive(
        st.none() | st.text() | st.integers(),
        lambda one: (
            st.lists(one)
            | st.dictionaries(st.sampled_from(["items", "allOf", "properties", "$defs", "x"]), one)
        ),
    )
)
def test_nothing_makes_it_fail(value: Any) -> None:
    list(slips(value))
