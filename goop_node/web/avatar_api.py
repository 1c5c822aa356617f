# SPDX-License-Identifier: MIT
"""The endpoints of the person's own picture: seen by pages, set and taken away at home."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.status_codes import HTTP_200_OK

from goop_node.access import OWNER
from goop_node.problems import Problem
from goop_node.types import JsonValue, Route, Who
from goop_node.web.bodies import body_of

if TYPE_CHECKING:
    from goop_node.node import Node


MAX_PNG = 180 * 1024
"""Bytes of a picture that is set here. In base64 it fits into a request (see ``MAX_BODY``)."""


class AvatarBody(msgspec.Struct):
    """``POST avatar``: the PNG in base64, or ``null`` to have none."""

    png: Annotated[bytes, msgspec.Meta(max_length=MAX_PNG)] | None


def routes(node: Node) -> list[Route]:
    """The handlers below ``/api``."""

    @get("/avatar", media_type="image/png", sync_to_thread=False)
    def avatar() -> Response[bytes]:
        """This node's picture."""
        picture = node.avatar.picture
        if picture is None:
            raise Problem(404, "no_avatar", "no picture is set")
        return Response(picture, media_type="image/png", headers={"cache-control": "no-cache"})

    @post("/avatar", status_code=HTTP_200_OK, opt={"body": AvatarBody})
    async def choose(request: Request[Any, Any, Any]) -> dict[str, JsonValue]:
        """Set the picture that others see, or take it away."""
        body: AvatarBody = await body_of(request, AvatarBody)
        try:
            node.set_avatar(body.png)
        except ValueError as error:
            detail = f"This cannot be your picture: {error}."
            raise Problem(422, "bad_avatar", detail, "/png") from None
        return {"avatar_hash": node.avatar.hash}

    return [
        Route(handlers=[avatar], callers=OWNER | {Who.ANY_TEMPLATE}),
        Route(handlers=[choose], callers=OWNER),
    ]
