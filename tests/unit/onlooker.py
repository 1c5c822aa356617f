# SPDX-License-Identifier: MIT
"""A page of a simulated node that looks at states and does nothing else."""

from __future__ import annotations

import json
from typing import Any

from goop_node.types import Caller
from goop_realtime.machine.rights import HOME
from goop_realtime.testing import SimNode
from goop_realtime.testing.document import SimDocument


class Onlooker(SimDocument):
    """Comes back whenever it is cut off, and follows again what it followed."""

    def __init__(self, node: SimNode, name: str = "onlooker", caller: Caller = HOME) -> None:
        super().__init__(node, name)
        self.caller = caller
        self.told: list[tuple[int, dict[str, Any]]] = []
        """Every ``snapshot`` and ``error`` that it was told, and when (ms)."""
        self.follows: dict[str, None] = {}
        self.followed: set[str] = set()
        """What it is told of since it was connected."""
        node.pages[name] = self  # type: ignore[assignment]
        self.attach()

    def attach(self) -> None:
        """Open the connection, as who it is."""
        if not self.connected and self.node.up and not self.node.stopped:
            self.connected = True
            self._page = self.node.engine.attach(self.node.now(), self.id, self.caller)
            self.greet()
        elif not self.connected:
            self.node.world.later(500, self.attach)

    def greet(self) -> None:
        """Go on following."""
        self.followed.clear()
        for channel in self.follows:
            self.say("snapshot", channel=channel, watch=True)

    def ask(self, channel: str) -> dict[str, Any]:
        """The state now, or the error that is told instead."""
        (answer,) = self.answers(channel)
        return answer

    def answers(self, channel: str) -> list[dict[str, Any]]:
        """The same; none where the node is away, or dies meanwhile."""
        self.told, before = [], self.told
        self.say("snapshot", channel=channel, ref="r")
        answers = [body for _, body in self.told if body.get("ref") == "r"]
        self.told = before + self.told
        return answers

    def follow(self, channel: str) -> None:
        """From now on."""
        self.follows[channel] = None
        self.say("snapshot", channel=channel, watch=True)

    def frame(self, data: bytes) -> None:
        """The node tells something."""
        body = json.loads(data)
        if self.connected and body["type"] in ("snapshot", "error"):
            self.told.append((self.node.world.now, body))
            if body["type"] == "snapshot" and "ref" not in body:
                self.followed.add(body["channel"])

    def send(self, channel: str, data: Any) -> None:
        """It says nothing."""
