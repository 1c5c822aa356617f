# SPDX-License-Identifier: MIT
"""The endpoints below ``/api/realtime``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from urllib.parse import parse_qs

from litestar import Request, asgi, get, post
from litestar.params import FromQuery
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED
from litestar.types import Receive, Scope, Send

from goop_node.access import caller
from goop_node.clock import now_ms
from goop_node.problems import Problem
from goop_node.types import JsonValue, Route, Who
from goop_realtime.driver.bridge import Bridge
from goop_realtime.machine.pages import Page
from goop_realtime.machine.rights import Right
from goop_realtime.rooms.room import is_room
from goop_realtime.types import Refusal
from goop_realtime.web.answers import body_of, done, found, problem
from goop_realtime.web.bodies import (
    AcceptBody,
    ChannelBody,
    DeclineBody,
    RequestBody,
    SendBody,
)
from goop_realtime.web.event_streams import EventStream, Posted, take_frames
from goop_realtime.web.inspector_handlers import inspector_handlers
from goop_realtime.web.page_session import PageSession
from goop_realtime.web.room_handlers import room_handlers
from goop_realtime.web.sockets import PageSocket
from goop_realtime.web.turns import Turns

POSTED = "~"
"""Stands for the page in the ids of messages that are posted: no page can have it."""
WELCOME_MS = 15_000
"""Seconds an accept waits for the host's welcome."""


