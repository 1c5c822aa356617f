# SPDX-License-Identifier: MIT
"""The endpoints of rooms below ``/api/realtime``, but for what channels have, too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from litestar import Request, get, post
from litestar.params import FromQuery
from litestar.status_codes import HTTP_200_OK

from goop_node.access import caller
from goop_node.clock import now_ms
from goop_node.problems import Problem
from goop_node.types import Caller, JsonValue
from goop_realtime.driver.bridge import Bridge
from goop_realtime.machine.pages import Page
from goop_realtime.rooms.callers import JoinOptions
from goop_realtime.types import Refusal
from goop_realtime.web.answers import body_of, done, found
from goop_realtime.web.bodies import ChannelBody
from goop_realtime.web.page_session import PageSession
from goop_realtime.web.turns import Turns

JSON_LINES = "application/jsonl"
NEARBY_SECONDS = 0.4
"""How long the nodes nearby have to tell of their rooms."""


class JoinBody(JoinOptions, frozen=True, kw_only=True, rename="camel"):
    """``POST join``. ``room`` is what people join it by; ``page`` is to follow it."""

    room: str
    page: str = ""


def room_handlers(
    get_bridge: Callable[[], Bridge], sessions: dict[str, PageSession], turns: Turns
) -> list[Any]:
    """The handlers; ``sessions`` are the pages' connections by page id."""

    @post("/join", status_code=HTTP_200_OK, opt={"body": JoinBody})
    async def join(request: Request[Any, Any, Any]) -> dict[str, JsonValue]:
        """Be in a room, which is made where there is none. The outcome is a ``room`` frame."""
        body = await body_of(request, JoinBody)
        bridge, who = get_bridge(), caller(request)
        page = _page(sessions, body.page, who)
        row = bridge.engine.rooms.join(now_ms(), body.room, body, who, page)
        handle = "" if isinstance(row, Refusal) else str(row["channelId"])
        await bridge.stored(handle)
        found(row)
        return found(bridge.engine.rooms.row(handle, who))

    @post("/leave", status_code=HTTP_200_OK, opt={"body": ChannelBody})
    async def leave(request: Request[Any, Any, Any]) -> dict[str, JsonValue]:
        """Leave a room, for all pages of this node."""
        body = await body_of(request, ChannelBody)
        bridge = get_bridge()
        refusal = bridge.engine.rooms.leave(now_ms(), body.channel_id, caller(request))
        await done(bridge, body.channel_id, refusal)
        return {}

    @get("/rooms")
    async def known_rooms(
        request: Request[Any, Any, Any], context: FromQuery[str | None] = None
    ) -> list[dict[str, JsonValue]]:
        """The rooms that this node is in, as far as the caller may see them; with ``context``
        (a full name, or nothing for none) the open ones of it, here and nearby."""
        bridge, who = get_bridge(), caller(request)
        rooms = bridge.engine.rooms
        if context is None:
            return await turns.alone(lambda: rooms.rows(who))
        found(await turns.alone(lambda: rooms.nearby(now_ms(), who, context)))
        await bridge.stored()
        await asyncio.sleep(NEARBY_SECONDS)
        return found(await turns.alone(lambda: rooms.nearby(now_ms(), who, context)))

    @get("/transcript", media_type=JSON_LINES)
    async def transcript(request: Request[Any, Any, Any], channel: FromQuery[str]) -> bytes:
        """What this node still holds of a room's log, signatures and all, one entry a line."""
        bridge, who = get_bridge(), caller(request)
        await bridge.stored(channel)
        rooms = bridge.engine.rooms
        return found(await turns.alone(lambda: rooms.transcript(now_ms(), channel, who)))

    return [join, leave, known_rooms, transcript]


def _page(sessions: dict[str, PageSession], page_id: str, who: Caller) -> Page | None:
    """The caller's page of that id, if one is named. Raises ``Problem``."""
    if not page_id:
        return None
    session = sessions.get(page_id)
    if session is None or session.caller != who or session.page is None:
        raise Problem(409, "bad_page", "that page is not connected", "/page")
    return session.page
