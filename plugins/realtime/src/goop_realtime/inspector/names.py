# SPDX-License-Identifier: MIT
"""Short names in the place of peer ids, so that a log can be shown to others (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from goop_node.types import JsonValue
from goop_realtime.inspector.logged import Logged

NAMES = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi")


def names_of(log: Logged) -> dict[str, str]:
    """A name for each peer id of the log, in the order of the ids: what compares them goes on."""
    people = {log.opener, *log.peers}
    for entry in log.entries:
        people |= {entry.sender, entry.joined, entry.left, entry.host}
    found = sorted(people - {""})
    short = NAMES if len(found) <= len(NAMES) else [f"peer{n:03}" for n in range(len(found))]
    return dict(zip(found, short, strict=False))


def renamed(value: JsonValue, names: Mapping[str, str]) -> JsonValue:
    """The same with those names, wherever an id stands in a text, keys included."""
    if isinstance(value, str):
        for peer, name in names.items():
            if peer in value:
                value = value.replace(peer, name)
        return value
    if isinstance(value, Mapping):
        return {str(renamed(key, names)): renamed(one, names) for key, one in value.items()}
    if isinstance(value, Sequence):
        return [renamed(one, names) for one in value]
    return value


def with_names(log: Logged, names: Mapping[str, str]) -> Logged:
    """A log with those names, and what people called themselves likewise."""
    plain = renamed(msgspec.to_builtins(log), names)
    found = msgspec.convert(plain, Logged)
    entries = [
        msgspec.structs.replace(one, label=one.joined.title()) if one.joined else one
        for one in found.entries
    ]
    return msgspec.structs.replace(found, entries=tuple(entries))
