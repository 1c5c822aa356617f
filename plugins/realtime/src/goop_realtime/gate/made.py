# SPDX-License-Identifier: MIT
"""Values that fit a JSON Schema, made of its ``examples`` and, where it has none, of its words.

The generators for this on PyPI are not kept up, and none of them starts from ``examples``, without
which no generator ever says a legal move. What is made here is held against the schema in the end.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from goop_node.types import JsonSchema, JsonValue
from goop_realtime.contexts.registry import Context
from goop_realtime.contexts.validator import Validator

TRIES = 20
LEVELS = 8
ANY_TEXT = ("a", "A", "0", "a1", "example", "a b", "ä", "2000-01-01", "#000000", "a@example.org")
"""What a pattern may happen to let through."""
MOST = 2**31


class NotMade(ValueError):
    """No value could be made."""


def message(context: Context, kind: str, chance: random.Random) -> JsonValue:
    """A message of that type, which has passed its schema. Raises ``NotMade``."""
    declared = context.type.messages[kind]
    schema: Any = getattr(declared, "schema", declared)
    validator = context.messages[kind]

    def fits(value: JsonValue) -> bool:
        return validator.check(value) is None

    for _ in range(TRIES):
        value: JsonValue = _Maker(schema, chance).make(schema)
        if isinstance(value, dict):
            value = {**value, "type": kind}
        if fits(value):
            return value
    raise NotMade(kind)


def value(schema: JsonSchema, chance: random.Random) -> JsonValue:
    """A value that fits. Raises ``NotMade``."""
    validator = Validator(schema, where="a schema")
    for _ in range(TRIES):
        made: JsonValue = _Maker(schema, chance).make(schema)
        if validator.check(made) is None:
            return made
    raise NotMade("a value")


class _Maker:
    def __init__(self, root: Any, chance: random.Random) -> None:
        self._root = root
        self._chance = chance

    def make(self, schema: Any, level: int = 0) -> Any:
        """A value that may fit."""
        if not isinstance(schema, Mapping) or level > LEVELS:
            return self._chance.choice([None, 0, "a", True])
        schema = self._flat(schema, level)
        examples = schema.get("examples")
        if isinstance(examples, (list, tuple)) and examples and self._chance.random() < 0.8:
            return self._chance.choice(examples)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._chance.choice(list(schema["enum"]))
        kind = schema.get("type") or _kind_of(schema)
        if isinstance(kind, (list, tuple)):
            kind = self._chance.choice(list(kind))
        make = getattr(self, f"_{kind}", None)
        return self._chance.choice([None, 0, "a", True]) if make is None else make(schema, level)

    def _flat(self, schema: Mapping[str, Any], level: int) -> Mapping[str, Any]:
        """The schema with what it refers to, and one of its alternatives, as its own words."""
        parts: list[Any] = list(schema.get("allOf", ()))
        choices = [list(schema[word]) for word in ("anyOf", "oneOf") if schema.get(word)]
        parts += [self._chance.choice(one) for one in choices]
        if "$ref" in schema:
            parts.append(self._referred(str(schema["$ref"])))
        flat = {word: schema[word] for word in schema.keys() - {"allOf", "anyOf", "oneOf", "$ref"}}
        for part in parts if level <= LEVELS else ():
            if isinstance(part, Mapping):
                more = dict(self._flat(part, level + 1))
                properties = {**flat.get("properties", {}), **more.get("properties", {})}
                required = [*flat.get("required", ()), *more.get("required", ())]
                flat |= more
                if properties:
                    flat |= {"properties": properties, "required": required}
        return flat

    def _referred(self, pointer: str) -> Any:
        found = self._root
        for part in pointer.removeprefix("#").split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    def _object(self, schema: Mapping[str, Any], level: int) -> Any:
        required = set(schema.get("required", ()))
        return {
            name: self.make(one, level + 1)
            for name, one in schema.get("properties", {}).items()
            if name in required or self._chance.random() < 0.5
        }

    def _array(self, schema: Mapping[str, Any], level: int) -> Any:
        least = int(schema.get("minItems", 0))
        count = self._chance.randint(least, min(int(schema.get("maxItems", least + 3)), least + 3))
        first = [self.make(one, level + 1) for one in schema.get("prefixItems", ())]
        rest = schema.get("items", {})
        if rest is False:
            return first
        return [*first, *(self.make(rest, level + 1) for _ in range(count - len(first)))]

    def _string(self, schema: Mapping[str, Any], level: int) -> Any:
        least = int(schema.get("minLength", 0))
        text = self._chance.choice(ANY_TEXT)
        return text.ljust(least, "a")[: int(schema.get("maxLength", MOST))]

    def _integer(self, schema: Mapping[str, Any], level: int) -> Any:
        least = int(schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1))
        most = int(schema.get("maximum", schema.get("exclusiveMaximum", least + 101) - 1))
        step = int(schema.get("multipleOf", 1)) or 1
        found = self._chance.choice([least, most, self._chance.randint(least, max(least, most))])
        return found // step * step

    def _number(self, schema: Mapping[str, Any], level: int) -> Any:
        least = float(schema.get("minimum", schema.get("exclusiveMinimum", -100)))
        most = float(schema.get("maximum", schema.get("exclusiveMaximum", least + 200)))
        return round(self._chance.uniform(least, most), 3)

    def _boolean(self, schema: Mapping[str, Any], level: int) -> Any:
        return self._chance.random() < 0.5

    def _null(self, schema: Mapping[str, Any], level: int) -> Any:
        return None


def _kind_of(schema: Mapping[str, Any]) -> str:
    """What a schema without ``type`` speaks of."""
    words = {
        "object": ("properties", "required", "additionalProperties"),
        "array": ("items", "prefixItems", "minItems", "maxItems"),
        "string": ("pattern", "minLength", "maxLength", "format"),
        "number": ("minimum", "maximum", "multipleOf"),
    }
    return next((kind for kind, known in words.items() if schema.keys() & set(known)), "")
