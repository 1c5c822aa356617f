# SPDX-License-Identifier: MIT
"""A simulated page with the SDK's habits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from goop_realtime.jsonio import decode
from goop_realtime.pages import Page
from goop_realtime.types import Rejection

if TYPE_CHECKING:
    from goop_realtime.testing.simulator import SimNode


class SimPage:
    """A page with the SDK's habits: it acks what it handled, and resends what is unsettled."""

    def __init__(self, node: SimNode, name: str) -> None:
        self.node = node
        self.id = name
        self.connected = False
        self.frames: list[dict[str, Any]] = []
        self.handled: dict[str, list[tuple[str, Any]]] = {}
        self.incoming: list[str] = []
        self.cursor: dict[str, list[int]] = {}
        self.pending: dict[str, dict[str, Any]] = {}
        self.refused: dict[str, str] = {}
        self.stages: dict[str, str] = {}
        self.redelivered: set[str] = set()
        self._page: Page | None = None
        self._n = 0

    def attach(self) -> None:
        """Open the socket and subscribe, telling how far we are."""
        if not self.node.up or self.connected:
            return
        now = self.node.world.now
        self.connected = True
        self._page = self.node.engine.attach(now, self.id, "")
        unsettled: dict[str, list[str]] = {}
        for message_id, item in self.pending.items():
            unsettled.setdefault(item["channel"], []).append(message_id)
        self.node.engine.subscribe(
            now,
            self._page,
            {
                "page": self.id,
                "ack": True,
                "after": self.cursor,
                "handled": self.cursor,
                "pending": unsettled,
            },
        )
        self.node.flush()

    def cut(self) -> None:
        """The socket breaks; the page lives on."""
        if self.connected and self.node.up and self._page is not None:
            self.node.engine.detach(self.node.world.now, self._page)
            self.node.flush()
        self.connected = False

    def send(self, channel: str, data: Any) -> str:
        """Send; the id."""
        self._n += 1
        message_id = f"{self.id}-{self._n}"
        self.pending[message_id] = {"channel": channel, "data": data}
        self._submit(message_id)
        return message_id

    def _submit(self, message_id: str) -> None:
        item = self.pending[message_id]
        if not self.connected or self._page is None:
            return
        result = self.node.engine.send(
            self.node.world.now, item["channel"], self._page, message_id, item["data"]
        )
        self.node.flush()
        if isinstance(result, Rejection):
            self.refused[message_id] = result.code
            self.pending.pop(message_id, None)

    def frame(self, data: bytes) -> None:
        """A frame from the node."""
        if not self.connected:
            return
        body = decode(data)
        self.frames.append(body)
        kind = body["type"]
        if kind == "incoming":
            self.incoming.append(body["channel"])
        elif kind == "message":
            self._message(body)
        elif kind == "state" and "at" in body:
            self.cursor.setdefault(body["channel"], body["at"])
        elif kind == "receipt":
            self._receipt(body)
        elif kind == "refused":
            self.refused[body["id"]] = body["code"]
            self.pending.pop(body["id"], None)

    def _message(self, body: dict[str, Any]) -> None:
        channel = body["channel"]
        position = [body["epoch"], body["seq"]]
        if position[1] <= self.cursor.get(channel, [0, 0])[1]:
            raise AssertionError(f"{self.id} was given {position} of {channel} again")
        self.cursor[channel] = position
        self.handled.setdefault(channel, []).append((body["id"], body["data"]))
        if body.get("redelivered"):
            self.redelivered.add(body["id"])
        wait = self.node.world.random.choice((0, 1, 10))
        self.node.world.later(wait, lambda: self._ack(channel, position))

    def _ack(self, channel: str, position: list[int]) -> None:
        if self.connected and self.node.up and self._page is not None:
            self.node.engine.acked(self.node.world.now, self._page, channel, *position)
            self.node.flush()

    def _receipt(self, body: dict[str, Any]) -> None:
        message_id, stage = body["id"], body["stage"]
        if stage == "unknown":
            if message_id in self.pending:
                self._submit(message_id)
            return
        self.stages[message_id] = stage
        if stage != "accepted" or body.get("seq"):
            self.pending.pop(message_id, None)
