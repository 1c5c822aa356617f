# SPDX-License-Identifier: MIT
"""A plugin's endpoints: tried before they join the application, contained while they serve."""

from __future__ import annotations

import asyncio
import itertools
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import h11
from litestar import Litestar, Router
from litestar.exceptions import LitestarException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.openapi import OpenAPIConfig

from goop_node.access import NOBODY, declared
from goop_node.plugins.blame import describe
from goop_node.plugins.crossings import Misfit, shown
from goop_node.plugins.interrupts import is_persons
from goop_node.problems import EXCEPTION_HANDLERS, REPORT, GivenUp, problem_of
from goop_node.types import Route
from goop_node.web.denial import deny

HOST_PATHS = frozenset(
    "avatar friends grants invite metrics openapi peers people permissions reachable self "
    "status templates".split()
)
"""What the host has for itself below ``/api/``: no plugin of such a name can have endpoints."""


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


def containment(plugin: str, failed: Callable[..., None]) -> dict[str, Any]:
    """Arguments of the plugin's ``Router``: what its handlers raise is noted as the plugin's.

    ``failed`` is the node's method of that name. To the caller it is 500, and no more is told.
    """

    def contained(app: Any) -> Any:
        async def call(scope: Any, receive: Any, send: Any) -> None:
            def report(error: BaseException) -> None:
                cause = error.__cause__ if isinstance(error, _Left) else None
                failed(plugin, cause or error, doing="an endpoint", about=scope["path"][:200])

            scope[REPORT] = report
            started = False
            unfit: Exception | None = None

            async def answer(message: Any) -> None:
                nonlocal started, unfit
                if message["type"] == "http.response.start":
                    try:
                        # Found out here, where there can still be another answer.
                        headers = list(message.get("headers", ()))
                        h11.Response(status_code=message["status"], headers=headers)
                    except Exception as error:
                        unfit = error
                        raise
                    started = True
                await send(message)

            try:
                await app(scope, receive, answer)
                return
            except BaseException as error:
                if is_persons(error) or _is_cancelled(error):
                    raise
                ordinary = _ordinary(error)
            if unfit is not None:
                report(unfit)
                await deny(scope, receive, send, problem_of(unfit))
            elif started:
                report(ordinary)
                raise GivenUp
            else:
                raise ordinary

        return call

    return {"middleware": [contained]}


def _is_cancelled(error: BaseException) -> bool:
    """Whether the request is given up; a handler can raise the same by mistake."""
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0


class _Left(Exception):
    """An ordinary exception in place of one that would end more than the request."""


def _ordinary(error: BaseException) -> Exception:
    """The error as one that ends its request alone, without what the framework put around it."""
    if isinstance(error, LitestarException) and isinstance(error.__cause__, Exception):
        return _ordinary(error.__cause__)
    if isinstance(error, Exception):
        return error
    made = _Left(describe(error))
    made.__cause__ = error
    return made
