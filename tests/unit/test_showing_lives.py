# SPDX-License-Identifier: MIT
"""In simulated lives, what pages are told of a state is what the log comes to at that very place.

A state and the entries behind its position are the state at any later position of the same log.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import Any

import pytest

from goop_realtime.machine.channel import Channel
from goop_realtime.machine.showing import PACE_MS
from goop_realtime.machine.trimming import fold as run_channel
from goop_realtime.model.log import Position
from goop_realtime.rooms import folding
from goop_realtime.rooms.positions import Epoch
from goop_realtime.rooms.positions import Position as RoomPosition
from goop_realtime.testing import Life, SimNode, small_bounds
from goop_realtime.testing.rooms import RoomLife
from goop_realtime.testing.rooms.node import RoomNode
from goop_realtime.types import Refusal, Snapshot
from tests.unit.onlooker import Onlooker

LOOKS_MS = (5, 40, 200, 900)
AT_REST_MS = 3_000
"""How long it takes until an onlooker looks again."""
Told = tuple[list[Any], Any]
"""A position, and the state there."""


class Looking:
    """An onlooker at every node of a life, which looks at random moments at whatever there is."""

    def __init__(self, life: Life, seed: int) -> None:
        self.life = life
        self.chance = random.Random(f"looks {seed}")
        self.counts: Counter[str] = Counter()
        self.onlookers = [Onlooker(node, f"o{n}") for n, node in enumerate(life.nodes)]
        self.states: dict[str, Any] = {}
        """By channel and position: the one state there, whoever tells it."""
        self.last: dict[tuple[Onlooker, str], Told] = {}
        for onlooker in self.onlookers:
            self._look(onlooker)

    def _look(self, onlooker: Onlooker) -> None:
        wait = AT_REST_MS if self.life.over else self.chance.choice(LOOKS_MS)
        self.life.world.later(wait, partial(self._look, onlooker))
        if onlooker.connected:
            for channel in keys(onlooker.node):
                if self.chance.random() < 0.7:
                    self._compare(onlooker, channel)

    def _compare(self, onlooker: Onlooker, channel: str) -> None:
        for answer in onlooker.answers(channel):
            if answer["type"] == "error":
                self.counts[answer["code"]] += 1
                continue
            channel = answer["channel"]  # perhaps what two crossing requests have become
            told = (answer["position"], answer["state"])
            where = f"{channel} {told[0]}"
            assert self.states.setdefault(where, told[1]) == told[1], where
            before = self.last.get((onlooker, channel))
            if before is not None:
                self._goes_on(onlooker.node, channel, before, told)
            self.last[onlooker, channel] = told
            if told[1] is not None and channel not in onlooker.followed:
                onlooker.follow(channel)

    def _goes_on(self, node: SimNode, channel: str, before: Told, told: Told) -> None:
        """What was told before and what came behind it is what is told now."""
        found = later(node, channel, before)
        if not found:
            self.counts["behind another log"] += 1
        else:
            assert found == [told[1]], f"{channel} from {before} to {told} at {node.peer_id}"
            self.counts["at rest" if before[0] == told[0] else "goes on"] += 1

    def end(self) -> None:
        """At rest everybody who follows has been told what there is, at the pace."""
        for onlooker in self.onlookers:
            for channel in onlooker.followed:
                answer = onlooker.ask(channel)
                pushed = [body for _, body in onlooker.told if is_push(body, channel)]
                if answer["type"] == "snapshot":
                    assert {**pushed[-1], "ref": "r"} == answer
                    self.counts["pushed at last"] += 1
            self.counts["pushed"] += len([one for one in onlooker.told if "ref" not in one[1]])


def is_push(body: dict[str, Any], channel: str) -> bool:
    return (body["type"], body["channel"], "ref" in body) == ("snapshot", channel, False)


def keys(node: SimNode) -> Iterable[str]:
    """The channels of a node, or its rooms."""
    rooms = node.all_rooms() if isinstance(node, RoomNode) else []
    return [*node.engine.core.channels, *(room.handle for room in rooms)]


def later(node: SimNode, key: str, before: Told) -> list[Any]:
    """What a state and the log behind its position come to; nothing where that is no part of it."""
    channel = node.engine.core.channels.get(key)
    if channel is not None:
        return _later_of_channel(node, channel, before)
    assert isinstance(node, RoomNode)
    room, (number, host, seq) = node.room(key), before[0]
    assert room is not None
    place = RoomPosition(Epoch(number, host), seq)
    if seq < room.log.start or room.fold.runs.place(seq) != place:
        return []
    snapshot = Snapshot(epoch=number, seq=seq, state=before[1])
    session = node.engine.core.open_session(room.context, room.request, snapshot)
    assert not isinstance(session, Refusal)
    for entry in room.log.after(seq):
        event = folding.event_of(entry, folding.data_of(entry))
        if event is not None:
            assert session.apply(event) is None
    return [session.snapshot()]


def _later_of_channel(node: SimNode, channel: Channel, before: Told) -> list[Any]:
    at: Position = (before[0][0], before[0][1])
    if at[1] < channel.log.start[1] or not channel.log.knows(at):
        return []
    snapshot = Snapshot(epoch=at[0], seq=at[1], state=before[1])
    session = node.engine.core.open_session(channel.context, channel.request, snapshot)
    assert not isinstance(session, Refusal)
    assert run_channel(session, list(channel.log.after(at[1])), channel.judged) is None
    return [session.snapshot()]


@pytest.mark.parametrize(("kind", "seeds"), [(Life, range(5)), (RoomLife, range(3))])
def test_a_state_and_what_comes_behind_it_is_the_state_later(
    kind: type[Life], seeds: Iterable[int]
) -> None:
    counts: Counter[str] = Counter()
    for seed in seeds:
        with small_bounds():
            life = kind(seed)
            looking = Looking(life, seed)
            life.run()
            life.world.run(2 * PACE_MS)
        looking.end()
        counts += looking.counts
    assert all(counts[what] for what in ("goes on", "behind another log", "pushed at last"))
