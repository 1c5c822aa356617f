# SPDX-License-Identifier: MIT
"""Errors as ``application/problem+json`` (RFC 9457) with a stable ``code``; to people as pages."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException

from goop_node.data.kept_files import NotKeptError
from goop_node.data.storage import is_locked, takes_nothing_now
from goop_node.escaping import escaped
from goop_node.web.negotiation import accept_of, prefers_page
from goop_node.web.problem_page import MEDIA_TYPE as PAGE_TYPE
from goop_node.web.problem_page import problem_page

__all__ = ["Problem"]

log = logging.getLogger(__name__)

LEFT_EARLY = "goop_left_early"
"""The key in an ASGI scope for whether the client left before its request was complete."""

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """A refusal of an HTTP request: ``status``, a stable ``code``, ``detail`` for people.

    ``pointer`` is the JSON Pointer of the offending value, where there is one; ``more`` are
    further members of the document.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        pointer: str = "",
        more: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.more = dict(more or {})
        self.status = status
        self.code = code
        self.detail = escaped(detail)
        self.pointer = pointer

    def body(self) -> dict[str, Any]:
        """The document."""
        body: dict[str, Any] = {
            **self.more,
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        if self.pointer:
            body["pointer"] = self.pointer
        return body

    def encoded(self) -> bytes:
        """The document's bytes."""
        return json.dumps(self.body()).encode()

    def represented(self, accept: str) -> tuple[bytes, str]:
        """Body and media type for a request with this ``Accept``: the document, or a page."""
        if not prefers_page(accept):
            return self.encoded(), MEDIA_TYPE
        home = self.more.get("home", "/")
        return problem_page(self.status, self.code, self.detail, home), PAGE_TYPE


_CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
}


def not_found(what: str = "nothing") -> Problem:
    """There is nothing, or no such thing, at that address."""
    return Problem(404, "not_found", f"there is {what} at this address")


def problem_of(error: Exception) -> Problem:
    """What is told of an error: a handler's refusal, the framework's, or that something broke."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, NotKeptError):
        return Problem(503, "storage_failed", error.words)
    if takes_nothing_now(error):
        return _not_stored(error)
    if not isinstance(error, HTTPException) or error.status_code >= 500:
        return Problem(500, "internal", "the node failed on this; its log says more")
    if error.status_code == 404:
        return not_found()
    return Problem(error.status_code, _CODES.get(error.status_code, "bad_request"), error.detail)


def _not_stored(error: Exception) -> Problem:
    """A database takes nothing just now: that is no fault of whose handler found it so."""
    if is_locked(error):
        words = "another program holds this node's data locked; nothing was changed: try again"
        return Problem(503, "storage_busy", words)
    words = f"the disk takes nothing now ({error}); nothing was changed: make room, and try again"
    return Problem(503, "storage_failed", words)


def respond(request: Request[Any, Any, Any], problem: Problem) -> Response[bytes]:
    """The response that carries ``problem``: to people a page, to programs a document."""
    body, kind = problem.represented(accept_of(request.scope["headers"]))
    kind = kind.partition(";")[0]  # the framework adds the charset
    return Response(body, status_code=problem.status, media_type=kind, headers={"vary": "accept"})


def on_problem(request: Request[Any, Any, Any], problem: Problem) -> Response[bytes]:
    """A handler refused."""
    return respond(request, problem)


def on_not_kept(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The disk takes nothing: whichever handler it was, this is told, and the log has it too."""
    problem = problem_of(error)
    log.warning("%s: %s", request.scope["path"], problem.detail)
    return respond(request, problem)


def on_http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """The framework refused: unknown address, wrong method, malformed request."""
    if request.scope.get(LEFT_EARLY):
        return respond(request, Problem(400, "incomplete", "the client left within its request"))
    if error.status_code >= 500:
        return on_exception(request, error)
    response = respond(request, problem_of(error))
    response.headers.update(error.headers or {})
    return response


def on_exception(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Something broke: logged here, and no more than that is told."""
    if takes_nothing_now(error):
        return on_not_kept(request, error)
    _tell(request.scope, error)
    return respond(request, problem_of(error))


EXCEPTION_HANDLERS: dict[Any, Any] = {
    Problem: on_problem,
    NotKeptError: on_not_kept,
    HTTPException: on_http_exception,
    Exception: on_exception,
}
"""For the Litestar application."""


class GivenUp(Exception):
    """An answer that had begun ends here, without its rest; whose fault it is has been told."""


REPORT = "goop_report"
"""The key in a scope for a function that takes what broke, in place of the log."""

FAILURE = "goop_failure"
"""The key in a WebSocket's scope for the ``Problem`` that ends it."""


async def on_socket_exception(error: Exception, scope: Any) -> None:
    """The framework's hook for what is raised; its handlers above do not hear of WebSockets."""
    if scope["type"] == "websocket" and "route_handler" in scope:
        scope[FAILURE] = problem = problem_of(error)
        if problem is not error and problem.status >= 500:
            _tell(scope, error)


def _tell(scope: Any, error: Exception) -> None:
    report = scope.get(REPORT)
    if report is not None:
        report(error)
    else:
        log.error("%s failed", scope["path"], exc_info=error)
