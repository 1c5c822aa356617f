# SPDX-License-Identifier: MIT
"""Bounds of the libp2p host; what is beyond them is refused, and nobody else suffers."""

from __future__ import annotations

from libp2p.network.config import ConnectionConfig
from libp2p.rcmgr.connection_limits import ConnectionLimits
from libp2p.rcmgr.manager import ResourceLimits, ResourceManager

CONNECTIONS = 256
INBOUND = 192
"""Connections that others opened: some places are kept for our own dials."""
STRANGERS = 112
"""Connections with peers that nobody named: with all handshakes they leave places for friends."""
HANDSHAKES = 64
"""Inbound connections whose peer is not known yet."""
PER_PEER = 4
"""Both sides dial, so that two connections are normal and three happen."""
STREAMS = 4096
OPENING = 8
"""Streams to one peer that may be opened at a time: who answers none takes no place of others."""
MAX_WINDOW = 1024 * 1024
"""Bytes a stream's receive window may grow to."""
MAX_STREAMS = 128
"""Streams that a peer may have open towards us on one connection."""
SHARE_OF_STREAMS = 8
"""A connection may have one in so many of the places that are free: the fewer there are, the
fewer it may take, and whoever comes finds some."""
MAX_DROPPED = 16
"""Streams of one connection that are dropped for what they hold, before it goes itself."""

# Bytes that are held for strangers: nobody has read them, or they are lines without an end.
HELD_EACH = 8 * 1024 * 1024
"""By all streams of one connection. A channel whose page is slow holds one window, 256 KiB."""
HELD_ALL = 48 * 1024 * 1024
"""By all connections together."""
NEGOTIATION_BYTES = 1024
"""One message of multistream-select, before the protocol of a stream is known."""
AGREEING_SECONDS = 10.0
"""How long a peer may take to agree on the protocol of a stream that is opened to it."""
FIRST_LINE_SECONDS = 10.0
"""How long a stream that a peer opens may stay without its first line."""
LINE_SECONDS = 60.0
"""How long any later line may take, from its first byte."""

# Exchanges: one request and one answer on a stream of its own.
EXCHANGES = 16
"""Of one peer at a time."""
EXCHANGE_SECONDS = 20.0
"""How long one may take, from its stream to the end of the answer."""
ANSWER_RATE = 256 * 1024
"""Bytes of answers a second that one peer may ask for."""
ANSWER_BURST = 2 * 1024 * 1024
EXCHANGE_COST = 4 * 1024
"""An exchange costs no less than so many bytes."""

# Gossip: what one RPC may bring, how fast they may come, and what is kept of them.
RPC_BYTES = 256 * 1024
"""One RPC on the wire. A presence takes half a KiB, an answer to IWANT brings many."""
MESSAGE_BYTES = 16 * 1024
"""The data of one message of the topic."""
ENVELOPE_BYTES = 2 * 1024
"""What stands around the data: signer, number, signature, key (RSA's are the longest)."""
MESSAGE_IDS = 256
"""Ids of messages that one RPC may offer or ask for."""
MESSAGE_ID_BYTES = 96
BACKOFF_SECONDS = 3600
"""The longest that a peer may keep itself out of our mesh."""
GOSSIP_RATE = 128 * 1024
"""Bytes a second that are read of one peer's gossip; beyond that reading waits."""
GOSSIP_BURST = 512 * 1024
RPC_COST = 256
"""An RPC, or a message that was seen already, costs no less than so many bytes."""
MESSAGE_COST = 1024
"""A new message costs no less: its signature is verified."""
SUBSCRIPTION_COST = 8 * 1024
"""Who subscribes is given the recent messages: coming and going must not multiply."""
SEEN_MESSAGES = 4096
"""Ids kept to know a message again: those of some minutes, of seconds in a flood."""
RECENT_MESSAGES = 512
RECENT_BYTES = 1024 * 1024
"""Messages kept for who asks for them (IWANT), and for new subscribers."""
QUEUE_BYTES = 128 * 1024
"""Gossip that waits for one peer to take it; what is beyond that is dropped."""

# Peers: places in the table, and what the pages hear of them.
HEARD_PEERS = 512
"""Places for peers that were only heard of. Who is connected, or named, needs none."""
SHARE = 128
"""Places that one forwarder may fill with peers it told us of."""
EVENT_RATE = 1.0
EVENT_BURST = 6
"""Events a second of one peer; what changes faster is told in its last state."""
STRANGER_RATE = 50.0
STRANGER_BURST = 200
"""The same of all peers together that were only heard of."""
NAMED_DIALS = 32
TOLD_DIALS = 16
"""Peers that are dialled at the same time: those that a person named, and others."""
EARLY_RATE = 0.2
EARLY_BURST = 5
"""Presences of ours a second, and at once, that are told before the next heartbeat."""
MAX_FRIENDS = 500
MAX_BLOCKED = 2000
MAX_SEEN = 64
"""Peers whose addresses are kept though nobody named them."""
SAVE_SECONDS = 3.0
"""How long what was seen waits to be written, together with what else is seen until then."""


def connections(dial_seconds: float) -> ConnectionConfig:
    """How connections are made. None is ever pruned: a new one too many is refused instead."""
    return ConnectionConfig(
        min_connections=0,
        low_watermark=0,
        max_connections=CONNECTIONS,
        high_watermark=CONNECTIONS,
        max_connections_per_peer=PER_PEER,
        dial_timeout=dial_seconds,
    )


def resources() -> ResourceManager:
    """What counts connections and streams."""
    return ResourceManager(
        limits=ResourceLimits(max_connections=CONNECTIONS, max_streams=STREAMS),
        connection_limits=ConnectionLimits(
            max_established_inbound=INBOUND,
            max_established_per_peer=PER_PEER,
            max_established_total=CONNECTIONS,
        ),
        enable_metrics=False,
        enable_rate_limiting=False,
        enable_circuit_breaker=False,
        enable_graceful_degradation=False,
    )
