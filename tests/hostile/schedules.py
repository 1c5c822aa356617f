# SPDX-License-Identifier: MIT
"""Strangers for whom it matters when something comes, and how often."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from contextlib import AsyncExitStack

from libp2p.network.stream.exceptions import StreamError

from goop_realtime.model.wire import GROUP_PROTOCOL, INVITE_PROTOCOL
from tests.hostile.channel_lines import line
from tests.hostile.scene import Scene, new_group

PAUSE = 0.02
OPENING = b"\x13/multistream/1.0.0\n\x1c" + INVITE_PROTOCOL.encode() + b"\n"
MANY = 100


async def slow_lines(rng: random.Random, scene: Scene) -> None:
    """Lines that come in pieces; the last one never ends."""
    async with scene.stranger(discovered=rng.random() < 0.5) as one:
        groups = [new_group(rng)]
        for _ in range(3):
            stream = await one.open(rng.choice([GROUP_PROTOCOL, INVITE_PROTOCOL]))
            data = line(rng, groups) + b"\n" + line(rng, groups)
            cuts = sorted(rng.randrange(len(data)) for _ in range(5))
            with contextlib.suppress(StreamError):
                for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
                    await one.write(stream, data[begin:end])
                    await asyncio.sleep(PAUSE)


async def half_open(rng: random.Random, scene: Scene) -> None:
    """Streams on which nothing is said, or half of an opening, until the node has enough."""
    async with scene.stranger(discovered=False) as one:
        for _ in range(MANY):
            stream = await one.open_bare()
            await one.write(stream, OPENING[: rng.randrange(len(OPENING))])


async def resets(rng: random.Random, scene: Scene) -> None:
    """The opening of a stream and a line, reset behind each of some bytes."""
    async with scene.stranger(discovered=True) as one:
        data = OPENING + line(rng, [new_group(rng)]) + b"\n"
        for _ in range(20):
            stream = await one.open_bare()
            await one.write(stream, data[: rng.randint(0, len(data))])
            await one.end(stream, reset=True)


async def invitation_flood(rng: random.Random, scene: Scene) -> None:
    """Invitations that are cancelled, as fast as they go."""
    async with scene.stranger(discovered=True) as one:
        for _ in range(MANY):
            group = new_group(rng)
            said = [{"type": "invite", "group": group, "payload": {"timeout": 60_000}}]
            said.append({"type": "cancel", "group": group, "code": "cancelled"})
            rng.shuffle(said)
            stream = await one.open(INVITE_PROTOCOL)
            await one.write(stream, b"".join(json.dumps(one).encode() + b"\n" for one in said))
            await one.end(stream)


async def flapping(rng: random.Random, scene: Scene) -> None:
    """Presence that comes and goes, at ever other addresses."""
    async with scene.stranger(discovered=False) as one:
        for n in range(MANY):
            where = [f"/ip4/127.0.0.1/tcp/{rng.randrange(1, 20)}"]
            await one.says(type=["online", "offline", "update"][n % 3], addrs=where, ts=n)


async def many_names(rng: random.Random, scene: Scene) -> None:
    """Ten strangers at once, each with streams whose lines do not end."""
    async with AsyncExitStack() as stack:
        for _ in range(10):
            one = await stack.enter_async_context(scene.stranger(discovered=False))
            await one.says(content=f"name {rng.randrange(1000)}")
            for _ in range(3):
                stream = await one.open(rng.choice([GROUP_PROTOCOL, INVITE_PROTOCOL]))
                await one.write(stream, b"x" * rng.choice([1, 1000, 150_000]))
