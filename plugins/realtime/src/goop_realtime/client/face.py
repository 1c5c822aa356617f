# SPDX-License-Identifier: MIT
"""What programs see of a channel and of a room alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, Generic, TypeVar, cast

from goop_realtime.client import past
from goop_realtime.client.conduit import Conduit
from goop_realtime.client.errors import GoopError
from goop_realtime.client.outcomes import Sent
from goop_realtime.client.values import Gap, Message, Snapshot

Function = TypeVar("Function", bound=Callable[..., object])


class Handled(Generic[Function]):
    """A handler that programs assign: a function or coroutine function, ``None`` for none."""

    def __set_name__(self, owner: type[object], name: str) -> None:
        self._name = name

    def __get__(self, face: Face, owner: type[object]) -> Function | None:
        return cast("Function | None", face._conduit.handlers.get(self._name))

    def __set__(self, face: Face, handler: Function | None) -> None:
        face._conduit.hear(self._name, handler)


class Face:
    """What ``Channel`` and ``Room`` have in common."""

    on_error = Handled[Callable[[GoopError], object]]()
    """Called with refusals and errors that nobody awaits; without it they go to the log."""
    on_signal = Handled[Callable[[Any, str], object]]()
    """Called with what somebody signalled, and their peer id."""
    on_gap = Handled[Callable[[Gap], object]]()
    """Called where messages are gone for this program."""
    on_drain = Handled[Callable[[], object]]()
    """Called once after ``outbox_full``: there is room again, for half of what may wait."""
    on_snapshot = Handled[Callable[[Snapshot], object]]()
    """Where the context pushes its state (else ``on_error`` gets ``not_pushed``): called with it
    now and whenever the log has grown, at most 20 times a second and never while it runs."""

    def __init__(self, conduit: Conduit) -> None:
        self._conduit = conduit

    @property
    def context(self) -> str:
        """The full name of its context, such as ``chess_1``; ``""`` for none."""
        return self._conduit.context

    @property
    def version(self) -> str:
        """The version of its context by which it goes now at one's own node, such as ``1.0``.

        Messages are of its form. It changes with an update; ``""`` without a context.
        """
        return self._conduit.version

    @property
    def buffered_amount(self) -> int:
        """Bytes of messages that the own node has not accepted yet."""
        return self._conduit.sending.outbox.waiting

    def send(self, data: Any) -> Sent:
        """Send a message; what becomes of it may be awaited, and may be ignored.

        Raises ``GoopError`` (``not_serialisable``, ``too_deep``, ``unsafe_integer``) for what is no
        JSON. Awaiting it raises ``too_large``, ``outbox_full`` (1,000 messages or 4 MiB wait or are
        not handled yet: go on at ``on_drain``), or what its context refuses it with.
        """
        return self._conduit.sending.send(data)

    def signal(self, data: Any) -> bool:
        """Something fleeting without a type (typing, a cursor): now or never; whether it left.

        Raises ``GoopError`` for what is no JSON, or has more than 4 KiB (``too_large``).
        """
        return self._conduit.sending.signal(data)

    async def history(self) -> list[Message]:
        """What the log still holds, one's own messages included, in order. Raises ``GoopError``."""
        conduit = self._conduit
        return await past.history(conduit.hub.endpoints, conduit.handle, conduit.start)

    async def snapshot(self) -> Snapshot:
        """What the context makes of the log, as the own node has it now.

        Raises ``GoopError``: ``plugin_missing``, ``plugin_error``, ``too_large``, ``closed``.
        """
        return await past.snapshot(self._conduit.hub.endpoints, self._conduit.handle)

    def __aiter__(self) -> AsyncIterator[Message]:
        """The messages as they come, until the end, in the place of ``on_message``.

        A message counts as handled when the loop comes for the next one.
        """
        return self._conduit.messages()
