# SPDX-License-Identifier: MIT
"""The endpoints for templates at home: what there is, what each asks for, granting and revoking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.status_codes import HTTP_200_OK

from goop_node.access import OWNER
from goop_node.config.values import Mistake
from goop_node.problems import Problem
from goop_node.templates.grants import NotAskedError, SetInFileError
from goop_node.templates.permissions import Permission, parse
from goop_node.types import JsonValue, Route, Who
from goop_node.web import library_api
from goop_node.web.bodies import body_of
from goop_node.web.origins import Origins

if TYPE_CHECKING:
    from goop_node.node import Node


class GrantBody(msgspec.Struct):
    """``POST templates/grant`` and ``POST templates/revoke``."""

    template: Annotated[str, msgspec.Meta(max_length=63)]
    permission: Annotated[str, msgspec.Meta(max_length=200)]


def routes(node: Node, origins: Origins) -> list[Route]:
    """The handlers. What is granted is granted at home, never inside a template."""
    grants = node.grants

    def row(name: str) -> dict[str, JsonValue]:
        template = node.templates[name]
        return {
            "name": name,
            "title": template.title,
            "description": template.description,
            "url": origins.url_of(name),
            "page": f"/{name}/",
            "source": grants.source(name),
            "added": node.shelf.is_added(name),
            "flaws": [line for template, line in node.shelf.flaws if template == name],
            "permissions": [
                {"permission": str(one), "allows": one.allows, "granted": grants.by(name, one)}
                for one in sorted(grants.asked(name))
            ],
        }

    async def asked(request: Request[Any, Any, Any]) -> tuple[str, Permission]:
        body: GrantBody = await body_of(request, GrantBody)
        if body.template not in node.templates:
            raise Problem(404, "unknown_template", "there is no such template here", "/template")
        try:
            return body.template, parse(body.permission)
        except Mistake as mistake:
            raise Problem(422, "unknown_permission", str(mistake), "/permission") from None

    @get("/templates", sync_to_thread=False)
    def templates() -> list[dict[str, JsonValue]]:
        """The templates, with their addresses, and what each asks for.

        ``granted`` says where that was granted: at ``home``, in the ``file``, or nowhere (``""``).
        """
        return [row(name) for name in node.templates]

    @post("/templates/grant", status_code=HTTP_200_OK, opt={"body": GrantBody})
    async def grant(request: Request[Any, Any, Any]) -> dict[str, JsonValue]:
        """Grant a template what it asks for."""
        name, permission = await asked(request)
        try:
            grants.grant(name, permission)
        except NotAskedError as error:
            raise Problem(409, "not_asked", str(error), "/permission") from None
        return row(name)

    @post("/templates/revoke", status_code=HTTP_200_OK, opt={"body": GrantBody})
    async def revoke(request: Request[Any, Any, Any]) -> dict[str, JsonValue]:
        """Take back what was granted at home; it holds at once."""
        name, permission = await asked(request)
        try:
            grants.revoke(name, permission)
        except SetInFileError as error:
            raise Problem(409, "set_in_file", str(error), "/permission") from None
        return row(name)

    return [
        Route(handlers=[templates], callers=OWNER | {Who.SHARED}),
        Route(handlers=[grant, revoke], callers=OWNER),
        *library_api.routes(node, row),
    ]
