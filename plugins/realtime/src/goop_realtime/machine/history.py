# SPDX-License-Identifier: MIT
"""What the log of a channel still holds, a portion at a time."""

from __future__ import annotations

import re

from goop_node.problems import Problem
from goop_node.types import JsonValue
from goop_realtime.machine.channel import Channel
from goop_realtime.model.jsonio import MAX_INTEGER, decode

MAX_ENTRIES = 500
MAX_BYTES = 1024 * 1024
"""Of one answer."""

_POSITION = re.compile(r"(\d{1,16}):(\d{1,16})")


def history_page(channel: Channel, after: str, limit: int) -> dict[str, JsonValue]:
    """The messages behind ``after`` (``epoch:seq``), at most ``limit`` of them.

    ``{messages: [{from, data, id, epoch, seq, sentAt, redelivered}], start, next}``: ``start``
    is the position where the log begins, and ``next`` the ``after`` of the following portion,
    ``None`` at the end. Raises ``Problem``.
    """
    match = _POSITION.fullmatch(after)
    if match is None or int(match[1]) > MAX_INTEGER or int(match[2]) > MAX_INTEGER:
        raise Problem(400, "bad_request", 'after: expected "epoch:seq", as 0:0', "/after")
    if not 1 <= limit <= MAX_ENTRIES:
        raise Problem(400, "bad_request", f"limit: expected 1 to {MAX_ENTRIES}", "/limit")
    messages: list[JsonValue] = []
    size = 0
    upto: JsonValue = None
    for entry in channel.log.after(int(match[2])):
        if len(messages) == limit or (messages and size + len(entry.raw) > MAX_BYTES):
            break
        upto = None if entry.position == channel.log.last else list(entry.position)
        if entry.kind != "msg":
            continue
        size += len(entry.raw)
        messages.append(
            {
                "from": entry.author,
                "data": decode(entry.raw),
                "id": entry.id,
                "epoch": entry.epoch,
                "seq": entry.seq,
                "sentAt": entry.at,
                "redelivered": entry.seq <= channel.handed_out,
            }
        )
    return {"messages": messages, "start": list(channel.log.start), "next": upto}
