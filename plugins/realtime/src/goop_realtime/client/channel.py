# SPDX-License-Identifier: MIT
"""One channel with one peer, as programs see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from goop_realtime.client import past
from goop_realtime.client.channel_conduit import ChannelConduit
from goop_realtime.client.face import Face, Handled
from goop_realtime.client.values import ChannelState, Detail, Meta, Pending


class Channel(Face):
    """A channel. What comes before there is a handler for it waits for one."""

    _conduit: ChannelConduit

    on_message = Handled[Callable[[Any, Meta], object]]()
    """Called with each message and what came with it; awaited before the next one."""
    on_state_change = Handled[Callable[[ChannelState, Detail], object]]()
    on_pending = Handled[Callable[[int], object]]()
    """Called with how many messages are on their way (see ``pending``): now, and at each change."""

    @property
    def id(self) -> str:
        """The channel's id, the same at both nodes."""
        return self._conduit.handle

    @property
    def peer_id(self) -> str:
        """Who the other side is."""
        return self._conduit.peer_id

    @property
    def peer_label(self) -> str:
        """What the other side is called."""
        return self._conduit.peer_label

    @property
    def params(self) -> Any:
        """What the opener proposed."""
        return self._conduit.params

    @property
    def delivery(self) -> Literal["log", "best-effort"]:
        """``log``: nothing is lost. ``best-effort``: a peer with an older protocol."""
        return self._conduit.delivery

    @property
    def state(self) -> ChannelState:
        """How it is."""
        return self._conduit.state

    @property
    def detail(self) -> Detail:
        """Why it is like that."""
        return self._conduit.detail

    async def pending(self) -> list[Pending]:
        """What the own node has accepted, of all its pages, and has no place in the log yet.

        Raises ``GoopError``.
        """
        return await past.pending(self._conduit.hub.endpoints, self.id)

    async def close(self) -> None:
        """End the channel for both sides; returns when it has ended."""
        await self._conduit.close()
