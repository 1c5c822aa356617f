# SPDX-License-Identifier: MIT
"""Somebody in a room, who says something again and again, moves, and writes down what is told.

The page keeps to what docs/protocol.md asks of one: a cursor of runs, ids for its messages, what
was not ordered sent again on each socket, everything acknowledged. What it must never be told is
checked as it is told (``RoomView``); the rest is for ``ledger.py``, at the end.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

import websockets

from goop_node.testing import NodeProcess
from goop_realtime.rooms.positions import Position, Run, Runs
from goop_realtime.testing.rooms.view import Own, RoomView
from tests.rooms.news import News

MOST_UNSETTLED = 200
MOST_ASKED = 1000
"""Messages that a node answers about at once."""
PASSING = frozenset({"closed", "unknown_channel", "failed"})
"""Codes that say nothing about a message that was sent before."""


class Player:
    """A page that lives as long as the test does, on a node that may not.

    ``connect`` makes a TCP connection to the node's port, blocking. All time is this process's.
    """

    _numbers = itertools.count(1)

    def __init__(
        self, node: NodeProcess, news: News, connect: Callable[[int], socket.socket]
    ) -> None:
        self.node = node
        self.id = f"p{next(self._numbers)}"
        self.room = ""
        """The room that it is in, or wants to be in, by its id."""
        self.handle = ""
        self.view = RoomView(self.id)
        self.former: list[RoomView] = []
        """What it had of the room when it left it."""
        self.row: dict[str, Any] = {}
        """The newest ``room`` frame."""
        self.members: set[str] = set()
        """The peer ids of those who are in it, as far as it was told."""
        self.said = 0
        self.ages: list[tuple[str, float]] = []
        """Of each position that was told: whose it was, and how many seconds old."""
        self.told: dict[Position, tuple[str, str]] = {}
        """``(author, id)`` of everything it was ever told."""
        self.whispers: dict[str, str] = {}
        """Its author, of everything that was said to it alone, by message id."""
        self.places: dict[str, float] = {}
        """The newest ``x`` of everybody that it was told, by peer id."""
        self.place = 0.0
        """Its own."""
        self.errors: list[dict[str, Any]] = []
        """What it was told is wrong, of no message in particular."""
        self.pause = 0.05
        """Seconds from one message to the next."""
        self.moving = False
        self.talking = False
        self._news = news
        self._connect = connect
        self._socket: Any = None

    @property
    def name(self) -> str:
        """Its node's name."""
        return self.node.data.name

    @property
    def is_in(self) -> bool:
        """Whether its node is a member and knows a host."""
        return self.view.state == "joined" and not self.row.get("suspended")

    @property
    def host(self) -> str:
        """The peer id of the host, as it was told."""
        return str(self.row.get("host") or "")

    @property
    def unsettled(self) -> list[str]:
        """Its own messages that have no place yet, and were not refused."""
        return [one for one, own in self.view.own.items() if own.stage < 2 and not own.fate]

    # What it does

    async def join(self, room: str) -> None:
        """Ask to be in a room for four."""
        self.room = room
        if self.view.state == "left":
            self.former.append(self.view)
            self.view = RoomView(self.id)
        await self._say("join", room=room, maxPeers=4, context="field")

    async def leave(self) -> None:
        """Ask to be in it no more."""
        self.room = ""
        await self._say("leave", channel=self.handle)

    async def live(self) -> None:
        """Be connected, again and again, until cancelled."""
        while True:
            try:
                made = await asyncio.to_thread(self._connect, self.node.port)
                async with websockets.connect(
                    self.node.ws_url,
                    sock=made,
                    additional_headers=self.node.headers,
                    max_size=None,
                    ping_interval=None,
                    compression=None,
                ) as self._socket:
                    await self._greet()
                    async with asyncio.TaskGroup() as group:
                        for work in (self._talk, self._move, self._hear):
                            group.create_task(work())
            except* (OSError, websockets.WebSocketException, TimeoutError):
                pass

            self._socket = None
            self.row = {}
            await asyncio.sleep(0.05)

    async def _greet(self) -> None:
        """Say how far this page is, and send again what was not ordered."""
        view, handle = self.view, self.handle
        body: dict[str, Any] = {"page": self.id, "ack": True, "batch": True, "channels": []}
        if handle and view.state != "left":
            body |= {"channels": [handle], "after": {}, "handled": {}}
            if view.begun:
                body["after"][handle] = [list(run) for run in view.runs]
                body["handled"][handle] = [*view.handled.epoch, view.handled.seq]
        await self._say("subscribe", **body)
        await self._ask(view.question(view.last))
        for message_id in self.unsettled:
            await self._submit(message_id)
        if self.place:
            await self.go(self.place)
        if self.room and not handle:
            await self.join(self.room)

    async def _talk(self) -> None:
        while True:
            if self.talking and self.view.state == "joined":
                await self.say()
            await asyncio.sleep(self.pause)

    async def say(self, to: str = "") -> str:
        """Say something to all, or to one; the message's id."""
        if len(self.unsettled) >= MOST_UNSETTLED:
            return ""
        self.said += 1
        message_id = f"{self.id}-{self.said}"
        data = {"type": "said", "n": self.said, "t": time.monotonic()}
        self.view.own[message_id] = Own(data, to)
        await self._submit(message_id)
        return message_id

    async def _submit(self, message_id: str) -> None:
        own = self.view.own[message_id]
        more = {"to": own.to} if own.to else {}
        await self._say("send", channel=self.handle, id=message_id, data=own.data, **more)

    async def _move(self) -> None:
        while True:
            if self.moving and self.view.state == "joined":
                await self.go(self.said)
            await asyncio.sleep(0.05)

    async def go(self, x: float) -> None:
        """Say where it is; said again on each socket, since only the newest counts."""
        self.place = x
        data = {"type": "at", "x": x, "y": 1, "t": time.monotonic()}
        await self._say("send", channel=self.handle, data=data)

    async def _say(self, kind: str, **body: Any) -> None:
        if self._socket is not None:
            await self._socket.send(json.dumps({"type": kind, **body}))

    # What it is told

    async def _hear(self) -> None:
        async for raw in self._socket:
            now, before = time.monotonic(), self.view.handled
            found = json.loads(raw)
            for body in found if isinstance(found, list) else [found]:
                await self._take(body, now)
            if self.view.handled != before:
                number, host = self.view.handled.epoch
                seq = self.view.handled.seq
                await self._say("ack", channel=self.handle, epoch=number, host=host, seq=seq)
            await self._news.tell()
        raise ConnectionResetError

    async def _take(self, body: dict[str, Any], now: float) -> None:
        kind, view = body["type"], self.view
        if kind == "room":
            self._on_room(body)
        elif kind == "message":
            position = view.move(body)
            if position is not None:
                if not view.begun:
                    view.begun, view.start = True, position.seq - 1
                if body.get("to"):
                    self.whispers[body["id"]] = body["from"]
                else:
                    self.told[position] = (body["from"], body["id"])
                view.give(position, body["from"], body["id"])
                view.handled = position
        elif kind == "member":
            view.move(body)
            change = self.members.add if body["kind"] == "join" else self.members.discard
            change(body["peer"]["peerId"])
        elif kind == "latest":
            self.ages.append((body["from"], now - body["data"]["t"]))
            self.places[body["from"]] = body["data"]["x"]
        elif kind == "receipt" and "by" not in body:
            view.receipt(body["id"], body["stage"], body.get("seq"))
            if body["stage"] == "unknown" and body["id"] in self.unsettled:
                await self._submit(body["id"])
        elif kind in ("refused", "error") and "id" in body and body["code"] not in PASSING:
            view.refused(body["id"], body["code"])
        elif kind == "error":
            self.errors.append(body)
        elif kind == "rewound" and body["to"] < view.last:
            self._list(body["members"])
            view.cut(body["to"], body["runs"])
            await self._ask(view.question(body["to"]))
        elif kind == "gap":
            self._list(body["members"])
            view.cut(body["from"][2] if body["from"] else 0, body["runs"])
            view.begun, view.start = True, body["to"][2]
            await self._ask(view.question(0))

    def _on_room(self, body: dict[str, Any]) -> None:
        self.handle, self.row, view = body["channel"], body, self.view
        self._list(body.get("members", ()))
        if body["state"] == "left":
            view.end(body.get("code", ""))
            return
        before, view.state = view.state, body["state"]
        if view.state == "joining":
            return
        if before == "joining" and not view.begun:
            view.start = body["at"][2] if body["at"] else 0
        view.runs = Runs(Run(*run) for run in body["runs"])
        view.begun = True

    def _list(self, members: Iterable[dict[str, str]]) -> None:
        self.members = {one["peerId"] for one in members}

    async def _ask(self, message_ids: list[str]) -> None:
        for first in range(0, len(message_ids), MOST_ASKED):
            pending = {self.handle: message_ids[first : first + MOST_ASKED]}
            await self._say("subscribe", channels=[self.handle], pending=pending)
