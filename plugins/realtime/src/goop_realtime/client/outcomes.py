# SPDX-License-Identifier: MIT
"""What will become of something: may be awaited, and may be ignored."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Generic, TypeVar

from goop_realtime.client.errors import GoopError
from goop_realtime.client.values import Receipt

log = logging.getLogger("goop_realtime.client")
Value = TypeVar("Value")


class Outcome(Awaitable[Value], Generic[Value]):
    """Awaiting it gives the value or raises the ``GoopError``, as often as anybody asks."""

    def __init__(self) -> None:
        self._future: asyncio.Future[Value] = asyncio.get_running_loop().create_future()
        # Whoever does not ask is told of no exception that was never retrieved.
        self._future.add_done_callback(lambda future: future.cancelled() or future.exception())
        self.watched = False
        """Whether anybody has asked."""

    def __await__(self) -> Generator[Any, None, Value]:
        """Its value. Raises ``GoopError``."""
        self.watched = True
        # Who is cancelled while waiting ends no more than its own waiting.
        return (yield from asyncio.shield(self._future).__await__())

    def done(self) -> bool:
        """Whether it is known."""
        return self._future.done()

    async def known(self) -> None:
        """Wait until it is, without asking: whoever is to hear of errors still does."""
        await asyncio.wait([self._future])

    def value(self) -> Value | None:
        """It, where it is known and no error."""
        future = self._future
        known = future.done() and not future.cancelled() and future.exception() is None
        return future.result() if known else None

    def resolve(self, value: Value) -> None:
        """This is it, unless it is known already."""
        if not self._future.done():
            self._future.set_result(value)

    def reject(self, error: Exception) -> None:
        """This is it, unless it is known already."""
        if not self._future.done():
            self._future.set_exception(error)


class Sent(Awaitable[Receipt]):
    """What becomes of one ``send()``. Awaiting it waits until the own node has it safely.

    All of it may be ignored. Of what is in no log, awaiting it waits until it has left for the own
    node, and the others raise ``unsupported``.
    """

    def __init__(self) -> None:
        self.id = ""
        """The message's id; ``""`` of what is in no log, and of what was refused at once."""
        self.accepted: Outcome[Receipt] = Outcome()
        self.delivered: Outcome[Receipt] = Outcome()
        """The other node has it safely; in a room, the host and at least one more member."""
        self.handled: Outcome[Receipt] = Outcome()
        """The other side's page or program is done with it; in a room, all who were members."""
        self._by: dict[str, Outcome[Receipt]] = {}
        self._fate: GoopError | None = None

    def __await__(self) -> Generator[Any, None, Receipt]:
        """Raises ``GoopError`` where it was refused."""
        return self.accepted.__await__()

    def handled_by(self, peer_id: str) -> Outcome[Receipt]:
        """In a room: that member is done with it. Raises ``left`` where they left before."""
        outcome = self._by.setdefault(peer_id, Outcome())
        if self._fate is not None:
            outcome.reject(self._fate)
        return outcome

    def reached(self, stage: int, *, failed: bool) -> None:
        """It has come to the stage of that number."""
        (self.accepted, self.delivered, self.handled)[stage - 1].resolve(Receipt(self.id, failed))

    def handled_by_one(self, peer_id: str, *, failed: bool) -> None:
        """That member of a room is done with it."""
        self._by.setdefault(peer_id, Outcome()).resolve(Receipt(self.id, failed))

    def over(self, error: GoopError | None) -> bool:
        """Nothing more will be said of it. Whether anybody hears of the ``error``."""
        fate = error or GoopError("left", "that member left before, or was none", id=self.id)
        left = [one for one in (self.accepted, self.delivered, self.handled) if not one.done()]
        heard = any(one.watched for one in left)
        self._fate = fate
        for one in [*left, *self._by.values()]:
            one.reject(fate)
        return heard


async def call(name: str, handler: Callable[..., object] | None, *args: object) -> bool:
    """Call a handler, and await what it returns. What it raises goes to the log.

    Whether it returned in good order.
    """
    if handler is None:
        return True
    try:
        result = handler(*args)
        if inspect.isawaitable(result):
            await result
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        # It awaited something that somebody cancelled: what is called behind it is not.
        log.exception("%s failed", name)
        return False
    except Exception:
        log.exception("%s failed", name)
        return False
    return True
