# SPDX-License-Identifier: MIT
"""Contexts that the folder of a template declares in its ``manifest.json``, without any code.

What stands there is held against the same types as what a plugin gives, and comes to the same
contract. A folder has one of its contexts or none: one mistake, and all of them are left out.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_args, get_type_hints

from goop_node.config.values import show
from goop_node.plugins.crossings import Misfit, fit
from goop_node.types import Template, TemplateFlaw
from goop_realtime.contexts.keywords import slips
from goop_realtime.contexts.registry import (
    FOLDER,
    NAME,
    Context,
    compile_context,
)
from goop_realtime.contexts.schema_refusals import pointer_of
from goop_realtime.contexts.schema_work import TooMuch, check_work
from goop_realtime.contexts.validator import ContextError, Validator
from goop_realtime.types import ContextType, Limits, MessageType

MAX_CONTEXTS = 16
"""Contexts of one folder."""
MAX_MESSAGES = 64
"""Types of messages of one of them."""
MAX_REASON = 200
"""Characters of what a compiler of schemas says."""

CONTEXT_KEYS = {
    "title": "title",
    "version": "version",
    "params": "params",
    "singleRequest": "single_request",
    "maxPeers": "max_peers",
}
"""What a manifest says of a context, by the field of ``ContextType``: all but the next two."""
MESSAGE_KEYS = {"delivery": "delivery", "key": "key", "maxBytes": "max_bytes", "rate": "rate"}
"""What stands beside the ``schema`` of a ``MessageType``."""
LIMIT_KEYS = {
    "messageBytes": "message_bytes",
    "rate": "rate",
    "burst": "burst",
    "suspendedMs": "suspended_ms",
}
PLUGIN_KEYS = (
    "openSession",
    "initialState",
    "stamp",
    "onOpen",
    "onCommit",
    "summary",
    "terms",
    "endsOnDrift",
    "pushState",
)
"""What only code can do."""

_CONTEXT = get_type_hints(ContextType, include_extras=True)
_MESSAGE_NAME = get_args(_CONTEXT["messages"])[0]
_MESSAGE = get_type_hints(MessageType, include_extras=True)
_LIMITS = get_type_hints(Limits, include_extras=True)


def of_folders(
    templates: Iterable[Template], others: Iterable[Context]
) -> tuple[list[Context], list[TemplateFlaw]]:
    """The contexts that these templates' folders declare, and every mistake in them.

    ``others`` are those of plugins, whose names nobody else takes; of two folders that take the
    same name neither has it.
    """
    taken = {one.name: f"plugin {one.plugin}" for one in others}
    found: dict[str, list[Context]] = {}
    flaws: list[TemplateFlaw] = []
    for template in templates:
        reader = _Reader(template)
        found[template.name] = reader.contexts
        flaws += reader.flaws
    clashes = list(_clashes(found, taken))
    spoilt = {one.template for one in clashes}
    sound = (contexts for name, contexts in found.items() if name not in spoilt)
    return [one for contexts in sound for one in contexts], flaws + clashes


def _clashes(
    found: Mapping[str, list[Context]], taken: Mapping[str, str]
) -> Iterable[TemplateFlaw]:
    for template, contexts in found.items():
        rest = {
            one.name: f"template {other}"
            for other, theirs in found.items()
            if other != template
            for one in theirs
        }
        for context in contexts:
            for name, whose in {**taken, **rest}.items():
                if context.name == name:
                    words = f"found a name that {whose} has, too, expected another"
                elif context.name.startswith(f"{name}_"):
                    words = f"found a name that channels of {name} ({whose}) have, expected another"
                else:
                    continue
                yield TemplateFlaw(
                    template=template, pointer=pointer_of(["contexts", context.name]), words=words
                )


class _Reader:
    """Reads the contexts of one folder, and notes every mistake."""

    def __init__(self, template: Template) -> None:
        self.flaws: list[TemplateFlaw] = []
        self._template = template
        declared = template.contexts
        if len(declared) > MAX_CONTEXTS:
            self._note("/contexts", f"{len(declared)} of them", f"at most {MAX_CONTEXTS}")
            declared = {}
        read = [self._context(name, value) for name, value in declared.items()]
        self.contexts = [] if self.flaws else [one for one in read if one is not None]

    def _note(self, pointer: str, found: str, expected: str) -> None:
        self.flaws.append(
            TemplateFlaw(
                template=self._template.name,
                pointer=pointer,
                words=f"found {found}, expected {expected}",
            )
        )

    def _context(self, name: str, value: Any) -> Context | None:
        at = pointer_of(["contexts", name])
        if not NAME.fullmatch(name):
            self._note(at, show(name), "at most 64 of a-z, 0-9 and _, a letter first")
        if not self._is_object(value, at):
            return None
        self._known(value, at, [*CONTEXT_KEYS, "messages", "limits"], self._needs_plugin)
        said = self._fields(value, at, CONTEXT_KEYS, _CONTEXT)
        if said.get("params") is not None:
            self._schema(said["params"], f"{at}/params")
        messages = self._messages(value, at)
        limits = Limits()
        if "limits" in value and self._is_object(value["limits"], f"{at}/limits"):
            self._known(value["limits"], f"{at}/limits", list(LIMIT_KEYS))
            limits = Limits(**self._fields(value["limits"], f"{at}/limits", LIMIT_KEYS, _LIMITS))
        if self.flaws:
            return None
        said = {"title": self._template.title, "version": "1", **said}
        kind = ContextType(
            name=name, messages=messages, limits=limits, template=self._template.name, **said
        )
        try:
            return compile_context(f"{FOLDER}{self._template.name}", kind)
        except ContextError as error:
            self._note(at, f"one that cannot be used ({error})", "one that can")
            return None

    def _messages(self, context: dict[str, Any], at: str) -> dict[str, Any]:
        at = f"{at}/messages"
        if "messages" not in context:
            self._note(at, "none", "an object with a schema for each type of message")
            return {}
        value = context["messages"]
        if not self._is_object(value, at):
            return {}
        if not 1 <= len(value) <= MAX_MESSAGES:
            self._note(at, f"{len(value)} types of messages", f"1 to {MAX_MESSAGES}")
            return {}
        return {name: self._message(name, one, at) for name, one in value.items()}

    def _message(self, name: str, value: Any, at: str) -> Any:
        at += pointer_of([name])
        try:
            fit(name, _MESSAGE_NAME, at)
        except Misfit as error:
            self._note(at, show(name), error.expected)
        if not self._is_object(value, at):
            return {}
        if "schema" not in value:
            for key in sorted(MESSAGE_KEYS.keys() & value.keys()):
                form = '{"schema": {...}, ' + f'"{key}": ...' + "}"
                self._note(f"{at}/{key}", f"{key} in a schema", f"it beside the schema: {form}")
            self._schema(value, at, name)
            return value
        self._known(value, at, ["schema", *MESSAGE_KEYS])
        said = self._fields(value, at, MESSAGE_KEYS, _MESSAGE)
        schema = value["schema"]
        if self._is_object(schema, f"{at}/schema"):
            self._schema(schema, f"{at}/schema", name)
            return MessageType(schema, **said)
        return {}

    def _fields(
        self, value: dict[str, Any], at: str, keys: Mapping[str, str], kinds: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What stands under ``keys``, by the names of fields, each held against its type."""
        said = {}
        for key, field in keys.items():
            if key not in value:
                continue
            try:
                if value[key] is None:
                    raise Misfit(at, "null", "no such key, or a value")
                said[field] = fit(value[key], kinds[field], at)
            except Misfit as error:
                self._note(f"{at}/{key}", show(value[key]), error.expected)
        return said

    def _schema(self, schema: Any, at: str, name: str | None = None) -> None:
        """``name``: of the messages whose schema it is."""
        try:
            check_work(schema)
            Validator(schema, where=at)
            for pointer, found, meant in slips(schema):
                self._note(at + pointer, f"the keyword {show(found)}, which is none", show(meant))
            if name is not None:
                self._fits(name, schema, at)
        except ContextError as error:
            reason = " ".join(error.reason.split())[:MAX_REASON]
            self._note(at + error.pointer, f"no JSON Schema 2020-12 ({reason})", "one")
        except TooMuch as error:
            self._note(at + error.pointer, error.found, error.expected)
        except RecursionError:
            self._note(at, "one that is nested too deeply", "a flatter one")

    def _fits(self, name: str, schema: dict[str, Any], at: str) -> None:
        """A schema that a message of its own type cannot fit is a slip: nobody could say it."""
        kinds = schema.get("type", "object")
        if "object" not in ([kinds] if isinstance(kinds, str) else kinds):
            self._note(f"{at}/type", show(kinds), '"object", as every message is one')
        said = schema.get("properties", {}).get("type")
        for key, allowed in said.items() if isinstance(said, dict) else ():
            if (key == "const" and allowed != name) or (key == "enum" and name not in allowed):
                self._note(
                    f"{at}/properties/type/{key}", show(allowed), f"{show(name)}, as it is called"
                )

    def _is_object(self, value: Any, at: str) -> bool:
        if isinstance(value, dict):
            return True
        self._note(at, show(value), "an object {...}")
        return False

    def _known(
        self,
        value: dict[str, Any],
        at: str,
        keys: list[str],
        explain: Callable[[str], str] = lambda key: "",
    ) -> None:
        for key in value.keys() - set(keys):
            near = difflib.get_close_matches(key, keys, n=1)
            hint = explain(key) or (f'; did you mean "{near[0]}"?' if near else "")
            expected = f"one of {', '.join(keys)}{hint}"
            self._note(at + pointer_of([key]), "an unknown key", expected)

    def _needs_plugin(self, key: str) -> str:
        near = difflib.get_close_matches(key, PLUGIN_KEYS, n=1, cutoff=0.85)
        return f"; {near[0]} needs a plugin" if near else ""
