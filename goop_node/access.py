# SPDX-License-Identifier: MIT
"""Who may call what: the declaration of every route, and the gate in front of every handler.

The framework runs the gate after it has found the handler and right before it, so what is judged
is what will run, however its path was written. A handler without a declaration is for nobody.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.routes import ASGIRoute, HTTPRoute, WebSocketRoute
from litestar.types import Scope

from goop_node.old_names import renamed_in_module
from goop_node.problems import Problem, not_found
from goop_node.types import Caller, Who
from goop_node.web.denial import deny

__all__ = ["caller"]

CALLER = "goop_caller"
"""The key in an ASGI scope for the ``Caller``, or for the ``Problem`` why there is none."""
DECLARED = "goop_access"
"""The key in a handler's options for its ``Access``."""

OWNER = frozenset({Who.HOME, Who.PROGRAM})
"""What is the person's alone: at home, and for programs that were given the token."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """One declaration: who may call, and which templates are the route's own."""

    callers: frozenset[Who]
    own: frozenset[str] = frozenset()
    public: bool = False
    """For pages and scripts: what anybody gets, also without a credential."""


_NO_HOME = (
    "The node's own page shares its address with the templates here, and a browser cannot tell "
    "them apart: what is yours alone needs the token of ready.json, or a node whose page is "
    'opened on its own machine, with isolation = "origin".'
)
_HOME_ONLY = "only the node's own page, and programs, may do this"
PUBLIC = Access(callers=frozenset(), public=True)
NOBODY = Access(callers=frozenset())


def may_call(who: Caller, access: Access) -> bool:
    """Whether that caller is among those of the declaration (pure)."""
    match who.kind:
        case "home":
            return Who.HOME in access.callers
        case "program":
            return Who.PROGRAM in access.callers
        case "template":
            own = bool(access.own) if who.shared else who.name in access.own
            return (
                Who.ANY_TEMPLATE in access.callers
                or (own and Who.OWN_TEMPLATES in access.callers)
                or (who.shared and Who.SHARED in access.callers)
            )
    return False  # type: ignore[unreachable]  # kinds may come that no declaration knows


def caller(request: ASGIConnection[Any, Any, Any, Any] | Scope) -> Caller:
    """Who calls, for a route's handler: ``caller(request)``.

    ``request`` is Litestar's ``Request`` or ``WebSocket``; a raw ASGI handler gives its scope. A
    handler runs for those alone whom its route lets in, so that there is always somebody.
    """
    scope: Any = request.scope if isinstance(request, ASGIConnection) else request
    found = scope[CALLER]
    assert isinstance(found, Caller)
    return found


def declared(handler: Any, access: Access) -> BaseRouteHandler:
    """The handler of a route with its declaration. Raises ``TypeError`` for what is none."""
    if not isinstance(handler, BaseRouteHandler):
        raise TypeError(f"found {type(handler).__name__}, expected a route handler of Litestar")
    mine: BaseRouteHandler = copy.copy(handler)  # a plugin's own may serve several nodes
    mine.opt = {**handler.opt, DECLARED: access}
    return mine


def gate(app: Any) -> Any:
    """The application's middleware: ``app`` for those who may call its handler."""

    async def gated(scope: Any, receive: Any, send: Any) -> None:
        access = scope["route_handler"].opt.get(DECLARED, NOBODY)
        # The framework takes a path with a slash behind it for the same one.
        slash = not access.public and scope["raw_path"].endswith(b"/")
        problem = not_found() if slash else _refusal(scope.get(CALLER), access)
        if problem is None:
            await app(scope, receive, send)
        else:
            await deny(scope, receive, send, problem)

    return gated


def _refusal(who: object, access: Access) -> Problem | None:
    if access.public:
        return None
    if isinstance(who, Problem):
        return who
    if not access.callers:
        return not_found()
    if not isinstance(who, Caller):
        return Problem(401, "no_credential", "nobody is known to have sent this")
    if may_call(who, access):
        return None
    if Who.HOME in access.callers:
        return Problem(403, "home_only", _NO_HOME if who.shared else _HOME_ONLY)
    return Problem(403, "not_for_you", f"this is for: {', '.join(sorted(access.callers))}")


@dataclass(frozen=True)
class Row:
    """A line of the table of all routes. ``method`` is ``ANY`` for a raw ASGI application."""

    path: str
    method: str
    access: Access


def table(app: Litestar) -> list[Row]:
    """Every route of the application with its declaration.

    Raises ``RuntimeError`` for one that has none.
    """
    return sorted(_rows(app), key=lambda row: (row.path, row.method))


def _rows(app: Litestar) -> Iterator[Row]:
    for route in app.routes:
        for handler in _handlers(route):
            methods = handler.http_methods if isinstance(handler, HTTPRouteHandler) else ("ANY",)
            if methods == {"OPTIONS"}:
                continue  # the framework's own, for nobody
            access = handler.opt.get(DECLARED)
            if not isinstance(access, Access):
                raise RuntimeError(f"{route.path}: nothing says who may call {handler}")
            for method in methods:
                yield Row(route.path_format, str(method), access)


def _handlers(route: HTTPRoute | ASGIRoute | WebSocketRoute) -> Sequence[BaseRouteHandler]:
    return route.route_handlers if isinstance(route, HTTPRoute) else [route.route_handler]


if not TYPE_CHECKING:  # a type checker would take every name for one of ours
    __getattr__ = renamed_in_module(__name__, {"caller_of": "caller(request)"})
