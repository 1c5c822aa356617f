# SPDX-License-Identifier: MIT
"""Guests that are not in a group of ours: who left it, and who was lost without a word.

A 1.0.0 page that accepts what its node has joined already leaves and joins again at once, and a
page that closes the channel leaves for good: both begin with the same word, so a guest that
left has a short grace. One that was lost is invited again. It joins by itself if the invitation
reaches it; as nothing tells whether it did, it is repeated with growing pauses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

GRACE_SECONDS = 3.0
INVITE_AGAIN_SECONDS = 15.0
INVITE_AGAIN_MAX_SECONDS = 600.0


@dataclass(slots=True)
class _Lost:
    at: float
    """When it may be invited next, by the loop's clock."""
    pause: float = INVITE_AGAIN_SECONDS


class Absent:
    """Who is missing, by channel. ``gone(channel)`` is called when the grace is over."""

    def __init__(self, gone: Callable[[str], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._gone = gone
        self._graces: dict[str, asyncio.TimerHandle] = {}
        self._lost: dict[str, _Lost] = {}

    def ended(self, channel_id: str, code: str) -> None:
        """The guest's membership ended with ``code``, and no newer one has taken its place."""
        if code == "left":
            self.back(channel_id)
            self._graces[channel_id] = self._loop.call_later(GRACE_SECONDS, self._over, channel_id)
        else:
            self._lost[channel_id] = _Lost(self._loop.time())

    def may_invite(self, channel_id: str) -> bool:
        """Whether a lost guest is to be invited now; the next time is later then."""
        lost = self._lost.get(channel_id)
        if lost is None or self._loop.time() < lost.at:
            return False
        lost.at = self._loop.time() + lost.pause
        lost.pause = min(2 * lost.pause, INVITE_AGAIN_MAX_SECONDS)
        return True

    def back(self, channel_id: str) -> None:
        """It joined, or the channel has ended: nobody is missing."""
        self._lost.pop(channel_id, None)
        timer = self._graces.pop(channel_id, None)
        if timer is not None:
            timer.cancel()

    def stop(self) -> None:
        """Let every timer go."""
        for channel_id in list(self._graces):
            self.back(channel_id)

    def _over(self, channel_id: str) -> None:
        del self._graces[channel_id]
        self._gone(channel_id)
