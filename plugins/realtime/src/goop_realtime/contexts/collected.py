# SPDX-License-Identifier: MIT
"""What the plugins and folders of a node bring and say about contexts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from goop_node.types import NodeApi, Template, TemplateFlaw
from goop_realtime.contexts.folders import of_folders
from goop_realtime.contexts.plugin_code import copy_of
from goop_realtime.contexts.registry import Registry
from goop_realtime.contexts.validator import ContextError
from goop_realtime.types import OpenRequest, Refusal


def registry_of(node: NodeApi) -> Registry:
    """Every context that a plugin or a template's folder brings.

    One of a plugin that cannot be registered is its plugin's failure; what is wrong with those of
    folders was told before (``flaws_of``).
    """
    registry = plugins_of(node)
    take_folders(node, registry)
    return registry


def take_folders(node: NodeApi, registry: Registry) -> None:
    """Have the contexts that folders declare as they are at the moment."""
    plugins = [one for one in registry.all() if not one.folder]
    registry.set_folders(of_folders(node.templates.values(), plugins)[0])


def flaws_of(node: NodeApi, templates: Sequence[Template]) -> list[TemplateFlaw]:
    """Every mistake in the contexts that these folders declare."""
    return of_folders(templates, plugins_of(node).all())[1]


def plugins_of(node: NodeApi) -> Registry:
    """Every context that a plugin brings."""
    registry = Registry()
    for plugin, context in node.calls.collect("realtime_contexts", node=node):
        try:
            registry.add(context)
        except ContextError as error:
            node.failed(plugin, error, doing="realtime_contexts()")
    return registry


def authorizer_of(node: NodeApi) -> Callable[[OpenRequest], Refusal | None]:
    """Asks the plugins whether a request may be."""

    def authorize(request: OpenRequest) -> Refusal | None:
        return node.calls.veto("realtime_authorize_open", node=node, request=copy_of(request))

    return authorize
