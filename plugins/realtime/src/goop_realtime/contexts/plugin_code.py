# SPDX-License-Identifier: MIT
"""The functions that contexts bring, each call of which ends in a value.

A function that raises, or gives what it was not asked for, becomes a ``PluginFailure`` here and
nowhere else. What a plugin is handed is its own copy: it may change it and nothing else changes.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Sequence
from copy import deepcopy
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
    Snapshot,
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

    @property
    def keeps_nothing(self) -> bool:
        """Whether it is the Session without rules itself, which has no state."""
        return type(self._session) is NoRules

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
        check = getattr(self._session, "check_latest", None)
        if check is None:
            return None
        found = asked(lambda: check(message, previous), Refusal | None, "the answer")
        if isinstance(found, Failed):
            return self._failed("check_latest", found.error)
        refusal: Refusal | None = found
        return refusal

    def snapshot(self) -> JsonValue | PluginFailure:
        """The whole state, as a copy."""
        state = asked(lambda: self._session.snapshot(), JsonValue, "the state")
        return self._failed("snapshot", state.error) if isinstance(state, Failed) else state

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

    def _failed(self, function: str, error: BaseException, message: str = "") -> PluginFailure:
        code = contained(lambda: getattr(self._session, function))
        return self._failing(
            self._context, f"{function}()", error, code, self.request.channel, message
        )

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


def open_session(
    context: Context,
    asked_for: OpenRequest,
    snapshot: Snapshot | None,
    failing: Failing,
    slow: SlowCalls = UNTIMED,
) -> ChannelSession | Refusal:
    """Build the Session of a channel: from its log's beginning, or from ``snapshot``."""
    request = copy_of(asked_for)
    if snapshot is not None:
        snapshot = replace(snapshot, state=deepcopy(snapshot.state))
    found = asked(
        lambda: context.type.open_session(request, snapshot), Session | Refusal, "the answer"
    )
    if isinstance(found, Failed):
        code = context.type.open_session
        return failing(context, "open_session()", found.error, code, request.channel)
    if isinstance(found, Refusal):
        return found
    kind = FreeSession if type(found) is NoRules else ChannelSession
    return kind(context, found, request, failing, slow)


def initial_state_of(
    context: Context, asked_for: OpenRequest, failing: Failing
) -> JsonValue | PluginFailure:
    """The state that a new channel starts from; ``None`` where the context has none."""
    give = context.type.initial_state
    if give is None:
        return None
    found = asked(lambda: give(copy_of(asked_for)), JsonValue, "the state to start from")
    if isinstance(found, Failed):
        return failing(context, "initial_state()", found.error, give, asked_for.channel)
    state: JsonValue = found
    return state


def terms_of(context: Context, request: OpenRequest, failing: Failing) -> str:
    """What a request proposes, in words; ``""`` where the context does not say."""
    terms = context.type.terms
    if terms is None:
        return ""
    found = asked(lambda: terms(copy_of(request)), str, "the terms")
    if isinstance(found, Failed):
        failing(context, "terms()", found.error, terms, request.channel)
        return ""
    return quoted(found, LINE_LENGTH)


def stamped(
    context: Context, request: OpenRequest, data: JsonValue, failing: Failing
) -> JsonValue | PluginFailure:
    """A page's message as the context's node sends it on."""
    stamp = context.type.stamp
    if stamp is None:
        return data
    found = asked(lambda: stamp(copy_of(request), deepcopy(data)), JsonValue, "the message")
    if isinstance(found, Failed):
        return failing(context, "stamp()", found.error, stamp, request.channel)
    message: JsonValue = found
    return message


def tell_opened(context: Context, request: OpenRequest, failing: Failing) -> None:
    """Tell the context that both sides have agreed."""
    on_open = context.type.on_open
    if on_open is not None:
        found = asked(lambda: on_open(request), Any, "the answer")
        if isinstance(found, Failed):
            failing(context, "on_open()", found.error, on_open, request.channel)


def copy_of(request: OpenRequest) -> OpenRequest:
    """A copy for a plugin, which may keep and change the values in it."""
    return replace(
        request,
        params=deepcopy(request.params),
        initial_state=deepcopy(request.initial_state),
    )


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
