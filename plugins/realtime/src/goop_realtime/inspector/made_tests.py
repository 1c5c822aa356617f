# SPDX-License-Identifier: MIT
"""A log as a file for pytest that replays it: what was recorded is a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice

import msgspec

from goop_node.types import JsonValue
from goop_realtime.contexts.recording import Recording
from goop_realtime.inspector.logged import Logged, logged
from goop_realtime.inspector.names import names_of, renamed, with_names
from goop_realtime.inspector.replays import whole
from goop_realtime.types import Refusal

MAX_ENTRIES = 20_000
MAX_BYTES = 8 * 1024 * 1024
WIDTH = 96
_NAMED = "Peer ids and what people call themselves were replaced by short names."
_AS_IT_IS = "The peer ids are those of the people: with others the log comes to something else."


@dataclass(frozen=True)
class Made:
    """A file: its ``name``, and its ``source`` in Python, UTF-8."""

    name: str
    source: bytes


async def made_of(recording: Recording) -> Made | Refusal:
    """The test of a log, which is green as it is where the plugin is installed; or why not."""
    context = recording.context
    if not recording.request.context or context.folder:
        who = "a template's folder declares its context" if context.folder else "it has no context"
        reason = f"{who}: a test replays the rules of a plugin that can be installed"
        return Refusal(code="unsupported", reason=reason)
    held = list(islice(recording.entries, MAX_ENTRIES + 1))
    if len(held) > MAX_ENTRIES:
        reason = f"the log has more than {MAX_ENTRIES} entries, too many for one test"
        return Refusal(code="too_large", reason=reason)
    entries, state = await whole(replace(recording, entries=held))
    if isinstance(state, Refusal):
        reason = f"the log cannot be replayed here, so no test of it can pass: {state.reason}"
        return Refusal(code=state.code, reason=reason, pointer=state.pointer, more=state.more)
    log = logged(recording, entries)
    names = names_of(log)
    short, expected = with_names(log, names), renamed(state, names)
    _, same = await whole(short.recording(context))
    if same == expected:
        log, state, note = short, expected, _NAMED
    else:
        note = _AS_IT_IS
    source = _source(log, state, context.plugin, recording, note).encode()
    if len(source) > MAX_BYTES:
        reason = f"the test would have {len(source)} bytes; at most {MAX_BYTES} are made"
        return Refusal(code="too_large", reason=reason)
    return Made(f"{_name(log)}.py", source)


def _name(log: Logged) -> str:
    return f"test_replay_{log.channel.replace('-', '_')}"


def _source(log: Logged, state: JsonValue, plugin: str, recording: Recording, note: str) -> str:
    first, last = recording.start.seq + 1, recording.last.seq
    cut = "" if recording.snapshot is None else " What came before is in the snapshot alone."
    body = literal(msgspec.to_builtins(log))
    return f'''"""A log of {log.context}, replayed: entries {first} to {last}.{cut}

Made by the Inspector of a goop node. It holds what was said: read it before you show it to others.
{note}
"""

from goop_realtime.testing.kit import replay

LOG = {body}

STATE = {literal(state)}


def {_name(log)}() -> None:
    assert replay({plugin!r}, LOG) == STATE
'''


def literal(value: JsonValue, depth: int = 0) -> str:
    """A JSON value as Python writes it, on several lines where one would be too long."""
    text = repr(value)
    if len(text) + 4 * depth <= WIDTH or not value or not isinstance(value, (dict, list, tuple)):
        return text
    inner, outer = "    " * (depth + 1), "    " * depth
    if isinstance(value, Mapping):
        pairs = ((repr(key), literal(one, depth + 1)) for key, one in value.items())
        lines = [f"{inner}{key}: {one},\n" for key, one in pairs]
        return "{\n" + "".join(lines) + outer + "}"
    lines = [f"{inner}{literal(one, depth + 1)},\n" for one in value]
    return "[\n" + "".join(lines) + outer + "]"
