# SPDX-License-Identifier: MIT
"""What ``goop run --dev`` adds to templates' pages: a script, and the socket that it listens on."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

from litestar import Request, Response, asgi
from litestar.types import Receive, Scope, Send

from goop_node.access import caller
from goop_node.dev.author import Author, Follower
from goop_node.own_threads import in_own_thread
from goop_node.problems import Problem
from goop_node.types import Route, Who
from goop_node.web.files import FileResponse

SCRIPT = Path(__file__).with_name("page.js")
SCRIPT_NAME = "goop-dev.js"
"""Its name below ``/sdk/``."""
PATH = "/goop/dev"
"""Below ``/api``; no plugin can be called goop."""
_PAGES = frozenset({".html", ".htm"})


async def with_script(
    author: Author, request: Request[Any, Any, Any], answer: Response[Any], template: str
) -> Response[Any]:
    """A page of ``template`` with the script behind it; every other answer as it is.

    Behind it, so that no line of the page is another one than in its file.
    """
    navigates = request.headers.get("sec-fetch-dest", "document") == "document"
    if not isinstance(answer, FileResponse) or not navigates:
        return answer
    opened = answer.opened
    if opened.path.suffix.lower() not in _PAGES:
        return answer
    with opened.file:
        # What changes after the stamp was taken makes another stamp, and the page comes again.
        stamp = await author.stamp(template)
        page = await in_own_thread(opened.file.readall)
    tag = f'\n<script src="/sdk/{SCRIPT_NAME}" data-stamp="{stamp}"></script>\n'
    return Response(
        (page or b"") + tag.encode(),
        media_type="text/html; charset=utf-8",
        headers={"cache-control": "no-store"},
    )


def route(author: Author) -> Route:
    """The socket of the script, for pages of templates."""

    @asgi(PATH, copy_scope=True)
    async def follow(scope: Scope, receive: Receive, send: Send) -> None:
        """A WebSocket on which a page hears of its files and its plugin."""
        if str(scope["type"]) != "websocket":
            raise Problem(426, "upgrade_required", "this address speaks WebSocket only")
        message: Any = await receive()
        if message["type"] != "websocket.connect":
            return
        socket: Any = send
        await socket({"type": "websocket.accept"})
        follower = await author.follow(caller(scope).name)
        writer = asyncio.create_task(_write(follower, socket))
        try:
            while message["type"] != "websocket.disconnect":
                message = await receive()
        finally:
            author.leave(follower)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    return Route(handlers=[follow], callers={Who.ANY_TEMPLATE})


async def _write(follower: Follower, send: Any) -> None:
    with contextlib.suppress(OSError):
        while (frame := await follower.frames.get()) is not None:
            await send({"type": "websocket.send", "text": frame})
        await send({"type": "websocket.close", "code": 1013, "reason": "too slow"})
