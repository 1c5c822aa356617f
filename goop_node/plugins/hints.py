# SPDX-License-Identifier: MIT
"""What may be wrong with a plugin though nothing fails, and why one of its hooks is unknown."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from goop_node.plugins.blame import place_of_code
from goop_node.plugins.faults import at
from goop_node.plugins.instance import Instance


def unmarked(hooks: Collection[str], functions: Mapping[str, Callable[..., Any]]) -> list[str]:
    """Warnings about functions named like a hook that are not marked as one."""
    return [
        f"{name}() is named like a hook and has no @hookimpl, so it is never called; "
        f"write @hookimpl above it{at(place_of_code(function))}"
        for name, function in sorted(functions.items())
        if name in hooks
    ]


def idle(instance: Instance) -> list[str]:
    """A warning about a plugin that nothing is ever asked of."""
    if instance.hooks:
        return []
    return [f"it has no hook, so it does nothing; write @hookimpl above one{at(instance.place)}"]


def ordered(hook: str, implementation: Any) -> list[str]:
    """Warnings about marks that ask pluggy for an order."""
    marks = [mark for mark in ("tryfirst", "trylast") if getattr(implementation, mark, False)]
    return [
        f"{hook}() is marked {mark}, which does nothing: hooks are called in the order of the "
        f"plugins' names; write @hookimpl{at(place_of_code(implementation.function))}"
        for mark in marks
    ]


def unknown_hook(
    name: str,
    hook: str,
    *,
    available: Iterable[str],
    enabled: Collection[str],
    failed: Collection[str],
    declared: Mapping[str, str],
) -> tuple[str, str]:
    """(why ``hook`` of plugin ``name`` is unknown and what to do, who should declare it).

    ``declared`` says whose each hook is.
    """
    sentence = f"{name} implements {hook}(), which "
    for owner in sorted(set(available) - {name}, key=len, reverse=True):
        if not hook.startswith(f"{owner}_"):
            continue
        if owner not in enabled:
            return f"{sentence}plugin '{owner}' declares; add [plugins.{owner}] to goop.toml", ""
        if owner in failed:
            return f"{sentence}plugin '{owner}' declares, and that one is left out", owner
        mine = [one for one, whose in declared.items() if whose == owner]
        close = difflib.get_close_matches(hook, mine, n=1)
        what = f"did it mean {close[0]}()?" if close else f"it has {', '.join(sorted(mine))}"
        return f"{sentence}plugin '{owner}' does not declare; {what}", ""
    close = difflib.get_close_matches(hook, declared, n=1)
    if close:
        return f"{sentence}nobody declares; did it mean {close[0]}()?", ""
    prefix = hook.partition("_")[0]
    return (
        f"{sentence}no installed plugin declares; a plugin '{prefix}' may have to be added",
        "",
    )