def routes(get_bridge: Callable[[], Bridge]) -> list[Route]:
    """The handlers; ``get_bridge`` gives the running bridge."""
    sessions: dict[str, PageSession] = {}
    turns = Turns()

    @get("/channels")
    async def channels(request: Request[Any, Any, Any]) -> list[dict[str, JsonValue]]:
        """The channels that the caller may see, and the requests that wait for an answer."""
        engine, who = get_bridge().engine, caller(request)
        return await turns.alone(lambda: engine.read.rows(who, now_ms()))

    @get("/running")
    async def what_runs(request: Request[Any, Any, Any]) -> list[dict[str, JsonValue]]:
        """What is running and what waits for the person, as far as the caller may see it."""
        engine, who = get_bridge().engine, caller(request)
        return await turns.alone(lambda: engine.read.running(who))

    @get("/contexts")
    async def contexts(request: Request[Any, Any, Any]) -> list[dict[str, JsonValue]]:
        """The contexts that the caller may use, with their schemas and limits."""
        engine, who = get_bridge().engine, caller(request)
        return await turns.alone(lambda: engine.read.contexts(who))

    @get("/trace")
    async def trace(
        request: Request[Any, Any, Any], channel: FromQuery[str] = ""
    ) -> list[dict[str, JsonValue]]:
        """The newest decisions: who refused, dropped or closed what, and why."""
        engine, who = get_bridge().engine, caller(request)
        return await turns.alone(lambda: engine.read.trace(who, channel))

    @post("/request", status_code=HTTP_201_CREATED, opt={"body": RequestBody})
    async def request_channel(request: Request[Any, Any, Any]) -> dict[str, JsonValue]:
        """Ask a peer for a channel. The outcome follows as a ``state`` frame."""
        body = await body_of(request, RequestBody)
        bridge = get_bridge()
        asked = bridge.engine.request(
            now_ms(),
            body.peer_id,
            body.context,
            body.params,
            body.timeout,
            new=body.new,
            caller=caller(request),
            app=body.app,
            unopened=body.unopened,
        )
        await bridge.stored("" if isinstance(asked, Refusal) else asked.id)
        return found(bridge.engine.read.row(found(asked).id, now_ms()))

    @post("/accept", status_code=HTTP_200_OK, opt={"body": AcceptBody})
    async def accept(request: Request[Any, Any, Any]) -> dict[str, JsonValue]:
        """Accept a request; answers when the opener has welcomed us."""
        body = await body_of(request, AcceptBody)
        bridge, who = get_bridge(), caller(request)
        accepted = bridge.engine.accept(now_ms(), body.channel_id, who, body.template)
        await bridge.stored(body.channel_id)
        channel_id, read = found(accepted).id, bridge.engine.read
        while read.joining(channel_id):
            before = now_ms()
            await bridge.changed(channel_id, WELCOME_MS)
            if read.joining(channel_id) and now_ms() - before >= WELCOME_MS:
                raise Problem(504, "timeout", "the other node did not answer; it is tried again")
        # Where each accepted the other's request, one of the two has become the other.
        channel = found(read.found(channel_id, who, Right.SEE))
        if channel.final:
            raise Problem(409, channel.close_code, channel.close_reason or "the request has ended")
        return found(read.row(channel.id, now_ms()))

    @post("/decline", status_code=HTTP_200_OK, opt={"body": DeclineBody})
    async def decline(request: Request[Any, Any, Any]) -> dict[str, JsonValue]:
        """Decline a request."""
        body = await body_of(request, DeclineBody)
        bridge = get_bridge()
        who = caller(request)
        refusal = bridge.engine.decline(now_ms(), body.channel_id, who, body.reason[:300])
        await done(bridge, body.channel_id, refusal)
        return {}

    @post(["/send", "/sendTo"], status_code=HTTP_200_OK, opt={"body": SendBody})
    async def send(request: Request[Any, Any, Any]) -> dict[str, JsonValue]:
        """Send a message, in a room to all or to one (``to``); answers when it is accepted."""
        body = await body_of(request, SendBody)
        bridge = get_bridge()
        page = Page(POSTED, caller(request), connected=False)
        channel, now, message_id = body.channel_id, now_ms(), body.id or None
        if is_room(channel):
            rooms = bridge.engine.rooms
            result = rooms.send(now, channel, page, message_id, body.data, body.to)
        elif body.to:
            raise Problem(400, "bad_request", "a channel has one other member", "/to")
        else:
            result = bridge.engine.send(now, channel, page, message_id, body.data)
        await bridge.stored(body.channel_id)
        if isinstance(result, Refusal):
            raise problem(result)
        return {"id": result}

    @post("/close", status_code=HTTP_200_OK, opt={"body": ChannelBody})
    async def close(request: Request[Any, Any, Any]) -> dict[str, JsonValue]:
        """Close a channel, or withdraw a request."""
        body = await body_of(request, ChannelBody)
        bridge = get_bridge()
        refusal = bridge.engine.close(now_ms(), body.channel_id, caller(request))
        await done(bridge, body.channel_id, refusal)
        return {}

    @post("/dismiss", status_code=HTTP_200_OK, opt={"body": ChannelBody})
    async def dismiss(request: Request[Any, Any, Any]) -> dict[str, JsonValue]:
        """Let go of a request that was missed."""
        body = await body_of(request, ChannelBody)
        bridge = get_bridge()
        refusal = bridge.engine.dismiss(now_ms(), body.channel_id, caller(request))
        await done(bridge, body.channel_id, refusal)
        return {}

    @asgi("/connect", copy_scope=True)
    async def connect(scope: Scope, receive: Receive, send: Send) -> None:
        """The WebSocket of pages."""
        if str(scope["type"]) != "websocket":
            raise Problem(426, "upgrade_required", "this address speaks WebSocket only")
        session = PageSession(get_bridge(), caller(scope), sessions, turns)
        await PageSocket(session, receive, send).run()

    @asgi("/events", copy_scope=True)
    async def events(scope: Scope, receive: Receive, send: Send) -> None:
        """The frames of a page that cannot open a WebSocket, as server-sent events."""
        if str(scope["type"]) != "http" or cast(Any, scope)["method"] != "GET":
            raise Problem(405, "method_not_allowed", "this address speaks server-sent events only")
        query = parse_qs(scope["query_string"].decode("latin-1"))
        session = PageSession(get_bridge(), caller(scope), sessions, turns)
        await EventStream(session, receive, send).run(query.get("page", [""])[0])

    @post("/frames", status_code=HTTP_200_OK, opt={"body": Posted})
    async def frames(request: Request[Any, Any, Any]) -> dict[str, JsonValue]:
        """Frames of a page whose own frames go out on ``events``."""
        await take_frames(sessions, caller(request), await request.body())
        await get_bridge().stored()
        return {}

    @get("/history")
    async def history(
        request: Request[Any, Any, Any],
        channel: FromQuery[str],
        after: FromQuery[str] = "",
        limit: FromQuery[int] = 100,
    ) -> dict[str, JsonValue]:
        """What the log of a channel or room still holds, in portions."""
        engine, who = get_bridge().engine, caller(request)
        source, start = (engine.rooms, "0::0") if is_room(channel) else (engine.read, "0:0")
        return found(await turns.alone(lambda: source.history(channel, who, after or start, limit)))

    @get("/snapshot")
    async def snapshot(
        request: Request[Any, Any, Any], channel: FromQuery[str]
    ) -> dict[str, JsonValue]:
        """What the Session of a channel or room comes to, and where in the log that is."""
        bridge, who = get_bridge(), caller(request)
        source = bridge.engine.rooms if is_room(channel) else bridge.engine.read
        told = await turns.alone(lambda: source.snapshot(channel, who))
        await bridge.stored(channel)
        return found(told)

    @get("/pending")
    async def pending(
        request: Request[Any, Any, Any],
        channel: FromQuery[str],
        after: FromQuery[str] = "",
        limit: FromQuery[int] = 100,
    ) -> dict[str, JsonValue]:
        """What this node's pages said and has no place in the log yet, in portions."""
        bridge, who = get_bridge(), caller(request)
        read = bridge.engine.read
        await bridge.stored(found(read.found(channel, who, Right.USE)).id)
        return found(await turns.alone(lambda: read.pending(channel, who, after, limit)))

    callers = {Who.HOME, Who.ANY_TEMPLATE, Who.PROGRAM}
    return [
        Route(
            handlers=[channels, what_runs, contexts, trace, history, snapshot, pending],
            callers=callers,
        ),
        Route(handlers=[request_channel, accept, decline, dismiss, send, close], callers=callers),
        Route(handlers=room_handlers(get_bridge, sessions, turns), callers=callers),
        Route(handlers=[connect, events, frames], callers=callers),
        Route(handlers=inspector_handlers(get_bridge, turns), callers={Who.HOME, Who.PROGRAM}),
    ]
