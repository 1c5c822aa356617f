# SPDX-License-Identifier: MIT
"""pluggy's manager with what a node needs to know besides: whose a hook is, and of which kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args, get_origin, get_type_hints

import pluggy

from goop_node import hookspecs
from goop_node.plugins.crossings import Misfit, shown
from goop_node.plugins.hook_versions import FIRST, HOST
from goop_node.versions import A_VERSION, Version, version_of

Admit = Callable[[str, Any], Any]
"""``(plugin, item)`` to what the hook's owner makes of the item; raises for a bad one."""


class Manager(pluggy.PluginManager):
    """pluggy's manager, which also keeps who declared a hook and of which kind it is."""

    def __init__(self) -> None:
        super().__init__(hookspecs.PROJECT)
        self.kinds: dict[str, str] = {}
        self.owners: dict[str, str] = {}
        self.admits: dict[str, Admit] = {}
        self.versions: dict[str, Version] = {}
        """Of the hooks that each plugin declared, and of the node's own, as ``goop``."""
        self.renamed: dict[str, str] = {}
        """What hooks of the last release are called, by their old names."""
        self.gives: dict[str, Any] = {}
        """What each hook returns, as its specification says; missing where that is unknown."""
        self._owner = ""
        self.add_hookspecs(hookspecs)

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        """How a plugin's function is marked, as it was read when the plugin was loaded."""
        if isinstance(plugin, Implementations):
            return plugin.marks.get(name)
        return super().parse_hookimpl_opts(plugin, name)

    def declare(self, owner: str, implementation: Callable[..., Any]) -> None:
        """Let plugin ``owner`` add its hooks through its ``goop_add_hookspecs``."""
        self._owner = owner
        try:
            implementation(self)
        finally:
            self._owner = ""

    def add_hookspecs(self, module_or_class: Any) -> None:
        """Add the hooks of a module.

        Its ``KINDS`` says of which kind each is; its ``ADMITS``, where it has one, what each item
        of a *register* hook goes through on its way in. ``HOOK_API`` is the version of all of them
        (1.0 without it), ``RENAMED`` maps the names that some had in the last release to theirs.
        """
        mine = [
            name
            for name in dir(module_or_class)
            if self.parse_hookspec_opts(module_or_class, name) is not None
        ]
        taken = [name for name in mine if name in self.owners]
        if taken:
            raise ValueError(f"{taken[0]}() is declared already")
        kinds = _table(module_or_class, "KINDS")
        admits = _table(module_or_class, "ADMITS")
        for name in mine:
            kind = kinds.get(name, "register")
            if kind not in ("register", "veto", "observe"):
                raise Misfit(f"KINDS[{name!r}]", shown(kind), "register, veto or observe")
            if not callable(admits.get(name, callable)):
                raise Misfit(f"ADMITS[{name!r}]", shown(admits[name]), "a function")
        version = version_of(getattr(module_or_class, "HOOK_API", str(FIRST)))
        if version is None:
            raise Misfit("HOOK_API", shown(module_or_class.HOOK_API), A_VERSION)
        renamed = _table(module_or_class, "RENAMED")
        for old, new in renamed.items():
            if new not in mine or old in mine:
                raise Misfit(f"RENAMED[{old!r}]", shown(new), "a hook that has another name")
        super().add_hookspecs(module_or_class)
        self.versions[self._owner or HOST] = version
        self.renamed.update(renamed)
        for name in mine:
            self.owners[name] = self._owner
            self.kinds[name] = kinds.get(name, "register")
            if name in admits:
                self.admits[name] = admits[name]
            try:
                hints = get_type_hints(getattr(module_or_class, name), include_extras=True)
            except Exception:
                continue  # names that only a type checker can see
            if "return" in hints:
                self.gives[name] = hints["return"]


class Implementations:
    """The hooks of one plugin as pluggy is given them.

    Not the plugin itself: pluggy compares what is registered, and a plugin's own ``__eq__`` or
    properties could fail in the middle of another's registration.
    """

    def __init__(
        self, hooks: Mapping[str, Callable[..., Any]], marks: Mapping[str, pluggy.HookimplOpts]
    ) -> None:
        self.marks = marks
        for attribute, function in hooks.items():
            setattr(self, attribute, function)


def item_of(gives: Any) -> tuple[Any, bool]:
    """What one item of a hook's result is, and whether there may be several."""
    members = [one for one in get_args(gives) if one is not type(None)]
    if type(None) in get_args(gives) and len(members) == 1:
        return item_of(members[0])
    origin = get_origin(gives)
    if isinstance(origin, type) and origin.__module__ == "collections.abc" and len(members) == 1:
        return members[0], True
    return gives, False


def _table(module: Any, name: str) -> Mapping[str, Any]:
    found = getattr(module, name, {})
    if not isinstance(found, Mapping):
        raise Misfit(name, shown(found), "a mapping")
    return found
