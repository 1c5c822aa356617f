# SPDX-License-Identifier: MIT
"""What the person at a simulated node decides, at home."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goop_node.types import JsonValue
from goop_realtime.engine.door import Engine
from goop_realtime.machine.rights import HOME
from goop_realtime.types import Refusal

if TYPE_CHECKING:
    from goop_realtime.testing.simulator import World


class Person:
    """A node's: asks, and answers what is asked."""

    peer_id: str
    world: World
    engine: Engine

    def now(self) -> int:
        """The node's time, in Unix ms."""
        raise NotImplementedError

    def flush(self) -> None:
        """A step of the node ends."""
        raise NotImplementedError

    def ask(
        self,
        peer: str,
        context: str = "",
        timeout: int = 60_000,
        *,
        new: bool = False,
        params: JsonValue = None,
    ) -> str:
        """Ask for a channel; its id, or ``""`` where the node refuses."""
        self.world.watch.asks(self.peer_id, peer, context)
        found = self.engine.request(
            self.now(), peer, context, params, timeout, new=new, caller=HOME
        )
        self.flush()
        if isinstance(found, Refusal):
            self.world.watch.seen.counts[f"refused {found.code}"] += 1
            return ""
        return found.id

    def accept(self, channel_id: str) -> str:
        """A person accepts; the code of a refusal, or nothing."""
        self.world.watch.consents(channel_id)
        found = self.engine.accept(self.now(), channel_id, HOME)
        self.flush()
        return found.code if isinstance(found, Refusal) else ""

    def decline(self, channel_id: str) -> str:
        """A person declines; the code of a refusal, or nothing."""
        found = self.engine.decline(self.now(), channel_id, HOME, "no")
        self.flush()
        return found.code if found else ""

    def close(self, channel_id: str) -> None:
        """A page closes the channel, or withdraws its request."""
        self.engine.close(self.now(), channel_id, HOME)
        self.flush()
