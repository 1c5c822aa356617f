# SPDX-License-Identifier: MIT
"""What the log of a room still holds, a portion at a time."""

from __future__ import annotations

import msgspec

from goop_node.problems import Problem
from goop_node.types import JsonValue
from goop_realtime.machine.history import MAX_BYTES, MAX_ENTRIES
from goop_realtime.model.jsonio import decode
from goop_realtime.rooms.fold import RunForm
from goop_realtime.rooms.positions import Run, Runs
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.rows import told_place


def history_page(room: Room, after: str, limit: int) -> dict[str, JsonValue]:
    """The messages behind ``after`` (``number:host:seq``, ``0::0`` for all), at most ``limit``.

    ``{messages: [{from, data, id, epoch, host, seq, sentAt, redelivered, to?}], start, next}``:
    ``start`` is the place where the log begins, and ``next`` the one behind which the following
    portion is, ``None`` at the end. Behind a place that was cut off comes what is there instead.
    Private messages of others are not in it. Raises ``Problem``.
    """
    number, _, rest = after.partition(":")
    host, _, seq = rest.rpartition(":")
    try:
        place = msgspec.convert((number, host, seq), RunForm, strict=False)
    except msgspec.ValidationError:
        reason = 'after: expected "number:host:seq", as 0::0'
        raise Problem(400, "bad_request", reason, "/after") from None
    if not 1 <= limit <= MAX_ENTRIES:
        raise Problem(400, "bad_request", f"limit: expected 1 to {MAX_ENTRIES}", "/limit")
    messages: list[JsonValue] = []
    size = 0
    upto: JsonValue = None
    for entry in room.log.after(room.fold.runs.fork(Runs([Run(*place)]))):
        if len(messages) == limit or (messages and size + len(entry.raw) > MAX_BYTES):
            break
        upto = None if entry.seq == room.log.last else told_place(entry.position)
        if entry.kind != "msg" or entry.withheld or not room.concerns_us(entry):
            continue
        size += len(entry.raw)
        row: dict[str, JsonValue] = {
            "from": entry.author,
            "data": decode(entry.raw),
            "id": entry.id,
            "epoch": entry.number,
            "host": entry.host,
            "seq": entry.seq,
            "sentAt": entry.at,
            "redelivered": entry.seq <= room.handed_out,
        }
        messages.append(row | {"to": entry.to} if entry.to else row)
    start = told_place(room.fold.runs.place(room.log.start))
    return {"messages": messages, "start": start, "next": upto}
