# SPDX-License-Identifier: MIT
"""Whether a person who reads goop.toml learns what a plugin's settings are."""

from __future__ import annotations

from collections.abc import AsyncIterator

from goop_node.findings import Finding, note, ok
from goop_node.gate.subject import Subject
from goop_node.plugins.blame import place_of_code

WHAT = "settings"


async def look_at_settings(subject: Subject) -> AsyncIterator[Finding]:
    """Each property of the table has a ``description``, which ``goop init`` writes beside it."""
    if not subject.first:
        return
    for plugin, schema in subject.node.calls.collect("goop_config_schema"):
        if plugin != subject.plugin:
            continue
        settings = schema.get("properties", {})
        silent = [
            name
            for name, one in settings.items()
            if not (isinstance(one, dict) and one.get("description"))
        ]
        place = place_of_code(subject.node.code(plugin, "goop_config_schema"))
        for name in silent:
            yield note(
                WHAT,
                f"nothing says what {name} is",
                'give its schema a "description"; goop init writes it into goop.toml',
                place,
            )
        if settings and not silent:
            yield ok(WHAT, f"each is described: {', '.join(settings)}")
