# SPDX-License-Identifier: MIT
"""Strangers send everything that is wrong, at every layer; a friend's stream loses nothing."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from pathlib import Path

import pytest

from goop_node.p2p import P2P
from goop_node.p2p.whereabouts import Whereabouts
from goop_node.types import NetworkError
from tests.hostile.attacks import ATTACKS, OWN_FAULTS, Attack, knocking
from tests.hostile.extremes import blob, number
from tests.hostile.multistream import lines
from tests.hostile.stranger import Stranger, stranger
from tests.node.test_network_limits import ECHO, Echoed, node
from tests.node.test_presence_again import online, until

STRANGERS = 3
"""One after the other, of each attacker; ``make soak`` has ``MORE_STRANGERS``."""
MORE_STRANGERS = 300
ATTACKERS = 4
AT_ONCE = 10
"""Attacks of one stranger, where it gets so far."""
DIALS = 40
NOBODY = "12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK"


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda one: one.__name__)
async def test_strangers_harm_themselves_only(
    attack: Attack, tmp_path: Path, caplog: pytest.LogCaptureFixture, hostile_seed: int
) -> None:
    await _under_attack(attack, STRANGERS, tmp_path, caplog, hostile_seed)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda one: one.__name__)
async def test_for_longer(
    attack: Attack, tmp_path: Path, caplog: pytest.LogCaptureFixture, hostile_seed: int
) -> None:
    await _under_attack(attack, MORE_STRANGERS, tmp_path, caplog, hostile_seed)


async def test_who_never_comes_in(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, hostile_seed: int
) -> None:
    async def attack(rng: random.Random, one: Stranger) -> None:
        if one.port:
            await knocking(rng, one.port)

    await _under_attack(attack, STRANGERS, tmp_path, caplog, hostile_seed)


async def test_who_is_called_answers_wrongly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, hostile_seed: int
) -> None:
    """A person was given an address at which somebody else answers, in whatever way."""
    caplog.set_level(logging.WARNING)
    rng = random.Random(hostile_seed)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            if rng.random() < 0.6:
                writer.write(b"\x13/multistream/1.0.0\n\x07/noise\n")
                if rng.random() < 0.8:
                    body = blob(rng, 500)
                    length = len(body) if rng.random() < 0.7 else number(rng, 0, 65535)
                    writer.write(length.to_bytes(2, "big") + body)
            else:
                writer.write(lines(rng))
        (writer.transport.abort if rng.random() < 0.3 else writer.close)()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with node(tmp_path, "alice") as alice, node(tmp_path, "bob") as bob:
            await bob.add_peer(alice.network.addrs[0])
            for _ in range(DIALS):
                with pytest.raises(NetworkError) as failure:
                    await alice.add_peer(f"/ip4/127.0.0.1/tcp/{port}/p2p/{NOBODY}")
                assert failure.value.code in ("no_node", "refused", "unreachable")
            await _healthy(alice, bob)
    finally:
        server.close()
    assert not [record for record in caplog.records if record.exc_info]


async def _under_attack(
    attack: Attack, strangers: int, folder: Path, caplog: pytest.LogCaptureFixture, seed: int
) -> None:
    """Strangers attack Alice, several at a time, while Bob's lines go to and fro."""
    caplog.set_level(logging.WARNING)
    async with node(folder, "alice") as alice, node(folder, "bob") as bob:
        address = alice.network.addrs[0]
        await bob.add_peer(address)
        friend = Echoed(await bob.network.open_stream(alice.network.peer_id, [ECHO]))
        async with asyncio.TaskGroup() as attackers:
            tasks = [
                attackers.create_task(_attacking(attack, random.Random(seed + n), alice, strangers))
                for n in range(ATTACKERS)
            ]
            while not all(task.done() for task in tasks):
                await friend.carry(b"a line", 3)
        assert sum(task.result() for task in tasks), "no attack got through"
        assert await friend.works()
        await _healthy(alice, bob)
    assert not [record for record in caplog.records if record.exc_info]


async def _attacking(attack: Attack, rng: random.Random, alice: P2P, strangers: int) -> int:
    """Do it as one stranger after the other; how often one was connected to do so.

    What is no yamux ends a connection before the attacker has said all of it.
    """
    guest, host = alice.network.running()
    done = 0
    for _ in range(strangers):
        try:
            async with stranger() as one:
                if rng.random() < 0.3:
                    where = Whereabouts(named=(one.address,))
                    await guest.run(host._dialler.connect, one.peer_id, where)
                    one.is_called_by(alice.network.peer_id)
                else:
                    await one.connect(alice.network.addrs[0])
                for _ in range(AT_ONCE):
                    done += 1
                    await attack(rng, one)
        except OWN_FAULTS:
            raise
        except Exception:  # what else fails here befalls the stranger
            continue
    return done


async def _healthy(alice: P2P, bob: P2P) -> None:
    """Both are there as ever, and what the strangers took is given back."""
    assert alice.restarts == bob.restarts == 0
    await online(bob, alice)
    await until(
        lambda: (peer := alice.peers.get(bob.network.peer_id)) is not None and peer.connected
    )
    assert alice.network.host is not None
    swarm = alice.network.host._host.get_network()
    counts = swarm._resource_manager
    await until(
        lambda: (
            counts._current_connections
            == len(swarm.get_connections())
            == swarm._inbound_limiter.borrowed_tokens
            == 1
        )
    )
    await until(
        lambda: (
            counts._current_streams
            == sum(len(one.get_streams()) for one in swarm.get_connections())
        )
    )
    assert not swarm._handshakes._under_way
