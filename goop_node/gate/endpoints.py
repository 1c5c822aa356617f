# SPDX-License-Identifier: MIT
"""Every endpoint of a plugin is asked once, as a program asks, with nothing in particular."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

from litestar.handlers import BaseRouteHandler, HTTPRouteHandler, WebsocketRouteHandler

from goop_node.findings import Finding, ok
from goop_node.gate.subject import Subject
from goop_node.problems import GivenUp
from goop_node.web.app import create_app

PATIENCE = 1.0
"""Seconds that an answer is read; one may go on for ever."""
SAMPLES = {"int": "1", "float": "1", "decimal": "1", "uuid": str(UUID(int=1))}
"""What stands for a part of a path, by its type."""


async def look_at_endpoints(subject: Subject) -> AsyncIterator[Finding]:
    """What an endpoint raises is told as of any; what it answers is its own affair."""
    if not subject.first:
        return
    before, places = subject.faults, list(_places(subject))
    if not places:
        return
    app: Any = create_app(subject.node)
    for path, method in places:
        await _ask(app, subject, path, method)
    await subject.node.settle_all()
    if subject.faults == before:
        yield ok("endpoints", f"{len(places)} answer, whatever they are asked")


def _places(subject: Subject) -> Iterator[tuple[str, str]]:
    """Each path with each of its methods, ``WS`` for a WebSocket."""
    for plugin, route in subject.node.routes:
        for handler in route.handlers if plugin == subject.plugin else ():
            assert isinstance(handler, BaseRouteHandler)
            if isinstance(handler, HTTPRouteHandler):
                methods = sorted(str(one) for one in handler.http_methods)
            else:
                methods = ["WS"] if isinstance(handler, WebsocketRouteHandler) else []
            for path, method in itertools.product(sorted(handler.paths), methods):
                yield f"/api/{plugin}{_filled(path)}".rstrip("/"), method


def _filled(path: str) -> str:
    """The path with something for each of its parameters, written as ``{name:type}``."""
    parts = []
    for part in path.split("/"):
        kind = part.strip("{}").partition(":")[2] if part.startswith("{") else None
        parts.append(part if kind is None else SAMPLES.get(kind, "x"))
    return "/".join(parts)


async def _ask(app: Any, subject: Subject, path: str, method: str) -> None:
    node = subject.node
    port = node.http_port
    socket = method == "WS"
    body = b"" if method == "GET" else b"{}"
    headers = {
        "host": f"127.0.0.1:{port}",
        "authorization": f"Bearer {node.tokens.bearer}",
        **({} if socket or not body else {"content-type": "application/json"}),
        **({} if socket or not body else {"content-length": str(len(body))}),
    }
    scope: dict[str, Any] = {
        "type": "websocket" if socket else "http",
        **({} if socket else {"method": method}),
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "ws" if socket else "http",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", port),
        "subprotocols": [],
        "extensions": {},
        "state": {},
    }
    arriving: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]
    if socket:
        arriving = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}]
    events = iter(arriving)

    async def receive() -> Any:
        return next(events, None) or await asyncio.Event().wait()

    async def send(message: Any) -> None: ...

    try:
        async with asyncio.timeout(PATIENCE):
            await app(scope, receive, send)
    except (TimeoutError, GivenUp):
        return
