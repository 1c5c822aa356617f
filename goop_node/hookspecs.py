# SPDX-License-Identifier: MIT
"""Every hook of the host. A plugin implements those it needs with ``@hookimpl``.

Hooks are synchronous and return values; none runs per message. Three kinds, and what
happens when an implementation raises: *register* (that plugin is left out), *veto* (refused),
*observe* (logged). An implementation that gives something else than is declared here counts as one
that raises.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pluggy

from goop_node.types import (
    HomePage,
    JsonSchema,
    Lifespan,
    MetricsSource,
    NodeApi,
    PeerEvent,
    Route,
    SdkModule,
    StreamHandler,
    Template,
    TemplateFlaw,
)

__all__ = [
    "HOOK_API",
    "KINDS",
    "RENAMED",
    "goop_add_hookspecs",
    "goop_config_schema",
    "goop_home_pages",
    "goop_lifespan",
    "goop_metrics",
    "goop_peer_changed",
    "goop_routes",
    "goop_sdk_modules",
    "goop_stream_handlers",
    "goop_template_flaws",
    "goop_template_forgotten",
    "goop_templates",
    "hookimpl",
    "hookspec",
]

PROJECT = "goop_node"
HOOK_API = "1.0"
"""The version of these hooks. A plugin says in ``hook_api = {"goop": "1.0"}`` for which one it was
written: the node has to have the same major and no smaller minor. Without it that is 1.0."""
RENAMED: Mapping[str, str] = {}
"""Hooks that had another name in the last release: those names work, with a warning."""
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

KINDS: Mapping[str, str] = {
    "goop_add_hookspecs": "register",
    "goop_config_schema": "register",
    "goop_routes": "register",
    "goop_stream_handlers": "register",
    "goop_sdk_modules": "register",
    "goop_templates": "register",
    "goop_home_pages": "register",
    "goop_template_flaws": "register",
    "goop_metrics": "register",
    "goop_template_forgotten": "observe",
    "goop_lifespan": "register",
    "goop_peer_changed": "observe",
}
"""The kind of each hook."""


@hookspec(historic=True)
def goop_add_hookspecs(pluginmanager: pluggy.PluginManager) -> None:
    """Register: bring hooks of your own with ``pluginmanager.add_hookspecs(module)``."""


@hookspec
def goop_config_schema() -> JsonSchema | None:
    """Register: the JSON Schema (2020-12) of your ``[plugins.NAME]`` table.

    ``goop init`` shows each property with its ``default`` (else the first of its ``examples``)
    and its ``description``.
    """


@hookspec
def goop_routes(node: NodeApi) -> Iterable[Route]:  # type: ignore[empty-body]
    """Register: HTTP and WebSocket handlers below ``/api/NAME``, and who may call them."""


@hookspec
def goop_stream_handlers(node: NodeApi) -> Iterable[StreamHandler]:  # type: ignore[empty-body]
    """Register: what to do with inbound libp2p streams, one handler for each protocol."""


@hookspec
def goop_sdk_modules() -> Iterable[SdkModule]:  # type: ignore[empty-body]
    """Register: scripts served as ``/sdk/NAME`` to the pages of every template."""


@hookspec
def goop_templates() -> Iterable[Template]:  # type: ignore[empty-body]
    """Register: folders of pages, each served at an origin of its own."""


@hookspec
def goop_home_pages() -> Iterable[HomePage]:  # type: ignore[empty-body]
    """Register: folders of pages at home's own origin, at ``/home/NAME/``, to which home links."""


@hookspec
def goop_template_flaws(  # type: ignore[empty-body]
    node: NodeApi, templates: Sequence[Template]
) -> Iterable[TemplateFlaw]:
    """Register: mistakes in what the manifests of plain folders say for this plugin, such as their
    ``contexts``. They are told to the person; the templates are served all the same."""


@hookspec
def goop_metrics(node: NodeApi) -> Iterable[MetricsSource]:  # type: ignore[empty-body]
    """Register: metrics of your own at ``/api/metrics``. A source that fails at a look is left out
    of that one."""


@hookspec
def goop_template_forgotten(node: NodeApi, template: str) -> None:
    """Observe: the person removed the template of that name, and wants nothing kept of what its
    pages have said. While the node runs, or when it next starts."""


@hookspec
def goop_lifespan(node: NodeApi) -> Lifespan | None:
    """Register: an async context manager around the node's life; 10 s to enter."""


@hookspec
def goop_peer_changed(node: NodeApi, event: PeerEvent) -> None:
    """Observe: a peer was found, changed, went, connected or disconnected, or is something else to
    this node's person (friend, blocked)."""


def kind_of(hook: str, extra: Mapping[str, str] | None = None) -> str:
    """The kind of ``hook``: ``register``, ``veto`` or ``observe`` (default ``register``)."""
    known: dict[str, Any] = {**KINDS, **(extra or {})}
    return str(known.get(hook, "register"))
