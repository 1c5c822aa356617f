# SPDX-License-Identifier: MIT
"""A plain folder of pages as a template; ``manifest.json`` is optional."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from goop_node.config.values import Mistake, show
from goop_node.labels import flaw, taken
from goop_node.plugins.plain_json import NotJson, plain_json
from goop_node.templates.permissions import parse, parse_all
from goop_node.types import JsonValue, Template

MANIFEST = "manifest.json"
KEYS = ("name", "description", "permissions", "contexts")
MAX_BYTES = 64 * 1024
MAX_NAME = 64
MAX_DESCRIPTION = 300

T = TypeVar("T")


def read_template(folder: Path) -> tuple[Template, tuple[str, ...]]:
    """The template in ``folder``, named as the folder is, and the mistakes in its manifest.

    The manifest may say ``name`` and ``description`` (shown to people), ``permissions`` (what its
    pages ask for) and ``contexts`` (for the plugin that has them: only their form is looked at
    here). Other keys belong to other programs and are left alone, unless one looks like a
    misspelling. A key with a mistake counts as not there. Each mistake is a line with the file, the
    JSON Pointer, what was found and what was expected.
    """
    manifest = folder / MANIFEST
    mistakes: list[str] = []
    try:
        found = _object(manifest) if manifest.is_file() else {}
    except (Mistake, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        found, mistakes = {}, [at(folder, "", reason or "cannot be read")]

    def take(key: str, check: Callable[[object], T], default: T) -> T:
        try:
            return check(found[key]) if key in found else default
        except NotJson as error:
            pointer = f"/{key}{error.pointer}"
            mistakes.append(at(folder, pointer, f"found {error.found}, expected {error.expected}"))
        except Mistake as mistake:
            mistakes.append(at(folder, f"/{key}", str(mistake)))
        return default

    template = Template(
        name=folder.name,
        title=take("name", _name, folder.name),
        folder=folder,
        description=take("description", _description, ""),
        permissions=take("permissions", _permissions, frozenset()),
        contexts=take("contexts", _contexts, {}),
    )
    for key in sorted(found.keys() - set(KEYS)):
        near = difflib.get_close_matches(key.lower(), KEYS, n=1, cutoff=0.75)
        if near:
            words = f'found {show(key)}, which is not read; did you mean "{near[0]}"?'
            mistakes.append(at(folder, "", words))
    return template, tuple(mistakes)


def at(folder: Path, pointer: str, words: str) -> str:
    """A mistake in the manifest of ``folder``, on one line: where, and what."""
    return f"{folder / MANIFEST}: {f'{pointer}: ' if pointer else ''}{words}"


def _object(manifest: Path) -> dict[str, Any]:
    with manifest.open("rb") as file:
        raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise Mistake(None, "fewer", found=f"more than {MAX_BYTES} bytes")
    try:
        found = json.loads(raw, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise Mistake(None, f"JSON ({reason})", found="something else") from error
    if not isinstance(found, dict):
        raise Mistake(found, "an object {...}")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; JSON leaves open which of two keys of one name counts, so neither does."""
    found = dict(pairs)
    if len(found) < len(pairs):
        ((twice, _),) = Counter(key for key, _ in pairs).most_common(1)
        raise Mistake(None, "each key once", found=f"{show(twice)} twice")
    return found


def _no_number(constant: str) -> NoReturn:
    raise Mistake(None, "JSON, which has no such number", found=constant)


def _name(value: object) -> str:
    return _text(value, 1, MAX_NAME)


def _description(value: object) -> str:
    return _text(value, 0, MAX_DESCRIPTION)


def _text(value: object, shortest: int, longest: int) -> str:
    text = taken(value) if isinstance(value, str) else None
    expected = f"{shortest} to {longest} characters on one line"
    if text is None:
        raise Mistake(value, expected)
    why = flaw(text, longest, shortest)
    if why:
        raise Mistake(value, f"{expected}: {why}")
    return text


def _permissions(value: object) -> frozenset[str]:
    for index, one in enumerate(value if isinstance(value, list) else ()):
        try:
            parse(one)
        except Mistake as mistake:
            raise Mistake(one, mistake.expected, found=f"{mistake.found} at /{index}") from None
    return frozenset(map(str, parse_all(value)))


def _contexts(value: object) -> Mapping[str, JsonValue]:
    if not isinstance(value, dict):
        raise Mistake(value, "an object with a context for each name")
    contexts: dict[str, JsonValue] = plain_json(value)
    return contexts
