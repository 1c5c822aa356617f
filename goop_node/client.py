# SPDX-License-Identifier: MIT
"""The Python client: ``from goop_node.client import Client``.

A name for programs; the client itself comes with the realtime plugin, whose frames it speaks. The
node does not import it.
"""

try:
    from goop_realtime.client import (
        Channel,
        Client,
        Detail,
        Gap,
        GoopError,
        KeptOut,
        Member,
        Message,
        Meta,
        OpenRoom,
        Outcome,
        Peer,
        Peers,
        Pending,
        Receipt,
        Request,
        Rewound,
        Room,
        RoomDetail,
        Sent,
        Snapshot,
    )
except ModuleNotFoundError as error:
    if error.name is None or not error.name.startswith("goop_realtime"):
        raise
    raise ImportError(
        "the Python client comes with the realtime plugin: pip install goop-realtime"
    ) from error

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
