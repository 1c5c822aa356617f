# SPDX-License-Identifier: MIT
"""A context's Session as a node has it: each call of the plugin's own ends in a value."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

from goop_node.escaping import quoted
from goop_node.plugins.contained import Failed, asked, contained, passes
from goop_node.plugins.crossings import Misfit, fit, shown
from goop_node.types import JsonValue
from goop_realtime.contexts.registry import PLAIN, Context
from goop_realtime.contexts.slow_calls import SLOW_SECONDS, UNTIMED, SlowCalls
from goop_realtime.types import (
    LINE_LENGTH,
    Applied,
    LogEntry,
    Message,
    NoRules,
    OpenRequest,
    Refusal,
    Session,
    Summary,
)


@dataclass(frozen=True, kw_only=True)
class PluginFailure(Refusal):
    """A plugin's own code failed, other than when it refuses: it means nothing by it."""

    code: str = "plugin_error"


class Failing(Protocol):
    """Notes that a function of a context failed, and makes a value of it."""

    def __call__(
        self,
        context: Context,
        doing: str,
        error: BaseException,
        code: object,
        channel: str,
        message: str = "",
    ) -> PluginFailure:
        """``code`` is the function; ``channel`` and ``message`` are what it was asked about."""


class ChannelSession:
    """A context's Session for one channel or room; that of a room takes every ``LogEntry``.

    ``request`` is the plugin's copy of how the channel was opened.
    """

    __slots__ = ("_context", "_failing", "_session", "_slow", "request")
    keeps_nothing = False
    """Whether it is the Session without rules itself, which has no state."""

    def __init__(
        self,
        context: Context,
        session: Session,
        request: OpenRequest,
        failing: Failing,
        slow: SlowCalls = UNTIMED,
    ) -> None:
        self.request = request
        self._context = context
        self._session = session
        self._failing = failing
        self._slow = slow

    def check(self, entry: LogEntry) -> Refusal | None:
        """Whether ``entry`` may come next; a Session that fails refuses."""
        began = self._slow.clock()
        try:
            answer = self._session.check(cast(Message, entry))
            if answer is None:
                return None
            fitted: Refusal = fit(_plain(answer), Refusal | None, "the answer")
            return fitted
        except BaseException as error:
            if passes(error):
                raise
            return self._failed("check", error, _about(entry))
        finally:
            if self._slow.clock() - began > SLOW_SECONDS:
                self._slow.note(self._context, "check", self.request.channel, began)

    def apply(self, entry: LogEntry) -> PluginFailure | None:
        """Take ``entry`` in."""
        began = self._slow.clock()
        try:
            _plain(self._session.apply(cast(Message, entry)))  # type: ignore[func-returns-value]
        except BaseException as error:
            if passes(error):
                raise
            return self._failed("apply", error, _about(entry))
        finally:
            if self._slow.clock() - began > SLOW_SECONDS:
                self._slow.note(self._context, "apply", self.request.channel, began)
        return None

    def check_latest(self, message: Message, previous: Message | None) -> Refusal | None:
        """Whether ``message`` may be the newest after ``previous``; one that fails refuses."""
        if self._lacks("check_latest"):
            return None
        session: Any = self._session
        found = asked(lambda: session.check_latest(message, previous), Refusal | None, "the answer")
        if isinstance(found, Failed):
            return self._failed("check_latest", found.error)
        refusal: Refusal | None = found
        return refusal

    def snapshot(self) -> JsonValue | PluginFailure:
        """The whole state, as a copy."""
        return self._state("snapshot", lambda: self._session.snapshot())

    def view(self, peer: str) -> JsonValue | PluginFailure:
        """What pages at the node ``peer`` see of it; the whole where the context hides nothing."""
        session: Any = self._session
        if self._lacks("view"):
            return self.snapshot()
        return self._state("view", lambda: session.view(peer))

    def _lacks(self, function: str) -> bool:
        """Whether it has no such function; one that cannot even be read fails when it is called."""
        return contained(lambda: getattr(self._session, function, None)) is None

    def _state(self, function: str, give: Callable[[], JsonValue]) -> JsonValue | PluginFailure:
        began = self._slow.clock()
        state = asked(give, JsonValue, "the state")
        if self._slow.clock() - began > SLOW_SECONDS:
            self._slow.note(self._context, function, self.request.channel, began)
        return self._failed(function, state.error) if isinstance(state, Failed) else state

    def summary(self, peer: str) -> Summary | PluginFailure | None:
        """How it stands for ``peer``; ``None`` where the context does not say."""
        says = self._context.type.summary
        if says is None:
            return None
        found = asked(lambda: says(self._session, peer), Summary, "the summary")
        if isinstance(found, Failed):
            channel = self.request.channel
            return self._failing(self._context, "summary()", found.error, says, channel)
        said: Summary = found
        return replace(said, text=quoted(said.text, LINE_LENGTH))

    def function(self, name: str) -> object:
        """The plugin's function of that name, to say where it is written."""
        return contained(lambda: getattr(self._session, name))

    def _failed(self, function: str, error: BaseException, message: str = "") -> PluginFailure:
        code, channel = self.function(function), self.request.channel
        return self._failing(self._context, f"{function}()", error, code, channel, message)

    def tell_committed(self, entries: Sequence[Applied]) -> Callable[[], Any] | None:
        """Tell the context what is in the log. What is left to be awaited, contained, or ``None``.

        The Session stands behind the last of the ``entries``.
        """
        on_commit = self._context.type.on_commit
        if on_commit is None or not entries:
            return None
        later = contained(lambda: _awaitable(on_commit(self._session, entries)))
        if later is None:
            return None

        def failed(error: BaseException) -> None:
            channel = self.request.channel
            self._failing(self._context, "on_commit()", error, on_commit, channel)

        if isinstance(later, Failed):
            failed(later.error)
            return None

        async def finish() -> None:
            try:
                await later
            except BaseException as error:
                if passes(error) or _cancelled():
                    raise
                failed(error)

        return finish


class FreeSession(ChannelSession):
    """The Session of a context without rules: no plugin's code is asked."""

    __slots__ = ()
    keeps_nothing = True

    def check(self, entry: LogEntry) -> None:
        """Everything may come."""

    def apply(self, entry: LogEntry) -> None:
        """Nothing is kept."""


class ClosedSession(FreeSession):
    """The Session of a channel that takes no messages any more, or none yet.

    No plugin has it, so that its ``request`` is the channel's own.
    """

    __slots__ = ()

    def __init__(self, request: OpenRequest, failing: Failing) -> None:
        super().__init__(PLAIN, NoRules(), request, failing)


def _about(entry: LogEntry) -> str:
    """The id of a message; ``""`` for who comes and goes."""
    return entry.id if isinstance(entry, Message) else ""


def _plain(answer: Any) -> Any:
    """``answer``, unless an async function gave it."""
    if answer is not None and inspect.iscoroutine(answer):
        answer.close()
        raise Misfit("the answer", shown(answer), "what a plain function returns")
    return answer


def _awaitable(answer: Any) -> Any:
    """``answer``, where it is to be awaited, or ``None``."""
    if answer is not None and not inspect.isawaitable(answer):
        raise Misfit("the answer", shown(answer), "None, or something to await")
    return answer


def _cancelled() -> bool:
    """Whether the task that runs this is being cancelled, by whoever started it."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
