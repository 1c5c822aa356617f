# SPDX-License-Identifier: MIT
"""From a node to its web application: plugins' routes, the host's own, pages, the guard."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from litestar import Litestar, Router
from litestar.handlers import BaseRouteHandler
from litestar.openapi import OpenAPIConfig

from goop_node import __version__
from goop_node.access import OWNER, PUBLIC, Access, declared, gate, table
from goop_node.p2p.addresses import host_names
from goop_node.plugins.routes import containment
from goop_node.problems import EXCEPTION_HANDLERS, on_socket_exception
from goop_node.types import Route, Who
from goop_node.web import avatar_api, home_api, invite_api, pages, people_api
from goop_node.web.guard import Guard
from goop_node.web.openapi import CompleteJson, DocumentRouter
from goop_node.web.origins import Origins, is_loopback

if TYPE_CHECKING:
    from goop_node.node import Node


def create_app(node: Node) -> Any:
    """The ASGI application of ``node``, behind its guard."""
    config = node.config
    loopback = is_loopback(config.http_host)
    origins = Origins(
        port=node.http_port,
        templates=node.templates,
        isolated=config.isolation == "origin" and loopback,
        hosts=() if loopback else host_names(config.http_host),
        dev=config.dev_origins,
    )
    return Guard(
        application(node, origins),
        tokens=node.tokens,
        origins=origins,
        features=node.grants.features,
        loopback=loopback,
    )


def application(node: Node, origins: Origins) -> Litestar:
    """What stands behind the guard: every handler behind the gate, by its declaration.

    Raises ``RuntimeError`` for a route of which nothing says who may call it.
    """
    own_routes = [
        *home_api.routes(node, origins),
        *people_api.routes(node),
        *avatar_api.routes(node),
        *invite_api.routes(node),
    ]
    if node.author is not None:
        from goop_node.dev.pages import route as dev_route

        own_routes.append(dev_route(node.author))
    if any(Who.OWN_TEMPLATES in route.callers for route in own_routes):
        raise RuntimeError("the host has no templates of its own: its routes name their callers")
    routers = [Router("/api", route_handlers=_handlers(own_routes, frozenset()))]
    by_plugin: dict[str, list[Route]] = {}
    for plugin, route in node.routes:
        by_plugin.setdefault(plugin, []).append(route)
    for plugin, routes in by_plugin.items():
        handlers = _handlers(routes, node.templates_of(plugin))
        guarded = containment(plugin, node.failed)
        routers.append(Router(f"/api/{plugin}", route_handlers=handlers, tags=[plugin], **guarded))
    at_home = node.contributions.home_pages
    static = pages.routes(node.templates, node.sdk_modules, at_home, origins, node.author)
    app = Litestar(
        route_handlers=[*routers, *(declared(handler, PUBLIC) for handler in static)],
        middleware=[gate],
        exception_handlers=EXCEPTION_HANDLERS,
        after_exception=[on_socket_exception],
        openapi_config=OpenAPIConfig(
            title="goop-node",
            version=__version__,
            openapi_router=DocumentRouter(Access(callers=OWNER)),
            use_handler_docstrings=True,
            render_plugins=[CompleteJson()],
        ),
        request_max_body_size=None,
        logging_config=None,
    )
    table(app)
    return app


def _handlers(routes: Iterable[Route], own: frozenset[str]) -> list[BaseRouteHandler]:
    """The handlers with their declarations. ``own`` are the templates of whose routes they are."""
    return [
        declared(handler, Access(callers=frozenset(route.callers), own=own))
        for route in routes
        for handler in route.handlers
    ]
