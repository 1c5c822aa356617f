# SPDX-License-Identifier: MIT
"""The ``[plugins.NAME]`` tables, checked against the schemas that the plugins give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry

from goop_node.config.model import ConfigError, NodeConfig
from goop_node.config.values import show
from goop_node.plugins.calls import Calls
from goop_node.plugins.loader import Plugins
from goop_node.plugins.plain_json import NotJson, plain_json
from goop_node.types import JsonSchema, JsonValue


def validated_settings(
    config: NodeConfig, plugins: Plugins, calls: Calls
) -> dict[str, Mapping[str, JsonValue]]:
    """The table of each active plugin, with the schema's defaults filled in.

    A plugin without a schema takes no settings. Keys that a schema does not list are
    mistakes unless it says otherwise. Raises ``ConfigError`` with every mistake.
    """
    schemas: dict[str, JsonSchema] = {}
    for plugin, schema in calls.collect("goop_config_schema"):
        try:
            Draft202012Validator.check_schema(schema, Draft202012Validator.FORMAT_CHECKER)
            _check_defaults(schema)
            schemas[plugin] = _closed(schema)
        except Exception as error:
            code = plugins.code(plugin, "goop_config_schema")
            plugins.leave_out(plugin, error, "goop_config_schema() is no valid schema", code)
    mistakes: list[str] = []
    settings: dict[str, Mapping[str, JsonValue]] = {}
    for plugin in plugins.active:
        table = config.plugins[plugin]
        schema = schemas.get(plugin, {"type": "object", "additionalProperties": False})
        where = f"{config.source_name}: [plugins.{plugin}]"
        try:
            found = list(_validator(schema).iter_errors(table))
        except Exception as error:  # a $ref that leads nowhere shows only now
            code = plugins.code(plugin, "goop_config_schema")
            plugins.leave_out(plugin, error, "goop_config_schema() cannot be used", code)
            continue
        mistakes += [line for error in found for line in _sentences(where, error)]
        mistakes += [] if found else _no_json(where, table)
        settings[plugin] = {**_defaults(schema), **table}
    if mistakes:
        raise ConfigError(sorted(set(mistakes)))  # a schema may say the same twice
    return settings


def _defaults(schema: JsonSchema) -> dict[str, JsonValue]:
    properties: Any = schema.get("properties", {})
    return {
        key: value["default"]
        for key, value in properties.items()
        if isinstance(value, Mapping) and "default" in value
    }


def _check_defaults(schema: JsonSchema) -> None:
    """Raise ``ValueError`` for a default that the schema itself would refuse."""
    for key, value in _defaults(schema).items():
        for error in _validator(schema).iter_errors({key: value}):
            if list(error.path)[:1] == [key]:
                raise ValueError(f"the default of {key}: {error.message}")


def _validator(schema: JsonSchema) -> Draft202012Validator:
    # An explicit registry: without one, jsonschema would fetch remote references.
    return Draft202012Validator(schema, registry=Registry())


def _closed(schema: JsonSchema) -> JsonSchema:
    """The schema, refusing unlisted keys unless it composes others or says what it wants."""
    says = {"additionalProperties", "unevaluatedProperties", "allOf", "anyOf", "oneOf", "$ref"}
    return schema if says & schema.keys() else {**schema, "additionalProperties": False}


def _no_json(where: str, table: Mapping[str, JsonValue]) -> list[str]:
    """What a schema lets pass and no JSON has: TOML's inf, nan and dates."""
    try:
        plain_json(table)
    except NotJson as error:
        return [f"{where} {error.pointer[1:]}: found {error.found}, expected {error.expected}"]
    return []


def _sentences(where: str, error: ValidationError) -> list[str]:
    """One validation error in the words of every other configuration mistake."""
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.path)
    place = f"{where} {key.lstrip('.')}" if key else where
    rule, value = str(error.validator), cast(Any, error.validator_value)
    if rule == "additionalProperties" and isinstance(table := error.instance, dict):
        known = sorted(cast(Any, error.schema).get("properties", {}))
        expected = f"expected one of {', '.join(known)}" if known else "this plugin takes none"
        prefix = f"{key.lstrip('.')}." if key else ""
        unknown = sorted(set(table) - set(known))
        return [f"{where} {prefix}{one}: found an unknown key, {expected}" for one in unknown]
    if rule == "required":
        missing = [one for one in value if one not in cast(Any, error.instance)]
        return [f"{place}: found no key {one}, expected one" for one in missing]
    return [f"{place}: found {show(error.instance)}, expected {_expected(rule, value, error)}"]


_TYPES = {"integer": "a whole number", "object": "a table", "array": "a list", "string": "a string"}
_RULES = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "text that matches {}",
    "const": "{}",
}


def _expected(rule: str, value: Any, error: ValidationError) -> str:
    if rule == "type":
        names = value if isinstance(value, list) else [value]
        return " or ".join(_TYPES.get(name, f"a {name}") for name in names)
    if rule == "contains" and "title" in value:
        return f"{value['title']} among them"
    if rule == "enum":
        return "one of " + ", ".join(show(one) for one in value)
    if rule in _RULES:
        expected = _RULES[rule].format(value if isinstance(value, (int, float)) else show(value))
        examples = cast(Any, error.schema).get("examples", ()) if rule == "pattern" else ()
        return expected + (f", e.g. {show(examples[0])}" if examples else "")
    return " ".join(error.message.split())
