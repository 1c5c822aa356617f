# SPDX-License-Identifier: MIT
"""Keywords of a schema that are none, because somebody mistyped them (pure).

JSON Schema takes any word it does not know for a remark: with ``requried`` nothing is required, and
nobody is told. A word that is nearly a keyword which judges something is taken for a slip.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from jsonschema_specifications import REGISTRY

from goop_realtime.contexts.schema_refusals import pointer_of

_VOCABULARIES = "https://json-schema.org/draft/2020-12/meta/"
_JUDGING = ("core", "applicator", "unevaluated", "validation")
_REMARKING = ("meta-data", "format-annotation", "content")
_OTHERS = ("definitions", "dependencies", "example")
"""Known from earlier drafts and from OpenAPI."""
_OWN = "x-"
"""How words of somebody's own begin."""
_NEAR = 0.8
"""How alike two words have to be, see ``difflib``: one letter of five may be another."""


class Slip(NamedTuple):
    """Where a keyword stands that is none, as it was written, and what was probably meant."""

    pointer: str
    found: str
    meant: str


def slips(schema: Any) -> Iterator[Slip]:
    """Every mistyped keyword of a JSON Schema 2020-12 that the metaschema has let pass."""
    judging, known, ways = _vocabulary()
    by_sound = {word.lower(): word for word in judging if not word.startswith("$")}
    by_sign = {word.lower(): word for word in judging if word.startswith("$")}
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), schema)]
    while waiting:
        path, here = waiting.pop()
        for word, value in here.items() if isinstance(here, dict) else ():
            at = (*path, word)
            if word not in known and not word.startswith(_OWN):
                words = by_sign if word.startswith("$") else by_sound
                near = difflib.get_close_matches(word.lower(), words, n=1, cutoff=_NEAR)
                yield from (Slip(pointer_of(list(at)), word, words[one]) for one in near)
            way = ways.get(word, "")
            if way == "one":
                waiting.append((at, value))
            elif way == "list" and isinstance(value, list):
                waiting += [((*at, index), one) for index, one in enumerate(value)]
            elif way == "named" and isinstance(value, dict):
                waiting += [((*at, name), one) for name, one in value.items()]


@cache
def _vocabulary() -> tuple[frozenset[str], frozenset[str], dict[str, str]]:
    """The keywords that judge, all that are known, and how those with schemas hold them."""
    rules = {
        name: dict(REGISTRY.contents(_VOCABULARIES + name)["properties"])
        for name in (*_JUDGING, *_REMARKING)
    }
    judging = frozenset(word for name in _JUDGING for word in rules[name] if word != "$comment")
    known = frozenset(word for one in rules.values() for word in one) | {*_OTHERS}
    ways = {
        word: way for one in rules.values() for word, rule in one.items() if (way := _way(rule))
    }
    return judging, known, {**ways, "definitions": "named"}


def _way(rule: Any) -> str:
    """How a keyword holds schemas, from the metaschema's rule for it; ``""`` of one without."""
    if not isinstance(rule, dict):
        return ""
    if "$dynamicRef" in rule:
        return "one"
    if rule.get("$ref") == "#/$defs/schemaArray":
        return "list"
    named = rule.get("additionalProperties")
    return "named" if isinstance(named, dict) and "$dynamicRef" in named else ""
