# SPDX-License-Identifier: MIT
"""What the plugins bring to a node: routes, streams, scripts, templates."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goop_node.config.values import is_template_name
from goop_node.plugins.contained import Failed, contained
from goop_node.plugins.crossings import shown
from goop_node.plugins.loader import Plugins
from goop_node.plugins.routes import try_routes
from goop_node.templates.grants import Brought
from goop_node.templates.permissions import parse_all
from goop_node.types import HomePage, MetricsSource, Route, SdkModule, StreamHandler, Template
from goop_node.web import sdk_scripts

if TYPE_CHECKING:
    from goop_node.node import Node

INDEX = "index.html"
_SCRIPT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}\.(?:js|mjs|css|map|d\.ts)")


@dataclass(frozen=True)
class Contributions:
    """Everything collected, as (plugin, item) pairs."""

    all_routes: tuple[tuple[str, Route], ...]
    all_handlers: tuple[tuple[str, StreamHandler], ...]
    all_modules: tuple[tuple[str, SdkModule], ...]
    all_templates: tuple[tuple[str, Template], ...]
    all_metrics: tuple[tuple[str, MetricsSource], ...] = ()
    all_home_pages: tuple[tuple[str, HomePage], ...] = ()

    @classmethod
    def collect(cls, node: Node, plugins: Plugins) -> Contributions:
        """Ask every plugin. One that brings something unusable is left out."""

        def gather(hook: str, key: Callable[[Any], str], **kwargs: Any) -> Any:
            return _usable(plugins, hook, node.calls.collect(hook, **kwargs), key)

        routes = gather("goop_routes", lambda route: "", node=node)
        _try_routes(plugins, routes)
        handlers = gather("goop_stream_handlers", lambda one: one.protocol, node=node)
        modules = gather("goop_sdk_modules", _module_name)
        templates = gather("goop_templates", partial(_template_name, node.data.resolve()))
        for plugin, template in templates:
            if not (template.folder / INDEX).is_file():
                plugins.warn(plugin, _no_index(template))
        metrics = gather("goop_metrics", lambda source: "", node=node)
        at_home = gather("goop_home_pages", _home_page_name)
        _note_brought(node, plugins)
        found = (routes, handlers, modules, templates, metrics, at_home)
        every = cls(*(tuple(pairs) for pairs in found))
        return every.only(plugins.active)

    def only(self, active: Collection[str]) -> Contributions:
        """What is left when only the plugins of ``active`` take part."""

        def keep(pairs: tuple[tuple[str, Any], ...]) -> tuple[tuple[str, Any], ...]:
            return tuple(pair for pair in pairs if pair[0] in active)

        return Contributions(
            keep(self.all_routes),
            keep(self.all_handlers),
            keep(self.all_modules),
            keep(self.all_templates),
            keep(self.all_metrics),
            keep(self.all_home_pages),
        )

    @property
    def routes(self) -> list[tuple[str, Route]]:
        """(plugin, route) pairs."""
        return list(self.all_routes)

    @property
    def stream_handlers(self) -> list[tuple[str, StreamHandler]]:
        """What to do with inbound streams, as (plugin, handler) pairs."""
        return list(self.all_handlers)

    @property
    def sdk_modules(self) -> Mapping[str, Path]:
        """Scripts by their name below ``/sdk/``."""
        return {module.name: module.path for _, module in self.all_modules}

    @property
    def home_pages(self) -> Mapping[str, HomePage]:
        """Pages at home's own origin by their name below ``/home/``."""
        return {page.name: page for _, page in self.all_home_pages}

    def brought(self, distributions: Mapping[str, str]) -> list[Brought]:
        """The templates of plugins with who brings them; ``distributions`` by plugin."""
        return [
            Brought(template=template, plugin=plugin, distribution=distributions.get(plugin, ""))
            for plugin, template in self.all_templates
        ]

    def templates_of(self, plugin: str) -> frozenset[str]:
        """The names of the templates that ``plugin`` brings."""
        return frozenset(template.name for owner, template in self.all_templates if owner == plugin)


def _usable(
    plugins: Plugins, hook: str, pairs: list[tuple[str, Any]], key: Callable[[Any], str]
) -> list[tuple[str, Any]]:
    """The pairs whose items can be used and whose keys nobody used before."""
    kept: list[tuple[str, Any]] = []
    taken: dict[str, str] = {}
    for plugin, item in pairs:
        try:
            name = key(item)
            if name and name in taken:
                raise ValueError(f"{name} is already brought by plugin {taken[name]}")
            taken[name] = plugin
        except Exception as error:
            plugins.leave_out(plugin, error, f"{hook}()", plugins.code(plugin, hook))
        else:
            kept.append((plugin, item))
    return kept


def _try_routes(plugins: Plugins, routes: list[tuple[str, Route]]) -> None:
    """Leave out whose endpoints cannot be built: in one application they would spoil it for all."""
    by_plugin: dict[str, list[Route]] = {}
    for plugin, route in routes:
        by_plugin.setdefault(plugin, []).append(route)
    for plugin, mine in by_plugin.items():
        found = contained(partial(try_routes, plugin, mine))
        if isinstance(found, Failed):
            code = plugins.code(plugin, "goop_routes")
            plugins.leave_out(plugin, found.error, "goop_routes()", code)


def _no_index(template: Template) -> str:
    return f"the template {template.name} has no page to begin with; add {template.folder / INDEX}"


def _module_name(module: SdkModule) -> str:
    if not _SCRIPT.fullmatch(module.name):
        raise ValueError(f"{module.name!r} is no name for a script")
    if module.name in sdk_scripts.NAMES:
        raise ValueError(f"the node itself has a script {module.name}")
    if not module.path.is_file():
        raise FileNotFoundError(f"there is no file {module.path}")
    return module.name


def _home_page_name(page: HomePage) -> str:
    if not (page.folder / INDEX).is_file():
        raise FileNotFoundError(f"there is no file {page.folder / INDEX}")
    return page.name


def _template_name(data: Path, template: Template) -> str:
    if not is_template_name(template.name):
        raise ValueError(f"{template.name!r} cannot be a template's name")
    if not template.folder.is_dir():
        raise FileNotFoundError(f"there is no folder {template.folder}")
    parse_all(template.permissions)
    if data.is_relative_to(template.folder.resolve()):
        raise ValueError(f"in {template.folder} the node keeps its own files ({data})")
    return template.name


def _note_brought(node: Node, plugins: Plugins) -> None:
    """For the table of ``goop plugins``: what each brings to hooks that plugins declared."""
    brought: dict[str, dict[str, tuple[str, ...]]] = {}
    for hook in plugins.plugin_hooks("register"):
        if hook not in plugins.manager.owners:
            continue  # its owner was left out since this round began
        kind = hook.removeprefix(f"{plugins.manager.owners[hook]}_")
        pairs = node.calls.collect(hook, node=node)
        if hook in plugins.manager.admits:
            pairs = _usable(plugins, hook, pairs, _key)
        for plugin, item in pairs:
            names, name = brought.setdefault(plugin, {}), _name(item)
            if name not in names.get(kind, ()):
                names[kind] = (*names.get(kind, ()), name)
    plugins.brings.update(brought)


def _key(item: Any) -> str:
    """What only one item may have: its name, unless its owner says of what it is one."""
    key = getattr(item, "key", None)
    return key if isinstance(key, str) else _name(item)


def _name(item: Any) -> str:
    """What an item is called in the table: its name, or the item itself where it is text."""
    name = getattr(item, "name", item)
    return name if isinstance(name, str) else shown(name)
