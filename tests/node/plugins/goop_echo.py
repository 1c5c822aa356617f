# SPDX-License-Identifier: MIT
"""A plugin for tests alone: a WebSocket at ``/api/echo/connect`` that gives back what comes."""

from __future__ import annotations

from collections.abc import Iterable

from litestar import asgi
from litestar.types import Receive, Scope, Send

from goop_node.hookspecs import hookimpl
from goop_node.types import NodeApi, Route


class EchoPlugin:
    """Brings the route."""

    @hookimpl
    def goop_routes(self, node: NodeApi) -> Iterable[Route]:
        """The echo."""
        return [Route(handlers=[connect])]


@asgi("/connect", copy_scope=True)
async def connect(scope: Scope, receive: Receive, send: Send) -> None:
    """Accept and echo until the other side goes."""
    await receive()
    await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
    while (message := await receive())["type"] == "websocket.receive":
        await send(
            {
                "type": "websocket.send",
                "text": message.get("text"),
                "bytes": message.get("bytes"),
            }
        )
