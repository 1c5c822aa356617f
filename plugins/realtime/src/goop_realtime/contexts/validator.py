# SPDX-License-Identifier: MIT
"""Compiled JSON Schemas.

``jsonschema`` judges the schemas when they are registered; what runs per message is
``jsonschema-rs``, an order of magnitude faster and linear in its patterns.
"""

from __future__ import annotations

from typing import Any

import jsonschema_rs
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from goop_node.plugins.contained import passes
from goop_node.types import JsonSchema, JsonValue
from goop_realtime.contexts.schema_refusals import MASK, pointer_of, refusal
from goop_realtime.types import Refusal

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class ContextError(ValueError):
    """A context type that cannot be registered, in words.

    Of a schema that is none, ``pointer`` says where in it, ``reason`` why.
    """

    def __init__(self, words: str, reason: str = "", pointer: str = "") -> None:
        super().__init__(words)
        self.reason = reason or words
        self.pointer = pointer


class Validator:
    """One compiled JSON Schema. Refuses remote references and other dialects."""

    def __init__(self, schema: JsonSchema, *, where: str) -> None:
        dialect = schema.get("$schema", DIALECT)
        if dialect != DIALECT:
            raise ContextError(f"{where}: $schema is {dialect!r}; expected {DIALECT!r}")
        try:
            Draft202012Validator.check_schema(schema)
            self._compiled = jsonschema_rs.Draft202012Validator(
                dict(schema),
                pattern_options=jsonschema_rs.RegexOptions(),
                retriever=_refuse_remote,
                ignore_unknown_formats=True,
                mask=MASK,
            )
        except SchemaError as error:
            words = f"{where}: not a JSON Schema 2020-12: {error.message}"
            pointer = pointer_of(list(error.absolute_path))
            raise ContextError(words, error.message, pointer) from None
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            raise ContextError(f"{where}: cannot be compiled: {error}", str(error)) from None

    def check(self, value: JsonValue) -> Refusal | None:
        """``None`` when ``value`` fits, else what does not fit and where."""
        try:
            if self._compiled.is_valid(value):
                return None
        except BaseException as error:
            if passes(error):
                raise
            return Refusal(code="plugin_error", reason="the context's schema cannot judge this")
        return refusal(self._compiled.iter_errors(value))


def _refuse_remote(uri: str) -> Any:
    raise ValueError(f"schemas are not fetched: {uri}")
