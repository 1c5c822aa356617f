# SPDX-License-Identifier: MIT
"""Messages in no log that leave: the newest of each kind, and those that leave now or never."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from goop_realtime.client.protocol.frames import Kind
from goop_realtime.client.protocol.pace import Pace

KEPT = 1_000
"""So many are remembered: what has left may have to leave again over the next connection."""
PORTION = 0.01


@dataclass(eq=False)
class _Newest:
    text: str
    pace: Pace
    left: bool = False


class Fleeting:
    """Those of one channel or room. Times are in seconds."""

    def __init__(self) -> None:
        self._paces: dict[str, Pace] = {}
        self._newest: dict[str, _Newest] = {}

    def take(self, name: str, kind: Kind, now: float) -> bool:
        """Whether a volatile message of that type may leave now."""
        return self._pace(name, kind).take(now)

    def renew(self, name: str, kind: Kind, data: Any, text: str) -> str:
        """A ``latest`` takes the place of what waits of its type and key; what that is called."""
        key = f"{name} {_found(data, kind.key)}"
        self._newest.pop(key, None)
        self._newest[key] = _Newest(text, self._pace(name, kind))
        if len(self._newest) > KEPT:
            del self._newest[next(iter(self._newest))]
        return key

    def reconnected(self) -> None:
        """What was written to the last connection may not have arrived."""
        for newest in self._newest.values():
            newest.left = False

    def flush(self, now: float) -> Iterator[tuple[str, str]]:
        """What leaves now: what it is called, and its frame."""
        for key, newest in self._newest.items():
            if not newest.left and newest.pace.take(now):
                newest.left = True
                yield key, newest.text

    def wait(self, now: float) -> float | None:
        """Seconds until ``flush`` has something; ``None`` where nothing waits."""
        waits = [newest.pace.wait(now) for newest in self._newest.values() if not newest.left]
        return max(PORTION, min(waits)) if waits else None

    def _pace(self, name: str, kind: Kind) -> Pace:
        pace = self._paces.setdefault(name, Pace())
        if kind.limits is not None:
            pace.limit(kind.limits.rate, kind.limits.burst)
        return pace


def _found(data: Any, pointer: str | None) -> str:
    """What a JSON Pointer finds, as text; without one, nothing."""
    for name in (pointer or "").split("/")[1:]:
        name = name.replace("~1", "/").replace("~0", "~")
        try:
            data = data[int(name)] if isinstance(data, list) else data[name]
        except (KeyError, IndexError, ValueError, TypeError):
            return ""
    return json.dumps(data) if pointer else ""
