# SPDX-License-Identifier: MIT
"""Contexts: names, schemas, and that what runs per message agrees with what explains."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from goop_realtime.contexts.channel_session import ChannelSession
from goop_realtime.contexts.plugin_code import open_session, terms_of
from goop_realtime.contexts.registry import Registry, compile_context
from goop_realtime.contexts.validator import ContextError, Validator
from goop_realtime.model.jsonio import MAX_DEPTH, MalformedJson, decode, encode
from goop_realtime.testing import World
from goop_realtime.types import ContextType, Message, OpenRequest, Summary

POSITION = {
    "type": "object",
    "properties": {"type": {"const": "position"}, "x": {"type": "number"}, "y": {"type": "number"}},
    "required": ["type", "x", "y"],
    "additionalProperties": False,
}


def _context(name: str = "game", **more: Any) -> ContextType:
    return ContextType(
        name=name, version="1", title="Game", messages={"position": POSITION}, **more
    )


def test_names_match_exactly_or_by_the_longest_prefix() -> None:
    registry = Registry()
    for name in ("game", "game_two"):
        registry.add(compile_context("p", _context(name)))

    def found(name: str) -> str | None:
        context = registry.find(name)
        return None if context is None else context.type.name

    assert found("game") == "game"
    assert found("game_1") == "game"
    assert found("game_two") == "game_two"
    assert found("game_two_x") == "game_two"
    assert found("game_") is None
    assert found("game_" + "x" * 65) is None
    assert found("game_a b") is None
    assert found("gamer") is None


def test_a_name_is_registered_once() -> None:
    registry = Registry()
    registry.add(compile_context("one", _context()))
    with pytest.raises(ContextError, match="already registered by plugin 'one'"):
        registry.add(compile_context("two", _context()))


def test_messages_are_judged_by_the_schema_of_their_type() -> None:
    context = compile_context("p", _context())
    assert context.check_message({"type": "position", "x": 1, "y": 2}) is None
    for data, code in (
        (1, "invalid_message"),
        ({"type": "dance"}, "unknown_type"),
        ({"type": "position", "x": "1", "y": 2}, "invalid_message"),
    ):
        refusal = context.check_message(data)
        assert refusal is not None
        assert refusal.code == code
    refusal = context.check_message({"type": "position", "x": "1", "y": 2})
    assert refusal is not None
    assert refusal.pointer == "/x"


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nonsense"},
        {"$ref": "http://example.invalid/schema.json"},
        {"$ref": "file:///etc/passwd"},
        {"pattern": "(?=lookahead)"},
    ],
)
def test_bad_and_remote_schemas_are_refused_at_registration(schema: dict[str, Any]) -> None:
    with pytest.raises(ContextError):
        Validator(schema, where="test")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": "spring"}, "its version is 'spring', not MAJOR.MINOR"),
        ({"messages": {f"m{n}": {} for n in range(513)}}, "more than 512 types of messages"),
    ],
)
def test_what_nodes_could_not_tell_each_other_is_refused(
    change: dict[str, Any], words: str
) -> None:
    said: dict[str, Any] = {"name": "x", "version": "1", "title": "X", "messages": {}} | change
    with pytest.raises(ContextError, match=words):
        compile_context("p", ContextType(**said))


def test_the_contract_hash_covers_the_schemas_whatever_their_order() -> None:
    turned = {key: POSITION[key] for key in reversed(POSITION)}
    same = ContextType(name="game", version="1.9", title="?", messages={"position": turned})
    rules = ContextType(name="game", version="2.0", title="?", messages={"position": POSITION})
    other = ContextType(name="game", version="1", title="Game", messages={"position": {}})
    mine = compile_context("p", _context()).hash
    assert compile_context("p", same).hash == mine
    assert compile_context("p", other).hash != mine
    assert compile_context("p", rules).hash != mine  # other rules, by the same schemas


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=20,
)


@given(json_values)
def test_both_engines_agree(value: Any) -> None:
    fast = Validator(POSITION, where="test").check(value) is None
    assert fast == Draft202012Validator(POSITION).is_valid(value)


@given(json_values)
def test_json_round_trip(value: Any) -> None:
    try:
        raw = encode(value)
    except UnicodeEncodeError:
        return  # a lone surrogate cannot be sent at all
    assert decode(raw) == value


@pytest.mark.parametrize(
    "raw",
    ["", "{", "NaN", "Infinity", '{"a":1e400}', '"\\ud800"', "[1]]", "nul", "\x00", "'a'"],
)
def test_what_is_no_json_is_refused(raw: str) -> None:
    with pytest.raises(MalformedJson):
        decode(raw)


@given(st.binary(max_size=200))
def test_decode_never_fails_otherwise(raw: bytes) -> None:
    with contextlib.suppress(MalformedJson):
        decode(raw)


def test_depth_is_bounded() -> None:
    assert decode("[" * MAX_DEPTH + "]" * MAX_DEPTH) is not None
    with pytest.raises(MalformedJson, match="deeper"):
        decode("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))
    assert decode('"' + "[" * 1000 + '"') == "[" * 1000
    assert len(decode("[" + ",".join(["[]"] * 1000) + "]")) == 1000


def test_a_message_gives_its_members_or_says_that_it_has_none() -> None:
    move = Message(sender="a", data={"type": "move"}, id="m-1", sent_at_ms=0)
    assert move.fields["type"] == "move"
    with pytest.raises(TypeError, match="found list, expected a message with members"):
        replace(move, data=[1]).fields  # noqa: B018


def test_words_of_a_context_do_not_act_on_who_reads_them() -> None:
    """They may quote what a peer proposes."""
    kind = ContextType(
        name="quoting",
        version="1",
        title="Quoting",
        messages={},
        summary=lambda session, peer: Summary(text="a\u202eb\x85"),
        terms=lambda request: "a\u202eb\x85",
    )
    context = compile_context("quoting", kind)
    request = OpenRequest(channel="rt-1", context="quoting", opener="alice", peers=("alice", "bob"))
    failing = World(1).node("alice").engine.core.plugin_failed
    session = open_session(context, request, None, failing)
    assert isinstance(session, ChannelSession)
    found = session.summary("bob")
    assert isinstance(found, Summary)
    assert found.text == terms_of(context, request, failing) == "a\\u202eb\\x85"
