# SPDX-License-Identifier: MIT
"""Channels with Goop² peers that speak 1.0.0 only: their groups, and virtual links.

The engine hosts, asks and joins as always. What it wants sent to such a peer is translated here,
and each membership becomes a link of its own kind (see ``go_link``). Those peers have no
contexts, no log and no answer to an invitation but the join; a peer that joins by itself is no
person's consent.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from secrets import token_hex
from typing import Any

from goop_node.groups import GROUP_PROTOCOL, INVITE_PROTOCOL, Groups, Membership
from goop_node.types import LineStream, Network, NetworkError
from goop_realtime.engine.door import Engine
from goop_realtime.goop2.best_effort import Virtual, VirtualGuest, VirtualHost
from goop_realtime.goop2.go_absent import Absent
from goop_realtime.goop2.go_doors import Doors, Ears
from goop_realtime.goop2.go_invitations import Invited, invitation
from goop_realtime.goop2.go_joining import REFUSALS, join
from goop_realtime.goop2.go_link import GoLink
from goop_realtime.goop2.go_pulse import Sleepers, lost
from goop_realtime.goop2.go_renewal import CLEAN, keep_heard
from goop_realtime.machine.channel import BEST_EFFORT, Phase
from goop_realtime.machine.liveness import Wait
from goop_realtime.machine.reading import ChannelView
from goop_realtime.model.effects import OpenLink, SendControl
from goop_realtime.model.wire import Line, serialise

log = logging.getLogger(__name__)


class GoPeers:
    """The 1.0.0 side of one node's bridge."""

    def __init__(self, network: Network, engine: Engine, doors: Doors) -> None:
        self._network = network
        self._engine = engine
        self._read = engine.read
        self._doors = doors
        self._groups = Groups(network, self._note)
        self._links: dict[str, GoLink] = {}
        self._sleepers = Sleepers(network, self._member, self._ended_asleep)
        self._absent = Absent(self._gone)
        self._invited = Invited(engine, doors)
        self._unsure: set[str] = set()
        """Channels whose host may still hold a membership of ours that is over."""
        engine.watch(self._waits)
        for channel in self._read.channels():
            if channel.delivery == BEST_EFFORT and not channel.final:
                if channel.hosted:
                    self._host(channel)
                self._membership_ended(channel, "lost")

    def _note(self, code: str, group: str, detail: str) -> None:
        self._engine.note(self._doors.now(), "peer", code, group, detail)

    def _waits(self) -> Iterator[Wait]:
        for channel_id, link in self._links.items():
            yield from link.waits(channel_id)

    # Streams that peers open

    def inbound(self, protocol: str, stream: LineStream) -> bool:
        """Take an inbound stream, if it is one of 1.0.0."""
        if protocol == GROUP_PROTOCOL:
            self._groups.inbound(stream)
        elif protocol == INVITE_PROTOCOL:
            peer = stream.peer_id
            self._groups.inbound_invite(
                stream, lambda invite: self._doors.spawn(self._invited.take(peer, invite))
            )
        else:
            return False
        return True

    # What the engine wants sent

    def takes(self, action: SendControl) -> bool:
        """Take a line outside any link, if it concerns a channel with a 1.0.0 peer."""
        channel = self._read.channel(action.line.group)
        if channel is None or channel.delivery != BEST_EFFORT or action.peer != channel.peer:
            return False
        if action.line.type == "poke" and channel.id in self._sleepers:
            self._doors.spawn(self._rouse(channel.id))
        elif action.line.type == "poke" and self._absent.may_invite(channel.id):
            self._doors.spawn(self._invite_again(channel))
        return True

    def invite(self, stream: LineStream, line: Line) -> bool:
        """Use a fresh stream for the engine's invitation, if the peer took it for 1.0.0's."""
        if stream.protocol != INVITE_PROTOCOL:
            return False
        channel = self._read.channel(line.group)
        if channel is None or channel.phase is not Phase.ASKING or channel.id in self._links:
            stream.reset()
            return True
        if channel.delivery != BEST_EFFORT:
            self._engine.best_effort(self._doors.now(), channel.id)
            self._host(channel)
            # The group stands, and is committed, before its invitation leaves.
            self._doors.flush()
            self._groups.invite(stream, invitation(channel.id, self._read.me))
        else:
            stream.reset()
        return True

    async def _rouse(self, channel_id: str) -> None:
        await self._sleepers.rouse(channel_id)

    async def _invite_again(self, channel: ChannelView) -> None:
        try:
            stream = await self._network.open_stream(channel.peer, [INVITE_PROTOCOL])
        except NetworkError as error:
            self._note(error.code, channel.id, "inviting again failed")
            self._absent.ended(channel.id, error.code)
            return
        if self._over(channel.id) or channel.id in self._links:
            stream.reset()
        else:
            self._groups.invite(stream, invitation(channel.id, self._read.me))

    # Links

    def _host(self, channel: ChannelView) -> None:
        self._groups.host(
            channel.id,
            name=f"rt:{channel.id}",
            invited=(channel.peer,),
            on_member=lambda member: self._member(channel.id, member),
        )

    def _member(self, channel_id: str, member: Membership) -> None:
        """A membership has begun, or its peer is heard again."""
        channel = self._read.channel(channel_id)
        if channel is None:
            member.end()
        elif channel.hosted:
            self._guest_joined(channel, member)
        else:
            self._welcomed(channel, member)

    def _guest_joined(self, channel: ChannelView, member: Membership) -> None:
        self._absent.back(channel.id)
        virtual = VirtualGuest(channel.id, **self._virtual(channel))
        link = self._link(channel, member, virtual)
        # What was written to the peer is what it has; nothing more is known.
        join = virtual.join(channel.handled_there)
        self._engine.joined(self._doors.now(), link, channel.peer, join)
        self._doors.step()

    def takes_link(self, action: OpenLink) -> bool:
        """Open the link of a channel that a 1.0.0 peer hosts, if it is one."""
        channel = self._read.channel(action.channel)
        if channel is None or channel.delivery != BEST_EFFORT:
            return False
        self._doors.spawn(self._answer(channel.id))
        return True

    async def _answer(self, channel_id: str) -> None:
        """Find the link that the engine asks for; it is answered however that ends."""
        try:
            code = await self._find(channel_id)
        except Exception:
            log.exception("no link for channel %s", channel_id)
            code = "failed"
        channel = self._read.channel(channel_id)
        if channel is not None and channel.opening:
            self._engine.link_failed(self._doors.now(), channel_id, code)
        self._doors.step()

    async def _find(self, channel_id: str) -> str:
        """Wake the membership that sleeps, or begin one; the code of what went wrong, if it did."""
        if channel_id in self._sleepers:
            return "" if await self._sleepers.rouse(channel_id) else "silent"
        channel = self._read.channel(channel_id)
        return "closed" if channel is None else await self._join(channel)

    async def _join(self, channel: ChannelView) -> str:
        """Join the peer's group; the code of what went wrong, if it did."""
        try:
            await join(
                self._groups,
                self._network,
                channel.peer,
                channel.id,
                lambda member: self._member(channel.id, member),
                lambda: not self._over(channel.id),
            )
        except NetworkError as error:
            code = REFUSALS.get(error.code)
            if code is not None:
                agreed = (now := self._read.channel(channel.id)) and now.phase is Phase.OPEN
                self._closed_there(channel, "lost" if code == "expired" and agreed else code)
            return error.code
        return ""

    def _welcomed(self, channel: ChannelView, member: Membership) -> None:
        virtual = VirtualHost(channel.id, **self._virtual(channel))
        number = self._link(channel, member, virtual)
        self._engine.link_opened(self._doors.now(), channel.id, number)
        self._doors.step()
        link = self._links.get(channel.id)
        if channel.id in self._unsure and link is not None:
            self._doors.spawn(self._keep_heard(channel, link))

    async def _keep_heard(self, channel: ChannelView, link: GoLink) -> None:
        if await keep_heard(link, partial(self._groups.join, channel.peer, channel.id)):
            self._unsure.discard(channel.id)

    def _closed_there(self, channel: ChannelView, code: str) -> None:
        line = Line(type="close", group=channel.id, code=code)
        self._engine.control(self._doors.now(), channel.peer, line)

    async def _watch(self, channel_id: str, link: GoLink) -> None:
        """Let a link go whose peer is silent, and keep its membership while it has a channel."""
        if await lost(self._network, link):
            self._sleepers.add(channel_id, *link.let_go())
            if self._over(channel_id):
                self._sleepers.leave(channel_id)

    def _ended_asleep(self, channel_id: str, code: str) -> None:
        channel = self._read.channel(channel_id)
        if channel is not None and code == "closed" and not channel.hosted:
            self._closed_there(channel, "closed")
        elif channel is not None and code != "replaced":
            self._membership_ended(channel, code)
        self._doors.step()
        self.changed(channel_id)

    def _membership_ended(self, channel: ChannelView, code: str) -> None:
        """With the ``code`` is known what becomes of the peer, and what it may still believe."""
        if channel.hosted:
            self._absent.ended(channel.id, code)
        elif code not in CLEAN and code != "silent":
            self._unsure.add(channel.id)

    def _gone(self, channel_id: str) -> None:
        """A guest has left for good."""
        channel = self._read.channel(channel_id)
        if channel is not None and channel_id not in self._links:
            self._closed_there(channel, "closed")
            self._doors.step()

    def _virtual(self, channel: ChannelView) -> dict[str, Any]:
        return {
            "peer": channel.peer,
            "prefix": f"g{token_hex(8)}",
            "message_bytes": channel.limits.message_bytes,
            "unread": self._read.unread(channel.id),
        }

    def _link(self, channel: ChannelView, member: Membership, virtual: Virtual) -> int:
        limits = channel.limits
        channel_id, number = channel.id, 0

        def lines(batch: list[Line]) -> None:
            self._engine.lines(self._doors.now(), number, [serialise(line) for line in batch])
            self._doors.step()

        def ended(code: str) -> None:
            if self._links.get(channel_id) is link:
                del self._links[channel_id]
                self._membership_ended(channel, code)
            self._doors.ended(number, code)
            self.changed(channel_id)

        link = GoLink(
            member,
            virtual,
            Ears(
                lines=lines,
                refused=lambda code, detail: self._note(code, channel_id, detail),
                ended=ended,
                now=self._doors.now,
                final=lambda: self._over(channel_id),
            ),
            hosted=channel.hosted,
            rate=limits.rate,
            burst=limits.burst,
        )
        self._links[channel_id] = link
        number = self._doors.adopt(link)
        self._doors.spawn(self._watch(channel_id, link))
        return number

    def _over(self, channel_id: str) -> bool:
        channel = self._read.channel(channel_id)
        return channel is None or channel.final

    def changed(self, channel_id: str) -> None:
        """A channel's state changed: one that has ended needs no group any more."""
        channel = self._read.channel(channel_id)
        if channel is not None and (not channel.final or channel.delivery != BEST_EFFORT):
            return
        link = self._links.get(channel_id)
        if link is None:
            self._absent.back(channel_id)
            self._unsure.discard(channel_id)
            self._sleepers.leave(channel_id)
            self._groups.close(channel_id)
        elif channel is not None and not channel.closed_by_log:
            link.close()

    def close(self) -> None:
        """Stop: every stream ends, the channels stay."""
        self._absent.stop()
        self._groups.stop()
