# SPDX-License-Identifier: MIT
"""Errors as ``application/problem+json`` (RFC 9457) with a stable ``code``."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """A refusal of an HTTP request: ``status``, a stable ``code``, ``detail`` for people.

    ``pointer`` is the JSON Pointer of the offending value, where there is one.
    """

    def __init__(self, status: int, code: str, detail: str, pointer: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.pointer = pointer

    def body(self) -> dict[str, Any]:
        """The document."""
        body: dict[str, Any] = {
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


_CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
}


def respond(problem: Problem) -> Response[bytes]:
    """The response that carries ``problem``."""
    return Response(problem.encoded(), status_code=problem.status, media_type=MEDIA_TYPE)


def on_problem(request: Request[Any, Any, Any], problem: Problem) -> Response[bytes]:
    """A handler refused."""
    return respond(problem)


def on_http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """The framework refused: unknown address, wrong method, malformed request."""
    status = error.status_code
    if status >= 500:
        return on_exception(request, error)
    code = _CODES.get(status, "bad_request")
    detail = error.detail if status != 404 else "there is nothing at this address"
    return respond(Problem(status, code, detail))


def on_exception(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Something broke: logged here, and no more than that is told."""
    log.error("%s failed", request.url.path, exc_info=error)
    return respond(Problem(500, "internal", "the node failed on this; its log says more"))


EXCEPTION_HANDLERS: dict[Any, Any] = {
    Problem: on_problem,
    HTTPException: on_http_exception,
    Exception: on_exception,
}
"""For the Litestar application."""
