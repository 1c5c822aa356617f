# SPDX-License-Identifier: MIT
"""Two runs of one identity: the later one goes, and nobody can be talked into it."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goop_node.p2p.identity import Identity
from goop_node.p2p.twins import MAX_STREAMS, OwnRun, Run, TwinBreach, Witness


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return Identity.load_or_create(tmp_path_factory.mktemp("twins") / "identity.key")


@dataclass
class Node:
    """One run, with its streams to the witness."""

    own: OwnRun
    met: list[Run] = field(default_factory=list)

    @property
    def goes(self) -> bool:
        return any(self.own.yields_to(other) for other in self.met)


class World:
    """Runs of one identity, a witness, and lines under way in any order."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.witness: Witness[int] = Witness(identity.peer_id)
        self.nodes: list[Node] = []
        self.streams: dict[int, int] = {}
        self.up: list[tuple[int, bytes]] = []
        self.down: list[tuple[int, bytes]] = []

    def start(self, since: int) -> int:
        number = len(self.nodes)
        self.nodes.append(Node(OwnRun(self.identity, Run(since, f"{number:032x}"))))
        return number

    def open(self, node: int) -> None:
        stream = len(self.streams)
        self.streams[stream] = node
        self.up.append((stream, self.nodes[node].own.introduction()))

    def kill(self, node: int) -> None:
        """It answers nothing any more; what it has said may still be under way."""
        for stream in [stream for stream, one in self.streams.items() if one == node]:
            self.streams[stream] = -1
            self.down = [line for line in self.down if line[0] != stream]
            self.up = [line for line in self.up if line[0] != stream]
            self.witness.ended(stream)

    def step(self, choice: int) -> None:
        """One line arrives; those of one stream stay in order."""
        pending = [*self.up, *self.down]
        stream, line = pending[choice % len(pending)]
        queue = self.up if (stream, line) in self.up else self.down
        stream, line = next(one for one in queue if one[0] == stream)
        queue.remove((stream, line))
        if queue is self.up:
            self.down += [
                one for one in self.witness.heard(stream, line) if self.streams[one[0]] >= 0
            ]
            return
        node = self.nodes[self.streams[stream]]
        answer = node.own.asked(line)
        if isinstance(answer, bytes):
            self.up.append((stream, answer))
        elif answer is not None:
            node.met.append(answer)

    def settle(self, choices: list[int]) -> None:
        while self.up or self.down:
            self.step(choices.pop() if choices else 0)


ORDER = st.lists(st.integers(0, 1000), max_size=100)
BEGINNINGS = st.lists(st.integers(0, 5), min_size=1, max_size=3)


@given(BEGINNINGS, st.integers(1, 2), ORDER)
def test_all_but_the_earliest_run_go(
    identity: Identity, beginnings: list[int], streams: int, order: list[int]
) -> None:
    world = World(identity)
    for since in beginnings:
        node = world.start(since)
        for _ in range(streams):
            world.open(node)
    world.settle(order)
    first = min(range(len(beginnings)), key=lambda n: (beginnings[n], n))
    assert [node.goes for node in world.nodes] == [n != first for n in range(len(beginnings))]
    assert world.witness.twice == (len(beginnings) > 1)


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 20), ORDER)
def test_a_restart_is_no_twin(
    identity: Identity, before: int, after: int, steps: int, order: list[int]
) -> None:
    """Whatever of the run before is still under way, and though its end was not noticed."""
    world = World(identity)
    old = world.start(before)
    world.open(old)
    world.open(old)
    for _ in range(steps):
        if world.up or world.down:
            world.step(order.pop() if order else 0)
    remembered = list(world.streams)
    world.kill(old)
    for stream in remembered:
        world.witness.heard(stream, world.nodes[old].own.introduction())  # a dead connection
    new = world.start(after)
    world.open(new)
    world.settle(order)
    assert not world.nodes[new].met
    assert not world.witness.twice


@given(st.binary(max_size=80), st.integers(0, 2**53 - 1), st.booleans())
def test_no_witness_makes_a_node_go(
    identity: Identity, signature: bytes, since: int, signed_for_another: bool
) -> None:
    own, name = OwnRun(identity, Run(2**52, "a" * 32)), "b" * 32
    signed = b64encode(signature).decode()
    if signed_for_another:
        twin = OwnRun(identity, Run(since, name))
        answer = twin.asked(json.dumps({"type": "other", "run": "c" * 32}).encode())
        assert isinstance(answer, bytes)
        signed = json.loads(answer)["signature"]
    proof = {"type": "proof", "run": name, "since": since, "meets": "a" * 32, "signature": signed}
    assert own.asked(json.dumps(proof).encode()) is None


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"[]", b"{}", b"\xff", b"[" * 400, b'{"type":"run","run":"x","since":1}'),
        b'{"type":"run","run":"' + b"a" * 32 + b'","since":9007199254740992}',
        b'{"type":"run","run":"' + b"a" * 32 + b'","since":-1}',
        b'{"type":"other","run":"' + b"a" * 32 + b'"}',
        b'{"type":"proof","run":"' + b"a" * 32 + b'","since":1,"meets":"x","signature":""}',
    ],
)
def test_what_does_not_belong_there(identity: Identity, line: bytes) -> None:
    with pytest.raises(TwinBreach):
        Witness(identity.peer_id).heard(1, line)


def test_introductions_have_a_bound(identity: Identity) -> None:
    witness: Witness[int] = Witness(identity.peer_id)
    for n in range(MAX_STREAMS):
        witness.heard(n, OwnRun(identity, Run(1, "a" * 32)).introduction())
    with pytest.raises(TwinBreach):
        witness.heard(MAX_STREAMS, OwnRun(identity, Run(1, "a" * 32)).introduction())
    with pytest.raises(TwinBreach):
        witness.heard(0, OwnRun(identity, Run(1, "a" * 32)).introduction())
