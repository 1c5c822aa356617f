# SPDX-License-Identifier: MIT
"""Somebody at a page, who talks all the time and writes down what they hear.

The page keeps to what docs/protocol.md asks of one: an id of its own, ids for its messages,
what the other page has not handled sent again on each socket, each message acknowledged. Every
message says which page sent it and its number there; so whoever hears them can tell what is
missing, doubled, or out of order.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from typing import Any

import websockets

from goop_node.testing import NodeProcess
from tests.faults.namespaces import connect

EVERY = 0.05
"""Seconds from one message to the next."""
MOST_UNSETTLED = 200


class Doubt(AssertionError):
    """A message was lost, doubled or out of order."""


class Document:
    """One page as long as it lives: what it has sent and how far it has heard."""

    _numbers = itertools.count(1)

    def __init__(self, who: str) -> None:
        self.id = f"{who}{next(self._numbers)}"
        self.sent = 0
        self.unsettled: dict[str, dict[str, Any]] = {}
        self.place: list[int] | None = None
        """Epoch and sequence number of the newest message heard."""


class Person:
    """A page, its sockets, and a ledger that outlives both."""

    def __init__(self, name: str, machine: str, node: NodeProcess) -> None:
        self.name = name
        self.page = Document(name)
        self.former: set[str] = set()
        """Own pages whose place another has taken."""
        self.heard: dict[str, int] = {}
        """By page that speaks: the number of its newest message."""
        self.accepted: dict[str, int] = {}
        """By own page: the newest number that the node has accepted."""
        self.connected = False
        self.channel = ""
        self._machine = machine
        self._node = node
        self._socket: Any = None
        self._talking = True
        self._reading = asyncio.Event()
        self._reading.set()
        self._news = asyncio.Condition()

    # What happens to a page

    def cut(self) -> None:
        """The WebSocket breaks."""
        if self._socket is not None:
            self._socket.transport.abort()

    def reload(self) -> None:
        """Another document takes the page's place; what it had not settled is forgotten."""
        self.former.add(self.page.id)
        self.page = Document(self.name)
        self.cut()

    def freeze(self) -> None:
        """The page does nothing, and does not read."""
        self._reading.clear()

    def thaw(self) -> None:
        """It goes on."""
        self._reading.set()

    def quiet(self) -> None:
        """Send nothing new from now on."""
        self._talking = False

    # Living

    async def live(self) -> None:
        """Be connected, again and again, until cancelled."""
        while True:
            try:
                made = await asyncio.to_thread(connect, self._machine, self._node.port)
                async with websockets.connect(
                    self._node.ws_url,
                    sock=made,
                    additional_headers=self._node.headers,
                    max_size=None,
                    ping_interval=None,
                ) as self._socket:
                    await self._subscribe()
                    async with asyncio.TaskGroup() as group:
                        group.create_task(self._talk(self.page))
                        group.create_task(self._hear(self.page))
            except* (OSError, websockets.WebSocketException, TimeoutError):
                pass
            self._socket = None
            await self._tell(connected=False)
            await asyncio.sleep(0.1)

    async def until(self, what: Any, seconds: float) -> None:
        """Wait until ``what()`` is true. Raises ``TimeoutError``."""
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(what)

    async def _tell(self, *, connected: bool | None = None) -> None:
        async with self._news:
            if connected is not None:
                self.connected = connected
            self._news.notify_all()

    async def _subscribe(self) -> None:
        page = self.page
        body: dict[str, Any] = {"type": "subscribe", "page": page.id, "ack": True}
        if page.place is not None:
            body["after"] = body["handled"] = {self.channel: page.place}
        await self._send(body)
        for message_id, data in list(page.unsettled.items()):
            await self._send(
                {"type": "send", "channel": self.channel, "id": message_id, "data": data}
            )

    async def _send(self, body: dict[str, Any]) -> None:
        await self._socket.send(json.dumps(body))

    async def _talk(self, page: Document) -> None:
        while page is self.page:
            await asyncio.sleep(EVERY)
            await self._reading.wait()
            if not self.channel or not self._talking or len(page.unsettled) >= MOST_UNSETTLED:
                continue
            page.sent += 1
            data = {"page": page.id, "n": page.sent, "at": time.monotonic()}
            page.unsettled[f"{page.id}-{page.sent}"] = data
            await self._send(
                {
                    "type": "send",
                    "channel": self.channel,
                    "id": f"{page.id}-{page.sent}",
                    "data": data,
                }
            )
        raise ConnectionResetError

    async def _hear(self, page: Document) -> None:
        while page is self.page:
            await self._reading.wait()
            body = json.loads(await self._socket.recv())
            await self._take(page, body)
        raise ConnectionResetError

    async def _take(self, page: Document, body: dict[str, Any]) -> None:
        kind = body["type"]
        if kind == "message":
            self.note(page, body)
            await self._send(
                {
                    "type": "ack",
                    "channel": body["channel"],
                    "epoch": body["epoch"],
                    "seq": body["seq"],
                }
            )
        elif kind == "receipt":
            self._settle(page, body)
        elif kind == "state" and body["channel"] == self.channel:
            if body["final"]:
                raise Doubt(f"{self.name}: the channel ended: {body}")
            await self._tell(connected=body["state"] == "connected")
            return
        elif kind in ("refused", "error", "gap"):
            raise Doubt(f"{self.name} was told {body}")
        await self._tell()

    def note(self, page: Document, body: dict[str, Any]) -> None:
        """Write a ``message`` frame into the ledger. Raises ``Doubt``."""
        place = [body["epoch"], body["seq"]]
        if page.place is not None and place <= page.place:
            raise Doubt(f"{page.id} hears {place} after {page.place}")
        page.place = place
        author, number = body["data"]["page"], body["data"]["n"]
        before = self.heard.get(author, 0)
        if number == before and body.get("redelivered"):
            return  # The page before this one died with it in hand, as far as the node knows.
        if before == 0 and author in self.former:
            # A new page hears all behind what was unread, also what its forerunner sent there.
            before = number - 1
        if number != before + 1 and not (number <= before and body.get("redelivered")):
            raise Doubt(f"{page.id} hears {author}'s {number} after {before}: {body}")
        self.heard[author] = max(before, number)

    def _settle(self, page: Document, body: dict[str, Any]) -> None:
        author, _, number = body["id"].rpartition("-")
        if body["stage"] in ("unknown", "lost"):
            raise Doubt(f"{page.id}: {body}")
        self.accepted[author] = max(self.accepted.get(author, 0), int(number))
        if body["stage"] == "handled":
            page.unsettled.pop(body["id"], None)
