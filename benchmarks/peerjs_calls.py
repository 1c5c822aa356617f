# SPDX-License-Identifier: MIT
"""The same call through PeerJS and its own server, which are installed into ``peerjs/``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page

from benchmarks import npm

FOLDER = Path(__file__).with_name("peerjs")
START_SECONDS = 30


def missing() -> str | None:
    """Why it cannot be measured; installs it where it is not there yet."""
    return npm.missing(FOLDER)


class Pair:
    """Two pages that are known to the server."""

    def __init__(self, caller: Page, callee: Page) -> None:
        self._caller = caller
        self._callee = callee

    async def call(self) -> float:
        """Milliseconds from the click to the other's first picture."""
        taken: float = await self._caller.evaluate("() => see('callee')")
        await self._caller.evaluate("() => call.close()")
        await self._callee.wait_for_function("() => call === null")
        return taken


@asynccontextmanager
async def pair(browser: Browser) -> AsyncIterator[Pair]:
    """They, with a server of their own."""
    server = await asyncio.create_subprocess_exec(
        *("node", "server.mjs"), cwd=FOLDER, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        port = int(await asyncio.wait_for(server.stdout.readline(), START_SECONDS))
        pages = []
        for name in ("caller", "callee"):
            page = await (await browser.new_context()).new_page()
            await page.goto(f"http://127.0.0.1:{port}/")
            await page.evaluate("(name) => open(name)", name)
            pages.append(page)
        yield Pair(*pages)
    finally:
        server.kill()
        await server.wait()
