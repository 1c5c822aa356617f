# SPDX-License-Identifier: MIT
"""How much work a schema makes of one value, before it judges any (pure).

A few lines of JSON Schema can ask for 2^30 looks at one number: each alternative names two others.
A plugin's schemas are its author's business, as its code is; those of a folder come from anybody,
and a judge that runs for minutes would stop the whole node.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from goop_node.config.values import show
from goop_realtime.contexts.schema_refusals import pointer_of
from goop_realtime.model.jsonio import MAX_DEPTH

MAX_PARTS = 1000
"""Subschemas of one schema."""
MAX_LOOKS = 64
"""How often a schema may look at one place of a message."""
LISTED = 16
"""Names or values in a list that are compared in the time of a look."""

_ELSEWHERE = ("$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$vocabulary")
_HERE_LISTS = ("allOf", "anyOf", "oneOf")
_HERE = ("not", "if", "then", "else")
_HERE_NAMED = ("dependentSchemas", "dependencies")
_BELOW_LISTS = ("prefixItems",)
_BELOW = (
    "items",
    "additionalProperties",
    "contains",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
)
_BELOW_NAMED = ("patternProperties",)
_KEPT = ("$defs", "definitions")
Path = tuple[str | int, ...]


@dataclass
class _Part:
    """A subschema: which others look at the same value, and which at one inside of it."""

    path: Path
    weight: int
    here: list[Path] = field(default_factory=list)
    below: list[Path] = field(default_factory=list)
    named: list[Path] = field(default_factory=list)
    """Those of ``properties``, of which one value meets one at most."""


class TooMuch(ValueError):
    """A schema that a folder may not have: where, what was found, and what was expected."""

    def __init__(self, path: Path, found: str, expected: str = "fewer") -> None:
        super().__init__(f"found {found}, expected {expected}")
        self.pointer = pointer_of(path)
        self.found = found
        self.expected = expected


def check_work(schema: Mapping[str, Any]) -> None:
    """Raise ``TooMuch`` for a schema that may look at one place more than ``MAX_LOOKS`` times,
    that refers to anything but a part of itself, or to itself without end."""
    parts = _parts(schema)
    order = _ordered(parts)
    above: dict[Path, int] = {}
    for _ in range(MAX_DEPTH + 1):
        looks: dict[Path, int] = {}
        for path in order:  # those that a part refers to come before it
            part = parts[path]
            count = part.weight if not above else 0
            count += sum(looks[one] for one in part.here)
            count += sum(above.get(one, 0) for one in part.below)
            count += max((above.get(one, 0) for one in part.named), default=0)
            looks[path] = min(count, MAX_LOOKS + 1)
        if looks[()] > MAX_LOOKS:
            raise TooMuch((), f"one that looks at a value more than {MAX_LOOKS} times")
        above = looks


def _parts(schema: Mapping[str, Any]) -> dict[Path, _Part]:
    """Every subschema by its path, the root's being empty."""
    found: dict[Path, _Part] = {}
    waiting: list[tuple[Path, Any]] = [((), schema)]
    while waiting:
        path, value = waiting.pop()
        if path in found:
            continue
        if len(found) >= MAX_PARTS:
            raise TooMuch((), f"more than {MAX_PARTS} subschemas")
        part = found[path] = _Part(path, 1)
        if not isinstance(value, dict):
            continue  # true, false, or what the metaschema refuses
        for keyword in _ELSEWHERE:
            if keyword in value:
                raise TooMuch((*path, keyword), "a name for other places", "none")
        listed = sum(len(value[one]) for one in ("enum", "required") if _is_long(value.get(one)))
        part.weight += listed // LISTED
        part.here += _inside(path, value, _HERE_LISTS, _HERE, _HERE_NAMED)
        part.below = [*_inside(path, value, _BELOW_LISTS, _BELOW, _BELOW_NAMED)]
        part.named = [*_inside(path, value, (), (), ("properties",))]
        if any(one.startswith("unevaluated") for one in value):
            part.here *= 2  # they ask once more which members the others have seen
        waiting += [
            (one, _at(schema, one))
            for one in (*part.here, *part.below, *part.named)
            if one not in found
        ]
        waiting += [(one, _at(schema, one)) for one in _inside(path, value, (), (), _KEPT)]
        if "$ref" in value:
            target = _target(schema, (*path, "$ref"), value["$ref"])
            part.here.append(target)
            waiting.append((target, _at(schema, target)))
    return found


def _is_long(value: object) -> bool:
    return isinstance(value, list)


def _inside(
    path: Path, schema: dict[str, Any], lists: Any, single: Any, named: Any
) -> Iterator[Path]:
    for keyword in lists:
        if isinstance(value := schema.get(keyword), list):
            yield from ((*path, keyword, index) for index in range(len(value)))
    for keyword in single:
        if keyword in schema:
            yield (*path, keyword)
    for keyword in named:
        if isinstance(value := schema.get(keyword), dict):
            yield from ((*path, keyword, name) for name in value)


def _at(schema: Any, path: Path) -> Any:
    for step in path:
        schema = schema[step]
    return schema


def _target(schema: Mapping[str, Any], path: Path, reference: object) -> Path:
    """The path that a ``$ref`` leads to."""
    wrong = TooMuch(path, show(reference), 'a place in this schema, such as "#/$defs/name"')
    if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
        raise wrong
    place: Any = schema
    steps: list[str | int] = []
    for text in reference.split("/")[1:]:
        name = text.replace("~1", "/").replace("~0", "~")
        step: str | int = int(name) if isinstance(place, list) and name.isdecimal() else name
        try:
            place = place[step]
        except (KeyError, IndexError, TypeError):
            raise wrong from None
        steps.append(step)
    return tuple(steps)


def _ordered(parts: Mapping[Path, _Part]) -> list[Path]:
    """The parts, each behind those that look at the same value for it."""
    order: list[Path] = []
    state: dict[Path, bool] = {}
    """``False`` while what a part refers to is being looked at, ``True`` behind it."""
    for root in parts:
        waiting = [root]
        while waiting:
            path = waiting[-1]
            if path not in state:
                state[path] = False
                for one in parts[path].here:
                    if state.get(one) is False:
                        raise TooMuch(path, "one that refers to itself without end", "an end")
                    if one not in state:
                        waiting.append(one)
            else:
                waiting.pop()
                if not state[path]:
                    state[path] = True
                    order.append(path)
    return order
