# SPDX-License-Identifier: MIT
"""What a person reads when a message does not fit its schema."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goop_realtime.contexts.schema_refusals import MAX_FOUND, MAX_NAME, MAX_POINTER, MAX_REASON
from goop_realtime.contexts.validator import Validator
from goop_realtime.model.jsonio import encode
from goop_realtime.types import Refusal

DESCRIPTION = {
    "properties": {
        "sdp": {
            "anyOf": [
                {"type": "string", "maxLength": 60},
                {
                    "type": "object",
                    "properties": {"type": {"enum": ["answer"]}, "sdp": {"maxLength": 60}},
                    "required": ["type"],
                    "additionalProperties": False,
                },
            ]
        }
    }
}


def refused(schema: Any, value: Any) -> Refusal:
    found = Validator(schema, where="test").check(value)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("sdp", "pointer", "words"),
    [
        ({"type": "pranswer"}, "/sdp/type", 'not one of "answer"; found "pranswer"'),
        ("v=0" * 300, "/sdp", "longer than 60 characters"),
        ({"type": "answer", "sdp": "v=0" * 300}, "/sdp/sdp", "longer than 60 characters"),
        (5, "/sdp", "types string, object; found 5"),
        ({"sdp": ""}, "/sdp", "'type' is missing"),
        ({"type": "answer", "a/b": 1}, "/sdp/a~1b", "'a/b' is not known here"),
    ],
)
def test_a_refusal_names_the_bound_and_points_at_the_value(
    sdp: Any, pointer: str, words: str
) -> None:
    found = refused(DESCRIPTION, {"sdp": sdp})
    assert found.pointer == pointer
    assert words in found.reason


def test_alternatives_of_one_type_are_told_apart_by_how_far_the_value_fits() -> None:
    schema = {
        "oneOf": [
            {"properties": {"kind": {"const": "a"}, "n": {"maximum": 3}}, "required": ["kind"]},
            {"properties": {"kind": {"const": "b"}, "m": {"maximum": 3}}, "required": ["m"]},
        ],
        "type": "object",
    }
    assert refused(schema, {"kind": "a", "n": 5}).pointer == "/n"


TEXT = st.text(min_size=MAX_FOUND + 1, max_size=2000)
SCHEMAS: list[Any] = [
    {"maxLength": 5},
    {"pattern": "^.{0,3}$"},
    {"enum": [1, 2]},
    {"const": 7},
    {"type": "integer"},
    {"not": {"type": "string"}},
    {"anyOf": [{"type": "integer"}, {"maxLength": 2}]},
    {"oneOf": [{"type": "integer"}, {"type": "null"}]},
    {"allOf": [{"maxLength": 3}]},
    {"if": {"type": "string"}, "then": {"maxLength": 2}},
    False,
]


@given(st.sampled_from(SCHEMAS), TEXT, st.lists(st.text(max_size=400), max_size=4))
def test_no_refusal_repeats_a_long_value(schema: Any, text: str, path: list[str]) -> None:
    value: Any = text
    for name in reversed(path):
        schema, value = {"properties": {name: schema}}, {name: value}
    found = refused(schema if isinstance(schema, dict) else {"not": {}}, value)
    assert len(found.reason) <= MAX_REASON + MAX_FOUND + 20
    assert text not in found.reason
    assert len(found.pointer) <= MAX_POINTER


@given(st.sampled_from(SCHEMAS), st.sampled_from("\u202e\n\x1b\x00\u2066"))
def test_no_refusal_repeats_what_acts_on_its_reader(schema: Any, sign: str) -> None:
    for value in (f"{sign}value", {f"{sign}name": 1}):
        strict = {"properties": {}, "additionalProperties": False, "allOf": [schema]}
        assert sign not in refused(strict, value).reason


@given(st.text(max_size=3000))
def test_a_long_name_is_cut(name: str) -> None:
    found = refused({"additionalProperties": False}, {name: encode(name).decode()})
    assert len(found.reason) <= 12 * MAX_NAME
    assert len(found.pointer) <= MAX_POINTER
