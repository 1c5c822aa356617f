# SPDX-License-Identifier: MIT
"""Asking the node for a channel or room, which is there once others have agreed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from goop_realtime.client.conduit import Conduit
from goop_realtime.client.errors import GoopError
from goop_realtime.client.hub import Hub
from goop_realtime.client.outcomes import Outcome

GRACE = 5.0
"""Seconds that the node may exceed a timeout by before we give up on it."""


async def obtain(hub: Hub, ask: Callable[[], Awaitable[Conduit]], timeout: float) -> Any:
    """What programs see of the conduit that ``ask`` asks the node for, once it is open.

    Whoever gives up before withdraws it, also where the node has yet to answer. Raises what ``ask``
    does, and ``GoopError``: why it ended, ``timeout``, ``node_unreachable``.
    """
    asked: Outcome[Conduit] = Outcome()

    async def attempt() -> None:
        try:
            asked.resolve(await ask())
        except asyncio.CancelledError:
            asked.reject(GoopError("client_closed"))
            raise
        except Exception as error:
            asked.reject(error)

    try:
        async with asyncio.timeout(timeout + GRACE):
            await hub.line.when_ready()
            asking = hub.spawn(attempt())
            try:
                return await (await asked).opened()
            except BaseException:
                asking.add_done_callback(lambda _: _withdraw(hub, asked))
                raise
    except TimeoutError:
        raise GoopError("timeout" if hub.ready else "node_unreachable") from None


def _withdraw(hub: Hub, asked: Outcome[Conduit]) -> None:
    conduit = asked.value()
    if conduit is not None:
        # It may have become part of another channel meanwhile.
        (hub.conduits.find(conduit.handle) or conduit).withdraw()
