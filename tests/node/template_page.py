# SPDX-License-Identifier: MIT
"""A page of a template, without a browser: its cookie, its Host, its Origin; no token."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import websockets

from goop_node.testing import NodeProcess
from tests.limits import HANG
from tests.node.page import Page


class TemplatePage(Page):
    """A page of a template: its cookie, its Host, its Origin; no token."""

    @classmethod
    @asynccontextmanager
    async def of(cls, node: NodeProcess, name: str, document: str) -> AsyncIterator[TemplatePage]:
        """Open the page ``document`` of template ``name`` and subscribe."""
        host = f"{name}.localhost:{node.port}"
        async with httpx.AsyncClient(base_url=node.url, timeout=HANG) as http:
            navigation = {"Host": host, "Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
            answer = await http.get("/", headers=navigation)
            http.cookies.clear()
            cookie = answer.headers["set-cookie"].partition(";")[0]
            http.headers.update({"Host": host, "Origin": f"http://{host}", "Cookie": cookie})
            # The name resolves in browsers alone, so the socket goes to the address it means.
            async with websockets.connect(
                f"ws://{host}/api/realtime/connect",
                host="127.0.0.1",
                port=node.port,
                origin=websockets.Origin(f"http://{host}"),
                additional_headers={"Cookie": cookie},
                max_size=None,
                open_timeout=HANG,
            ) as socket:
                page = cls(node, socket, http)
                reader = asyncio.create_task(page._read())
                await page.emit({"type": "subscribe", "page": document, "ack": True})
                await page.frame("subscribed")
                try:
                    yield page
                finally:
                    reader.cancel()
                    await asyncio.gather(reader, return_exceptions=True)


async def refused(page: Page, method: str, path: str, status: int, code: str, **more: Any) -> None:
    """Expect a coded refusal."""
    answer = await page.http.request(method, f"/api/realtime/{path}", **more)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
