# SPDX-License-Identifier: MIT
"""Others come and go, and open streams to a plugin that end at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import get_args, get_type_hints

from goop_node.findings import Finding, ok
from goop_node.gate.lone import OTHER
from goop_node.gate.subject import Subject
from goop_node.network import PeerEvent
from goop_node.plugins.callbacks import called

KINDS = get_args(get_type_hints(PeerEvent)["kind"])


class Stream:
    """A stream whose other end says nothing and goes."""

    peer_id = OTHER.peer_id
    queued = 0

    def __init__(self, protocol: str) -> None:
        self.protocol = protocol

    def start(self, on_lines: Callable[[list[bytes]], None], on_end: Callable[[str], None]) -> None:
        """It has ended."""
        end = partial(called, partial(on_end, "eof"), f"the end of a stream of {self.protocol}")
        asyncio.get_running_loop().call_soon(end)

    def write(self, line: bytes) -> None:
        """Nobody reads it."""

    def pause(self) -> None:
        """Nothing comes."""

    resume = close = reset = pause


async def look_at_streams(subject: Subject) -> AsyncIterator[Finding]:
    """Each protocol of the plugin gets a stream."""
    if not subject.first:
        return
    before = subject.faults
    every = subject.node.stream_handlers
    mine = [one.protocol for plugin, one in every if plugin == subject.plugin]
    for protocol in mine:
        # As the node made it: contained, and with whose it is.
        subject.node.p2p.handlers[protocol].handle(Stream(protocol))
    await subject.node.settle()
    if mine and subject.faults == before:
        yield ok("streams", f"streams that end at once: {', '.join(mine)}")


async def look_at_peers(subject: Subject) -> AsyncIterator[Finding]:
    """Everything that can become of a peer is told once."""
    if not subject.first:
        return
    before = subject.faults
    for kind in KINDS:
        subject.node.p2p.tell(PeerEvent(kind=kind, peer=OTHER))
    await subject.node.settle()
    hears = subject.node.code(subject.plugin, "goop_peer_changed") is not None
    if hears and subject.faults == before:
        yield ok("peers", f"it takes what becomes of a peer: {', '.join(KINDS)}")
