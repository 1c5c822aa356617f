# SPDX-License-Identifier: MIT
"""The simulator of rooms: the same nodes, network and journals, another scenario."""

from goop_realtime.testing.rooms.faults import ROOM_FAULTS
from goop_realtime.testing.rooms.life import RoomLife
from goop_realtime.testing.rooms.play import Play

__all__ = ["ROOM_FAULTS", "Play", "RoomLife"]
