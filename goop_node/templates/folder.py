# SPDX-License-Identifier: MIT
"""A plain folder of pages as a template; ``manifest.json`` is optional."""

from __future__ import annotations

import difflib
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from goop_node.config.model import ConfigError
from goop_node.config.values import Mistake, show
from goop_node.labels import flaw, taken
from goop_node.templates.permissions import parse, parse_all
from goop_node.types import Template

KEYS = ("name", "description", "permissions")
MAX_BYTES = 64 * 1024
MAX_NAME = 64
MAX_DESCRIPTION = 300

T = TypeVar("T")
log = logging.getLogger(__name__)


def read_template(folder: Path) -> Template:
    """The template in ``folder``, named as the folder is.

    The manifest may say ``name`` and ``description`` (shown to people) and ``permissions`` (what
    its pages ask for). Other keys belong to other programs and are left alone; one that looks
    like a misspelling is named in the log. Raises ``ConfigError`` with every mistake.
    """
    manifest = folder / "manifest.json"
    found = _object(manifest) if manifest.is_file() else {}
    mistakes: list[str] = []

    def take(key: str, check: Callable[[object], T], default: T) -> T:
        try:
            return check(found[key]) if key in found else default
        except Mistake as mistake:
            mistakes.append(f"{manifest}: /{key}: {mistake}")
            return default

    template = Template(
        name=folder.name,
        title=take("name", _name, folder.name),
        folder=folder,
        description=take("description", _description, ""),
        permissions=take("permissions", _permissions, frozenset()),
    )
    if mistakes:
        raise ConfigError(mistakes)
    for key in found.keys() - set(KEYS):
        near = difflib.get_close_matches(key.lower(), KEYS, n=1, cutoff=0.75)
        if near:
            log.warning('%s: /%s is not read; did you mean "%s"?', manifest, key, near[0])
    return template


def _object(manifest: Path) -> dict[str, Any]:
    try:
        with manifest.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        found = json.loads(raw) if len(raw) <= MAX_BYTES else None
    except (OSError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError([f"{manifest}: cannot be read: {reason}"]) from error
    if len(raw) > MAX_BYTES:
        raise ConfigError([f"{manifest}: found more than {MAX_BYTES} bytes, expected fewer"])
    if not isinstance(found, dict):
        raise ConfigError([f"{manifest}: found {show(found)}, expected an object {{...}}"])
    return found


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
