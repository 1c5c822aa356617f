# SPDX-License-Identifier: MIT
"""Every template of a node: those of plugins, folders of goop.toml, and what the person added."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from goop_node.config.model import ConfigError
from goop_node.templates.folder import at, read_template
from goop_node.templates.grants import Brought
from goop_node.templates.library import Library
from goop_node.types import Template

if TYPE_CHECKING:
    from goop_node.node import Node

log = logging.getLogger(__name__)


class Shelf:
    """The templates by name, as they are at the moment.

    ``by_name`` is one and the same view for as long as the node lives. ``flaws`` are the mistakes
    in manifests of folders, as (template, line) pairs.
    """

    def __init__(
        self, node: Node, library: Library, of_plugins: Callable[[], Iterable[Brought]]
    ) -> None:
        """Fill it. ``of_plugins`` gives what plugins bring.

        Raises what ``fill`` does and, when the node is strict, ``ConfigError`` for mistakes in
        manifests: a template that is added later ends no node.
        """
        self._node = node
        self._of_plugins = of_plugins
        self._config = node.config
        self._library = library
        self._kept: tuple[Brought, ...] = ()
        self._templates: dict[str, Template] = {}
        self._folders: list[Template] = []
        self._added: frozenset[str] = frozenset()
        self.by_name: Mapping[str, Template] = MappingProxyType(self._templates)
        self.flaws: tuple[tuple[str, str], ...] = ()
        self.brought: tuple[Brought, ...] = ()
        self.fill()
        self._be_strict()

    def _be_strict(self) -> None:
        if self.flaws and self._config.strict:
            raise ConfigError([line for _, line in self.flaws])

    def reread(self) -> None:
        """Take in what was added or removed, and tell who follows what templates may do."""
        self.fill()
        self._node.grants.set_brought(self.brought)
        self.forget_removed()

    def keep(self, brought: Iterable[Brought]) -> None:
        """Have templates whose plugins are left out, too: who works on one keeps its pages."""
        self._kept = tuple(brought)
        self.reread()

    def fill(self) -> None:
        """Read the folders anew, beside what plugins bring.

        Raises ``ConfigError`` where a folder of goop.toml takes the name of a plugin's template.
        """
        brought = [*self._of_plugins(), *self._kept]
        plugins = {one.template.name: one.plugin for one in brought}
        named = [read_template(folder) for folder in self._config.templates]
        mistakes = [
            f'{self._config.source_name}: [node] templates: found a folder named "{one.name}", '
            f"which plugin {plugins[one.name]} also brings, expected another name"
            for one, _ in named
            if one.name in plugins
        ]
        if mistakes:
            raise ConfigError(mistakes)
        whose = {name: f"plugin {plugin}" for name, plugin in plugins.items()}
        whose |= {one.name: self._config.source_name for one, _ in named}
        added = [read_template(folder) for folder in self._library.folders()]
        flaws = [
            (one.name, f"{one.folder}: {whose[one.name]} has a template {one.name}, too")
            for one, _ in added
            if one.name in whose
        ]
        added = [pair for pair in added if pair[0].name not in whose]
        folders = self._folders = [template for template, _ in (*named, *added)]
        flaws += [(one.name, line) for one, lines in (*named, *added) for line in lines]
        flaws += self._found(folders)
        for flaw in flaws:
            if flaw not in self.flaws:
                log.warning("%s", flaw[1])
        self.flaws = tuple(flaws)
        self.brought = (*brought, *(Brought(template=one) for one in folders))
        self._added = frozenset(template.name for template, _ in added)
        self._templates.clear()
        self._templates.update((one.template.name, one.template) for one in self.brought)

    def is_added(self, name: str) -> bool:
        """Whether it is one that the person added, and can take away."""
        return name in self._added

    def taken(self, name: str) -> str:
        """Who has a template of that name that nothing can be added for; ``""`` for nobody."""
        return next(
            (
                f"plugin {one.plugin}" if one.plugin else self._config.source_name
                for one in self.brought
                if one.template.name == name and name not in self._added
            ),
            "",
        )

    def forget_removed(self) -> None:
        """Have plugins delete what they keep of templates that were removed with their data."""
        for name in self._library.forgotten():
            self._node.calls.notify("goop_template_forgotten", node=self._node, template=name)
            self._library.done(name)

    def look(self, template: Template) -> list[str]:
        """What plugins would find wrong in this folder, were it added or in another's place."""
        rest = [one for one in self._folders if one.name != template.name]
        found = self._found([*rest, template])
        return [line for name, line in found if name == template.name]

    def _found(self, folders: Sequence[Template]) -> Iterable[tuple[str, str]]:
        places: dict[str, Path] = {template.name: template.folder for template in folders}
        node = self._node
        for _, one in node.calls.collect("goop_template_flaws", node=node, templates=folders):
            if one.template in places:
                yield one.template, at(places[one.template], one.pointer, one.words)
