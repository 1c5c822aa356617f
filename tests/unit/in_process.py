# SPDX-License-Identifier: MIT
"""A node's web application, called without a server; the node itself does not run."""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from litestar.routes import ASGIRoute, HTTPRoute, WebSocketRoute

from goop_node.config.model import NodeConfig
from goop_node.node import Node
from goop_node.web.app import create_app
from tests.unit.spellings import PORT

PLUGINS = ("realtime", "chess", "video_call", "arcade_rooms")
Headers = list[tuple[bytes, bytes]]


@dataclass
class Answer:
    """What came back, and the templates of the paths whose handlers ran."""

    status: int = 0
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    ran: list[str] = field(default_factory=list)


class Client:
    """Calls an application without a server."""

    def __init__(self, node: Node) -> None:
        """Each call comes from an address of its own, so that wrong tokens do not wait."""
        self.node = node
        self.app = create_app(node)
        self._places = map(str, map(ipaddress.IPv4Address, itertools.count(0x0A000000)))

    def cookie(self, template: str) -> bytes:
        """The cookie of a template's pages, ``""``: of the node's own."""
        name, value = self.node.tokens.cookie_for(template)
        return f"{name}={value}".encode()

    async def call(
        self,
        raw: bytes,
        headers: Headers,
        *,
        method: str = "GET",
        socket: bool = False,
        address: str = "",
        query: bytes = b"",
        body: bytes = b"",
    ) -> Answer:
        """One request, or one opening handshake."""
        answer = Answer()
        scope: dict[str, Any] = {
            "type": "websocket" if socket else "http",
            "path": raw.decode("latin-1"),
            "raw_path": raw,
            "query_string": query,
            "root_path": "",
            "headers": headers,
            "client": (address or next(self._places), 50000),
            "extensions": {"websocket.http.response": {}} if socket else {},
            "ran": answer.ran,
        }
        if not socket:
            scope["method"] = method

        asked = False

        async def receive() -> dict[str, Any]:
            nonlocal asked
            if socket:
                return {"type": "websocket.connect"}
            if asked:
                await asyncio.Event().wait()  # the client says no more, and stays
            asked = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            if message["type"].endswith("response.start"):
                answer.status = message["status"]
                answer.headers = list(message["headers"])
            elif message["type"].endswith("response.body"):
                answer.body += message.get("body", b"")
            elif message["type"] == "websocket.accept":
                answer.status = 101

        await self.app(scope, receive, send)
        return answer


async def _noted(self: Any, scope: Any, receive: Any, send: Any) -> None:
    """In the place of every handler."""
    scope["ran"].append(scope["path_template"])
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def make_node(folder: Path, **more: Any) -> Node:
    """A node with every plugin, and two folders of templates."""
    for name in ("alpha", "beta"):
        (folder / name).mkdir(parents=True)
        (folder / name / "index.html").write_text("<!doctype html>", encoding="utf-8")
    config = NodeConfig(
        data=folder / "data",
        http_port=PORT,
        strict=True,
        plugins={name: {} for name in PLUGINS},
        templates=(folder / "alpha", folder / "beta"),
        **more,
    )
    return Node(config)


def note_instead_of_running(patch: pytest.MonkeyPatch) -> None:
    """Replace every handler of applications made from now on."""
    for kind in (HTTPRoute, ASGIRoute, WebSocketRoute):
        patch.setattr(kind, "handle", _noted)
