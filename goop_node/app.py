# SPDX-License-Identifier: MIT
"""From a node to its web application: plugins' routes, the host's own, pages, the guard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import Litestar, Router
from litestar.openapi import OpenAPIConfig

from goop_node import __version__, home_api, pages
from goop_node.guard import Guard
from goop_node.openapi import CompleteJson
from goop_node.origins import Origins, is_loopback
from goop_node.p2p.addresses import host_names
from goop_node.problems import EXCEPTION_HANDLERS

if TYPE_CHECKING:
    from goop_node.node import Node


def create_app(node: Node) -> Any:
    """The ASGI application of ``node``, behind its guard."""
    config = node.config
    loopback = is_loopback(config.http_host)
    origins = Origins(
        port=node.http_port,
        templates=tuple(node.templates),
        isolated=config.isolation == "origin" and loopback,
        hosts=() if loopback else host_names(config.http_host),
        dev=config.dev_origins,
    )
    routers = [Router("/api", route_handlers=home_api.routes(node, origins))]
    by_plugin: dict[str, list[Any]] = {}
    for plugin, route in node.routes:
        by_plugin.setdefault(plugin, []).extend(route.handlers)
    for plugin, handlers in by_plugin.items():
        routers.append(Router(f"/api/{plugin}", route_handlers=handlers, tags=[plugin]))
    app = Litestar(
        route_handlers=[*routers, *pages.routes(node.templates, node.sdk_modules, origins)],
        exception_handlers=EXCEPTION_HANDLERS,
        openapi_config=OpenAPIConfig(
            title="goop-node",
            version=__version__,
            path="/api",
            use_handler_docstrings=True,
            render_plugins=[CompleteJson()],
        ),
        request_max_body_size=None,
        logging_config=None,
    )
    return Guard(
        app,
        tokens=node.tokens,
        origins=origins,
        templates=node.templates,
        loopback=loopback,
    )
