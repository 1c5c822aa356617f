# SPDX-License-Identifier: MIT
"""Waiting until something is true of several pages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class News:
    """What those wait for who want to know what others were told."""

    def __init__(self) -> None:
        self._new = asyncio.Condition()

    async def tell(self) -> None:
        """Somebody was told something."""
        async with self._new:
            self._new.notify_all()

    async def until(self, holds: Callable[[], object], seconds: float) -> None:
        """Wait until that is so. Raises ``TimeoutError``."""
        async with asyncio.timeout(seconds), self._new:
            await self._new.wait_for(holds)
