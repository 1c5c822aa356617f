# SPDX-License-Identifier: MIT
"""What befalls a simulated life in rooms, beside what befalls one on channels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from goop_realtime.testing import faults
from goop_realtime.testing.faults import AWAY_MS, DOWN_MS, Fault, restart
from goop_realtime.testing.node import SimNode
from goop_realtime.testing.rooms.node import RoomNode
from goop_realtime.testing.rooms.play import playing

if TYPE_CHECKING:
    from goop_realtime.testing.life import Life

CLOCK_MS = 600_000
"""How wrong a clock is."""


def _hosts(life: Life) -> list[SimNode]:
    """Who is host of something, or else anybody."""
    return [node for node in life.nodes if playing(life).hosts(node)] or life.nodes


def _die(life: Life, node: SimNode) -> None:
    if node.up:
        node.crash()
        life.soon(life.chance.choice(DOWN_MS), lambda: restart(life, node))


def kill_host(life: Life) -> None:
    """A host is killed, and perhaps soon the next."""
    _die(life, life.chance.choice(_hosts(life)))
    if life.chance.random() < 0.3:
        life.soon(
            life.chance.choice((500, 3_000)), lambda: _die(life, life.chance.choice(_hosts(life)))
        )


def power_of_host(life: Life) -> None:
    """A host's newest commits never reached its disk; others have been told of them."""
    faults.lose_power(life, life.chance.choice(_hosts(life)))


def stop(life: Life) -> None:
    """A process is stopped for a while (SIGSTOP), as often as not that of a host."""
    nodes = life.chance.choice((_hosts(life), life.nodes))
    life.chance.choice(nodes).stop(life.chance.choice((400, 2_000, 4_000, 15_000)))


def lies(life: Life) -> None:
    """A host tells others something in an author's name."""
    node = life.chance.choice(_hosts(life))
    assert isinstance(node, RoomNode)
    node.lies = 2
    life.soon(5_000, lambda: setattr(node, "lies", 0))


def clock(life: Life) -> None:
    """A node starts anew with a clock that is wrong."""
    node = life.chance.choice(life.nodes)
    if node.up:
        node.crash()
    node.clock = life.chance.choice((-CLOCK_MS, 0, CLOCK_MS))
    life.soon(life.chance.choice(DOWN_MS), lambda: restart(life, node))


def halves(life: Life) -> None:
    """Two groups that are as large as may be, and hear nothing of each other."""
    names = list(life.world.nodes)
    _split(life, life.chance.sample(names, len(names) // 2))


def one_alone(life: Life) -> None:
    """Somebody hears nothing of the others, nor they of him; often it is a host."""
    _split(life, [life.chance.choice(life.chance.choice((_hosts(life), life.nodes))).peer_id])


def _cut_between(life: Life, here: Sequence[str]) -> None:
    names = list(life.world.nodes)
    life.world.blocked |= {(a, b) for a in names for b in names if (a in here) != (b in here)}


def _split(life: Life, here: Sequence[str]) -> None:
    _cut_between(life, here)
    life.soon(life.chance.choice(AWAY_MS), life.world.heal)


def asleep(life: Life) -> None:
    """A computer, often a host's, is away and wakes up: its pages come back in their own time."""
    node = life.chance.choice(life.chance.choice((_hosts(life), life.nodes)))
    _cut_between(life, [node.peer_id])
    wait = life.chance.choice((3_000, 6_000, 12_000))
    life.soon(wait, life.world.heal)
    for page in node.pages.values():
        life.soon(wait, page.cut)


def flap(life: Life) -> None:
    """Three times in a row some nodes hear nothing of the others, never the same ones."""
    names = list(life.world.nodes)
    at = 0
    for _ in range(3):
        here = life.chance.sample(names, life.chance.randrange(1, len(names)))
        life.soon(at, partial(_cut_between, life, here))
        at += life.chance.choice((1_500, 2_500, 4_000))
        life.soon(at, life.world.heal)
        at += life.chance.choice((300, 1_000, 2_000))


def deaf(life: Life) -> None:
    """Somebody is heard by all and hears nobody, or hears all and is heard by nobody."""
    who, hears = life.chance.choice(life.nodes).peer_id, life.chance.random() < 0.5
    others = [name for name in life.world.nodes if name != who]
    life.world.blocked |= {(who, other) if hears else (other, who) for other in others}
    life.soon(life.chance.choice(AWAY_MS), life.world.heal)


def slow_link(life: Life) -> None:
    """Between two nodes everything takes long."""
    pair = life.chance.sample(list(life.world.nodes), 2)
    life.world.lag[frozenset(pair)] = life.chance.choice((10, 50))
    life.soon(life.chance.choice((2_000, 10_000)), life.world.lag.clear)


def losses(life: Life) -> None:
    """Of the lines by which rooms are found many are lost."""
    life.world.loss = 0.3
    life.soon(10_000, lambda: setattr(life.world, "loss", 0.0))


def update(life: Life) -> None:
    """Somebody's plugin is updated to a later minor version, and perhaps soon the others', too."""
    version = life.chance.choice(("later", "later", "reshaped"))
    nodes = life.chance.sample(life.nodes, life.chance.randrange(1, len(life.nodes) + 1))
    for n, node in enumerate(nodes):
        life.soon(n * life.chance.choice((100, 3_000)), partial(_update, life, node, version))


def _update(life: Life, node: SimNode, version: str) -> None:
    if "reshaped" in (version, node.works):
        version = "reshaped"
    node.works = version
    life.watch.seen.counts[f"update to {version}"] += 1
    node.mend()


def leave(life: Life) -> None:
    """Somebody leaves a room, and comes back later or not at all."""
    playing(life).leaves(life.chance.choice(life.nodes))


def host_leaves(life: Life) -> None:
    """A host leaves, perhaps two at once."""
    for node in life.chance.sample(_hosts(life), 1):
        playing(life).leaves(node)
    if life.chance.random() < 0.2:
        playing(life).leaves(life.chance.choice(life.nodes))


ROOM_FAULTS: dict[Fault, int] = {
    faults.cut: 4,
    faults.partition: 2,
    faults.one_way: 4,
    faults.slow: 2,
    faults.kill: 5,
    faults.power_cut: 2,
    faults.lost_disk: 1,
    faults.plugin_away: 3,
    faults.disk_full: 1,
    faults.lock: 1,
    faults.lost_file: 1,
    faults.reload: 3,
    faults.cut_socket: 3,
    faults.freeze: 1,
    faults.slow_reader: 1,
    kill_host: 6,
    power_of_host: 2,
    stop: 5,
    clock: 2,
    halves: 4,
    one_alone: 4,
    asleep: 4,
    flap: 4,
    deaf: 3,
    slow_link: 2,
    losses: 2,
    lies: 3,
    update: 3,
    leave: 3,
    host_leaves: 5,
}
"""Each fault with its weight."""
