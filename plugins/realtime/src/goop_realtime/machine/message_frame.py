# SPDX-License-Identifier: MIT
"""An entry of the log as pages are told it."""

from __future__ import annotations

from goop_realtime.machine.channel import Channel
from goop_realtime.model.effects import Entry
from goop_realtime.model.jsonio import encode


def message_frame(channel: Channel, entry: Entry, redelivered: bool) -> bytes:
    """The ``message`` frame of an entry; built by hand since its data is encoded already."""
    return (
        b'{"type":"message","channel":"%b","from":"%b","data":%b,"id":%b,"epoch":%d,"seq":%d,"sentAt":%d%b}'
        % (
            channel.id.encode(),
            entry.author.encode(),
            entry.raw,
            encode(entry.id),
            entry.epoch,
            entry.seq,
            entry.at,
            b',"redelivered":true' if redelivered else b"",
        )
    )
