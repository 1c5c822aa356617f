# SPDX-License-Identifier: MIT
"""Multicast DNS over real sockets, in networks of namespaces."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from ipaddress import ip_address
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from goop_node.clock import now_ms
from goop_node.p2p.addresses import Address
from goop_node.p2p.mdns import bounds, discovery, sockets
from goop_node.p2p.mdns.discovery import Discovery
from goop_node.p2p.mdns.interfaces import Found, interfaces
from goop_node.p2p.mdns.sockets import open_socket
from goop_node.testing import NodeProcess
from tests.faults.namespaces import inside
from tests.limits import HANG, promised
from tests.mdns.ether import GOOP, peer
from tests.mdns.lan import CABLE, Ear, Machine, lan
from tests.mdns.law import Judge
from tests.mdns.test_packets import GO_PEER

LISTENING = {
    4: (Address.of(ip_address("0.0.0.0"), 4000),),
    6: (Address.of(ip_address("::"), 4000),),
}


class Finder:
    """A ``Discovery`` on one machine, without a node."""

    def __init__(self, one: Machine, *, version: int = 4, only: tuple[str, ...] = ()) -> None:
        self.found: dict[str, tuple[Address, ...]] = {}
        self.news: list[str] = []
        self.peer_id = peer(one.number)
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self.discovery = Discovery(
            "goop",
            only,
            self.peer_id,
            lambda: LISTENING[version],
            self._take,
            scan=lambda: inside(one.name, interfaces),
            opens=lambda place: inside(one.name, lambda: open_socket(place)),
        )

    def _take(self, found: Any, news: Any) -> None:
        self.found = dict(found)
        self.news += sorted(news)
        task = asyncio.ensure_future(self._notify())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until that is true of what was found."""
        async with asyncio.timeout(HANG), self._changed:
            await self._changed.wait_for(true)

    async def finds(self, *others: Finder) -> None:
        """Wait until exactly these are found."""
        wanted = {one.peer_id for one in others}
        await self.until(lambda: self.found.keys() == wanted)


@asynccontextmanager
async def looking(*finders: Finder) -> AsyncIterator[None]:
    """They look for each other while the block runs."""
    for one in finders:
        one.discovery.start()
    try:
        yield
    finally:
        for one in finders:
            await one.discovery.stop()


@asynccontextmanager
async def judged(ear: Ear, slack: float) -> AsyncIterator[Judge]:
    """What is multicast meanwhile is what the RFC allows."""
    judge = Judge([GOOP], slack)
    loop = asyncio.get_running_loop()
    loop.add_reader(ear, ear.listen)
    try:
        yield judge
    finally:
        loop.remove_reader(ear)
        ear.listen()
        ear.close()
    for one in ear.seen:
        judge.see(one)


