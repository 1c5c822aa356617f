# SPDX-License-Identifier: MIT
"""What the node tells of a log beside what it brings: the past, the state, what is on its way."""

from __future__ import annotations

from typing import Any

import msgspec

from goop_realtime.client.endpoints import API, Endpoints
from goop_realtime.client.protocol.frames import Latest, Message, Place, Told, Volatile
from goop_realtime.client.values import Message as Past
from goop_realtime.client.values import Meta, Pending, Snapshot

PORTION = 500
"""Messages in one answer; the node gives no more."""


class _Row(Told, frozen=True):
    sender: str = msgspec.field(name="from")
    data: Any
    id: str
    seq: int
    sent_at: int
    redelivered: bool = False
    to: str = ""


class _Page(Told, frozen=True):
    messages: list[_Row]
    next: list[int | str] | None = None


class _Snapshot(Told, frozen=True):
    state: Any
    position: Place


class _PendingRow(Told, frozen=True):
    id: str
    data: Any
    sent_at: int


class _Pending(Told, frozen=True):
    messages: list[_PendingRow]
    next: str | None = None


def meta_of(told: Message | _Row | Latest | Volatile) -> Meta:
    """What is told beside a message."""
    match told:
        case Latest():
            return Meta("", 0, told.sent_at, told.sender, delivery="latest")
        case Volatile():
            return Meta("", 0, told.sent_at, told.sender, delivery="volatile")
    to = told.to or None
    return Meta(told.id, told.seq, told.sent_at, told.sender, told.redelivered, to=to)


async def history(endpoints: Endpoints, channel: str, start: str) -> list[Past]:
    """What the log still holds behind ``start``. Raises ``GoopError``."""
    past: list[Past] = []
    after: str | None = start
    while after is not None:
        answer = await endpoints.get(f"{API}/history", channel=channel, after=after, limit=PORTION)
        told = msgspec.convert(answer, _Page)
        past += [Past(row.data, meta_of(row)) for row in told.messages]
        after = ":".join(map(str, told.next)) if told.next else None
    return past


async def pending(endpoints: Endpoints, channel: str) -> list[Pending]:
    """What has no place in the log yet. Raises ``GoopError``."""
    waiting: list[Pending] = []
    after: str | None = ""
    while after is not None:
        answer = await endpoints.get(f"{API}/pending", channel=channel, after=after, limit=PORTION)
        told = msgspec.convert(answer, _Pending)
        waiting += [Pending(row.id, row.data, row.sent_at) for row in told.messages]
        after = told.next
    return waiting


async def snapshot(endpoints: Endpoints, channel: str) -> Snapshot:
    """What the context makes of the log. Raises ``GoopError``."""
    told = msgspec.convert(await endpoints.get(f"{API}/snapshot", channel=channel), _Snapshot)
    return Snapshot(told.state, told.position)
