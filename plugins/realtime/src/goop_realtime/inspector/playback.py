# SPDX-License-Identifier: MIT
"""A log folded once more, entry by entry, by a Session of its own: nobody else hears of it (pure).

A plugin that fails here is told to whoever looks, and noted nowhere: looking changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from goop_node.escaping import quoted
from goop_node.plugins.blame import describe, place_of, place_of_code
from goop_node.types import JsonValue
from goop_realtime.contexts.channel_session import ChannelSession, PluginFailure
from goop_realtime.contexts.plugin_code import open_session
from goop_realtime.contexts.recording import Recorded, Recording
from goop_realtime.contexts.registry import Context
from goop_realtime.types import Left, Message, Refusal, Snapshot

LONGEST = 600
"""Characters of what an exception says."""


@dataclass(frozen=True, slots=True)
class Step:
    """An entry, and what became of it: a refusal, or the state behind it, where it is ``known``."""

    entry: Recorded
    known: bool = False
    state: JsonValue = None
    refusal: Refusal | None = None


class Playback:
    """The Session of a recording on its way. Once it has ``stopped`` it folds nothing more."""

    def __init__(self, recording: Recording, behind: Snapshot | None = None) -> None:
        """Begin where the log begins, or ``behind`` a state that was kept on the way."""
        self.stopped = recording.obstacle
        self._context, self._judged = recording.context, recording.judged
        self._session: ChannelSession | None = None
        if self.stopped is None:
            first = behind or recording.snapshot
            found = open_session(recording.context, recording.request, first, told)
            if isinstance(found, Refusal):
                self.stopped = found
            else:
                self._session = found

    @property
    def rules(self) -> bool:
        """Whether there is a state at all."""
        return self._session is None or not self._session.keeps_nothing

    def state(self) -> JsonValue | Refusal:
        """The state as it is now, or why there is none."""
        if self._session is None or self.stopped is not None:
            return self.stopped
        state = self._session.snapshot()
        if isinstance(state, PluginFailure):
            self.stopped = state
        return state

    def take(self, entry: Recorded, *, show: bool = True) -> Step:
        """Fold the next entry; with its state, unless that is not to be shown."""
        if self._session is None or self.stopped is not None:
            return Step(entry)
        if entry.event is not None:
            self.stopped = self._judge(entry) or self._session.apply(entry.event)
        if self.stopped is None and show:
            state = self.state()
            if not isinstance(state, Refusal):
                return Step(entry, known=True, state=state)
        return Step(entry, refusal=self.stopped)

    def _judge(self, entry: Recorded) -> Refusal | None:
        """Why the context does not take it, where it is asked."""
        event = entry.event
        if event is None or self._session is None or entry.place.seq <= self._judged:
            return None
        if isinstance(event, Message) and self._context.messages:
            refusal = self._context.check_message(event.data)
            if refusal is not None:
                return refusal
        return None if isinstance(event, Left) else self._session.check(event)


def told(
    context: Context,
    doing: str,
    error: BaseException,
    code: object,
    channel: str,
    message: str = "",
) -> PluginFailure:
    """A function of the context failed: in words, with its place, for this node's person."""
    words = quoted(f"the plugin {context.plugin} failed in {doing}: {describe(error)}", LONGEST)
    place = place_of_code(code) or place_of(error)
    return PluginFailure(reason=words, more={"place": place[:LONGEST]} if place else {})
