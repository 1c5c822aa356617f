# SPDX-License-Identifier: MIT
"""A farewell is waited for as long as somebody takes it, and a second at most."""

from __future__ import annotations

from typing import Any

import trio
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.peer.id import ID
from libp2p.pubsub.pb import rpc_pb2
from libp2p.pubsub.rpc_queue import RpcQueue
from trio.testing import MockClock

from goop_node.p2p import presence
from goop_node.p2p.dialler import ToldTCP
from goop_node.p2p.gossip import FAREWELL_SECONDS, Gossip
from goop_node.p2p.library_host import make_host
from goop_node.p2p.peers import PeerTable

PEERS = 20


class Wire:
    """A peer's stream: keeps what is written, each time after so many seconds."""

    def __init__(self, peer_id: ID, seconds: float) -> None:
        self.muxed_conn: Any = self
        self.peer_id = peer_id
        self.seconds = seconds
        self.told: list[str] = []

    async def write(self, data: bytes) -> None:
        await trio.sleep(self.seconds)
        rpc = rpc_pb2.RPC()
        rpc.ParseFromString(data[2:] if data[0] & 0x80 else data[1:])
        heard = [presence.parse(one.data, ID(one.from_id).to_base58()) for one in rpc.publish]
        self.told += [one.type for one in heard if one is not None]


def farewell_to(*seconds: float) -> tuple[list[Wire], float]:
    """Say farewell to peers that take so long for each message; and how long that took."""

    async def run() -> tuple[list[Wire], float]:
        pair = create_new_key_pair()
        host = make_host(pair, ToldTCP(), 1.0, lambda peer_id, protocol: True)
        gossip = Gossip(host, PeerTable(), lambda: "me", tuple)
        pubsub: Any = gossip._pubsub
        wires = [Wire(ID.from_pubkey(create_new_key_pair().public_key), one) for one in seconds]
        async with trio.open_nursery() as nursery:
            for wire in wires:
                pubsub.peer_queues[wire.peer_id] = queue = RpcQueue()
                pubsub.peers[wire.peer_id] = wire
                pubsub.peer_topics.setdefault(presence.TOPIC, set()).add(wire.peer_id)
                nursery.start_soon(pubsub.handle_sending_messages, wire.peer_id, wire, queue)
            began = trio.current_time()
            await gossip.farewell()
            took = trio.current_time() - began
            nursery.cancel_scope.cancel()
        return wires, took

    return trio.run(run, clock=MockClock(autojump_threshold=0))


def test_everybody_is_told_and_waited_for() -> None:
    wires, took = farewell_to(*(0.5 * n / PEERS for n in range(PEERS)))
    assert [wire.told for wire in wires] == [["offline"]] * PEERS
    assert took < FAREWELL_SECONDS


def test_who_takes_nothing_is_not_waited_for_longer() -> None:
    wires, took = farewell_to(1000.0, *[0.1] * PEERS)
    assert [wire.told for wire in wires] == [[], *[["offline"]] * PEERS]
    assert took == FAREWELL_SECONDS
