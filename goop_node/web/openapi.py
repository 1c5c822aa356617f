# SPDX-License-Identifier: MIT
"""The node's ``openapi.json``: what the framework derives, and what it cannot know.

A handler that reads its body by itself names the body's type in ``opt={"body": TYPE}``, a
``msgspec.Struct``, or ``bytes`` for one that is no JSON.
"""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Litestar, Request, Router
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.routes import BaseRoute

from goop_node.access import Access, declared
from goop_node.problems import MEDIA_TYPE

PATH = "/openapi.json"
_PROBLEM = {
    "type": "object",
    "description": "A refusal (RFC 9457).",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "for people"},
        "code": {"type": "string", "description": "for programs; it stays"},
        "pointer": {"type": "string", "description": "JSON Pointer of what is wrong"},
    },
    "required": ["type", "title", "status", "detail", "code"],
}
_REFUSALS = {
    "400": "malformed: the body, a parameter, or the request itself",
    "401": "no credential, or a wrong one",
    "403": "the Origin is not the page's own, or not for this page",
    "408": "the request did not arrive in time",
    "413": "too large",
    "421": "not a Host of this node",
    "431": "more headers than fit: the site's cookies have to be deleted",
    "503": "no place left for another connection",
    "4XX": "refused; code and detail say why",
}


class DocumentRouter(Router):
    """Serves the document at its address alone.

    The framework would also serve it at ``/api``, and a page for all that is not found beside it.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        super().__init__("/api", route_handlers=(), include_in_schema=False)

    def register(self, value: Any) -> list[BaseRoute]:
        """Take what the framework wants to serve, but for what is not the document."""
        if not isinstance(value, HTTPRouteHandler) or PATH not in value.paths:
            return []
        value.paths = {PATH}
        return super().register(declared(value, self._access))


class CompleteJson(JsonRenderPlugin):
    """Serves the document, completed once."""

    def __init__(self) -> None:
        super().__init__(path=PATH)
        self._document: dict[str, Any] | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The document's bytes."""
        if self._document is None:
            self._document = complete(openapi_schema, request.app)
        return self.render_json(request, self._document)


def complete(document: dict[str, Any], app: Litestar) -> dict[str, Any]:
    """Add to ``document`` (changed in place) bodies, refusals and the credential."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = _PROBLEM
    components["responses"] = {
        status: {
            "description": text,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, text in _REFUSALS.items()
    }
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"token": []}]
    bodies = declared_bodies(app)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if not isinstance(operation, dict) or "responses" not in operation:
                continue
            # Docstrings mark code as reStructuredText does, the document as Markdown does.
            operation["description"] = operation.get("description", "").replace("``", "`")
            # The framework's own idea of a 400 is another document than ours.
            operation["responses"].update(
                {status: {"$ref": f"#/components/responses/{status}"} for status in _REFUSALS}
            )
            body = bodies.get((path, method))
            if body is bytes:
                _takes(operation, "application/octet-stream", {})
            elif body is not None:
                schema, parts = _schema(body)
                schemas.update(parts)
                _takes(operation, "application/json", schema)
    return document


def _takes(operation: dict[str, Any], kind: str, schema: dict[str, Any]) -> None:
    operation["requestBody"] = {"required": True, "content": {kind: {"schema": schema}}}


def declared_bodies(app: Litestar) -> dict[tuple[str, str], type[Any]]:
    """The type of body that each endpoint takes, by its path and method in lower case."""
    return {
        (route.path_format, method.lower()): handler.opt["body"]
        for route in app.routes
        for handler in getattr(route, "route_handlers", ())
        if isinstance(handler, HTTPRouteHandler) and "body" in handler.opt
        for method in handler.http_methods
    }


def _schema(body: type[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    (schema,), parts = msgspec.json.schema_components(
        [body], ref_template="#/components/schemas/{name}"
    )
    return schema, parts
