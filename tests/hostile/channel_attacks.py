# SPDX-License-Identifier: MIT
"""Strangers who got as far as a channel, in either part and either protocol."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import Iterable
from typing import Any

import trio
from libp2p.network.stream.exceptions import StreamError

from goop_node.groups import messages as old
from goop_realtime.model.wire import GROUP_PROTOCOL, INVITE_PROTOCOL
from tests.hostile.channel_lines import CONTROL, line, old_invite, old_line, old_talk, talk
from tests.hostile.scene import PLAIN, Scene, new_group
from tests.hostile.stranger import PATIENCE, Stranger

FLOOD = 300
"""Lines of a kind that comes without an end."""


async def control_lines(rng: random.Random, scene: Scene) -> None:
    """Lines of invitation streams, from who is discovered and who is not."""
    async with scene.stranger(discovered=rng.random() < 0.7) as one:
        groups = [new_group(rng) for _ in range(3)]
        for _ in range(rng.randint(1, 8)):
            said = [line(rng, groups, CONTROL) for _ in range(rng.choice([1, 1, 5]))]
            await _tell(rng, one, INVITE_PROTOCOL, said)


async def group_lines(rng: random.Random, scene: Scene) -> None:
    """Lines of channels to which the stranger does not belong."""
    async with scene.stranger(discovered=rng.random() < 0.5) as one, scene.channel() as channel:
        groups = [channel, new_group(rng)]
        for _ in range(rng.randint(1, 5)):
            said = [line(rng, groups) for _ in range(rng.choice([1, 5]))]
            await _tell(rng, one, GROUP_PROTOCOL, said)


async def old_lines(rng: random.Random, scene: Scene) -> None:
    """The same in 1.0.0."""
    async with scene.stranger(discovered=rng.random() < 0.7) as one, scene.channel() as channel:
        for _ in range(rng.randint(1, 5)):
            group = rng.choice([channel, new_group(rng)])
            if rng.random() < 0.5:
                said = [old_invite(rng, group, one.peer_id)]
                await _tell(rng, one, old.INVITE_PROTOCOL, said)
            else:
                await _tell(rng, one, old.GROUP_PROTOCOL, [old_line(rng, group)])


async def hosting(rng: random.Random, scene: Scene) -> None:
    """Invite Alice, who accepts, and be her host."""
    group = new_group(rng)
    context = rng.choice(scene.contexts)
    payload = {"timeout": 60_000, "context": context["name"], "hash": context["hash"]}
    if context["params"] is not None:
        payload["params"] = {}
    invite = {"type": "invite", "group": group, "payload": payload}
    said = talk(rng, group, list(context["schemas"].values()), hosts=True)
    data = json.dumps(invite).encode()
    await _host(rng, scene, group, said, GROUP_PROTOCOL, INVITE_PROTOCOL, data)


async def old_hosting(rng: random.Random, scene: Scene) -> None:
    """The same in 1.0.0."""
    group = new_group(rng)
    said = old_talk(rng, group, hosts=True)  # what is wrong with invitations is for old_lines
    await _host(rng, scene, group, said, old.GROUP_PROTOCOL, old.INVITE_PROTOCOL)


async def joining(rng: random.Random, scene: Scene) -> None:
    """Be invited by Alice, and be her guest."""
    await _join(rng, scene, GROUP_PROTOCOL, INVITE_PROTOCOL)


async def old_joining(rng: random.Random, scene: Scene) -> None:
    """The same in 1.0.0."""
    await _join(rng, scene, old.GROUP_PROTOCOL, old.INVITE_PROTOCOL)


async def signal_flood(rng: random.Random, scene: Scene) -> None:
    """Be Alice's host, and signal without an end."""
    group = new_group(rng)
    invite = {"type": "invite", "group": group, "payload": {"timeout": 60_000, "hash": ""}}
    said = [json.dumps({"type": "welcome", "group": group, "epoch": 1, "payload": {}}) + "\n"]
    said += [
        json.dumps({"type": "signal", "group": group, "payload": "x" * rng.choice([1, 4000])})
        + "\n"
        for _ in range(FLOOD)
    ]
    data = json.dumps(invite).encode()
    await _host(rng, scene, group, map(str.encode, said), GROUP_PROTOCOL, INVITE_PROTOCOL, data)


async def _host(
    rng: random.Random,
    scene: Scene,
    group: str,
    said: Iterable[bytes],
    protocol: str,
    invite_protocol: str,
    invite: bytes = b"",
) -> None:
    over = asyncio.Event()

    async def serve(stream: Any) -> None:
        try:
            with trio.move_on_after(PATIENCE):
                await stream.read(4096)
                await _say(rng, stream, said)
        finally:
            over.set()

    async with scene.stranger(discovered=False) as one:
        one.serves(protocol, serve)
        await scene.discover(one)
        stream = await one.open(invite_protocol)
        await one.write(stream, (invite or _right_invite(group, one)) + b"\n")
        await one.end(stream)
        try:
            async with asyncio.timeout(PATIENCE):
                await over.wait()
        finally:
            await scene.alice.post("close", channelId=group)


def _right_invite(group: str, one: Stranger) -> bytes:
    invite = old.Invite(group, f"rt:{group}", one.peer_id, "realtime")
    return old.serialise_invite(invite)


async def _join(rng: random.Random, scene: Scene, protocol: str, invite_protocol: str) -> None:
    invited: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def take(stream: Any) -> None:
        found = await stream.read(4096)
        if not invited.done():
            invited.set_result(found)
        await stream.close()

    async with scene.stranger(discovered=False) as one:
        one.serves(invite_protocol, take)
        await scene.discover(one)
        context = rng.choice(scene.contexts) if protocol == GROUP_PROTOCOL else PLAIN
        asked = await scene.alice.post("request", peerId=one.peer_id, context=context["name"])
        group = asked["channelId"]
        said = old_talk(rng, group, hosts=False)
        if protocol == GROUP_PROTOCOL:
            said = talk(rng, group, list(context["schemas"].values()), hosts=False)
        try:
            async with asyncio.timeout(PATIENCE):
                await invited
            await _tell(rng, one, protocol, said)
        finally:
            await scene.alice.post("close", channelId=group)


async def _tell(rng: random.Random, one: Stranger, protocol: str, said: Iterable[bytes]) -> None:
    """Say it on a stream of its own, as far as the node listens."""
    stream = await one.open(protocol)
    with contextlib.suppress(StreamError):
        for data in said:
            await one.write(stream, data.removesuffix(b"\n") + b"\n")
        if rng.random() < 0.8:
            await one.end(stream, reset=rng.random() < 0.3)


async def _say(rng: random.Random, stream: Any, said: Iterable[bytes]) -> None:
    for data in said:
        await stream.write(data)
        if rng.random() < 0.05:
            await trio.sleep(0.02)
    if rng.random() < 0.8:
        await (stream.reset if rng.random() < 0.5 else stream.close)()
