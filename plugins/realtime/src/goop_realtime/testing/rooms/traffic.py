# SPDX-License-Identifier: MIT
"""What goes over the network of a simulated world of rooms: counted, and told in its story."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goop_realtime.rooms import find_lines, lines
from goop_realtime.testing.seen import Seen

if TYPE_CHECKING:
    from goop_realtime.testing.rooms.node import RoomNode
    from goop_realtime.testing.rooms.world import RoomWorld


class Traffic:
    """An eye on the lines between nodes."""

    def __init__(self, world: RoomWorld, seen: Seen) -> None:
        self._world = world
        self._counts = seen.counts

    def found(self, node: RoomNode, sender: str, data: bytes) -> None:
        """A line by which rooms are found has come."""
        self._counts[f"find {_type(data)}"] += 1
        if self._world.story is not None:
            self._world.tell(f"{sender} ~ {node.peer_id} {find_lines.parse(data)}")

    def said(self, node: RoomNode, sender: str, data: bytes) -> None:
        """A line of a room's stream has come."""
        what = _type(data)
        if what in ("close", "refuse", "content", "welcome"):
            what = f"{what} {_special(lines.parse(data))}".strip()
        self._counts[f"line {what}"] += 1
        if self._world.story is not None:
            self._world.tell(f"{sender} > {node.peer_id} {lines.parse(data)}")


def _type(data: bytes) -> str:
    """A line's type, which stands first in it."""
    return data[9 : data.index(b'"', 9)].decode()


def _special(line: lines.Line | None) -> str:
    """What makes a line something else than most of its type."""
    if isinstance(line, lines.Close | lines.Refuse):
        return line.code
    if isinstance(line, lines.Welcome) and line.snapshot is not None:
        return "with snapshot"
    return "that is lost" if isinstance(line, lines.Content) and not bytes(line.data) else ""
