# SPDX-License-Identifier: MIT
"""Types of messages that do not travel like everything else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from goop_node.types import JsonValue
from goop_realtime.model.jsonio import encode
from goop_realtime.types import Limits, MessageType


@dataclass(frozen=True)
class Kind:
    """A type of messages that does not travel, or is not bounded, like everything else."""

    name: str
    type: MessageType

    @property
    def delivery(self) -> str:
        """``ordered``, ``latest`` or ``volatile``."""
        return self.type.delivery

    def limits(self, own: Limits) -> tuple[int, float, int]:
        """Bytes of one, messages a second, and how many at once, within a node's ``own``."""
        kind = self.type
        size = min(own.message_bytes, kind.max_bytes or own.message_bytes)
        if kind.rate is None or kind.rate >= own.rate:
            return size, own.rate, own.burst
        return size, kind.rate, max(1, round(2 * kind.rate))

    def key_of(self, data: JsonValue) -> str:
        """What the newest is kept of: what the pointer finds in ``data``, as JSON."""
        if not self.type.key:
            return ""
        value: Any = data
        for part in self.type.key.split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            value = value.get(name) if isinstance(value, dict) else None
        return encode(value).decode()
