# SPDX-License-Identifier: MIT
"""Whether a Session comes to the same: from every snapshot, and in another process elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from goop_node.data.kept_files import write_whole
from goop_node.findings import Finding, wrong
from goop_node.plugins.blame import place_of_code
from goop_realtime.contexts.channel_session import ChannelSession
from goop_realtime.gate.folding import Folded, Step, Trial, replayed
from goop_realtime.gate.states import difference, state_of
from goop_realtime.model.jsonio import decode
from goop_realtime.types import Joined, Left, Message, OpenRequest, Refusal, Snapshot

TO_THE_END = 8
"""From so many of a log's snapshots all of the rest is folded, from the others the next step."""


def round_trip(trial: Trial, folded: Folded) -> Iterator[Finding]:
    """At most one finding: a snapshot that does not lead on to the same states."""
    steps = folded.steps
    far = max(1, len(steps) // TO_THE_END)
    for count in range(len(steps) + 1):
        state = steps[count - 1].state if count else folded.first
        snapshot = Snapshot(epoch=1, seq=count, state=decode(state, 8))
        session = trial.open(folded.request, snapshot)
        where = f"{folded.name}: behind {_name(steps[count - 1]) if count else 'the beginning'}"
        if isinstance(session, Refusal):
            if count or folded.request.initial_state is not None:
                words = f"{where} open_session() refuses its own snapshot: {session.code}"
                yield _wrong(trial, words, place_of_code(trial.context.type.open_session))
                return
            continue
        again = state_of(session)
        if again is not None and again != state:
            words = f"{where} a Session made of the snapshot has another: "
            place = place_of_code(trial.context.type.open_session)
            yield _wrong(trial, words + difference(state, again), place)
            return
        rest = steps[count:] if count % far == 0 else steps[count : count + 1]
        found = _astray(trial, session, rest, f"{where} a Session made of the snapshot goes astray")
        if found is not None:
            yield found
            return


def _astray(
    trial: Trial, session: ChannelSession, steps: Sequence[Step], where: str
) -> Finding | None:
    for step, verdict, state in replayed(session, steps):
        if verdict != step.verdict:
            said = [one or "accepted" for one in (step.verdict, verdict)]
            words = f"{where}: {_name(step)} is {said[0]} and {said[1]}"
            return _wrong(trial, words, place_of_code(session.function("check")))
        if state is not None and state != step.state:
            words = f"{where}: behind {_name(step)} {difference(step.state, state)}"
            return _wrong(trial, words, place_of_code(session.function("apply")))
    return None


def _name(step: Step) -> str:
    entry = step.entry
    if isinstance(entry, Message):
        kind = entry.data.get("type") if isinstance(entry.data, dict) else None
        return f"{entry.id} ({kind} of {entry.sender})"
    return f"{type(entry).__name__} of {entry.peer}"


def _wrong(trial: Trial, words: str, place: str) -> Finding:
    do = "a Session depends on nothing but its request, its snapshot and its messages"
    return wrong(trial.context.name, words, do, place)


# What the first visit leaves for the second


class _Entry(msgspec.Struct):
    kind: str
    fields: dict[str, Any]
    delivery: str
    verdict: str
    state: str
    previous: dict[str, Any] | None


class _Log(msgspec.Struct):
    name: str
    request: dict[str, Any]
    first: str
    entries: list[_Entry]


_KINDS: dict[str, Any] = {"Message": Message, "Joined": Joined, "Left": Left}


def _file(trial: Trial, shared: Path) -> Path:
    return shared / f"realtime-{trial.context.name}.json"


def leave(trial: Trial, logs: Sequence[Folded], shared: Path) -> None:
    """Write down what was folded, and what it came to."""
    told = [
        _Log(
            one.name,
            _fields(one.request),
            one.first,
            [
                _Entry(
                    type(step.entry).__name__,
                    _fields(step.entry),
                    step.delivery,
                    step.verdict,
                    step.state,
                    None if step.previous is None else _fields(step.previous),
                )
                for step in one.steps
            ],
        )
        for one in logs
    ]
    write_whole(_file(trial, shared), msgspec.json.encode(told), durable=False)


def elsewhere(trial: Trial, shared: Path) -> Iterator[Finding]:
    """Fold here what was folded at the other node: at most one finding."""
    file = _file(trial, shared)
    if not file.exists():
        return  # the first visit came to no end
    for log in msgspec.json.decode(file.read_bytes(), type=list[_Log]):
        request = OpenRequest(**{**log.request, "peers": tuple(log.request["peers"])})
        session = trial.open(request, None)
        where = f"{log.name}: at another node, in another process,"
        if isinstance(session, Refusal):
            words = f"{where} open_session() refuses what it takes here: {session.code}"
            yield _wrong(trial, words, place_of_code(trial.context.type.open_session))
            return
        state = state_of(session)
        if state is not None and state != log.first:
            words = f"{where} it begins differently: {difference(log.first, state)}"
            yield _wrong(trial, words, place_of_code(trial.context.type.open_session))
            return
        steps = [
            Step(
                _KINDS[one.kind](**one.fields),
                one.delivery,
                one.verdict,
                one.state,
                None if one.previous is None else Message(**one.previous),
            )
            for one in log.entries
        ]
        found = _astray(trial, session, steps, f"{where} the same log comes to something else")
        if found is not None:
            yield found
            return


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}
