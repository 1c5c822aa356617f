# SPDX-License-Identifier: MIT
"""Who calls, and the routes that say whom they are for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

CallerKind = Literal["home", "template", "program"]
"""``program``: whoever shows the Bearer token."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who is behind an HTTP request or a WebSocket, as the guard established it.

    ``name`` is the template's, for kind ``template``. It is ``""`` for a page of which nobody
    can tell whose it is, where several share an origin: such a page may be any template's.
    """

    kind: CallerKind
    name: str = ""

    @property
    def shared(self) -> bool:
        """Whether it is a page of which nobody can tell whose it is."""
        return self.kind == "template" and not self.name


class Who(StrEnum):
    """Whom a route can be for."""

    HOME = "home"
    """The node's own pages."""
    OWN_TEMPLATES = "own templates"
    """Pages of the templates that the route's plugin brings."""
    ANY_TEMPLATE = "any template"
    SHARED = "a page where origins are shared"
    """Home and the templates are one to the browser there. What templates may do it may anyway."""
    PROGRAM = "program"


@dataclass(frozen=True, kw_only=True)
class Route:
    """Endpoints of a plugin below ``/api/<plugin>``, and who may call them: nobody else can.

    ``handlers`` are Litestar route handlers with paths relative to ``/api/<plugin>``. One that
    reads its body by itself names its type in ``opt={"body": TYPE}`` for ``openapi.json``.
    ``callers`` are whom they are for. Who calls, a handler learns from
    ``goop_node.access.caller(request)``.
    """

    handlers: Sequence[Any]
    callers: Collection[Who] = frozenset({Who.OWN_TEMPLATES, Who.PROGRAM})

    def __post_init__(self) -> None:
        """Raises ``TypeError`` for callers that are none."""
        known = not isinstance(self.callers, str) and all(
            isinstance(one, Who) for one in self.callers
        )
        if not known or not self.callers:
            raise TypeError(f"Route.callers: found {self.callers!r}, expected some of {list(Who)}")
