# SPDX-License-Identifier: MIT
"""A simulated page in rooms, with the SDK's habits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from goop_node.types import JsonValue
from goop_realtime.machine.rights import HOME
from goop_realtime.rooms.positions import ORIGIN, Position, Run, Runs
from goop_realtime.testing.page import SimPage
from goop_realtime.testing.rooms.view import Own, RoomView
from goop_realtime.testing.seen import Violation, demand
from goop_realtime.types import Refusal

if TYPE_CHECKING:
    from goop_realtime.testing.rooms.node import RoomNode

PASSING = frozenset({"closed", "unknown_channel", "failed"})
"""Codes that say nothing about a message that was sent before."""


class RoomPage(SimPage):
    """A page. It counts its messages in every room."""

    node: RoomNode

    def __init__(self, node: RoomNode, name: str, *, acks: bool = True) -> None:
        super().__init__(node, name, acks=acks)
        self.views: dict[str, RoomView] = {}
        """By room."""
        self._counts: dict[str, int] = {}

    def view(self, room: str) -> RoomView:
        """What it has of a room."""
        return self.views.setdefault(room, RoomView(self.id))

    @property
    def living(self) -> list[str]:
        """The rooms that it takes part in."""
        return [room for room, view in self.views.items() if view.state != "left"]

    # Out

    def greet(self) -> None:
        """The socket is open: say how far we are, and send again what was not ordered."""
        for own in (own for view in self.views.values() for own in view.own.values()):
            own.heard = False
        rooms = self.living
        after: dict[str, Any] = {}
        handled: dict[str, Any] = {}
        pending: dict[str, list[str]] = {}
        for room in rooms:
            view = self.views[room]
            if view.begun:
                after[room] = [list(run) for run in view.runs]
                handled[room] = [*view.handled.epoch, view.handled.seq]
            pending[room] = view.question(view.last) + _open(view, delivered=True)
        body = {"after": after, "handled": handled, "pending": pending}
        self.say("subscribe", page=self.id, ack=self.acks, **body)
        for room in rooms:
            for message_id in _open(self.views[room], delivered=False):
                self._submit_to(room, message_id)
        if self.connected:
            self._compare(rooms)

    def _compare(self, rooms: list[str]) -> None:
        """Which rooms the node knows nothing of any more."""
        for room in rooms:
            if isinstance(self.node.rooms.row(room, HOME), Refusal):
                self.views[room].end("lost")

    def join(self, room_id: str, **options: Any) -> bool:
        """Ask to be in a room; whether there was a socket."""
        return self.say("join", room=room_id, ref=room_id, **options)

    def say_in(self, room: str, data: JsonValue, to: str = "") -> None:
        """Send to all in the room, or to one."""
        count = self._counts[room] = self._counts.get(room, 0) + 1
        message_id = f"{self.id}-{count}"
        self.sent[message_id] = room
        self.view(room).own[message_id] = Own(data, to)
        self._submit_to(room, message_id)

    def say_again(self, room: str) -> None:
        """Send something once more that was refused, or ordered."""
        settled = [key for key, own in self.view(room).own.items() if own.fate or own.stage > 1]
        if settled and self.view(room).state == "joined":
            self._submit_to(room, self.node.world.random.choice(settled))

    def move_in(self, room: str, thing: int, x: int) -> None:
        """Say where something is."""
        self.say("send", channel=room, data={"type": "at", "thing": thing, "x": x})

    def _submit_to(self, room: str, message_id: str) -> None:
        own = self.views[room].own[message_id]
        more = {"to": own.to} if own.to else {}
        self.say("send", channel=room, id=message_id, data=own.data, **more)

    def _ask(self, room: str, message_ids: list[str]) -> None:
        if message_ids:
            self.say("subscribe", channels=[room], pending={room: message_ids})

    # In

    def take(self, body: dict[str, Any]) -> None:
        """A frame is read."""
        handler = _FRAMES.get(body["type"])
        self._count(f"frame {body['type']} {body.get('stage') or body.get('code') or ''}".strip())
        if handler is not None:
            handler(self, body["channel"], body)

    def _count(self, what: str) -> None:
        self.node.world.watch.seen.counts[what] += 1

    def _on_room(self, room: str, body: dict[str, Any]) -> None:
        view = self.view(room)
        if view.state == "left" and body["state"] != "left":
            view = self.views[room] = RoomView(self.id)  # it has come back
        if body["state"] == "left":
            view.end(body.get("code", ""))
            return
        before, view.state = view.state, body["state"]
        if view.state == "joining":
            return
        number = body["at"][2] if body["at"] else 0
        if before == "joining":
            view.start = number  # what was said before it came is history
        demand(number >= view.last, f"{self.id} is at {view.last}, and told as of {number}")
        runs = Runs(Run(*run) for run in body["runs"])
        if view.begun and runs.fork(view.runs) < view.last:
            raise Violation(f"{self.id} is at {view.runs.last}, and told as of {runs.last}")
        view.runs, view.begun = runs, True

    def _on_message(self, room: str, body: dict[str, Any]) -> None:  # type: ignore[override]
        view, world = self.view(room), self.node.world
        before = view.runs.last
        position = view.move(body)
        if position is None:
            return
        message_id, author = body["id"], body["from"]
        if not view.begun:
            view.begun, view.start = True, position.seq - 1
            before = ORIGIN
        world.watch.given(self, room, before, position, author, message_id)
        if not view.give(position, author, message_id):
            self._count("not handed out again")
        world.later(self.busy(), lambda: self._done(room, view, position))

    def _done(self, room: str, view: RoomView, position: Position) -> None:
        """The handler of a message has returned."""
        known = any(given.position == position for given in reversed(view.given))
        if self.alive and known and position.seq > view.handled.seq:
            view.handled = position
            if self.acks and not view.acks:
                view.acks = True
                self.node.world.later(0, lambda: self._ack(room, view))

    def _ack(self, room: str, view: RoomView) -> None:
        """One for all handlers that have returned at this moment."""
        view.acks = False
        (number, host), seq = view.handled
        if self.alive and view.handled != ORIGIN:
            self.say("ack", channel=room, epoch=number, host=host, seq=seq)

    def _on_member(self, room: str, body: dict[str, Any]) -> None:
        self.view(room).move(body)

    def _on_rewound(self, room: str, body: dict[str, Any]) -> None:
        view = self.view(room)
        if body["to"] < view.last:
            view.cut(body["to"], body["runs"])
            self._ask(room, view.question(body["to"]))

    def _on_gap(self, room: str, body: dict[str, Any]) -> None:  # type: ignore[override]
        view = self.view(room)
        view.cut(body["from"][2] if body["from"] else 0, body["runs"])
        view.begun, view.start = True, body["to"][2]
        self._ask(room, view.question(0))

    def _on_latest(self, room: str, body: dict[str, Any]) -> None:  # type: ignore[override]
        self.view(room).newest[body["from"], body["key"]] = body["data"]

    def _on_receipt(self, room: str, body: dict[str, Any]) -> None:  # type: ignore[override]
        if body["stage"] in ("delivered", "handled"):
            by = body.get("by", "")
            self.node.world.watch.promised(self, room, body["id"], body["stage"], by)
        if body["stage"] != "handled" or "by" not in body:
            self.view(room).receipt(body["id"], body["stage"], body.get("seq"))

    def _on_refused(self, room: str, body: dict[str, Any]) -> None:  # type: ignore[override]
        if "id" in body and body["code"] not in PASSING:
            self.view(room).refused(body["id"], body["code"])


def _open(view: RoomView, *, delivered: bool) -> list[str]:
    """Own messages that are on their way, or those that others may not have handled yet."""
    return [
        message_id
        for message_id, own in view.own.items()
        if not own.fate and ((own.stage in (2, 3)) if delivered else own.stage < 2)
    ]


_FRAMES: dict[str, Any] = {
    "room": RoomPage._on_room,
    "message": RoomPage._on_message,
    "member": RoomPage._on_member,
    "rewound": RoomPage._on_rewound,
    "gap": RoomPage._on_gap,
    "latest": RoomPage._on_latest,
    "receipt": RoomPage._on_receipt,
    "refused": RoomPage._on_refused,
    "error": RoomPage._on_refused,
}
