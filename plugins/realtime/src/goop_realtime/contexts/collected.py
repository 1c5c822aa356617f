# SPDX-License-Identifier: MIT
"""What the plugins of a node bring and say about contexts."""

from __future__ import annotations

from collections.abc import Callable

from goop_node.types import NodeApi
from goop_realtime.contexts.plugin_code import copy_of
from goop_realtime.contexts.registry import ContextError, Registry
from goop_realtime.types import OpenRequest, Refusal


def registry_of(node: NodeApi) -> Registry:
    """Every context that a plugin brings; one that cannot be registered is its plugin's failure."""
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
