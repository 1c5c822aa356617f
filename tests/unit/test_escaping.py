# SPDX-License-Identifier: MIT
"""Words of ours that quote others show what could not be seen, or acts on who reads it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goop_node.escaping import escaped
from goop_node.plugins.blame import describe
from goop_node.problems import Problem
from goop_node.types import NetworkError, Refusal
from goop_realtime.model import obstacles
from goop_realtime.model.jsonio import MalformedJson
from goop_realtime.model.trace import Trace
from goop_realtime.model.wire import MAX_REASON, Line, parse, serialise

HOSTILE = "\u202e\u061c\u2066\u2028\x1b\n\x00\x85"
ANY = st.text(st.characters() | st.sampled_from(HOSTILE + "\ud800"), max_size=80)
LINES = ANY.map(lambda text: text.encode("utf-8", "replace").decode())


def _traced(text: str) -> str:
    trace = Trace()
    trace.note(0, "peer", "code", detail=text)
    found: str = trace.rows()[0].get("detail", "")
    return found


TOLD: dict[str, Callable[[str], str]] = {
    "refusal": lambda text: Refusal(code="x", reason=text).reason,
    "network": lambda text: NetworkError("x", text).reason,
    "problem": lambda text: Problem(400, "x", text).detail,
    "json": lambda text: MalformedJson("x", text).reason,
    "fault": lambda text: describe(ValueError(text)),
    "trace": _traced,
    "here": lambda text: obstacles.here(obstacles.FAILED, "x", text, text).said,
    "there": lambda text: obstacles.there("x", "x", text, text).reason,
    "between": lambda text: obstacles.between("x", (text, text), (text, text)).reason,
}
"""Every value that carries words with text of others in them."""


@pytest.mark.parametrize("kind", TOLD)
@given(text=ANY)
def test_what_carries_words_is_escaped(kind: str, text: str) -> None:
    told = TOLD[kind](text)
    assert told == escaped(told)


@given(LINES)
def test_a_reason_of_a_peer_is_escaped_and_stays_within_its_bound(text: str) -> None:
    line = Line(type="decline", group="rt-0123456789abcdef", code="x", reason=text * 3)
    told = parse(serialise(line)).reason
    assert told == escaped(text * 3)[:MAX_REASON]


@given(ANY)
def test_what_is_escaped_stays_so(text: str) -> None:
    assert escaped(escaped(text)) == escaped(text)
    assert not set(HOSTILE) & set(escaped(text))
