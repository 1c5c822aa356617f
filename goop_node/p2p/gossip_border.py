# SPDX-License-Identifier: MIT
"""What of a peer's GossipSub RPC comes in (pure): what belongs to presence, within its bounds.

The library keeps whatever a peer names: topics, message ids, addresses of third peers, and it
even dials those. It is given RPCs that hold nothing but the one topic of this node.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from google.protobuf.message import DecodeError
from libp2p.pubsub.pb import rpc_pb2

from goop_node.p2p import limits
from goop_node.p2p.presence import TOPIC


class MalformedRPC(Exception):
    """The bytes are no RPC at all."""


def admit(frame: bytes) -> rpc_pb2.RPC:
    """An RPC with what is let in of ``frame``. Raises ``MalformedRPC``."""
    try:
        return _admitted(rpc_pb2.RPC.FromString(frame))
    except (DecodeError, UnicodeError, RecursionError) as error:
        raise MalformedRPC(str(error)) from None


def _admitted(told: Any) -> rpc_pb2.RPC:
    taken = rpc_pb2.RPC()
    taken.publish.extend(message for message in told.publish if _is_presence(message))
    ours = [one for one in told.subscriptions if one.topicid == TOPIC]
    taken.subscriptions.extend(ours[-1:])  # the last word counts
    if told.HasField("control"):
        _admit_control(told.control, taken.control)
    return taken


def _is_presence(message: Any) -> bool:
    return (
        list(message.topicIDs) == [TOPIC]
        and len(message.data) <= limits.MESSAGE_BYTES
        and len(message.from_id) + len(message.seqno) <= limits.MESSAGE_ID_BYTES
        and message.ByteSize() <= limits.MESSAGE_BYTES + limits.ENVELOPE_BYTES
    )


def _admit_control(told: Any, taken: Any) -> None:
    """Peers named in a PRUNE are left out: nobody is dialled on a peer's word."""
    taken.SetInParent()
    if offered := _ids(one.messageIDs for one in told.ihave if one.topicID == TOPIC):
        taken.ihave.add(topicID=TOPIC, messageIDs=offered)
    if wanted := _ids(one.messageIDs for one in told.iwant):
        taken.iwant.add(messageIDs=wanted)
    if any(one.topicID == TOPIC for one in told.graft):
        taken.graft.add(topicID=TOPIC)
    for prune in islice((one for one in told.prune if one.topicID == TOPIC), 1):
        taken.prune.add(topicID=TOPIC, backoff=min(prune.backoff, limits.BACKOFF_SECONDS))


def _ids(lists: Iterable[Iterable[bytes]]) -> list[bytes]:
    fitting = (one for ids in lists for one in ids if len(one) <= limits.MESSAGE_ID_BYTES)
    return list(islice(fitting, limits.MESSAGE_IDS))
