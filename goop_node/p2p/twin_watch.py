# SPDX-License-Identifier: MIT
"""The streams on which runs of nodes introduce themselves; see ``twins.py``."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from goop_node.p2p.containment import warn
from goop_node.p2p.twins import MAX_LINE, MAX_LINES, PROTOCOL, OwnRun, Run, TwinBreach, Witness
from goop_node.types import LineStream, Network, NetworkError, PeerEvent, StreamHandler

log = logging.getLogger(__name__)

YIELDS = (
    "another node, which was started earlier, runs with this node's identity; this one has left "
    "the network. If its data folder is a copy, stop it, move identity.key away, and start it again"
)
STAYS = (
    "Another node, which was started later, ran with this node's identity, and has to leave the "
    "network. Was this data folder copied? Each node needs an identity.key of its own."
)

PAUSE_MIN = 1.0
PAUSE_MAX = 60.0
"""Seconds until a stream that ended is opened again, as long as the peer is connected."""


class TwinWatch:
    """Introduces this run to every connected peer, and is the witness of theirs."""

    def __init__(self, own: OwnRun, network: Network, found: Callable[[Run], None]) -> None:
        """``found`` is called when another node runs with our identity."""
        self._own = own
        self._network = network
        self._found = found
        self._introducing: dict[str, asyncio.Task[None]] = {}
        self._witness: dict[str, Witness[LineStream]] = {}

    @property
    def handler(self) -> StreamHandler:
        """What serves the protocol."""
        return StreamHandler(protocol=PROTOCOL, handle=self._serve, max_line=MAX_LINE)

    @property
    def twice(self) -> tuple[str, ...]:
        """The peers whose identity two nodes are using at this time."""
        return tuple(sorted(peer for peer, witness in self._witness.items() if witness.twice))

    def peer_changed(self, event: PeerEvent) -> None:
        """Introduce ourselves to who is connected."""
        peer_id = event.peer.peer_id
        if event.kind in ("connected", "disconnected") and peer_id in self._introducing:
            self._introducing.pop(peer_id).cancel()
        if event.kind == "connected":
            self._introducing[peer_id] = asyncio.create_task(self._introduce(peer_id))

    async def stop(self) -> None:
        """Introduce ourselves to nobody any more."""
        tasks = list(self._introducing.values())
        self._introducing.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _introduce(self, peer_id: str) -> None:
        pause = PAUSE_MIN
        while True:
            try:
                stream = await self._network.open_stream(peer_id, [PROTOCOL])
            except NetworkError as error:
                if error.code == "unsupported":
                    return
                log.debug("no introduction to %s: %s", peer_id, error)
            else:
                await self._talk(stream)
            await asyncio.sleep(pause)
            pause = min(pause * 2, PAUSE_MAX)

    async def _talk(self, stream: LineStream) -> None:
        """Introduce ourselves on a stream, and answer until it ends."""
        ended = asyncio.Event()

        def hear(line: bytes) -> None:
            answer = self._own.asked(line)
            if isinstance(answer, bytes):
                stream.write(answer)
            elif answer is not None:
                self._found(answer)

        stream.start(_within_bounds(stream, hear), lambda code: ended.set())
        try:
            stream.write(self._own.introduction())
            await ended.wait()
        finally:
            stream.reset()

    def _serve(self, stream: LineStream) -> None:
        """Be the witness of a run that introduces itself."""
        peer_id = stream.peer_id

        def hear(line: bytes) -> None:
            witness = self._witness.setdefault(peer_id, Witness(peer_id))
            before = witness.twice
            for one, words in witness.heard(stream, line):
                one.write(words)
            if witness.twice and not before:
                warn(peer_id, f"two nodes run with the identity {peer_id}: was a folder copied?")

        def end(code: str) -> None:
            witness = self._witness.get(peer_id)
            if witness is not None and witness.ended(stream):
                del self._witness[peer_id]

        stream.start(_within_bounds(stream, hear), end)


def _within_bounds(
    stream: LineStream, hear: Callable[[bytes], None]
) -> Callable[[list[bytes]], None]:
    """What takes the lines of a stream one by one, and resets it for what does not belong there."""
    count = 0

    def on_lines(lines: list[bytes]) -> None:
        nonlocal count
        count += len(lines)
        try:
            if count > MAX_LINES:
                raise TwinBreach("more lines than there is to say")
            for line in lines:
                hear(line)
        except TwinBreach as error:
            log.debug("a stream of %s with %s: %s", stream.protocol, stream.peer_id, error)
            stream.reset()

    return on_lines
