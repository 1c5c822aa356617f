# SPDX-License-Identifier: MIT
"""What of a peer's gossip comes in, and what is kept of it: bounded, whatever is sent."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from libp2p.pubsub.pb import rpc_pb2
from libp2p.pubsub.pubsub import Pubsub
from libp2p.pubsub.rpc_queue import RpcQueue

from goop_node.p2p import limits
from goop_node.p2p.gossip_border import MalformedRPC, admit
from goop_node.p2p.gossip_bounds import BoundedGossipSub, Recent, Seen
from goop_node.p2p.pace import Pace
from goop_node.p2p.presence import TOPIC
from goop_node.p2p.pubsub import FaithfulPubsub

topics = st.sampled_from([TOPIC, "", "another", TOPIC + "\0", "x" * 5000])
sizes = st.sampled_from([0, 1, 40, 95, 96, 97, 16 * 1024, 16 * 1024 + 1, 60_000])
blobs = st.builds(bytes, sizes)
messages = st.builds(
    rpc_pb2.Message,
    from_id=blobs,
    seqno=blobs,
    data=blobs,
    topicIDs=st.lists(topics, max_size=3),
    signature=blobs,
    key=blobs,
)
ids = st.one_of(st.lists(blobs, max_size=3), st.just([b"id"] * 3000))
infos = st.builds(rpc_pb2.PeerInfo, peerID=blobs, signedPeerRecord=blobs)
controls = st.builds(
    rpc_pb2.ControlMessage,
    ihave=st.lists(st.builds(rpc_pb2.ControlIHave, topicID=topics, messageIDs=ids), max_size=3),
    iwant=st.lists(st.builds(rpc_pb2.ControlIWant, messageIDs=ids), max_size=3),
    graft=st.lists(st.builds(rpc_pb2.ControlGraft, topicID=topics), max_size=3),
    prune=st.lists(
        st.builds(
            rpc_pb2.ControlPrune,
            topicID=topics,
            peers=st.lists(infos, max_size=2),
            backoff=st.sampled_from([0, 60, 2**63, 2**64 - 1]),
        ),
        max_size=3,
    ),
    idontwant=st.lists(st.builds(rpc_pb2.ControlIDontWant, messageIDs=ids), max_size=2),
)
rpcs = st.builds(
    rpc_pb2.RPC,
    publish=st.lists(messages, max_size=3),
    subscriptions=st.lists(
        st.builds(rpc_pb2.RPC.SubOpts, subscribe=st.booleans(), topicid=topics), max_size=4
    ),
    control=st.none() | controls,
    senderRecord=blobs,
)


@given(rpcs)
def test_nothing_but_presence_within_its_bounds_comes_in(rpc: Any) -> None:
    taken = admit(rpc.SerializeToString())
    for message in taken.publish:
        assert list(message.topicIDs) == [TOPIC]
        assert len(message.data) <= limits.MESSAGE_BYTES
        assert message.ByteSize() <= limits.MESSAGE_BYTES + limits.ENVELOPE_BYTES
        assert len(message.from_id + message.seqno) <= limits.MESSAGE_ID_BYTES
    assert [one.topicid for one in taken.subscriptions] in ([], [TOPIC])
    assert not taken.HasField("senderRecord")
    control: Any = taken.control
    assert {one.topicID for one in (*control.ihave, *control.graft, *control.prune)} <= {TOPIC}
    for asked in (*control.ihave, *control.iwant):
        assert len(asked.messageIDs) <= limits.MESSAGE_IDS
        assert all(len(one) <= limits.MESSAGE_ID_BYTES for one in asked.messageIDs)
    for prune in control.prune:
        assert not prune.peers, "nobody is dialled on a peer's word"
        assert prune.backoff <= limits.BACKOFF_SECONDS
    assert max(map(len, (control.ihave, control.iwant, control.graft, control.prune))) <= 1
    assert not control.idontwant
    assert admit(taken.SerializeToString()) == taken


@given(st.binary(max_size=200) | st.sampled_from([b"\xff" * 40, b"\n\x06\x08\x01\x12\x02\xff\xfe"]))
def test_bytes_that_are_no_rpc_are_told_apart(frame: bytes) -> None:
    try:
        assert isinstance(admit(frame), rpc_pb2.RPC)
    except MalformedRPC:
        with pytest.raises((DecodeError, UnicodeError)):
            str(rpc_pb2.RPC.FromString(frame))


def test_what_belongs_to_presence_comes_in_unchanged() -> None:
    message = rpc_pb2.Message(
        from_id=b"f" * 38, seqno=b"s" * 8, data=b"{}", topicIDs=[TOPIC], signature=b"s" * 64
    )
    rpc = rpc_pb2.RPC(publish=[message])
    rpc.subscriptions.add(subscribe=True, topicid=TOPIC)
    rpc.control.iwant.add(messageIDs=[b"1", b"2"])
    rpc.control.graft.add(topicID=TOPIC)
    assert admit(rpc.SerializeToString()) == rpc


def test_the_newest_ids_are_known_again() -> None:
    seen = Seen()
    for number in range(limits.SEEN_MESSAGES + 100):
        assert seen.add(str(number).encode())
    assert len(seen) == limits.SEEN_MESSAGES
    assert not seen.has(b"99")
    assert seen.has(b"100")
    assert not seen.add(b"100")


@given(st.lists(st.sampled_from([10, 1000, 16_000]) | st.none(), max_size=300))
def test_recent_messages_keep_to_their_bytes(steps: list[int | None]) -> None:
    recent = Recent(3, 5)
    for number, size in enumerate(steps):
        if size is None:
            recent.shift()
            continue
        name = str(number).encode()
        recent.put(rpc_pb2.Message(from_id=name, data=bytes(size), topicIDs=[TOPIC]))
        assert sum(one.ByteSize() for one in recent.msgs.values()) <= limits.RECENT_BYTES
        assert len(recent.msgs) <= limits.RECENT_MESSAGES
    for _ in range(5):
        recent.shift()
    assert not recent.msgs


async def test_what_a_deaf_peer_does_not_take_is_dropped() -> None:
    router = BoundedGossipSub(protocols=[], degree=6, degree_low=4, degree_high=12)
    queue = RpcQueue()
    peer: Any = "peer"
    pubsub: Any = type("Pubsub", (), {"peer_queues": {peer: queue}})()
    router.pubsub = pubsub
    for _ in range(100):
        message = rpc_pb2.Message(data=bytes(limits.MESSAGE_BYTES), topicIDs=[TOPIC])
        router.send_rpc(peer, rpc_pb2.RPC(publish=[message]))
    waiting = [part.ByteSize() for part in queue._queue._non_priority]
    assert limits.QUEUE_BYTES / 2 < sum(waiting) <= limits.QUEUE_BYTES


@given(
    st.lists(st.tuples(st.integers(0, limits.RPC_BYTES), st.floats(0, 5)), min_size=1, max_size=50)
)
def test_a_pace_is_kept_by_waiting(steps: list[tuple[int, float]]) -> None:
    pace, now, spent = Pace(1000, 5000), 0.0, 0.0
    for cost, idle in steps:
        assert spent <= 5000 + now * 1000 + 0.01
        wait = pace.spend(cost, now)
        spent += cost
        now += wait + idle


def test_a_peer_that_connects_again_and_again_is_reached_for_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[Any] = []
    ended = trio.Event()

    async def reach(self: Any, peer_id: Any, timeout: Any = None) -> None:
        begun.append(peer_id)
        await ended.wait()

    monkeypatch.setattr(Pubsub, "_handle_new_peer_with_retry", reach)
    pubsub = FaithfulPubsub.__new__(FaithfulPubsub)
    pubsub._reaching = set()

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for peer in ("A", "A", "B", "A"):
                nursery.start_soon(pubsub._handle_new_peer_with_retry, peer)
            await trio.testing.wait_all_tasks_blocked()
            assert sorted(begun) == ["A", "B"]
            ended.set()
        assert not pubsub._reaching

    trio.run(main)
