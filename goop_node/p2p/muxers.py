# SPDX-License-Identifier: MIT
"""What a secured connection is multiplexed by: yamux, on the way without trio where that can be."""

from __future__ import annotations

import logging
from collections.abc import Callable
from weakref import WeakSet

from libp2p.abc import IMuxedConn, ISecureConn
from libp2p.custom_types import TProtocol
from libp2p.peer.id import ID
from libp2p.protocol_muxer.exceptions import MultiselectError
from libp2p.stream_muxer.muxer_multistream import MuxerMultistream
from libp2p.stream_muxer.yamux.yamux import PROTOCOL_ID

from goop_node.p2p import limits
from goop_node.p2p.data_path.link import READ_BYTES
from goop_node.p2p.data_path.muxer import DirectYamux
from goop_node.p2p.data_path.takeover import Secured, Unknown
from goop_node.p2p.guarded_streams import BriefReads
from goop_node.p2p.guest_ticks import GuestTicks
from goop_node.p2p.held import Budget
from goop_node.p2p.yamux_guard import GuardedYamux

log = logging.getLogger(__name__)


class Muxers(MuxerMultistream):
    """Negotiates yamux, and no other muxer: the library would take its own class for it."""

    def __init__(self, lets_in: Callable[[str], bool], ticks: GuestTicks | None) -> None:
        """Without ``ticks``, all connections stay with the library."""
        super().__init__({TProtocol(PROTOCOL_ID): GuardedYamux})
        self.budget = Budget(limits.HELD_EACH, limits.HELD_ALL)
        self._lets_in = lets_in
        self._ticks = ticks
        self._buffer = bytearray(READ_BYTES)
        self._open: WeakSet[GuardedYamux | DirectYamux] = WeakSet()
        self._said = False

    async def new_conn(self, conn: ISecureConn, peer_id: ID) -> IMuxedConn:
        """The multiplexed connection over ``conn``. Raises for a peer that is not let in."""
        if not self._lets_in(peer_id.to_base58()):
            raise MultiselectError("not let in")
        brief: ISecureConn = BriefReads(conn)  # type: ignore[assignment]
        protocol, _ = await self._selector.select(brief, conn.is_initiator, self.negotiate_timeout)
        muxed = self._muxed(conn, peer_id)
        for known in self._open:
            if known.peer_id == peer_id:
                known.doubt()
        self._open.add(muxed)
        return self._annotate_connection(muxed, conn, protocol)

    def hang_up(self) -> None:
        """Close every socket that is not the library's, without a wait that could be cancelled."""
        for muxed in list(self._open):
            muxed.hang_up()

    def _muxed(self, conn: ISecureConn, peer_id: ID) -> GuardedYamux | DirectYamux:
        ticks = self._ticks
        if ticks is not None and ticks.watched:
            try:
                secured = Secured(conn)
            except Unknown as error:
                self._say(str(error))
            else:
                return DirectYamux(
                    conn, peer_id, secured, self.budget, self._share, ticks, self._buffer
                )
        return GuardedYamux(conn, peer_id, conn.is_initiator, self.budget, self._share)

    def _say(self, why: str) -> None:
        if not self._said:
            self._said = True
            words = "py-libp2p is not as known here (%s): connections stay with it, and are slower"
            log.warning(words, why)

    def _share(self) -> int:
        """How many streams a connection may have that its peer opens, by what is left for all."""
        free = limits.STREAMS - sum(len(muxed.streams) for muxed in self._open)
        return max(1, free // limits.SHARE_OF_STREAMS)
