# SPDX-License-Identifier: MIT
"""A refusal in the application's place, over HTTP and over WebSocket."""

from __future__ import annotations

from typing import Any

from goop_node.problems import MEDIA_TYPE, Problem

REFUSED = 4403
"""The close code for a server that cannot answer an opening handshake with a document."""


async def deny(scope: Any, receive: Any, send: Any, problem: Problem) -> None:
    """Answer with the problem's document, and let the connection go."""
    prefix = "http"
    if scope["type"] == "websocket":
        if "websocket.http.response" not in (scope.get("extensions") or {}):
            await receive()
            await send({"type": "websocket.close", "code": REFUSED, "reason": problem.code})
            return
        prefix = "websocket.http"
    body = problem.encoded()
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": f"{prefix}.response.start", "status": problem.status, "headers": headers})
    await send({"type": f"{prefix}.response.body", "body": body})
