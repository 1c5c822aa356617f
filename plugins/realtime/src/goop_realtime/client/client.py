# SPDX-License-Identifier: MIT
"""A program's connection with a node: channels, rooms, requests, who is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import msgspec

from goop_realtime.client.channel import Channel
from goop_realtime.client.channel_conduit import ChannelConduit
from goop_realtime.client.endpoints import API, Address, Find, found_in
from goop_realtime.client.errors import GoopError
from goop_realtime.client.hub import Hub
from goop_realtime.client.obtaining import obtain
from goop_realtime.client.peers import Peers
from goop_realtime.client.protocol import frames
from goop_realtime.client.requests import OnEnded, OnRequest, Server
from goop_realtime.client.room import Room
from goop_realtime.client.room_conduit import RoomConduit
from goop_realtime.client.sending import json_of
from goop_realtime.client.values import OpenRoom

TIMEOUT = 60.0
"""Seconds that another person has to answer."""
LAST_SENDS = 5.0
"""Seconds that the node has to take what was sent, when the program leaves."""
PATIENCE = 10.0


class Client:
    """A program at a node. ``async with Client.from_data(DIR) as goop: …``

    What is true of a page of the SDK is true of it: messages are handed out once and in order,
    what was sent arrives, also when the node is restarted meanwhile. Channels and rooms outlive
    it: they are the node's. Handlers are functions or coroutine functions.
    """

    def __init__(self, find: Find) -> None:
        self._find = find
        self._at: Hub | None = None

    @classmethod
    def from_data(cls, data: str | Path) -> Self:
        """A program at the node that runs on that data folder, wherever it listens."""
        folder = Path(data)
        return cls(lambda: found_in(folder))

    @classmethod
    def at(cls, url: str, token: str) -> Self:
        """A program at the node of ``url`` (``http://127.0.0.1:8787``), with its token.

        Raises ``ValueError`` for what can be neither.
        """
        address = Address(url.rstrip("/"), token)
        return cls(lambda: address)

    async def __aenter__(self) -> Self:
        """Connect. Raises ``GoopError``: ``node_unreachable``, or why the node refuses us."""
        hub = Hub(self._find)
        hub.spawn(hub.line.run())
        try:
            async with asyncio.timeout(PATIENCE):
                await hub.line.when_ready()
        except TimeoutError:
            await hub.close(0)
            raise hub.line.reason or GoopError("node_unreachable") from None
        except BaseException:
            await hub.close(0)
            raise
        self._at = hub
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Go, once the node has taken what was sent, or after 5 s. Channels and rooms go on.

        Loops over messages end; whoever awaits anything else hears ``client_closed``.
        """
        hub, self._at = self._hub, None
        await hub.close(LAST_SENDS if error is None else 0)

    @property
    def _hub(self) -> Hub:
        if self._at is None:
            raise RuntimeError("this needs async with Client…")
        return self._at

    @property
    def peer_id(self) -> str:
        """One's own peer id."""
        return self._hub.peer_id

    @property
    def peers(self) -> Peers:
        """Who is there."""
        return Peers(self._hub.endpoints)

    @property
    def on_error(self) -> Callable[[GoopError], object] | None:
        """Called with errors of the node that belong to no channel."""
        return cast("Callable[[GoopError], object] | None", self._hub.on_error)

    @on_error.setter
    def on_error(self, handler: Callable[[GoopError], object] | None) -> None:
        self._hub.on_error = handler

    # Channels

    async def connect(
        self,
        peer_id: str,
        *,
        context: str = "",
        params: Any = None,
        app: str = "",
        timeout: float = TIMEOUT,
        since: str | None = None,
        new: bool = False,
    ) -> Channel:
        """Ask a peer for a channel; it is there when the other side has accepted.

        ``timeout`` in seconds. ``app``: the template that is meant, without a context.
        ``since="start"`` hands out everything that the log still holds. ``new``: a channel of its
        own, even when one with this peer and context is open. Raises ``GoopError``: ``declined``,
        ``timeout``, ``undiscovered``, …; whoever is cancelled meanwhile withdraws the request.
        """
        if since not in (None, "start"):
            raise ValueError(f'since: found {since!r}, expected "start"')
        json_of(params)
        hub = self._hub

        async def ask() -> ChannelConduit:
            before = hub.newest_state
            row = await hub.endpoints.post(
                f"{API}/request",
                peerId=peer_id,
                context=context,
                app=app,
                params=params,
                timeout=max(1, round(1000 * timeout)),
                page=hub.page,
                new=new,
            )
            return hub.answered(row, before)

        channel: Channel = await obtain(hub, ask, timeout)
        # It may have become part of another channel meanwhile.
        if since is not None:
            hub.conduits.channel(channel.id).rewind()
        return channel

    async def accept(self, channel_id: str, template: str | None = None) -> Channel:
        """Accept a request; ``template``: whose pages are to have the channel, too.

        Raises ``GoopError``.
        """
        return await self._hub.accept(channel_id, template)

    async def decline(self, channel_id: str, reason: str | None = None) -> None:
        """Decline a request, with words for the other person. Raises ``GoopError``."""
        await self._hub.decline(channel_id, reason)

    async def channels(self, context: str | None = None) -> list[Channel]:
        """The living channels of this node, of ``context`` and ``context_ID`` alone if it is said.

        For instance after this program was started anew. Raises ``GoopError``.
        """
        hub = self._hub
        await hub.line.when_ready()
        before = hub.newest_state
        answer = await hub.endpoints.get(f"{API}/channels")
        found = []
        for row in msgspec.convert(answer, list[dict[str, Any]]):
            told = frames.state_of(row)
            fits = context is None or f"{told.context}_".startswith(f"{context}_")
            if row.get("incoming") is not True and not told.final and fits:
                found.append(hub.answered(row, before).face())
        return found

    # Requests

    def serve(
        self, context: str, on_request: OnRequest, on_ended: OnEnded | None = None
    ) -> Callable[[], None]:
        """Requests for ``context`` and ``context_ID`` go to ``on_request``.

        ``on_ended`` is called with the request and how it ended. Call the result to stop. Raises
        ``GoopError`` (``already_served``).
        """
        return self._hub.requests.serve(context, Server(on_request, on_ended))

    @property
    def on_incoming(self) -> OnRequest | None:
        """Called with requests whose context nobody serves."""
        return self._hub.requests.rest.on_request

    @on_incoming.setter
    def on_incoming(self, handler: OnRequest | None) -> None:
        self._hub.requests.rest.on_request = handler
        self._hub.requests.hand()

    @property
    def on_incoming_ended(self) -> OnEnded | None:
        """Called with those, and how they ended."""
        return self._hub.requests.rest.on_ended

    @on_incoming_ended.setter
    def on_incoming_ended(self, handler: OnEnded | None) -> None:
        self._hub.requests.rest.on_ended = handler

    # Rooms

    async def join_room(
        self,
        room_id: str,
        *,
        max_peers: int | None = None,
        key: str | None = None,
        listed: bool | None = None,
        context: str | None = None,
        app: str | None = None,
        timeout: float = TIMEOUT,
    ) -> Room:
        """Join a room, or make it: by its name alone. It is there once this node is a member.

        ``max_peers`` (2 to 64, 8 unless told otherwise) counts where it has to be made; who does
        not know its ``key`` does not find it; one not ``listed`` is in nobody's ``rooms()``.
        ``app``: the template whose room it is, of one without a context. Raises ``GoopError``:
        ``full``, ``unknown_context``, ``contract_mismatch``, ``timeout``, …
        """
        hub = self._hub

        async def ask() -> RoomConduit:
            # What leaves just now would otherwise be what is joined.
            for room in hub.conduits.living_rooms():
                if room.name == room_id and room.refusal() is not None:
                    await room.close()
            row = await hub.endpoints.post(
                f"{API}/join",
                room=room_id,
                maxPeers=max_peers,
                key=key,
                listed=listed,
                context=context,
                app=app,
                page=hub.page,
            )
            told = frames.room_of(row)
            # Where frames have told of it already they say more than the answer.
            known = any(one.handle == told.channel for one in hub.conduits.living_rooms())
            conduit = hub.conduits.room(told.channel)
            if not known:
                conduit.tell_state(told)
            return conduit

        room: Room = await obtain(hub, ask, timeout)
        return room

    async def rooms(self, context: str = "") -> list[OpenRoom]:
        """Open rooms of a context nearby, as they are now. Raises ``GoopError``."""
        answer = await self._hub.endpoints.get(f"{API}/rooms", context=context)
        return [
            OpenRoom(row.room, row.title, row.members, row.max_peers, row.host)
            for row in msgspec.convert(answer, list[_OpenRoom])
        ]


class _OpenRoom(frames.Told, frozen=True):
    room: str
    title: str
    members: int
    max_peers: int
    host: str
