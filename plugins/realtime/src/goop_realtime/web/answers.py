# SPDX-License-Identifier: MIT
"""What the endpoints have in common: reading a body as its type, and refusals as problems."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from litestar import Request

from goop_node.problems import Problem
from goop_realtime.driver.bridge import Bridge
from goop_realtime.model.jsonio import MalformedJson, read
from goop_realtime.types import Refusal

Found = TypeVar("Found")

_UNFIT = {"invalid_message", "unknown_type", "invalid_params", "invalid_app", "bad_id"}
_STATUS = {
    "bad_request": 400,
    "permission_needed": 403,
    "blocked": 403,
    "not_friend": 403,
    "unknown_channel": 404,
    "unknown_context": 404,
    "undiscovered": 404,
    "too_fast": 429,
    "busy": 429,
    "outbox_full": 429,
    "too_large": 413,
    "plugin_missing": 503,
    "plugin_error": 500,
}


async def body_of(request: Request[Any, Any, Any], kind: type[Any]) -> Any:
    """The request's body as ``kind``: bounds first, then JSON, then its fields."""
    try:
        value = read(await request.body())
        return msgspec.convert(value, kind)
    except MalformedJson as error:
        raise Problem(400, error.code, error.reason) from None
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `$")
        pointer = path.rstrip("`").replace(".", "/")
        raise Problem(400, "bad_request", f"{pointer}: {reason}".lstrip(": "), pointer) from None


def problem(refusal: Refusal) -> Problem:
    """A refusal as the answer to a request."""
    status = 422 if refusal.code in _UNFIT else _STATUS.get(refusal.code, 409)
    return Problem(status, refusal.code, refusal.reason, refusal.pointer, refusal.more)


def found(result: Found | Refusal) -> Found:
    """What was asked for. Raises ``Problem`` for a refusal."""
    if isinstance(result, Refusal):
        raise problem(result)
    return result


async def done(bridge: Bridge, channel_id: str, refusal: Refusal | None) -> None:
    """Answer once what was done, or what the refusal rests on, is stored."""
    await bridge.stored(channel_id)
    if refusal is not None:
        raise problem(refusal)
