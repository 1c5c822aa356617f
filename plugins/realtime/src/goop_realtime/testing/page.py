# SPDX-License-Identifier: MIT
"""A simulated page with the SDK's habits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from goop_realtime.machine import lookup
from goop_realtime.machine.rights import HOME
from goop_realtime.model.jsonio import decode
from goop_realtime.testing.document import SimDocument

if TYPE_CHECKING:
    from goop_realtime.testing.node import SimNode

Place = tuple[int, int]
STAGES = ("", "accepted", "delivered", "handled")
UNKNOWN = frozenset({"closed", "unknown_channel"})
"""Codes that say nothing about a message that was sent before."""


@dataclass
class Sent:
    """One send of a page; ``stage`` counts how many of ``STAGES`` it has reached."""

    channel: str
    data: Any
    stage: int = 0


class SimPage(SimDocument):
    """A page. It drops what it has already, acks what it handled, resends what is undelivered.

    ``acks=False`` makes it a plain socket: it never acks and gets no receipts.
    """

    def __init__(self, node: SimNode, name: str, *, acks: bool = True) -> None:
        super().__init__(node, name)
        self.acks = acks
        self.failing: Callable[[str], bool] = lambda message_id: False
        """Which messages its handler fails on."""
        self.failed: dict[str, list[int]] = {}
        self.failures: set[str] = set()
        """Its own messages that it was told a handler failed on."""
        self.incoming: list[str] = []
        self.after: dict[str, Place] = {}
        self.handled: dict[str, Place] = {}
        self.got: dict[str, list[str]] = {}
        """Message ids that its handler was given, by channel."""
        self.sent: dict[str, str] = {}
        """Message id -> channel, of everything it ever sent."""
        self.open: dict[str, Sent] = {}
        self.fate: dict[str, str] = {}
        """The newest that it was told of each of its messages."""
        self.ended: dict[str, str] = {}
        self.newest: dict[str, dict[tuple[str, str, str], Any]] = {}
        """By channel: the newest value that it was told of each author, type and key."""
        self.gaps = 0
        self.pending: dict[str, int] = {}
        """How many messages it was last told are on their way, by channel."""
        self._n = 0

    # The socket

    def greet(self) -> None:
        """Say how far we are, and ask for what we lack."""
        self.pending.clear()
        pending: dict[str, list[str]] = {}
        for message_id, item in self.open.items():
            if item.stage > 1:
                pending.setdefault(item.channel, []).append(message_id)
        body: dict[str, Any] = {"page": self.id, "after": self.after, "handled": self.handled}
        body["failed"] = self.failed
        if self.acks:
            body |= {"ack": True, "pending": pending, "outbox": True}
        self.say("subscribe", **body)
        for message_id in [key for key, item in self.open.items() if item.stage < 2]:
            self._submit(message_id)
        if self.connected:
            self._reconcile()

    def _reconcile(self) -> None:
        """What ended while nobody could say so."""
        found = lookup.rows(self.node.engine.core, HOME, self.node.now())
        rows: dict[Any, Any] = {row["channelId"]: row for row in found}
        for channel in dict.fromkeys(item.channel for item in self.open.values()):
            gone: dict[str, Any] = {"final": True, "code": "lost"}
            detail = rows[channel]["detail"] if channel in rows else gone
            if channel not in rows:
                self._end(channel, detail["code"])
            elif detail["final"]:
                self.say("subscribe", channels=[channel])

    # Out

    def send(self, channel: str, data: Any) -> str:
        """Send; the id. What is in no log is sent once, and lost where there is no socket."""
        self._n += 1
        message_id = f"{self.id}-{self._n}"
        if isinstance(data, dict) and data.get("type") in self.node.world.unlogged:
            self.node.world.watch.fleeting.said(self, channel, data)
            self.say("send", channel=channel, id=message_id, data=data)
            return message_id
        self.sent[message_id] = channel
        self.open[message_id] = Sent(channel, data)
        self._submit(message_id)
        return message_id

    def resend(self) -> None:
        """Send something once more that the node is known to have taken."""
        taken = [message_id for message_id, item in self.open.items() if item.stage]
        if taken:
            self._submit(self.node.world.random.choice(taken))

    def _submit(self, message_id: str) -> None:
        item = self.open.get(message_id)
        if item is not None:
            self.say("send", channel=item.channel, id=message_id, data=item.data)

    # In

    def frame(self, data: bytes) -> None:
        """A frame from the node is on its way."""
        if self.connected and data.startswith(b'{"type":"pending"'):
            told: Any = decode(data)
            self._counted(told)
        super().frame(data)

    def _counted(self, body: dict[str, Any]) -> None:
        self.pending[body["channel"]] = body["count"]
        self.node.world.watch.pages.pending(self, body["channel"], body["count"])

    def take(self, body: dict[str, Any]) -> None:
        """A frame is read."""
        handler = _FRAMES.get(body["type"])
        if handler is not None:
            handler(self, body)

    def _on_incoming(self, body: dict[str, Any]) -> None:
        self.incoming.append(body["channel"])

    def _on_message(self, body: dict[str, Any]) -> None:
        channel, message_id, watch = body["channel"], body["id"], self.node.world.watch
        place = (body["epoch"], body["seq"])
        before = self.after.get(channel)
        if before is not None and place <= before:
            return
        watch.pages.given(self, channel, message_id, before, place, body.get("redelivered") is True)
        self.after[channel] = place
        self.got.setdefault(channel, []).append(message_id)
        self.node.world.later(self.busy(), lambda: self._returned(channel, message_id, place))

    def _returned(self, channel: str, message_id: str, place: Place) -> None:
        """The handler of a message has returned."""
        if not self.alive:
            return
        self.node.world.watch.pages.handled(self, channel, message_id)
        self.handled[channel] = place
        failed = self.failed.setdefault(channel, [])
        if self.failing(message_id):
            failed.append(place[1])
        if self.acks:
            self.say("ack", channel=channel, epoch=place[0], seq=place[1], failed=failed)

    def _on_gap(self, body: dict[str, Any]) -> None:
        place = (body["to"][0], body["to"][1])
        if place > self.after.get(body["channel"], (0, 0)):
            self.gaps += 1
            self.after[body["channel"]] = place
            self.node.world.watch.seen.counts["frame gap"] += 1

    def _on_latest(self, body: dict[str, Any]) -> None:
        self.node.world.watch.fleeting.latest(self, body)
        newest = self.newest.setdefault(body["channel"], {})
        newest[body["from"], body["data"]["type"], body["key"]] = body["data"]

    def _on_volatile(self, body: dict[str, Any]) -> None:
        self.node.world.watch.fleeting.volatile(self, body)

    def _on_state(self, body: dict[str, Any]) -> None:
        channel = body["channel"]
        if "at" in body:
            self.after.setdefault(channel, (body["at"][0], body["at"][1]))
        self.node.world.watch.seen.counts[f"frame state {body['state']}"] += 1
        if body["final"] and body["state"] == "disconnected":
            self.node.world.watch.pages.ended(self, channel)
            self._end(channel, body.get("code", ""))

    def _end(self, channel: str, code: str) -> None:
        """The channel has ended: what the node never took will not be sent again."""
        self.ended[channel] = code
        for message_id, item in list(self.open.items()):
            if item.channel == channel and (item.stage == 0 or code == "lost"):
                self.fate[message_id] = code
                del self.open[message_id]

    def _on_receipt(self, body: dict[str, Any]) -> None:
        message_id, stage = body["id"], body["stage"]
        item = self.open.get(message_id)
        self.node.world.watch.seen.counts[f"receipt {stage}"] += 1
        if item is None or (stage == "unknown" and item.stage < 2):
            return
        if body.get("failed"):
            self.failures.add(message_id)
        if stage in STAGES:
            self._reach(message_id, STAGES.index(stage))
        if stage not in STAGES[:3]:
            self.fate.setdefault(message_id, stage)
            del self.open[message_id]

    def _reach(self, message_id: str, stage: int) -> None:
        item = self.open[message_id]
        self.node.world.watch.pages.receipt(self, item.channel, message_id, STAGES[stage])
        if stage > item.stage:
            item.stage = stage
            self.fate[message_id] = STAGES[stage]

    def _on_refused(self, body: dict[str, Any]) -> None:
        if body.get("id") in self.open:
            self._refuse(body["id"], body["code"])

    def _refuse(self, message_id: str, code: str) -> None:
        item = self.open.pop(message_id)
        self.fate[message_id] = code
        if code not in UNKNOWN:
            self.node.world.watch.pages.refused(self, item.channel, message_id, code)


_FRAMES = {
    "incoming": SimPage._on_incoming,
    "message": SimPage._on_message,
    "gap": SimPage._on_gap,
    "latest": SimPage._on_latest,
    "volatile": SimPage._on_volatile,
    "state": SimPage._on_state,
    "receipt": SimPage._on_receipt,
    "refused": SimPage._on_refused,
    "error": SimPage._on_refused,
}
