# SPDX-License-Identifier: MIT
"""A log is folded by a context's Session, and everything beside it is asked what a node asks."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from goop_node.findings import Finding, wrong
from goop_node.plugins.blame import place_of_code
from goop_node.types import JsonValue, NodeApi
from goop_realtime.contexts.channel_session import ChannelSession, PluginFailure
from goop_realtime.contexts.plugin_code import (
    initial_state_of,
    open_session,
    stamped,
    tell_opened,
    terms_of,
)
from goop_realtime.contexts.registry import Context
from goop_realtime.contexts.slow_calls import SLOW_SECONDS
from goop_realtime.gate.logs import COME, GO, Line, Script
from goop_realtime.gate.states import difference, state_of
from goop_realtime.types import (
    Applied,
    Joined,
    Left,
    LogEntry,
    Message,
    OpenRequest,
    Refusal,
    Snapshot,
)

BEGAN_MS = 1_800_000_000_000
"""When every log begins (Unix ms)."""
CHANNEL = "rt-00000000000000aa"
ROOM = "room-00000000000000aa"
ENOUGH = 5
"""Messages after which it is known how long one takes."""


@dataclass(frozen=True)
class Step:
    """An entry with what became of it: a refusal's code or ``""``, and the state behind it as text.

    ``previous`` is the newest that was known before a message of which only the newest counts.
    """

    entry: LogEntry
    delivery: str
    verdict: str
    state: str
    previous: Message | None = None


@dataclass
class Folded:
    """A log that was folded, from a state to the last."""

    name: str
    request: OpenRequest
    first: str = ""
    steps: list[Step] = field(default_factory=list)
    unfit: list[Message] = field(default_factory=list)
    """What its schema refused, so that no Session was asked."""

    @property
    def entries(self) -> list[LogEntry]:
        """What came into the log."""
        return [one.entry for one in self.steps if one.delivery == "ordered" and not one.verdict]


class Trial:
    """One context at the node of ``node``."""

    def __init__(self, context: Context, node: NodeApi) -> None:
        self.context = context
        self.node = node
        self._fastest = float("inf")
        self._timed = 0
        self.check: object = None
        """The plugin's function, to say where it is."""

    def timed(self, seconds: float) -> None:
        """A message was checked."""
        self._fastest = min(self._fastest, seconds)
        self._timed += 1

    @property
    def slow(self) -> bool:
        """Whether each takes so long that a node says so; a busy machine makes some slow."""
        return self._timed >= ENOUGH and self._fastest > SLOW_SECONDS

    @property
    def is_room(self) -> bool:
        """Whether it is tried as a room."""
        return self.context.type.max_peers > 2

    def failing(
        self,
        context: Context,
        doing: str,
        error: BaseException,
        code: object,
        channel: str,
        message: str = "",
    ) -> PluginFailure:
        """What a function of the context fails in is the node's to tell."""
        words = f"{doing} of the context {context.name}"
        self.node.failed(context.plugin, error, doing=words, code=code, about=message)
        return PluginFailure(reason=f"it failed in {words}")

    def open(self, request: OpenRequest, snapshot: Snapshot | None) -> ChannelSession | Refusal:
        """A Session of the context."""
        return open_session(self.context, request, snapshot, self.failing)

    def request(self, script: Script) -> OpenRequest | None:
        """How its channel is opened; ``None`` where the context fails in that."""
        people = script.people
        request = OpenRequest(
            channel=ROOM if self.is_room else CHANNEL,
            context=self.context.name,
            opener=people[0],
            peers=people[:1] if self.is_room else people[:2],
            params=None if self.is_room else script.params,
        )
        state = None if self.is_room else initial_state_of(self.context, request, self.failing)
        if isinstance(state, PluginFailure):
            return None
        return replace(request, initial_state=state)

    async def fold(self, script: Script) -> tuple[Folded | None, list[Finding]]:
        """Everything that a node asks of a context, for a whole log. ``None`` where it refuses."""
        refusal = None if self.is_room else self.context.check_params(script.params)
        if refusal is not None:
            words = f"{script.name}: params{refusal.pointer}: {refusal.reason}"
            return None, [wrong(self.context.name, words)]
        request = self.request(script)
        if request is None:
            return None, []
        terms_of(self.context, request, self.failing)
        session = self.open(request, None)
        if isinstance(session, Refusal):
            refused = script.recorded and not isinstance(session, PluginFailure)
            why = f"{script.name}: {session.code}: {session.reason}"
            return None, [wrong(self.context.name, why)] if refused else []
        self.check = session.function("check")
        tell_opened(self.context, session.request, self.failing)
        tell_opened(self.context, session.request, self.failing)
        folded = Folded(script.name, request)
        found: dict[str, Finding] = {}
        telling = _Telling(self, session, script, folded, found)
        state = telling.state()
        if state is None:
            return None, []
        folded.first = state
        for line in _with_members(script, room=self.is_room):
            if not await telling.take(line) or self.slow:
                break
        return folded, list(found.values())


