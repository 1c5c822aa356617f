# SPDX-License-Identifier: MIT
"""Joining the group of a 1.0.0 host, and telling that the group is gone.

Such a host refuses with a line and resets the stream behind it, which often overtakes the line.
So an end without a word may be a refusal as well as an accident: it is a refusal when it comes
again and again from a host that is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from goop_node.groups import Groups, Membership
from goop_node.types import Network, NetworkError
from goop_realtime.goop2.go_pulse import answers

REFUSALS = {"not_found": "expired", "full": "busy", "closed": "closed"}
"""How a host's answers to our join end a channel that never stood."""
BARE_ENDS = frozenset(("eof", "reset"))
TRIES = 3
"""So many ends without a word in a row, from a host that lives, mean that the group is gone."""
PAUSE_SECONDS = 0.4
"""Between two of them: all are over within 2 s, which is when a page should know."""


async def join(
    groups: Groups,
    network: Network,
    host: str,
    group_id: str,
    on_member: Callable[[Membership], None],
    wanted: Callable[[], bool],
) -> None:
    """Become a member, as ``Groups.join``; ``not_found`` also where the host only implies it.

    Raises ``NetworkError``. It is not tried again once the group is not ``wanted`` any more.
    """
    for number in range(TRIES):
        try:
            await groups.join(host, group_id, on_member)
        except NetworkError as error:
            if error.code not in BARE_ENDS or not wanted():
                raise
            if number + 1 < TRIES:
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            if await answers(network, host):
                raise NetworkError("not_found", "the host ends every join without a word") from None
            raise
        return
