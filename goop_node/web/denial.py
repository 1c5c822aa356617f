# SPDX-License-Identifier: MIT
"""A refusal in the application's place, over HTTP and over WebSocket, always in words."""

from __future__ import annotations

from typing import Any

from goop_node.problems import FAILURE, Problem, not_found
from goop_node.web.negotiation import accept_of

REFUSED = 4403
"""The close code for a server that cannot answer an opening handshake with a document."""


async def deny(scope: Any, receive: Any, send: Any, problem: Problem) -> None:
    """Answer with the problem's document, and let the connection go."""
    prefix, accept = "http", accept_of(scope["headers"])
    if scope["type"] == "websocket":
        if "websocket.http.response" not in (scope.get("extensions") or {}):
            await receive()
            await send({"type": "websocket.close", "code": REFUSED, "reason": problem.code})
            return
        prefix, accept = "websocket.http", ""
    body, kind = problem.represented(accept)
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"vary", b"accept"),
        (b"connection", b"close"),
    ]
    await send({"type": f"{prefix}.response.start", "status": problem.status, "headers": headers})
    await send({"type": f"{prefix}.response.body", "body": body})


def in_words(scope: Any, receive: Any, send: Any) -> Any:
    """The ``send`` of a WebSocket for the framework, which closes where it finds no handler.

    Before the handshake is over a close would reach the other side as a bare status; what went
    wrong is told instead.
    """
    answered = False

    async def sending(message: Any) -> None:
        nonlocal answered
        early = not answered and message["type"] == "websocket.close"
        answered = True
        if early:
            problem = scope.get(FAILURE) or not_found("no WebSocket")
            await deny(scope, receive, send, problem)
        else:
            await send(message)

    return sending
