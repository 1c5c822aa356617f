# SPDX-License-Identifier: MIT
"""A page of a simulated node that looks at states and does nothing else."""

from __future__ import annotations

import json
from typing import Any

from goop_node.types import Caller
from goop_realtime.machine.rights import HOME
from goop_realtime.testing import SimNode


class Onlooker:
    """Comes back a second after it was cut off, and follows again what it followed."""

    def __init__(self, node: SimNode, name: str = "onlooker", caller: Caller = HOME) -> None:
        self.node, self.id, self.caller = node, name, caller
        self.connected = False
        self.told: list[tuple[int, dict[str, Any]]] = []
        """Every ``snapshot`` and ``error`` that it was told, and when (ms)."""
        self.follows: list[str] = []
        node.pages[name] = self  # type: ignore[assignment]
        self.come()

    def come(self) -> None:
        """Be connected, where the node is up."""
        if self.connected or not self.node.up or self.node.stopped:
            return
        self.connected = True
        self.page = self.node.engine.attach(self.node.now(), self.id, self.caller)
        for channel in self.follows:
            self.say(channel, watch=True)

    def say(self, channel: str, **more: Any) -> None:
        """A frame ``snapshot``."""
        body = {"type": "snapshot", "channel": channel, **more}
        self.node.engine.frame(self.node.now(), self.page, body)
        self.node.flush()

    def ask(self, channel: str) -> dict[str, Any]:
        """The state now, or the error that is told instead."""
        before = len(self.told)
        self.say(channel, ref="r")
        ((_, answer),) = [one for one in self.told[before:] if one[1].get("ref") == "r"]
        return answer

    def follow(self, channel: str) -> None:
        """From now on."""
        self.follows.append(channel)
        self.say(channel, watch=True)

    def frame(self, data: bytes) -> None:
        """The node tells something."""
        body = json.loads(data)
        if self.connected and body["type"] in ("snapshot", "error"):
            self.told.append((self.node.world.now, body))

    def lost(self) -> None:
        """Its connection is gone."""
        self.connected = False
        self.node.world.later(1_000, self.come)

    def send(self, channel: str, data: Any) -> None:
        """It says nothing."""
