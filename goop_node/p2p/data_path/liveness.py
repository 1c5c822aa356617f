# SPDX-License-Identifier: MIT
"""Whether a peer is still there (pure): when to ping, and when to give a connection up.

A peer whose machine lost its power, or its network, ends nothing: its old connection would stand
beside the new one for minutes, and take what is meant for the peer.
"""

from __future__ import annotations

PING_SECONDS = 5.0
"""The pause between two pings."""
SILENT_SECONDS = 10.0
"""How long nothing at all may come behind a ping."""
DOUBTED_SECONDS = 4.0
"""The same, when the peer has just come with another connection."""


LATE_SECONDS = 1.0
"""A look that comes so late proves nothing: our own process was stopped, and has read nothing."""


class Proof:
    """Something has to come, in two looks."""

    def __init__(self, patience: float, heard: int, now: float) -> None:
        self._half = patience / 2
        self._heard = heard
        self._again = True
        self.due = now + self._half

    def failed(self, heard: int, now: float) -> bool | None:
        """Whether nothing came in time; ``None`` while there is time."""
        if heard != self._heard:
            return False
        if now < self.due:
            return None
        if not self._again and now - self.due < LATE_SECONDS:
            return True
        self._again = False
        self.due = now + self._half
        return None


class Liveness:
    """Of one connection. ``heard`` is how often something came on it so far."""

    def __init__(self, now: float) -> None:
        self._ping_at = now
        self._proof: Proof | None = None
        self._dispelling: Proof | None = None

    @property
    def due(self) -> float:
        """When to look again."""
        pinged = self._ping_at if self._proof is None else self._proof.due
        return pinged if self._dispelling is None else min(pinged, self._dispelling.due)

    def doubt(self, heard: int, now: float) -> bool:
        """The peer has come with another connection; whether to ping on this one."""
        if self._dispelling is not None:
            return False
        self._dispelling = Proof(DOUBTED_SECONDS, heard, now)
        return True

    def look(self, heard: int, now: float) -> str:
        """``"ping"``, ``"silent"`` when the connection is to be given up, or nothing."""
        if self._dispelling is not None:
            failed = self._dispelling.failed(heard, now)
            if failed:
                return "silent"
            if failed is False:
                self._dispelling = None
        if self._proof is not None:
            failed = self._proof.failed(heard, now)
            if failed:
                return "silent"
            if failed is False:
                self._proof = None
                self._ping_at = max(self._ping_at, now)
        if self._proof is None and now >= self._ping_at:
            self._ping_at = now + PING_SECONDS
            self._proof = Proof(SILENT_SECONDS, heard, now)
            return "ping"
        return ""
