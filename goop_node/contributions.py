# SPDX-License-Identifier: MIT
"""What the plugins bring to a node: routes, streams, scripts, templates."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goop_node.config import ConfigError
from goop_node.config_values import is_template_name
from goop_node.grants import Brought
from goop_node.permissions import parse_all
from goop_node.plugin_loader import Plugins
from goop_node.template_folder import read_template
from goop_node.types import Route, SdkModule, StreamHandler, Template

if TYPE_CHECKING:
    from goop_node.node import Node

_SCRIPT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}\.(?:js|mjs|css|map|d\.ts)")


@dataclass(frozen=True)
class Contributions:
    """Everything collected, as (plugin, item) pairs; ``""`` stands for goop.toml."""

    all_routes: tuple[tuple[str, Route], ...]
    all_handlers: tuple[tuple[str, StreamHandler], ...]
    all_modules: tuple[tuple[str, SdkModule], ...]
    all_templates: tuple[tuple[str, Template], ...]

    @classmethod
    def collect(cls, node: Node, plugins: Plugins) -> Contributions:
        """Ask every plugin. One that brings something unusable is left out.

        Raises ``ConfigError`` when a folder of goop.toml takes the name of a plugin's template.
        """

        def gather(hook: str, kind: type, key: Callable[[Any], str], **kwargs: Any) -> Any:
            return _usable(plugins, hook, node.calls.collect(hook, **kwargs), kind, key)

        routes = gather("goop_routes", Route, lambda route: "", node=node)
        handlers = gather(
            "goop_stream_handlers", StreamHandler, lambda one: one.protocol, node=node
        )
        modules = gather("goop_sdk_modules", SdkModule, _module_name)
        templates = gather("goop_templates", Template, _template_name)
        _note_brought(node, plugins)
        mine = [read_template(folder) for folder in node.config.templates]
        taken = {template.name: plugin for plugin, template in templates}
        mistakes = [
            f'{node.config.source_name}: [node] templates: found a folder named "{one.name}", '
            f"which plugin {taken[one.name]} also brings, expected another name"
            for one in mine
            if one.name in taken and taken[one.name] in plugins.active
        ]
        if mistakes:
            raise ConfigError(mistakes)
        templates += [("", template) for template in mine]
        every = cls(tuple(routes), tuple(handlers), tuple(modules), tuple(templates))
        return every.only(plugins.active)

    def only(self, active: Collection[str]) -> Contributions:
        """What is left when only the plugins of ``active`` take part."""

        def keep(pairs: tuple[tuple[str, Any], ...]) -> tuple[tuple[str, Any], ...]:
            return tuple(pair for pair in pairs if not pair[0] or pair[0] in active)

        return Contributions(
            keep(self.all_routes),
            keep(self.all_handlers),
            keep(self.all_modules),
            keep(self.all_templates),
        )

    @property
    def routes(self) -> list[tuple[str, Route]]:
        """(plugin, route) pairs."""
        return list(self.all_routes)

    @property
    def stream_handlers(self) -> list[StreamHandler]:
        """What to do with inbound streams."""
        return [handler for _, handler in self.all_handlers]

    @property
    def sdk_modules(self) -> Mapping[str, Path]:
        """Scripts by their name below ``/sdk/``."""
        return {module.name: module.path for _, module in self.all_modules}

    @property
    def templates(self) -> Mapping[str, Template]:
        """Templates by name."""
        return {template.name: template for _, template in self.all_templates}

    def brought(self, distributions: Mapping[str, str]) -> list[Brought]:
        """The templates with who brings them; ``distributions`` by plugin."""
        return [
            Brought(template=template, plugin=plugin, distribution=distributions.get(plugin, ""))
            for plugin, template in self.all_templates
        ]

    def templates_of(self, plugin: str) -> frozenset[str]:
        """The names of the templates that ``plugin`` brings."""
        return frozenset(template.name for owner, template in self.all_templates if owner == plugin)


def _usable(
    plugins: Plugins,
    hook: str,
    pairs: list[tuple[str, Any]],
    kind: type,
    key: Callable[[Any], str],
) -> list[tuple[str, Any]]:
    """The pairs whose items are of ``kind`` and whose keys nobody used before."""
    kept: list[tuple[str, Any]] = []
    taken: dict[str, str] = {}
    for plugin, item in pairs:
        try:
            if not isinstance(item, kind):
                raise TypeError(f"found {type(item).__name__}, expected {kind.__name__}")
            name = key(item)
            if name and taken.setdefault(name, plugin) != plugin:
                raise ValueError(f"{name} is already brought by plugin {taken[name]}")
        except Exception as error:
            plugins.leave_out(plugin, error, f"{hook}()")
        else:
            kept.append((plugin, item))
    return kept


def _module_name(module: SdkModule) -> str:
    if not _SCRIPT.fullmatch(module.name):
        raise ValueError(f"{module.name!r} is no name for a script")
    if not module.path.is_file():
        raise FileNotFoundError(f"there is no file {module.path}")
    return module.name


def _template_name(template: Template) -> str:
    if not is_template_name(template.name):
        raise ValueError(f"{template.name!r} cannot be a template's name")
    if not template.folder.is_dir():
        raise FileNotFoundError(f"there is no folder {template.folder}")
    parse_all(template.permissions)
    return template.name


def _note_brought(node: Node, plugins: Plugins) -> None:
    """For the table of ``goop plugins``: what each brings to hooks that plugins declared."""
    brought: dict[str, dict[str, tuple[str, ...]]] = {}
    for hook in plugins.plugin_hooks("register"):
        kind = hook.removeprefix(f"{plugins.manager.owners[hook]}_")
        for plugin, item in node.calls.collect(hook, node=node):
            names = brought.setdefault(plugin, {})
            names[kind] = (*names.get(kind, ()), str(getattr(item, "name", item)))
    plugins.brings.update(brought)
