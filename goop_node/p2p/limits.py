# SPDX-License-Identifier: MIT
"""Bounds of the libp2p host; what is beyond them is refused, and nobody else suffers."""

from __future__ import annotations

from libp2p.network.config import ConnectionConfig
from libp2p.rcmgr.connection_limits import ConnectionLimits
from libp2p.rcmgr.manager import ResourceLimits, ResourceManager

CONNECTIONS = 256
INBOUND = 192
"""Connections that others opened: some places are kept for our own dials."""
PER_PEER = 4
"""Both sides dial, so that two connections are normal and three happen."""
STREAMS = 4096


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
