# SPDX-License-Identifier: MIT
"""Programs at a node: the Python client. ``goop_node.client`` has the same names."""

from goop_realtime.client.channel import Channel
from goop_realtime.client.client import Client
from goop_realtime.client.errors import GoopError
from goop_realtime.client.outcomes import Outcome, Sent
from goop_realtime.client.peers import Peers
from goop_realtime.client.requests import Request
from goop_realtime.client.room import Room
from goop_realtime.client.values import (
    Detail,
    Gap,
    KeptOut,
    Member,
    Message,
    Meta,
    OpenRoom,
    Peer,
    Pending,
    Receipt,
    Rewound,
    RoomDetail,
    Snapshot,
)

__all__ = [
    "Channel",
    "Client",
    "Detail",
    "Gap",
    "GoopError",
    "KeptOut",
    "Member",
    "Message",
    "Meta",
    "OpenRoom",
    "Outcome",
    "Peer",
    "Peers",
    "Pending",
    "Receipt",
    "Request",
    "Rewound",
    "Room",
    "RoomDetail",
    "Sent",
    "Snapshot",
]
