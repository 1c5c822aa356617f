# SPDX-License-Identifier: MIT
"""What a peer says of itself (identify, identify/push)."""

from __future__ import annotations

import random

from libp2p.identity.identify.pb.identify_pb2 import Identify
from multiaddr import Multiaddr

from tests.hostile.extremes import blob, damaged, text, varint


def identify(rng: random.Random) -> bytes:
    """One message behind its length, right or not."""
    found = Identify(
        protocol_version=text(rng),
        agent_version=text(rng),
        public_key=blob(rng),
        observed_addr=rng.choice([blob(rng), Multiaddr("/ip4/0.0.0.0/tcp/1").to_bytes()]),
        signedPeerRecord=blob(rng),
    )
    for _ in range(rng.choice([0, 1, 30])):
        found.listen_addrs.append(
            rng.choice([blob(rng), Multiaddr("/ip4/8.8.8.8/tcp/53").to_bytes()])
        )
        found.protocols.append(text(rng))
    data = found.SerializePartialToString()
    if rng.random() < 0.4:
        data = damaged(rng, data)
    length = len(data) if rng.random() < 0.7 else rng.choice([0, 1, 2**31, 2**63])
    return varint(length) + data
