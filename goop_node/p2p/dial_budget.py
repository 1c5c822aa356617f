# SPDX-License-Identifier: MIT
"""How often we dial on others' word (pure; the clock is given).

Whoever names an address makes every node that hears it dial. So each place is dialled again
only after growing pauses, however many name it, and who named places at which nobody answered
as that peer has used up what was believed of them.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from ipaddress import ip_network
from typing import TypeVar

from goop_node.p2p.addresses import Address

K = TypeVar("K")
V = TypeVar("V")

PAUSE = 2.0
"""Seconds until a place where nobody answered is dialled again; each time twice as long."""
LONGEST_PAUSE = 300.0
DOUBTS = 16
"""Failures in a row that a source, or the ports of one host, may cause."""
FORGIVEN_SECONDS = 10.0
"""After which one of them is forgiven."""
PLACES = 4096
"""How many of each kind are remembered."""


@dataclass
class _Pause:
    due: float
    length: float


class DialBudget:
    """Asked before each dial at a peer's word, and told what became of it."""

    def __init__(self) -> None:
        self._pauses: dict[Address, _Pause] = {}
        self._doubts: dict[Hashable, tuple[float, float]] = {}
        """Failures that are not forgiven yet, and at what time that was."""

    def may_dial(self, address: Address, source: str, now: float) -> bool:
        """Whether to dial what ``source`` told; if so, it counts as failed until ``answered``."""
        pause = self._pauses.get(address)
        if pause is not None and now < pause.due:
            return False
        culprits = _culprits(address, source)
        if any(self._doubt(one, now) > DOUBTS - 1 for one in culprits):
            return False
        length = PAUSE if pause is None else min(pause.length * 2, LONGEST_PAUSE)
        _put(self._pauses, address, _Pause(now + length, length))
        for one in culprits:
            _put(self._doubts, one, (self._doubt(one, now) + 1, now))
        return True

    def heard_from(self, address: Address) -> None:
        """Something there has just spoken up: it may be dialled again without a pause.

        What is held against its host, or a source, stays.
        """
        self._pauses.pop(address, None)

    def answered(self, address: Address, source: str, now: float) -> None:
        """The peer itself answered there, and proved who it is."""
        self._pauses.pop(address, None)
        for one in _culprits(address, source):
            _put(self._doubts, one, (max(0.0, self._doubt(one, now) - 1), now))

    def _doubt(self, culprit: Hashable, now: float) -> float:
        failures, at = self._doubts.get(culprit, (0.0, now))
        return max(0.0, failures - (now - at) / FORGIVEN_SECONDS)


def _culprits(address: Address, source: str) -> tuple[Hashable, Hashable]:
    """Who pays: who told the address, and the host (in IPv6: its network) that it leads to."""
    ip = address.ip
    if ip is not None and ip.version == 6:
        return source, ip_network((ip, 64), strict=False)
    return source, address.host


def _put(table: dict[K, V], key: K, value: V) -> None:
    table.pop(key, None)
    table[key] = value
    if len(table) > PLACES:
        del table[next(iter(table))]
