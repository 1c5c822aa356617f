# SPDX-License-Identifier: MIT
"""The lines of the 1.0.0 group protocol, read as leniently as Go reads them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goop_node.groups.messages import (
    GroupMessage,
    Invite,
    MalformedMessage,
    error,
    error_code,
    parse,
    parse_invite,
    serialise,
    serialise_invite,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_keys_match_in_any_case_and_unknown_ones_are_ignored() -> None:
    line = b' {"TYPE":"msg","Group":"g","FROM":"a","payLoad":[1],"seq":7} '
    assert parse(line) == GroupMessage("msg", "g", "a", b"[1]")


def test_null_leaves_a_field_as_it_was() -> None:
    line = b'{"type":"msg","group":null,"from":null,"payload":null}'
    assert parse(line) == GroupMessage("msg")


def test_a_payload_keeps_its_digits() -> None:
    assert parse(b'{"type":"msg","payload":9007199254740993}').payload == b"9007199254740993"


def test_broken_utf8_becomes_replacement_characters() -> None:
    assert parse(b'{"type":"msg","group":"\xff"}').group == "\ufffd"


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b'"x"', b'{"type":5}', b'{"payload":tru}', b'{"a":' * 9000 + b"1" * 9],
)
def test_what_is_no_line_is_malformed(line: bytes) -> None:
    with pytest.raises(MalformedMessage):
        parse(line)


@given(st.text(), st.text(), st.text(), json_values)
def test_what_we_write_reads_back(kind: str, group: str, author: str, value: object) -> None:
    payload = None if value is None else json.dumps(value).encode()
    message = GroupMessage(kind, group, author, payload)
    raw = serialise(message)
    assert b"\n" not in raw
    assert parse(raw) == message


def test_the_order_of_the_keys() -> None:
    raw = serialise(GroupMessage("msg", "g", "a", b"{}"))
    assert raw == b'{"type":"msg","group":"g","from":"a","payload":{}}'
    assert serialise(GroupMessage("ping")) == b'{"type":"ping","group":""}'


def test_an_invitation_has_five_fields_and_needs_two() -> None:
    invite = Invite("rt-1", "rt:rt-1", "host", "realtime")
    assert set(json.loads(serialise_invite(invite))) == {
        "group_id",
        "group_name",
        "host_peer_id",
        "app_type",
        "volatile",
    }
    assert parse_invite(serialise_invite(invite)) == invite
    assert parse_invite(b'{"group_id":"g","host_peer_id":"h"}') == Invite("g", "", "h")
    with pytest.raises(MalformedMessage):
        parse_invite(b'{"group_id":"g"}')
    with pytest.raises(MalformedMessage):
        parse_invite(b'{"group_id":"g","host_peer_id":"h","volatile":"yes"}')


def test_error_codes() -> None:
    assert error_code(error("g", "full", "group is full")) == "full"
    assert error_code(GroupMessage("error", payload=b"[]")) == "refused"
    assert error_code(GroupMessage("error", payload=b'{"code":1}')) == "refused"
