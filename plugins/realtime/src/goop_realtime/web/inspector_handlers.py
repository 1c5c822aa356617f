# SPDX-License-Identifier: MIT
"""The endpoints of the Inspector below ``/api/realtime/inspector``: for the person alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromQuery

from goop_node.problems import Problem
from goop_node.types import JsonValue
from goop_realtime.contexts.recording import Recording
from goop_realtime.driver.bridge import Bridge
from goop_realtime.inspector import made_tests
from goop_realtime.inspector.listing import Wanted, decisions_page, logs_page, values
from goop_realtime.inspector.replays import MAX_STEPS, Replays
from goop_realtime.model.jsonio import MAX_INTEGER
from goop_realtime.rooms.room import is_room
from goop_realtime.types import Refusal
from goop_realtime.web.answers import found
from goop_realtime.web.turns import Turns

MAX_ROWS = 1000
"""Of one answer."""
MAX_WANTED = 200
"""Characters of what is looked for."""
PYTHON = "text/x-python"


def inspector_handlers(get_bridge: Callable[[], Bridge], turns: Turns) -> list[Any]:
    """The handlers; ``get_bridge`` gives the running bridge."""

    def source(log_id: str, after: int) -> Recording | Refusal:
        engine = get_bridge().engine
        if is_room(log_id):
            return engine.rooms.recording(log_id, after)
        return engine.read.recording(log_id, after)

    replays = Replays(source)

    @get("/inspector/logs")
    async def logs(
        request: Request[Any, Any, Any],
        text: FromQuery[str] = "",
        peer: FromQuery[str] = "",
        plugin: FromQuery[str] = "",
        code: FromQuery[str] = "",
        offset: FromQuery[int] = 0,
        limit: FromQuery[int] = 100,
    ) -> dict[str, JsonValue]:
        """Every channel and room of this node, in portions: how it stands, what its log holds."""
        wanted = Wanted(text=text, peer=peer, plugin=plugin, code=code)
        asked = _portion(request, wanted, limit, offset=offset)
        engine = get_bridge().engine

        def page() -> dict[str, JsonValue]:
            every = [*engine.read.logs(), *engine.rooms.logs()]
            rows, total = logs_page(every, *asked)
            return {"self": engine.read.me, "rows": rows, "total": total, "all": len(every)}

        return await turns.alone(page)

    @get("/inspector/decisions")
    async def decisions(
        request: Request[Any, Any, Any],
        channel: FromQuery[str] = "",
        peer: FromQuery[str] = "",
        code: FromQuery[str] = "",
        hop: FromQuery[str] = "",
        plugin: FromQuery[str] = "",
        text: FromQuery[str] = "",
        after: FromQuery[int] = 0,
        limit: FromQuery[int] = 200,
    ) -> dict[str, JsonValue]:
        """The newest decisions, in portions: who refused, dropped or closed what, and why."""
        wanted = Wanted(channel=channel, peer=peer, code=code, hop=hop, plugin=plugin, text=text)
        asked = _portion(request, wanted, limit, after=after)
        read = get_bridge().engine.read

        def page() -> dict[str, JsonValue]:
            every, count, dropped = read.all_decisions()
            rows, following = decisions_page(every, *asked)
            return {
                "run": read.epoch,
                "rows": rows,
                "next": following,
                "count": count,
                "kept": len(every),
                "dropped": dropped,
                **{f"{key}s": values(every, key) for key in ("hop", "code", "plugin")},
            }

        return await turns.alone(page)

    @get("/inspector/replay")
    async def replay(
        channel: FromQuery[str], at: FromQuery[int] = 0, count: FromQuery[int] = 50
    ) -> dict[str, JsonValue]:
        """The log of a channel or room, folded once more step by step, in portions."""
        first, most = _number("at", at, 0), _number("count", count, 1, MAX_STEPS)
        return found(await replays.portion(channel, first, most))

    @get("/inspector/test", media_type=PYTHON)
    async def test(channel: FromQuery[str]) -> Response[bytes]:
        """The log of a channel or room as a file for pytest, which replays it."""
        made = found(await made_tests.made_of(found(source(channel, 0))))
        disposition = f'attachment; filename="{made.name}"'
        headers = {"content-disposition": disposition, "cache-control": "no-store"}
        return Response(made.source, media_type=PYTHON, headers=headers)

    return [logs, decisions, replay, test]


def _portion(
    request: Request[Any, Any, Any], wanted: Wanted, limit: int, **since: int
) -> tuple[Wanted, int, int]:
    """Which part of a list is asked for: what rows have to have, ``since`` where, how many.

    Raises ``Problem``, also for a field that there is not: a mistyped filter would show everything.
    """
    handler = request.route_handler.parsed_fn_signature.parameters
    known = {*handler} - {"request"}
    for name, _ in request.query_params.multi_items():
        if name not in known:
            reason = f"there is no field {name[:40]!r}; there are {', '.join(sorted(known))}"
            raise Problem(400, "bad_request", reason)
    for name, value in vars(wanted).items():
        if len(value) > MAX_WANTED:
            reason = f"{name}: expected at most {MAX_WANTED} characters"
            raise Problem(400, "bad_request", reason, f"/{name}")
    [(name, first)] = since.items()
    return wanted, _number(name, first, 0), _number("limit", limit, 1, MAX_ROWS)


def _number(name: str, value: int, least: int, most: int = MAX_INTEGER) -> int:
    """A number of the query. Raises ``Problem``."""
    if not least <= value <= most:
        upto = f"{least} to {most}" if most < MAX_INTEGER else f"{least} or more"
        raise Problem(400, "bad_request", f"{name}: expected {upto}", f"/{name}")
    return value
