# SPDX-License-Identifier: MIT
"""Memberships at a 1.0.0 host that may still hold an older one of ours.

Such a host keeps its members by peer. A membership that ended here without its knowledge (the
line was away, or our node died) ends there up to a minute later, and takes the newer one along:
its place in the group is gone, while its stream stands. Nothing tells of that but silence. So
who joins again behind such an end leaves and joins once more, in good order and on the newer
connection, until the older one is gone for sure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from goop_node.groups import Membership
from goop_realtime.goop2.go_link import GoLink

RENEW_AT_SECONDS = (5.0, 15.0, 30.0, 50.0)
"""After the join. Theirs notice a dead connection within 40 s."""
QUIET_MS = 4_000
"""A link on which something was heard since then is not renewed: it is not deaf yet."""
CLEAN = frozenset(("left", "closed", "replaced"))
"""Ends that the host knows of."""

Join = Callable[[Callable[[Membership], None]], Awaitable[None]]


async def keep_heard(link: GoLink, join: Join) -> bool:
    """Renew the link's membership now and then, until no older one can be in its way.

    False where the link ended before that.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    for at in RENEW_AT_SECONDS:
        await asyncio.sleep(max(0.0, began + at - loop.time()))
        if not link.over and link.silent_ms >= QUIET_MS:
            await link.renew(join)
        if link.over:
            return False
    return True
