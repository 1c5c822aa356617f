# SPDX-License-Identifier: MIT
"""The ways in which two people come, or fail to come, to a channel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from goop_realtime.machine.channel import Phase
from goop_realtime.machine.rights import HOME
from goop_realtime.testing.node import SimNode

if TYPE_CHECKING:
    from goop_realtime.testing.life import Life
    from goop_realtime.testing.talk import Talking

WAIT_MS = 15_000


def _ask(life: Life, talk: Talking, node: SimNode, other: SimNode, timeout: int = 60_000) -> str:
    context, new = life.chance.choice(talk.names), life.chance.random() < 0.1
    return node.ask(other.peer_id, context, timeout, new=new, params=talk.params())


def _arrived(node: SimNode, channel_id: str) -> bool:
    channel = node.engine.core.channels.get(channel_id)
    return channel is not None and channel.phase is not Phase.ASKING


def _opens(life: Life, channel_id: str, *pair: SimNode) -> None:
    life.world.run(
        WAIT_MS,
        lambda: all(
            (row := node.engine.core.channels.get(channel_id)) is not None
            and row.phase is Phase.OPEN
            for node in pair
        ),
    )


def plainly(life: Life, talk: Talking, host: SimNode, guest: SimNode) -> None:
    """One asks, the other accepts."""
    channel = _ask(life, talk, host, guest)
    if channel and life.world.run(WAIT_MS, lambda: _arrived(guest, channel)):
        life.world.run(life.chance.choice((0, 100, 7_000)))
        guest.accept(channel)
        _opens(life, channel, host, guest)


def twice(life: Life, talk: Talking, host: SimNode, guest: SimNode) -> None:
    """Two tabs accept, and a third person's late decline changes nothing."""
    channel = _ask(life, talk, host, guest)
    if channel and life.world.run(WAIT_MS, lambda: _arrived(guest, channel)):
        guest.accept(channel)
        life.world.run(life.chance.choice((0, 1, 50)))
        guest.accept(channel)
        guest.decline(channel)
        _opens(life, channel, host, guest)
        guest.accept(channel)


def crossing(life: Life, talk: Talking, first: SimNode, second: SimNode) -> None:
    """Both ask at about the same time; for the same context that is consent by both."""
    context = life.chance.choice(talk.names[1:3])
    asked: list[str] = []

    def ask(node: SimNode, other: SimNode) -> None:
        if node.up:
            asked.append(node.ask(other.peer_id, context, params=talk.params()))

    life.world.later(life.chance.randrange(120), lambda: ask(first, second))
    life.world.later(life.chance.randrange(120), lambda: ask(second, first))
    life.world.run(WAIT_MS, lambda: len(asked) == 2 and _one(context, first, second))


def _one(context: str, *pair: SimNode) -> bool:
    """Whether exactly one channel of that context is there, the same for both."""
    found = [
        {
            row.id: row.phase
            for row in node.engine.core.channels.values()
            if row.request.context == context and other.peer_id in row.members
            if row.phase is not Phase.CLOSED and not row.fresh
        }
        for node, other in (pair, pair[::-1])
    ]
    return len(found[0]) == 1 and found[0] == found[1] == dict.fromkeys(found[0], Phase.OPEN)


def declined(life: Life, talk: Talking, host: SimNode, guest: SimNode) -> None:
    """No; and a later yes is too late. A page that did not wait for an answer is refused."""
    channel = _ask(life, talk, host, guest)
    if channel and life.world.run(WAIT_MS, lambda: _arrived(guest, channel)):
        for page in host.pages.values():
            page.send(channel, talk.says(page, channel))
        guest.decline(channel)
        life.world.run(life.chance.choice((0, 20)))
        guest.decline(channel)
        guest.engine.accept(guest.now(), channel, HOME)
        guest.flush()
        life.world.run(1_000)


def withdrawn(life: Life, talk: Talking, host: SimNode, guest: SimNode) -> None:
    """Asked, and taken back, perhaps while the other accepts."""
    channel = _ask(life, talk, host, guest)
    if not channel:
        return
    life.world.run(life.chance.choice((0, 1, 30, 500)))
    if host.up and life.chance.random() < 0.7:
        host.close(channel)
    if guest.up and _arrived(guest, channel):
        guest.accept(channel)
        if life.chance.random() < 0.5:
            guest.close(channel)
    life.world.run(2_000)


def too_late(life: Life, talk: Talking, host: SimNode, guest: SimNode) -> None:
    """Nobody answers in time, or only just."""
    channel = _ask(life, talk, host, guest, timeout=1_000)
    life.world.run(life.chance.choice((990, 1_010, 3_000)))
    if channel and guest.up and _arrived(guest, channel):
        guest.accept(channel)
    life.world.run(2_000)


OPENINGS: tuple[Callable[[Life, Talking, SimNode, SimNode], None], ...] = (
    *(plainly,) * 6,
    *(twice,) * 2,
    *(crossing,) * 3,
    declined,
    withdrawn,
    too_late,
)
