# SPDX-License-Identifier: MIT
"""Entries of a room's log as pages are told them."""

from __future__ import annotations

import msgspec

from goop_node.types import JsonValue
from goop_realtime.machine.pages import Page
from goop_realtime.model.jsonio import encode
from goop_realtime.model.message_ids import parsed
from goop_realtime.rooms.entries import Leaving, RoomEntry
from goop_realtime.rooms.room import Room
from goop_realtime.rooms.rooms import Shared


def message_frame(room: Room, entry: RoomEntry, again: bool) -> bytes:
    """The ``message`` frame; built by hand since its data is encoded already."""
    more = b',"to":"%b"' % entry.to.encode() if entry.to else b""
    more += b',"redelivered":true' if again else b""
    head = b'{"type":"message","channel":"%b","from":"%b","data":%b,"id":%b' % (
        room.handle.encode(),
        entry.author.encode(),
        entry.raw,
        encode(entry.id),
    )
    place = b',"epoch":%d,"host":"%b","seq":%d,"sentAt":%d%b}' % (
        entry.number,
        entry.host.encode(),
        entry.seq,
        entry.at,
        more,
    )
    return head + place


def member_frame(sh: Shared, room: Room, entry: RoomEntry) -> dict[str, JsonValue]:
    """The ``member`` frame of who has come or gone."""
    label = room.fold.members.get(entry.author) or sh.core.label_of(entry.author)
    body: dict[str, JsonValue] = {
        "type": "member",
        "channel": room.handle,
        "kind": entry.kind,
        "peer": {"peerId": entry.author, "peerLabel": label},
        "epoch": entry.number,
        "host": entry.host,
        "seq": entry.seq,
    }
    if entry.kind == "leave" and msgspec.json.decode(entry.raw, type=Leaving).lost:
        body["lost"] = True
    return body


def is_own(sh: Shared, page: Page, entry: RoomEntry) -> bool:
    """Whether the page itself sent it. Another node's page may have the same id."""
    return entry.author == sh.me and parsed(entry.id).page == page.id
