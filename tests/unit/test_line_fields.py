# SPDX-License-Identifier: MIT
"""Every field of every line has a form and a bound, and nothing else gets in."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goop_node.escaping import escaped
from goop_node.types import Refusal
from goop_realtime.goop2.go_invitations import protocols_for, why_not
from goop_realtime.model.bounding import bounded
from goop_realtime.model.jsonio import MAX_DEPTH, MAX_INTEGER, MalformedJson
from goop_realtime.model.wire import MAX_LINE, SHAPES, Line, Names, parse, raw, serialise
from goop_realtime.testing.extremes import EXTREMES, fields_of

GROUP = "rt-0123456789abcdef"
LONGEST = 300
"""Characters of any text in the envelope."""


def example(kind: str) -> dict[str, Any]:
    """A line of that type with all that it must have."""
    line: dict[str, Any] = {"type": kind, "group": GROUP}
    shape = SHAPES[kind]
    line |= {name: "x-1" if name in ("id", "code") else 7 for name in shape.needs}
    if shape.stages:
        line["stage"] = shape.stages[0]
    if kind == "invite":
        line["payload"] = {"timeout": 1000}
    elif kind == "tail":
        line["payload"] = [1, 1, "x-1", "bob", 0, "msg", None]
    elif kind == "welcome":
        line["payload"] = {"snapshot": {"at": [1, 2]}}
    elif shape.payload is not None:
        line["payload"] = {}
    return line


def spoken(line: Line) -> bool:
    """Whether everything in that line is within what any line may carry."""
    texts = (line.group, line.from_, line.id, line.kind, line.stage, line.code)
    return (
        all(0 <= number <= MAX_INTEGER for number in (line.epoch, line.seq, line.at))
        and all(len(text) <= 80 and text.isascii() and text.isprintable() for text in texts)
        and max(len(line.reason), len(line.pointer)) <= LONGEST
        and line.reason == escaped(line.reason)
    )


CARRIED = {
    "msg": "VALUE",
    "signal": "VALUE",
    "invite": {"timeout": 1000, "params": "VALUE", "base": "VALUE"},
    "welcome": {"snapshot": {"at": [1, 2], "state": "VALUE"}},
    "tail": [1, 1, "x-1", "bob", 0, "msg", "VALUE"],
}
"""What has a value of a page or a plugin in it, and where."""


@pytest.mark.parametrize("kind", CARRIED)
def test_whatever_carries_a_value_carries_the_deepest(kind: str) -> None:
    def carrying(depth: int) -> bytes:
        encoded = json.dumps({**example(kind), "payload": CARRIED[kind]})
        return encoded.replace('"VALUE"', "[" * depth + "]" * depth).encode()

    parse(carrying(MAX_DEPTH))
    with pytest.raises(MalformedJson) as refused:
        parse(carrying(MAX_DEPTH + 1))
    assert refused.value.code == "too_deep"


def test_an_invitation_with_the_deepest_state_is_sent_as_what_it_is() -> None:
    state: Any = []
    for _ in range(MAX_DEPTH - 1):
        state = [state]
    asked = {"timeout": 1000, "context": "chess", "base": state}
    line = Line(type="invite", group=GROUP, payload=raw(asked))
    assert protocols_for(line) == []
    assert "'chess'" in why_not(line, "Bob")


@pytest.mark.parametrize("kind", SHAPES)
def test_each_type_passes_with_what_it_must_have(kind: str) -> None:
    line = parse(json.dumps(example(kind)).encode())
    assert line.type == kind
    assert parse(serialise(line)) == line


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("field", fields_of(Line))
def test_no_field_takes_an_extreme_beyond_its_bound(kind: str, field: str) -> None:
    taken, refused = 0, []
    for extreme in EXTREMES:
        text = json.dumps({**example(kind), field: None}).replace("null", extreme, 1)
        try:
            line = parse(text.encode("utf-8", "surrogatepass"))
        except MalformedJson as error:
            refused.append(error.reason)
            continue
        taken += 1
        assert spoken(line)
    assert refused == [escaped(reason) for reason in refused]
    assert taken < len(EXTREMES) or field == "payload"


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (kind, field)
        for kind, shape in SHAPES.items()
        if shape.payload is not None and kind != "tail"
        for field in fields_of(shape.payload)
        if field not in ("params", "base")
    ],
)
def test_no_field_of_a_payload_takes_an_extreme_beyond_its_bound(kind: str, field: str) -> None:
    refused = []
    for extreme in EXTREMES:
        line = example(kind)
        line["payload"] = {**line["payload"], field: "HERE"}
        try:
            parse(json.dumps(line).replace('"HERE"', extreme).encode("utf-8", "surrogatepass"))
        except MalformedJson as error:
            refused.append(error.reason)
    assert refused == [escaped(reason) for reason in refused]
    assert len(refused) > len(EXTREMES) // 2
    assert any(field in reason for reason in refused), "the field is named"


@pytest.mark.parametrize("place", range(6))
def test_no_place_of_a_tail_takes_an_extreme_beyond_its_bound(place: int) -> None:
    taken = []
    for extreme in EXTREMES:
        row: list[Any] = [1, 1, "x-1", "bob", 0, "msg", None]
        row[place] = "HERE"
        line = json.dumps({"type": "tail", "group": GROUP, "payload": row})
        try:
            taken.append(parse(line.replace('"HERE"', extreme).encode("utf-8", "surrogatepass")))
        except MalformedJson:
            continue
    for line in taken:
        values = msgspec.json.decode(bytes(line.payload))  # type: ignore[arg-type]
        numbers = [value for value in values[:6] if isinstance(value, int)]
        assert all(0 <= number <= MAX_INTEGER for number in numbers)


@pytest.mark.parametrize("field", ["id", "code", "reason", "from", "group", "kind"])
def test_a_hundred_and_fifty_kilobytes_are_no_field(field: str) -> None:
    line = {**example("cancel"), field: "x" * 150_000}
    with pytest.raises(MalformedJson, match=field):
        parse(json.dumps(line).encode())


@settings(max_examples=50)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode()))
def test_any_bytes_are_a_line_or_malformed(raw: bytes) -> None:
    try:
        assert spoken(parse(raw))
    except MalformedJson:
        return


@given(st.text(), st.text(), st.text(), st.integers(0, 10))
def test_what_a_plugin_says_always_fits_into_a_line(
    code: str, reason: str, pointer: str, times: int
) -> None:
    said = bounded(Refusal(code=code, reason=reason * 2**times, pointer=pointer * 2**times))
    line = Line(type="refuse", group=GROUP, id="x-1", code=said.code, reason=said.reason)
    line.pointer = said.pointer
    raw = serialise(line)
    assert len(raw) <= MAX_LINE
    assert parse(raw) == line


NAMES = st.text(st.sampled_from("art-09f .~_\n!é"), max_size=6)


@given(
    group=st.sampled_from([GROUP, GROUP[:-1], f"{GROUP} ", f"{GROUP}\n", GROUP.upper()]) | NAMES,
    author=NAMES | st.text("a", min_size=63, max_size=66),
    message=NAMES | st.text("a", min_size=79, max_size=82),
)
def test_names_have_their_form_in_one_as_one_by_one(group: str, author: str, message: str) -> None:
    line = json.dumps({"type": "unheard", "group": group, "from": author, "id": message}).encode()
    wrong = refused(lambda: msgspec.json.decode(line, type=Names))
    found = refused(lambda: parse(line))
    assert bool(found) == bool(wrong)
    assert wrong in found


def refused(read_it: Callable[[], object]) -> str:
    """Why it is refused; ``""`` where it is not."""
    try:
        read_it()
    except (msgspec.ValidationError, MalformedJson) as error:
        return escaped(str(error))
    return ""