class _Telling:
    """One log on its way."""

    def __init__(
        self,
        trial: Trial,
        session: ChannelSession,
        script: Script,
        folded: Folded,
        found: dict[str, Finding],
    ) -> None:
        self._trial, self._session, self._script = trial, session, script
        self._folded, self._found = folded, found
        self._messages = 0
        self._seq = 0
        self._newest: dict[tuple[str, str, str], Message] = {}

    def state(self) -> str | None:
        """The state as text; ``None`` where it cannot be had."""
        return state_of(self._session)

    async def take(self, line: Line) -> bool:
        """What a line comes to; whether to go on behind it."""
        trial, session = self._trial, self._session
        context = trial.context
        entry = self._entry(line)
        if entry is None:
            return True
        message = entry if isinstance(entry, Message) else None
        delivery, verdict, previous = "ordered", "", None
        if message is not None:
            kind = context.kind_of(message.data)
            delivery = kind.delivery if kind is not None else "ordered"
            unfit = context.check_message(message.data, delivery) if context.messages else None
            if unfit is not None:
                self._folded.unfit.append(message)
                if self._script.recorded:
                    self._refused(f"{unfit.code}: {unfit.pointer}: {unfit.reason}", message)
                return True
            if delivery == "latest" and kind is not None:
                key = (message.sender, kind.name, kind.key_of(message.data))
                previous = self._newest.get(key)
                verdict = _code(session.check_latest(message, previous))
                if not verdict:
                    self._newest[key] = message
        before, began = self.state(), time.monotonic()
        if delivery == "ordered" and not isinstance(entry, Left):
            verdict = _code(session.check(entry))
            trial.timed(time.monotonic() - began)
        session.view(trial.node.peer_id)
        session.summary(trial.node.peer_id)
        after = self.state()
        if before is None or after is None:
            return False
        if before != after:
            self._changed(before, after)
        if verdict and self._script.recorded and message is not None:
            self._refused(verdict, message)
        if delivery == "ordered" and not verdict:
            if session.apply(entry) is not None:
                return False
            await self._committed(entry)
            after = self.state()
            if after is None:
                return False
        self._folded.steps.append(Step(entry, delivery, verdict, after, previous))
        return True

    def _entry(self, line: Line) -> LogEntry | None:
        at, host = BEGAN_MS + line.at_ms, self._script.people[0] if self._trial.is_room else ""
        if line.event == COME:
            return Joined(peer=line.author, label=line.author.title(), at_ms=at, host=host)
        if line.event == GO:
            return Left(peer=line.author, lost=False, at_ms=at, host=host)
        data: JsonValue | PluginFailure = line.data
        if line.author == self._trial.node.peer_id:
            request = self._session.request
            data = stamped(self._trial.context, request, line.data, self._trial.failing)
        if isinstance(data, PluginFailure):
            return None
        self._messages += 1
        name = f"message-{self._messages}"
        return Message(sender=line.author, data=data, id=name, sent_at_ms=at, host=host)

    async def _committed(self, entry: LogEntry) -> None:
        """Told twice, as after a start."""
        self._seq += 1
        if not isinstance(entry, Message):
            return
        one = Applied(
            request=self._session.request,
            epoch=1,
            seq=self._seq,
            message=entry,
            host=entry.host,
        )
        for _ in range(2):
            finish = self._session.tell_committed([one])
            if finish is not None:
                await finish()

    def _changed(self, before: str, after: str) -> None:
        self._found.setdefault(
            "changed",
            wrong(
                self._trial.context.name,
                f"check(), view() or summary() changes the state: {difference(before, after)}",
                "only apply() changes it; two nodes need not be asked the same",
                place_of_code(self._session.function("check")),
            ),
        )

    def _refused(self, verdict: str, message: Message) -> None:
        words = f"{self._script.name}: {message.id} of {message.sender} is refused: {verdict}"
        self._found.setdefault("refused", wrong(self._trial.context.name, words))


def replayed(
    session: ChannelSession, steps: Sequence[Step]
) -> Iterator[tuple[Step, str, str | None]]:
    """The same entries once more: each step with the verdict and the state that there are here."""
    for step in steps:
        verdict = step.verdict
        if step.delivery == "latest" and isinstance(step.entry, Message):
            verdict = _code(session.check_latest(step.entry, step.previous))
        elif step.delivery == "ordered" and not isinstance(step.entry, Left):
            verdict = _code(session.check(step.entry))
        if step.delivery == "ordered" and not step.verdict:
            session.apply(step.entry)
        yield step, verdict, state_of(session)


def _with_members(script: Script, *, room: bool) -> Iterator[Line]:
    if room:
        for person in script.people:
            yield Line(author=person, data=None, at_ms=0, event=COME)
    yield from script.lines


def _code(refusal: Refusal | None) -> str:
    return "" if refusal is None else refusal.code
