# SPDX-License-Identifier: MIT
"""Signals: for what is worth something only now. Newest wins, never queued, never logged.

Of those that do not fit into a round the newest waits for the peer's answer.
"""

from __future__ import annotations

from goop_node.types import JsonValue
from goop_realtime.machine import fleeting, unlogged
from goop_realtime.machine.channel import Channel
from goop_realtime.machine.core import Core
from goop_realtime.machine.link import Link
from goop_realtime.machine.pages import listeners
from goop_realtime.model.effects import Frame
from goop_realtime.model.jsonio import MalformedJson, encode
from goop_realtime.model.limits import SIGNAL_BYTES
from goop_realtime.model.wire import Line, payload, serialise
from goop_realtime.types import Refusal


def send(core: Core, channel: Channel, data: JsonValue) -> Refusal | None:
    """Pass a page's signal on, if there is a link to pass it on."""
    encoded = encode(data)
    if len(encoded) > SIGNAL_BYTES:
        reason = f"a signal of {len(encoded)} bytes; at most {SIGNAL_BYTES} are taken"
        return Refusal(code="too_large", reason=reason)
    if channel.bucket is not None and not channel.bucket.take(core.now):
        return unlogged.TOO_FAST
    core.passed("signal", channel.id)
    for link in channel.links:
        if not _write(core, link, encoded):
            link.newest_signal = encoded
    return None


def answered(core: Core, link: Link) -> None:
    """The peer has answered: what waits for that may leave."""
    newest, link.newest_signal = link.newest_signal, b""
    if newest:
        _write(core, link, newest)


def _write(core: Core, link: Link, encoded: bytes) -> bool:
    line = Line(type="signal", group=link.channel.id, payload=payload(encoded))
    return fleeting.write(core, link, serialise(line))


def received(core: Core, link: Link, line: Line) -> None:
    """The other side's signal: to every page that follows the channel."""
    channel = link.channel
    try:
        data = line.value()
    except MalformedJson:
        return
    core.passed("signal", channel.id, source=link.member.peer)
    frame: JsonValue = {
        "type": "signal",
        "channel": channel.id,
        "from": link.member.peer,
        "data": data,
    }
    encoded = encode(frame)
    for page in listeners(core, channel):
        core.out.append(Frame(page.id, encoded, newest=channel.id, channel=channel.id))
