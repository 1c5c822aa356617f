# SPDX-License-Identifier: MIT
"""What requests to ``/api/realtime`` say in their bodies."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from goop_realtime.machine.invitations import DEFAULT_TIMEOUT_MS
from goop_realtime.model.jsonio import MAX_INTEGER


class RequestBody(msgspec.Struct, rename="camel"):
    """``POST request``. ``timeout`` in milliseconds. ``unopened``: refused (``already_open``) where
    the answer would be a channel, or a request of one's own, that is there already.

    ``app``: the template that is meant, where a program asks without a context.
    """

    peer_id: str
    context: str = ""
    app: str = ""
    params: Any = None
    timeout: Annotated[int, msgspec.Meta(ge=1, le=MAX_INTEGER)] = DEFAULT_TIMEOUT_MS
    new: bool = False
    unopened: bool = False
    page: str = ""


class AcceptBody(msgspec.Struct, rename="camel"):
    """``POST accept``. ``template``: who is to have it, where home or a program accepts."""

    channel_id: str
    page: str = ""
    template: str = ""


class ChannelBody(msgspec.Struct, rename="camel"):
    """``POST close``, ``POST dismiss`` and ``POST leave``."""

    channel_id: str
    page: str = ""


class DeclineBody(msgspec.Struct, rename="camel"):
    """``POST decline``."""

    channel_id: str
    reason: str = "declined"


class SendBody(msgspec.Struct, rename="camel"):
    """``POST send``. ``to``: in a room, the one member that it is for."""

    channel_id: str
    data: Any
    id: str = ""
    to: str = ""
