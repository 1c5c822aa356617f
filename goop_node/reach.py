# SPDX-License-Identifier: MIT
"""Who may reach this node, and whom it reaches (pure): one decision for all protocols."""

from __future__ import annotations

from typing import Literal

from goop_node.types import Refusal, Standing

Reachable = Literal["discovered", "friends"]
"""``[node] reachable_by``: everybody who was discovered, or friends alone."""
Matter = Literal["presence", "exchange"]
"""What it is about: who is there (with what connections themselves need), or everything else,
which is the protocols of plugins."""
Direction = Literal["in", "out"]

BLOCKED = Refusal(code="blocked", reason="you have blocked this person; unblock them at home first")
NO_FRIEND = {
    "in": Refusal(code="not_friend", reason="only friends may reach this node"),
    "out": Refusal(
        code="not_friend",
        reason="only friends may reach your node, so this person could not answer: "
        "make them a friend at home, or let everybody reach you who was discovered",
    ),
}


def may_reach(
    standing: Standing, matter: Matter, direction: Direction, reachable_by: Reachable
) -> Refusal | None:
    """Whether something may pass between this node and a peer; ``None`` when it may.

    A block is told to nobody but the person who set it: inbound, a peer sees a connection that
    ends. Where friends alone may reach us, others still see that we are there. With
    ``discovered``, a request of somebody unknown may come in and waits for the discovery.
    """
    if standing == "blocked":
        return BLOCKED
    if matter == "exchange" and reachable_by == "friends" and standing != "friend":
        return NO_FRIEND[direction]
    return None
