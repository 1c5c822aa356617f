# SPDX-License-Identifier: MIT
"""Why a value does not fit its schema, in words: the bound that it breaks, and where (pure).

The engine's own message quotes the whole value, which may be long, and of alternatives it says
only that none fits. Here the alternative that was meant speaks, and a value is quoted when it is
short enough to be of help.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from jsonschema_rs import ValidationError

from goop_node.escaping import escaped
from goop_realtime.model.jsonio import encode
from goop_realtime.types import Refusal

MASK = "the value"
"""What stands in the engine's messages in the value's place."""
MAX_REASON = 240
MAX_FOUND = 40
MAX_NAME = 40
MAX_POINTER = 300


def refusal(errors: Iterable[ValidationError]) -> Refusal:
    """The first of ``errors`` as ``invalid_message``, with the JSON Pointer of the very value."""
    for error in errors:
        error = _meant(error)
        reason, path = _told(error)
        return Refusal(code="invalid_message", reason=reason, pointer=pointer_of(path))
    return Refusal(code="invalid_message", reason="does not fit the schema")


def pointer_of(path: Sequence[str | int]) -> str:
    """The JSON Pointer (RFC 6901) of ``path``; of a place that is very deep, or has very long
    names, the beginning."""
    pointer = ""
    for part in path:
        step = "/" + escaped(str(part).replace("~", "~0").replace("/", "~1"))
        if len(pointer) + len(step) > MAX_POINTER:
            break
        pointer += step
    return pointer


def _meant(error: ValidationError) -> ValidationError:
    """Of alternatives the error of the one that was meant, where one can be told from the rest.

    Who sends an object means one of those that take an object: alternatives of other types are
    out. Of those left the one that fits farthest in was meant.
    """
    while (branches := _branches(error)) is not None:
        here = len(error.instance_path)
        likely = [branch for branch in branches if branch and not _is_of_other_type(branch, here)]
        if not likely:
            return error
        error = max(likely, key=lambda branch: min(len(one.instance_path) for one in branch))[0]
    return error


def _branches(error: ValidationError) -> list[list[ValidationError]] | None:
    if error.kind.name not in ("anyOf", "oneOf"):
        return None
    return list(error.kind.as_dict().get("context", ()))


def _is_of_other_type(branch: Sequence[ValidationError], depth: int) -> bool:
    return any(one.kind.name == "type" and len(one.instance_path) == depth for one in branch)


def _told(error: ValidationError) -> tuple[str, list[str | int]]:
    """The reason, and the path of what is wrong."""
    path = list(error.instance_path)
    details: dict[str, Any] = error.kind.as_dict()
    kind = error.kind.name
    if kind in ("additionalProperties", "unevaluatedProperties"):
        name = str(details["unexpected"][0])
        return f"the member {_short(name)} is not known here", [*path, name]
    if kind == "propertyNames":
        return _cut(f"a member's name: {details['error'].message}"), path
    if kind == "required":
        return f"the member {_short(str(details['property']))} is missing", path
    if kind in ("anyOf", "oneOf") and (types := _types(error)):
        return f"{MASK} is not of the types {', '.join(types)}{_found(error.instance)}", path
    return _cut(error.message) + _found(error.instance), path


def _types(error: ValidationError) -> list[str]:
    """The types of the alternatives, when the value is of none of them."""
    branches = _branches(error) or []
    if not all(_is_of_other_type(branch, len(error.instance_path)) for branch in branches):
        return []
    kinds = (one.kind for branch in branches for one in branch if one.kind.name == "type")
    return list(dict.fromkeys(name for kind in kinds for name in kind.as_dict()["types"]))


def _found(value: Any) -> str:
    """The value, where it is short."""
    if isinstance(value, (dict, list)):
        return ""
    encoded = encode(value).decode()
    return f"; found {encoded}" if len(encoded) <= MAX_FOUND else ""


def _short(name: str) -> str:
    return repr(name if len(name) <= MAX_NAME else name[:MAX_NAME] + "…")


def _cut(text: str) -> str:
    return text if len(text) <= MAX_REASON else text[:MAX_REASON] + "…"
