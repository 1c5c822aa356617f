# SPDX-License-Identifier: MIT
"""Requests of other nodes that wait for an answer, and who of this program answers which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from goop_realtime.client.channel import Channel
from goop_realtime.client.errors import GoopError
from goop_realtime.client.outcomes import call
from goop_realtime.client.protocol.frames import Incoming

OnRequest = Callable[["Request"], object]
OnEnded = Callable[["Request", str], object]
"""Called with the request and how it ended: accepted, declined, cancelled, expired, …"""


class Answers(Protocol):
    """Who carries answers out."""

    async def accept(self, channel_id: str, template: str | None = None) -> Channel:
        """See ``Request.accept``."""

    async def decline(self, channel_id: str, reason: str | None = None) -> None:
        """See ``Request.decline``."""


@dataclass(frozen=True)
class Request:
    """Somebody asks for a channel. ``expires_in`` is in seconds, as of when it arrived here.

    ``app`` is the template that asks, of a request without a context; ``terms`` is what it
    proposes, in words of the context.
    """

    channel_id: str
    peer_id: str
    peer_label: str
    context: str
    app: str
    params: Any
    title: str | None
    terms: str
    expires_in: float | None
    _answers: Answers = field(repr=False, compare=False)

    async def accept(self) -> Channel:
        """The channel, once the other side has welcomed us. Raises ``GoopError``."""
        return await self._answers.accept(self.channel_id)

    async def decline(self, reason: str | None = None) -> None:
        """Say no, with words for the other person. Raises ``GoopError``."""
        await self._answers.decline(self.channel_id, reason)


@dataclass(eq=False)
class Server:
    """Who takes requests."""

    on_request: OnRequest | None = None
    on_ended: OnEnded | None = None


@dataclass(eq=False)
class _Waiting:
    request: Request
    connection: int
    server: Server | None = None


class Requests:
    """Those that wait. ``shown`` tells the node that one is being looked at."""

    def __init__(
        self, answers: Answers, shown: Callable[[str], object], spawn: Callable[[Any], object]
    ) -> None:
        self._answers = answers
        self._shown = shown
        self._spawn = spawn
        self._servers: dict[str, Server] = {}
        self.rest = Server()
        """Where everything goes that nobody serves."""
        self._waiting: dict[str, _Waiting] = {}

    def serve(self, context: str, server: Server) -> Callable[[], None]:
        """Give it the requests of a context; what is returned ends that. Raises ``GoopError``."""
        if context in self._servers:
            raise GoopError("already_served", f'"{context}" is served already')
        self._servers[context] = server
        self.hand()

        def stop() -> None:
            if self._servers.get(context) is server:
                del self._servers[context]

        return stop

    def add(self, told: Incoming, connection: int) -> None:
        """The node tells of a request, over that connection."""
        known = self._waiting.get(told.channel)
        if known is not None:
            known.connection = connection
            if known.server is not None:
                self._shown(told.channel)  # a new connection: the node asks anew
            return
        request = Request(
            channel_id=told.channel,
            peer_id=told.peer_id,
            peer_label=told.peer_label,
            context=told.context,
            app=told.app,
            params=told.params,
            title=told.title,
            terms=told.terms,
            expires_in=None if told.expires_in is None else told.expires_in / 1000,
            _answers=self._answers,
        )
        self._waiting[told.channel] = _Waiting(request, connection)
        self.hand()

    def hand(self) -> None:
        """Give each request that waits to whoever serves it now."""
        for waiting in list(self._waiting.values()):
            if waiting.server is not None:
                continue
            server = waiting.server = self._server_of(waiting.request.context)
            if server is not None:
                self._shown(waiting.request.channel_id)
                self._spawn(call("on_request", server.on_request, waiting.request))

    def end(self, channel_id: str, code: str) -> None:
        """A request has ended."""
        waiting = self._waiting.pop(channel_id, None)
        if waiting is not None and waiting.server is not None:
            self._spawn(call("on_ended", waiting.server.on_ended, waiting.request, code))

    def older_than(self, connection: int) -> list[str]:
        """The ids of those that the node has not told of over that connection."""
        return [one for one, waiting in self._waiting.items() if waiting.connection < connection]

    def _server_of(self, context: str) -> Server | None:
        fits = [one for one in self._servers if context == one or context.startswith(f"{one}_")]
        if fits:
            return self._servers[max(fits, key=len)]
        return self.rest if self.rest.on_request is not None else None
