# SPDX-License-Identifier: MIT
"""One loaded plugin: its object, and the functions that it marked as hooks, read once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pluggy

from goop_node.hookspecs import PROJECT
from goop_node.plugins.blame import place_of_code
from goop_node.plugins.crossings import Misfit, refuse_async, shown
from goop_node.plugins.environment import Candidate
from goop_node.versions import A_VERSION, Version, version_of

Function = Callable[..., Any]
_MARKS = pluggy.PluginManager(PROJECT)


@dataclass(frozen=True)
class Instance:
    """A plugin in use.

    ``hooks`` are its hook implementations by hook, ``attributes`` the same by the names of its
    own with their ``marks``, ``others`` its functions without a mark. ``package`` is the top-level
    package its code is in, ``place`` where that begins. ``hook_api`` says for which versions of
    whose hooks it is written.
    """

    hooks: Mapping[str, Function]
    attributes: Mapping[str, Function]
    marks: Mapping[str, pluggy.HookimplOpts]
    others: Mapping[str, Function]
    package: str
    place: str
    hook_api: Mapping[str, Version] = field(default_factory=dict)


def load(candidate: Candidate) -> Instance:
    """Import a plugin and make its object. Raises whatever its code raises, and ``Misfit``."""
    value = candidate.load()
    if inspect.isclass(value) or inspect.isroutine(value):
        refuse_async(value, "the entry point")
        made = value()
    else:
        made = value
    if made is None or isinstance(made, (str, bytes, int, float, list, tuple, dict, set)):
        expected = "a class, a module or an object with hooks"
        raise Misfit("the entry point", shown(made), expected)
    hooks: dict[str, Function] = {}
    attributes: dict[str, Function] = {}
    marks: dict[str, pluggy.HookimplOpts] = {}
    others: dict[str, Function] = {}
    for name in dir(made):
        static = inspect.getattr_static(made, name, None)
        if isinstance(static, property) or name.startswith("__"):
            continue  # reading it would run code
        function = getattr(made, name, None)
        if not inspect.isroutine(function):
            continue
        options = _MARKS.parse_hookimpl_opts(made, name)
        if options is not None:
            hooks[options.get("specname") or name] = attributes[name] = function
            marks[name] = options
        elif not hasattr(function, f"{PROJECT}_spec"):
            others[name] = function
    module = inspect.getmodule(made) or inspect.getmodule(type(made))
    name = module.__name__ if module is not None else candidate.module
    return Instance(
        hooks=hooks,
        attributes=attributes,
        marks=marks,
        others=others,
        package=name.partition(".")[0],
        place=place_of_code(made),
        hook_api=_hook_api(made),
    )


def _hook_api(made: object) -> dict[str, Version]:
    """What it says of the hooks that it is written for."""
    said = getattr(made, "hook_api", {})
    if not isinstance(said, Mapping):
        raise Misfit("hook_api", shown(said), '{NAME: VERSION}, such as {"goop": "1.0"}')
    found = {}
    for owner, text in said.items():
        version = version_of(text)
        if not isinstance(owner, str) or version is None:
            raise Misfit(f"hook_api[{shown(owner)}]", shown(text), A_VERSION)
        found[owner] = version
    return found
