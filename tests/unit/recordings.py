# SPDX-License-Identifier: MIT
"""Logs as the Inspector has them, made by hand."""

from __future__ import annotations

import ast
import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from goop_node.types import JsonValue
from goop_realtime import ContextType, Message, OpenRequest, Refusal
from goop_realtime.contexts.recording import Place, Recorded, Recording
from goop_realtime.contexts.registry import compile_context
from goop_realtime.inspector.replays import Replays, Row

ALICE = "12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK"
BOB = "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp"
CHANNEL = "rt-0123456789abcdef"


def recording(
    kind: ContextType,
    said: Sequence[tuple[str, JsonValue]],
    *,
    plugin: str = "kit",
    params: JsonValue = None,
) -> Recording:
    """A log of that context in which these were said."""
    entries = [
        Recorded(
            place=Place(1, seq),
            kind="msg",
            author=who,
            at=1_800_000_000_000 + 1000 * seq,
            id=f"page-{seq}",
            data=data,
            event=Message(
                sender=who, data=data, id=f"page-{seq}", sent_at_ms=1_800_000_000_000 + 1000 * seq
            ),
        )
        for seq, (who, data) in enumerate(said, 1)
    ]
    request = OpenRequest(
        channel=CHANNEL, context=kind.name, opener=ALICE, peers=(ALICE, BOB), params=params
    )
    return Recording(
        context=compile_context(plugin, kind),
        request=request,
        room=False,
        snapshot=None,
        start=Place(0, 0),
        last=Place(1, len(entries)) if entries else Place(0, 0),
        judged=0,
        obstacle=None,
        entries=entries,
    )


def source(log: Recording) -> Callable[[str, int], Recording | Refusal]:
    """A node with that log alone."""

    def found(log_id: str, after: int) -> Recording | Refusal:
        if log_id != CHANNEL:
            return Refusal(code="unknown_channel", reason="none")
        return replace(log, entries=[one for one in log.entries if one.place.seq > after])

    return found


def portion(found: Replays, at: int = 0, count: int = 200) -> Row:
    """What the Inspector is told of that part of the log."""
    told = asyncio.run(found.portion(CHANNEL, at, count))
    assert not isinstance(told, Refusal), told
    plain: Row = json.loads(json.dumps(told))
    return plain


def states_of(told: Any) -> dict[int, JsonValue]:
    """The state behind each entry of a portion, by its number."""
    state, found = told["before"].get("state"), {}
    for step in told["steps"]:
        state = step.get("state", state)
        found[step["seq"]] = state
    return found


def tallied(numbers: Sequence[int]) -> list[tuple[str, JsonValue]]:
    """What may be said of it: numbers after which the sum is not divisible by five."""
    total, said = 1, []
    for number in numbers:
        if (total + number) % 5:
            total += number
            said.append((ALICE if number % 2 else BOB, {"type": "add", "n": number}))
    return said


def constants(text: bytes) -> dict[str, Any]:
    """What a test has as literals."""
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = ast.literal_eval(node.value)
    return found