@contextmanager
def looks_often(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whether networks came or went is looked at all the time."""
    with monkeypatch.context() as patch:
        patch.setattr(discovery, "LOOK_SECONDS", 0.05)
        yield


@pytest.mark.parametrize("version", [4, 6])
async def test_found_and_gone(version: int) -> None:
    with lan(2) as net:
        one, two = (Finder(machine, version=version) for machine in net.machines)
        async with looking(one):
            async with looking(two):
                await one.finds(two)
                await two.finds(one)
                (address,) = one.found[two.peer_id]
                expected = f"/ip4/{net.machines[1].address}/" if version == 4 else "/ip6zone/eth0/"
                assert str(address).startswith(expected)
            # It has said goodbye: nobody waits for an hour.
            await one.finds()


@pytest.mark.parametrize("version", [4, 6])
async def test_sockets_as_other_systems_have_them(
    version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bound to no group, and joined by address: what macOS, BSD and Windows can do works here."""
    monkeypatch.setattr(sockets, "_LINUX", False)
    with lan(2) as net:
        one, two = (Finder(machine, version=version) for machine in net.machines)
        async with looking(one, two):
            await one.finds(two)
            await two.finds(one)


async def test_a_network_that_comes_and_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cable is pulled and put in again, an address changes, another network comes."""
    with looks_often(monkeypatch), lan(2) as net:
        one, two = (Finder(machine) for machine in net.machines)
        async with looking(one, two):
            await one.finds(two)
            await two.finds(one)
            net.machines[1].ip("link", "set", CABLE, "down")
            await two.finds()
            net.machines[1].ip("link", "set", CABLE, "up")
            await two.finds(one)
            await one.finds(two)
            # A new instance, though the old one never said goodbye: a Go peer dials that one only.
            await one.until(lambda: one.news.count(two.peer_id) >= 2)
            net.machines[1].ip("addr", "add", "10.78.0.2/24", "dev", CABLE)
            net.machines[0].ip("addr", "add", "10.78.0.1/24", "dev", CABLE)
            net.machines[1].ip("addr", "del", "10.77.0.2/24", "dev", CABLE)
            await one.until(lambda: "10.78" in str(one.found.get(two.peer_id)))
            # A container's bridge comes: it is left alone.
            net.machines[1].ip("link", "add", "docker0", "type", "bridge")
            net.machines[1].ip("addr", "add", "172.17.0.1/16", "dev", "docker0")
            net.machines[1].ip("link", "set", "docker0", "up")
            await two.discovery._look()
            assert {one.interface for one in two.discovery.networks} == {CABLE}


async def test_a_machine_that_slept(monkeypatch: pytest.MonkeyPatch) -> None:
    """What others knew may have run out: it is told anew, under a new name."""
    with looks_often(monkeypatch), lan(2) as net:
        one, two = (Finder(machine) for machine in net.machines)
        async with looking(one, two):
            await one.finds(two)
            await two.finds(one)
            awake = now_ms()
            monkeypatch.setattr(discovery, "now_ms", lambda: awake + 3_600_000)
            await one.until(lambda: one.news.count(two.peer_id) >= 2)
            await one.finds(two)


async def test_found_in_a_flood() -> None:
    """Somebody in the network sends whatever comes to mind, as fast as it can."""
    with lan(3) as net:
        one, two = (Finder(machine) for machine in net.machines[:2])
        rng = Random(1)
        packets = [bytes.fromhex(GO_PEER[kind]) for kind in ("query", "answer", "goodbye")]
        attacker = inside(net.machines[2].name, lambda: talking(net.machines[2]))
        async with looking(one):
            for _ in range(5000):
                packet = bytearray(rng.choice(packets))
                for _ in range(rng.randrange(4)):
                    packet[rng.randrange(len(packet))] = rng.randrange(256)
                attacker.sendto(packet, (bounds.GROUPS[4], bounds.PORT))
                await asyncio.sleep(0)
            async with looking(two):
                await two.finds(one)
                await one.until(lambda: two.peer_id in one.found)
        attacker.close()


def talking(one: Machine) -> socket.socket:
    """A socket that multicasts from that machine."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(one.address))
    made.bind((one.address, bounds.PORT))
    return made


async def test_interfaces_that_a_person_chose() -> None:
    with lan(2) as net:
        one = Finder(net.machines[0], only=("wlan9",))
        two = Finder(net.machines[1], only=(CABLE, "wlan9"))
        await one.discovery._look()
        await two.discovery._look()
        assert one.discovery.networks == []
        assert [row.interface for row in two.discovery.networks] == [CABLE]
        assert one.discovery.absent == two.discovery.absent == ["wlan9"]
        await two.discovery.stop()


async def test_a_port_that_another_program_keeps_for_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is said, and tried again."""

    def hogged() -> socket.socket:
        hog = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        hog.bind(("", bounds.PORT))
        return hog

    monkeypatch.setattr(discovery, "RETRY_MIN", 0.0)
    with lan(2) as net:
        one, two = (Finder(machine) for machine in net.machines)
        hog = inside(net.machines[0].name, hogged)
        await one.discovery._look()
        (row,) = one.discovery.networks
        assert (row.state, "in use" in row.error) == ("failed", True)
        hog.close()
        async with looking(one, two):
            await one.finds(two)


SLACK = 0.5
"""Seconds by which a busy machine may send late; in virtual time there are none."""


async def crowd(count: int, seconds: float) -> Judge:
    """So many in one network, who come one after the other; the judge of all they said."""
    with lan(count + 1) as net:
        *machines, ears = net.machines
        finders = [Finder(machine) for machine in machines]
        async with judged(Ear(ears), SLACK) as judge, looking(*finders):
            for one in finders:
                await one.finds(*(other for other in finders if other is not one))
            await asyncio.sleep(seconds)
    return judge


async def test_a_crowd_says_what_is_allowed() -> None:
    judge = await crowd(6, 5.0)
    judge.end()
    assert len(judge.instances) == 6
    assert judge.packets >= 6 * 5


@pytest.mark.soak
@pytest.mark.timeout(1200)
async def test_twenty_for_ten_minutes() -> None:
    judge = await crowd(20, 600.0)
    judge.end()
    assert len(judge.instances) == 20
    print(f"{judge.packets} packets, {judge.responses} of them responses")
    # Three probes, three announcements, a goodbye, and questions that grow rare.
    assert judge.packets <= 20 * 20


# Whole nodes


async def people(node: NodeProcess, machine: Machine) -> list[dict[str, Any]]:
    """What that node says of others."""

    def ask() -> Any:
        return httpx.get(node.url + "/api/people", headers=node.headers).json()

    told = await asyncio.to_thread(inside, machine.name, ask)
    return list(told["people"])


@pytest.mark.parametrize("listen", ["/ip4/0.0.0.0/tcp/0", "/ip6/::/tcp/0"])
async def test_two_nodes_are_simply_there(tmp_path: Path, listen: str) -> None:
    """Connected and discovered within two seconds of the second one's start."""
    with lan(2) as net:
        a, b = net.machines
        alice = a.node(tmp_path / "alice", listen=listen)
        bob = b.node(tmp_path / "bob", listen=listen)
        try:
            with promised(2.0, alice.process.pid, bob.process.pid):
                for node, machine, other in ((alice, a, bob), (bob, b, alice)):
                    while True:
                        rows = {row["peerId"]: row for row in await people(node, machine)}
                        row = rows.get(other.peer_id)
                        if row is not None and row["standing"] == "discovered":
                            break
                        await asyncio.sleep(0.02)
        finally:
            codes = [alice.stop(), bob.stop()]
        assert codes == [0, 0]


def test_the_machine_s_interfaces() -> None:
    """Read as they are; in a namespace, so that there is one to be read."""
    with lan(1) as net:
        found: list[Found] = inside(net.machines[0].name, interfaces)
        (cable,) = [one for one in found if one.name == CABLE]
        assert cable.usable
        assert cable.ordinary
        assert cable.index == inside(
            net.machines[0].name, lambda: __import__("socket").if_nametoindex(CABLE)
        )
        assert f"{net.machines[0].address}/24" in map(str, cable.ips)
        assert not next(one for one in found if one.name == "lo").usable
