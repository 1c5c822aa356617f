# SPDX-License-Identifier: MIT
"""A plain folder of pages as a template; ``manifest.json`` is optional."""

from __future__ import annotations

import json
from pathlib import Path

from goop_node.config import ConfigError
from goop_node.config_values import show
from goop_node.types import Template

PERMISSIONS = frozenset({"camera", "microphone"})
"""What a template may ask for."""


def read_template(folder: Path) -> Template:
    """The template in ``folder``, named as the folder is.

    The manifest may say ``name`` (shown to people), ``description`` and ``permissions``;
    other keys are left alone. Raises ``ConfigError`` for a manifest that says nonsense.
    """
    manifest = folder / "manifest.json"
    found: object = {}
    if manifest.is_file():
        try:
            found = json.loads(manifest.read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            reason = " ".join(str(error).split())
            raise ConfigError([f"{manifest}: cannot be read: {reason}"]) from error
    if not isinstance(found, dict):
        raise ConfigError([f"{manifest}: found {show(found)}, expected an object {{...}}"])
    mistakes = [
        f"{manifest}: {key}: found {show(found[key])}, expected a string"
        for key in ("name", "description")
        if not isinstance(found.get(key, ""), str)
    ]
    permissions = found.get("permissions", [])
    if not isinstance(permissions, list) or not all(
        isinstance(one, str) and one in PERMISSIONS for one in permissions
    ):
        mistakes.append(
            f"{manifest}: permissions: found {show(permissions)}, "
            f"expected a list with any of {', '.join(sorted(PERMISSIONS))}"
        )
    if mistakes:
        raise ConfigError(mistakes)
    return Template(
        name=folder.name,
        title=found.get("name") or folder.name,
        folder=folder,
        description=found.get("description", ""),
        permissions=frozenset(permissions),
    )
