# SPDX-License-Identifier: MIT
"""Whether 1.0.0 peers are there at all, and what is kept of those that do not answer.

Their group protocol lets a host ask twice a minute and a guest never, and only newer ones
answer. So they are asked beside it, as they ask each other: by opening a stream of a protocol
that all of them have. That is a sign of life of the process, whatever the answer is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from goop_node.groups import Membership
from goop_node.types import Network, NetworkError
from goop_realtime.goop2.go_link import GoLink

CONTENT_PROTOCOL = "/goop/content/1.0.0"
PULSE_SECONDS = 3.0
"""A link that has been silent for so long has its peer asked."""
ANSWER_MS = 5_000
"""How long a peer may take to answer: both make less than the 10 s after which a page knows."""


async def answers(network: Network, peer: str) -> bool:
    """Ask the peer for a sign of life."""
    try:
        stream = await network.open_stream(peer, [CONTENT_PROTOCOL], timeout_ms=ANSWER_MS)
    except NetworkError as error:
        return error.code == "unsupported"
    stream.reset()
    return True


async def lost(network: Network, link: GoLink) -> bool:
    """Wait until the link's peer is silent; False where the link ended before that."""

    def quiet() -> bool:
        return link.silent_ms >= PULSE_SECONDS * 1000 and not link.renewing

    while not link.over:
        await asyncio.sleep(PULSE_SECONDS)
        if link.over or not quiet():
            continue
        if not await answers(network, link.peer_id) and quiet():
            return not link.over
    return False


class Sleepers:
    """Memberships whose peer is silent, by channel. They are kept: it may only be frozen.

    A peer that gets a second join before it has seen the first one's end may stay deaf for
    good, and one that is invited again shows its person another channel. ``woken(channel,
    member)`` is called when the peer is heard again, ``ended(channel, code)`` when the
    membership itself ends.
    """

    def __init__(
        self,
        network: Network,
        woken: Callable[[str, Membership], None],
        ended: Callable[[str, str], None],
    ) -> None:
        self._network = network
        self._woken = woken
        self._ended = ended
        self._members: dict[str, tuple[Membership, list[bytes]]] = {}

    def __contains__(self, channel_id: str) -> bool:
        return channel_id in self._members

    def add(self, channel_id: str, member: Membership, waiting: list[bytes]) -> None:
        """Keep a membership that no link has any more, and its messages that still wait."""
        self._members[channel_id] = (member, waiting)

        def heard(author: str, message: bytes | None) -> None:
            self._wake(channel_id)
            member.on_message(author, message)

        def ended(code: str) -> None:
            self._members.pop(channel_id, None)
            self._ended(channel_id, code)

        member.on_message = heard
        member.on_end = ended

    async def rouse(self, channel_id: str) -> bool:
        """Ask the peer. Whether the membership is awake: it may have ended meanwhile."""
        kept = self._members.get(channel_id)
        if kept is None or not await answers(self._network, kept[0].peer_id):
            return False
        return self._wake(channel_id)

    def leave(self, channel_id: str) -> None:
        """The channel has ended: so does its membership."""
        kept = self._members.pop(channel_id, None)
        if kept is not None:
            member = kept[0]
            member.on_message = lambda author, message: None
            member.on_end = lambda code: None
            member.end()

    def _wake(self, channel_id: str) -> bool:
        kept = self._members.pop(channel_id, None)
        if kept is None:
            return False
        member, waiting = kept
        self._woken(channel_id, member)
        for message in waiting:
            member.on_message(member.peer_id, message)
        return True
