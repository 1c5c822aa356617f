# SPDX-License-Identifier: MIT
"""RPCs of GossipSub by their grammar, every field with the extremes of its type."""

from __future__ import annotations

import random
from collections.abc import Callable

from libp2p.pubsub.pb import rpc_pb2

from goop_node.p2p.presence import TOPIC
from tests.hostile.extremes import blob, damaged, number, text

Signed = Callable[[bytes], rpc_pb2.Message]
"""Makes a message of the sender's own on the topic."""


def rpc(rng: random.Random, signed: Signed) -> bytes:
    """One RPC as bytes, without the length that stands before it."""
    found = rpc_pb2.RPC()
    for _ in range(rng.choice([0, 1, 3])):
        found.subscriptions.add(subscribe=rng.random() < 0.7, topicid=_topic(rng))
    for _ in range(rng.choice([0, 1, 1, 5])):
        found.publish.append(_message(rng, signed))
    if rng.random() < 0.6:
        _control(rng, found.control)
    if rng.random() < 0.3:
        found.senderRecord = blob(rng)
    data = found.SerializePartialToString()
    return damaged(rng, data) if rng.random() < 0.4 else data


def _topic(rng: random.Random) -> str:
    return TOPIC if rng.random() < 0.6 else text(rng)


def _message(rng: random.Random, signed: Signed) -> rpc_pb2.Message:
    message = signed(blob(rng))
    for field in rng.sample(["from_id", "data", "seqno", "signature", "key"], rng.randint(0, 2)):
        setattr(message, field, blob(rng))
    if rng.random() < 0.3:
        del message.topicIDs[:]
        message.topicIDs.extend(_topic(rng) for _ in range(rng.choice([0, 2, 20])))
    return message


def _control(rng: random.Random, control: rpc_pb2.ControlMessage) -> None:
    ids = [blob(rng) for _ in range(rng.choice([0, 1, 50]))]
    for part in rng.sample(["ihave", "iwant", "graft", "prune", "idontwant"], rng.randint(0, 5)):
        if not hasattr(control, part):
            continue
        one = getattr(control, part).add()
        if hasattr(one, "topicID"):
            one.topicID = _topic(rng)
        if hasattr(one, "messageIDs"):
            one.messageIDs.extend(ids)
        if part == "prune":
            one.backoff = number(rng, 0)
            for _ in range(rng.choice([0, 3])):
                one.peers.add(peerID=blob(rng), signedPeerRecord=blob(rng))
