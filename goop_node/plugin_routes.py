# SPDX-License-Identifier: MIT
"""A plugin's endpoints: tried before they join the application, contained while they serve."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from litestar import Litestar, Router
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.openapi import OpenAPIConfig

from goop_node.access import NOBODY, declared
from goop_node.blame import describe
from goop_node.crossings import Misfit, shown
from goop_node.interrupts import is_persons
from goop_node.problems import EXCEPTION_HANDLERS, Problem, respond
from goop_node.types import Route

HOST_PATHS = frozenset(
    "friends grants invite openapi peers people permissions reachable self status templates".split()
)
"""What the host has for itself below ``/api/``: no plugin of such a name can have endpoints."""

Failed = Callable[[str, BaseException], None]


def try_routes(plugin: str, routes: Sequence[Route]) -> None:
    """Build an application of this plugin's endpoints alone, and its part of ``openapi.json``.

    Raises whatever speaks against them.
    """
    if plugin in HOST_PATHS:
        raise ValueError(f"/api/{plugin} is the node's own: the plugin needs another name")
    handlers = [handler for route in routes for handler in route.handlers]
    for handler in handlers:
        if not isinstance(handler, BaseRouteHandler):
            raise Misfit(
                "Route.handlers", shown(handler), "a Litestar handler, as @get() makes one"
            )
    copies = [declared(handler, NOBODY) for handler in handlers]
    _refuse_twice(copies)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is only deprecated still works
        app = Litestar(
            route_handlers=[Router(f"/api/{plugin}", route_handlers=copies)],
            exception_handlers=EXCEPTION_HANDLERS,
            openapi_config=OpenAPIConfig(title=plugin, version="1"),
            logging_config=None,
        )
        assert app.openapi_schema is not None


def _refuse_twice(handlers: Iterable[BaseRouteHandler]) -> None:
    """Raise ``ValueError`` for a path with two handlers: the framework would drop one silently."""
    seen = set()
    for handler in handlers:
        methods = handler.http_methods if isinstance(handler, HTTPRouteHandler) else {"ANY"}
        for place in itertools.product(handler.paths, methods):
            if place in seen:
                raise ValueError(f"{place[1]} {place[0]} has two handlers")
            seen.add(place)


def containment(plugin: str, failed: Failed) -> dict[str, Any]:
    """Arguments of the plugin's ``Router``: what its handlers raise is noted as the plugin's.

    ``failed`` takes the plugin and the error. To the caller it is 500, and no more is told.
    """

    def on_exception(request: Any, error: Exception) -> Any:
        failed(plugin, error.__cause__ if isinstance(error, _Left) and error.__cause__ else error)
        return respond(Problem(500, "internal", "the node failed on this; its log says more"))

    return {"exception_handlers": {Exception: on_exception}, "middleware": [_Contained]}


class _Left(Exception):
    """A handler wanted to end the process."""


class _Contained:
    """Makes an ordinary exception of what would end the node's loop."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Call the application."""
        try:
            await self._app(scope, receive, send)
        except (SystemExit, KeyboardInterrupt) as error:
            if is_persons(error):
                raise
            raise _Left(describe(error)) from error
