# SPDX-License-Identifier: MIT
"""pluggy's manager with what a node needs to know besides: whose a hook is, and of which kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pluggy

from goop_node import hookspecs


class Manager(pluggy.PluginManager):
    """pluggy's manager, which also keeps who declared a hook and of which kind it is."""

    def __init__(self) -> None:
        super().__init__(hookspecs.PROJECT)
        self.kinds: dict[str, str] = {}
        self.owners: dict[str, str] = {}
        self._owner = ""
        self.add_hookspecs(hookspecs)

    def declare(self, owner: str, implementation: Callable[..., Any]) -> None:
        """Let plugin ``owner`` add its hooks through its ``goop_add_hookspecs``."""
        self._owner = owner
        try:
            implementation(self)
        finally:
            self._owner = ""

    def add_hookspecs(self, module_or_class: Any) -> None:
        """Add the hooks of a module; its ``KINDS`` says of which kind each is."""
        super().add_hookspecs(module_or_class)
        for name in dir(module_or_class):
            if self.parse_hookspec_opts(module_or_class, name) is not None:
                self.owners[name] = self._owner
        self.kinds.update(getattr(module_or_class, "KINDS", {}))


def hooks_of(manager: pluggy.PluginManager, instance: object) -> dict[str, Callable[..., Any]]:
    """The functions of a plugin that are marked as hook implementations, by hook."""
    found: dict[str, Callable[..., Any]] = {}
    for attribute in dir(instance):
        options = manager.parse_hookimpl_opts(instance, attribute)
        if options is not None:
            found[options.get("specname") or attribute] = getattr(instance, attribute)
    return found
