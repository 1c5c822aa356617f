# SPDX-License-Identifier: MIT
"""For which version of whose hooks a plugin is written, and what a hook of its was called since.

Who declares hooks says their version (``HOOK_API``), a plugin the versions that it was written for
(``hook_api``). A plugin that says nothing was written for 1.0.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from goop_node.plugins.instance import Instance
from goop_node.versions import Version

HOST = "goop"
"""What the node's own hooks go by in ``hook_api``: ``goop_…``."""
FIRST = Version(1, 0)
"""For which a plugin is written that does not say so."""


def incompatible(
    instance: Instance,
    versions: Mapping[str, Version],
    owners: Mapping[str, str],
    packages: Mapping[str, str],
) -> str:
    """Why the plugin cannot be used with the hooks that there are, and what to do, or ``""``.

    ``versions`` are those of each owner's hooks, ``owners`` says whose a hook is, ``packages``
    which distribution a plugin comes from.
    """
    used = {owners[hook] or HOST for hook in instance.hooks if hook in owners}
    for owner in sorted(used | instance.hook_api.keys()):
        have, wanted = versions.get(owner), instance.hook_api.get(owner, FIRST)
        if have is None or have.serves(wanted):
            continue
        package = "goop-node" if owner == HOST else packages.get(owner) or f"the plugin {owner}"
        newer = "this plugin" if wanted < have else package
        return (
            f"is written for the hooks {owner}_… {wanted}, and {package} has {have} here; "
            f"install a newer version of {newer}, or an older one of the other"
        )
    return ""


def unknown_owners(instance: Instance, known: Collection[str]) -> list[str]:
    """Warnings about names in ``hook_api`` that nobody has who could declare hooks."""
    found = []
    for owner in sorted(instance.hook_api.keys() - {*known, HOST}):
        close = difflib.get_close_matches(owner, {*known, HOST}, n=1)
        hint = f'; did you mean "{close[0]}"?' if close else ""
        found.append(f'hook_api names "{owner}", which is no installed plugin{hint}')
    return found


def modernised(instance: Instance, renamed: Mapping[str, str]) -> tuple[Instance, list[str]]:
    """The plugin with its hooks under the names of today, and warnings about the others.

    ``renamed`` maps old names to new ones. Of a plugin that has both, for two releases, the new one
    counts.
    """
    hooks: dict[str, Any] = {
        hook: function for hook, function in instance.hooks.items() if hook not in renamed
    }
    attributes, marks = dict(instance.attributes), dict(instance.marks)
    warnings = []
    for attribute, mark in instance.marks.items():
        hook = mark.get("specname") or attribute
        new = renamed.get(hook)
        if new is None:
            continue
        if new in instance.hooks:
            del attributes[attribute], marks[attribute]
            continue
        hooks[new] = attributes[attribute]
        marks[attribute] = {**mark, "specname": new}
        warnings.append(
            f"{hook}() is called {new}() now; rename it, for the next release does not know the "
            "old name"
        )
    return replace(instance, hooks=hooks, attributes=attributes, marks=marks), warnings
