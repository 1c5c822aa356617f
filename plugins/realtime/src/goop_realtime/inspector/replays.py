# SPDX-License-Identifier: MIT
"""Logs folded for whoever looks, a portion at a time, while the node goes on beside it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from goop_node.types import JsonValue
from goop_realtime.contexts.recording import Recorded, Recording
from goop_realtime.inspector.playback import Playback, Step
from goop_realtime.model.jsonio import encode
from goop_realtime.model.limits import STATE_BYTES
from goop_realtime.types import Refusal, Snapshot

Row = dict[str, JsonValue]
Source = Callable[[str, int], Recording | Refusal]
"""``(id, after)``: a channel's or room's log with the entries above that number."""

MAX_STEPS = 200
PORTION_BYTES = 512 * 1024
"""Of the states and messages of one answer; a single step may be more."""
AT_ONCE = 100
"""Entries folded before the loop has its turn."""
KEPT_EVERY = 500
KEPT = 16
"""States that are kept on the way through a log; of more every second one goes."""
LOGS = 4
"""Logs that such states are kept of: those looked at last."""


@dataclass(frozen=True, slots=True)
class _Kept:
    entry: Recorded
    """The last one before it."""
    state: JsonValue


class Replays:
    """What is folded again, and where a later look can begin."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._kept: OrderedDict[str, list[_Kept]] = OrderedDict()

    async def portion(self, log_id: str, at: int, count: int) -> Row | Refusal:
        """The steps from the entry number ``at`` on (the first that is held, where that is gone).

        ``before`` is the state in front of them. ``stopped`` says why there are no states from
        there on. ``next`` is where the following portion begins, ``None`` at the end.
        """
        head = self._source(log_id, 0)
        if isinstance(head, Refusal):
            return head
        first = max(at, head.start.seq + 1)
        recording, playback = self._begin(log_id, head, first)
        if isinstance(recording, Refusal):
            return recording
        steps: list[JsonValue] = []
        before: Row | None = None
        newest, upto, size = b"", None, 0
        async for entry in _in_turns(recording):
            seq = entry.place.seq
            if seq < first:
                playback.take(entry, show=False)
                self._keep(log_id, entry, playback)
                continue
            if before is None:
                before = _state_row(playback.state())
                newest = encode(before)
            if len(steps) >= count or (steps and size > PORTION_BYTES):
                upto = seq
                break
            told, newest = _step_row(playback.take(entry), newest)
            self._keep(log_id, entry, playback)
            size += len(encode(told))
            steps.append(told)
        found: Row = {
            "channel": log_id,
            "context": recording.request.context,
            "version": recording.context.type.version,
            "plugin": recording.context.plugin,
            "rules": playback.rules,
            "start": recording.start.row,
            "last": recording.last.row,
            "before": _state_row(playback.state()) if before is None else before,
            "steps": steps,
            "next": upto,
        }
        if playback.stopped is not None:
            found["stopped"] = _refusal_row(playback.stopped)
        return found

    def _begin(
        self, log_id: str, head: Recording, first: int
    ) -> tuple[Recording | Refusal, Playback]:
        """The log from the nearest state before ``first`` that is kept, and still a part of it."""
        kept = [one for one in self._kept.get(log_id, ()) if one.entry.place.seq < first]
        for one in reversed(kept):
            at = one.entry.place
            before = self._source(log_id, at.seq - 1)
            if isinstance(before, Refusal):
                break
            same = next(iter(before.entries), None)
            if same is None or same.place != at or same.id != one.entry.id:
                continue  # a room's log was cut back, or this part of it is gone
            recording = self._source(log_id, at.seq)
            snapshot = Snapshot(epoch=at.epoch, seq=at.seq, state=one.state)
            return recording, Playback(head, snapshot)
        return head, Playback(head)

    def _keep(self, log_id: str, entry: Recorded, playback: Playback) -> None:
        """Keep the state behind ``entry``, now and then."""
        seq = entry.place.seq
        kept = self._kept.setdefault(log_id, [])
        self._kept.move_to_end(log_id)
        while len(self._kept) > LOGS:
            self._kept.popitem(last=False)
        if seq % KEPT_EVERY or playback.stopped is not None or not playback.rules:
            return
        kept[:] = [one for one in kept if one.entry.place.seq != seq]
        state = playback.state()
        if isinstance(state, Refusal) or len(encode(state)) > STATE_BYTES:
            return
        kept.append(_Kept(entry, state))
        kept.sort(key=lambda one: one.entry.place.seq)
        if len(kept) > KEPT:
            del kept[::2]


async def whole(recording: Recording) -> tuple[list[Recorded], JsonValue | Refusal]:
    """All entries, and what they come to: the state, or why there is none."""
    playback = Playback(recording)
    entries: list[Recorded] = []
    async for entry in _in_turns(recording):
        entries.append(entry)
        playback.take(entry, show=False)
        if playback.stopped is not None:
            break
    return entries, playback.state()


async def _in_turns(recording: Recording) -> AsyncIterator[Recorded]:
    """The entries, with a pause for everything else now and then."""
    for number, entry in enumerate(recording.entries, 1):
        yield entry
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)


def _step_row(step: Step, newest: bytes) -> tuple[Row, bytes]:
    """A step as it is told, with its state where it is another than the ``newest`` one; and that
    of now, as bytes."""
    entry = step.entry
    row: Row = {**entry.place.row, "kind": entry.kind, "from": entry.author, "sentAt": entry.at}
    row |= {key: value for key, value in (("id", entry.id), ("to", entry.to)) if value}
    if entry.kind == "msg" and (entry.data is not None or not entry.to):
        row["data"] = entry.data
    if step.refusal is not None:
        row["refusal"] = _refusal_row(step.refusal)
    if not step.known:
        return row, newest
    state = _state_row(step.state)
    encoded = encode(state)
    return (row if encoded == newest else row | state), encoded


def _state_row(state: JsonValue | Refusal) -> Row:
    """A state as it is told; of one that is too large its size alone."""
    if isinstance(state, Refusal):
        return {"refusal": _refusal_row(state)}
    size = len(encode(state))
    return {"state": state} if size <= STATE_BYTES else {"stateBytes": size}


def _refusal_row(refusal: Refusal) -> Row:
    row: Row = {"code": refusal.code, "reason": refusal.reason}
    if refusal.pointer:
        row["pointer"] = refusal.pointer
    return row | dict(refusal.more)
