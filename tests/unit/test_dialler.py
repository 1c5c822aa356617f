# SPDX-License-Identifier: MIT
"""What is dialled: all that a person named, and of what peers told no more than may be."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface
from typing import Any

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from libp2p.transport.exceptions import OpenConnectionError
from multiaddr import Multiaddr

from goop_node.p2p import dialler
from goop_node.p2p.addresses import Address, parsed
from goop_node.p2p.dial_budget import DOUBTS
from goop_node.p2p.dial_policy import may_dial
from goop_node.p2p.dialler import Dialler, ToldTCP
from goop_node.p2p.whereabouts import Whereabouts
from goop_node.types import NetworkError

PEER = "12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK"
HOME = (ip_interface("127.0.0.1/8"), ip_interface("192.168.1.7/24"))
LISTENS = ("/ip4/192.168.1.7/tcp/8788", "/ip4/127.0.0.1/tcp/8788")
TEXTS = [
    *("/ip4/192.168.1.8/tcp/1", "/ip4/192.168.1.7/tcp/1", "/ip4/10.0.0.1/tcp/1"),
    *("/ip4/127.0.0.1/tcp/1", "/ip4/0.0.0.0/tcp/1", "/ip6/::ffff:127.0.0.1/tcp/1"),
    *("/ip4/8.8.8.8/tcp/1", "/ip6/::1/tcp/1", "/ip6/2600::1/tcp/1", "/dns4/localhost/tcp/1"),
]
SOME = st.lists(st.sampled_from(TEXTS), max_size=8).map(parsed)


class FakeNetwork:
    """Notes what is dialled; ``there`` says where the peer answers."""

    def __init__(self, there: Address | None = None) -> None:
        self.dialled: list[Address] = []
        self._there = there
        self.connected = False

    def get_connections(self, peer: Any = None) -> list[Any]:
        return []

    async def dial_addr(self, maddr: Multiaddr, peer: Any) -> None:
        address = Address.parse(str(maddr))
        assert address is not None
        self.dialled.append(address)
        await trio.lowlevel.checkpoint()
        if address != self._there:
            raise OpenConnectionError("nobody there")


@pytest.fixture(scope="module", autouse=True)
def _at_home() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dialler, "networks", lambda: HOME)
        yield


def connect(network: FakeNetwork, where: Whereabouts, times: int = 1) -> list[str]:
    """Try it so often at once; the codes of the failures."""
    codes: list[str] = []

    async def run() -> None:
        made = Dialler(network, ToldTCP(), lambda: LISTENS)
        for _ in range(times):
            try:
                await made.connect(PEER, where)
            except NetworkError as error:
                codes.append(error.code)

    trio.run(run)
    return codes


@given(SOME)
def test_what_peers_tell_is_dialled_where_it_may_be(told: tuple[Address, ...]) -> None:
    network = FakeNetwork()
    connect(network, Whereabouts(told=told), times=5)
    assert network.dialled == [one for one in told if may_dial(one, HOME, here=False)]


@given(SOME, SOME)
def test_what_a_person_names_is_dialled_each_time(
    named: tuple[Address, ...], told: tuple[Address, ...]
) -> None:
    network = FakeNetwork()
    connect(network, Whereabouts(named=named, told=told), times=3)
    for address in named:
        if address.ip is not None:
            assert network.dialled.count(address) == 3


@given(SOME, st.data())
def test_every_address_is_tried_until_one_answers(
    named: tuple[Address, ...], data: st.DataObject
) -> None:
    numbers = [one for one in named if one.ip is not None]
    if numbers:
        network = FakeNetwork(there=data.draw(st.sampled_from(numbers)))
        assert connect(network, Whereabouts(named=tuple(numbers))) == []


def test_a_name_is_resolved_for_a_person_only() -> None:
    name = parsed(["/dns4/localhost/tcp/9"])
    network = FakeNetwork()
    assert connect(network, Whereabouts(told=name)) == ["undiscovered"]
    assert network.dialled == []
    assert connect(network, Whereabouts(named=name)) == ["unreachable"]
    assert network.dialled == [Address.of(ip_address("127.0.0.1"), 9)]


def test_the_library_dials_nothing_by_itself() -> None:
    async def run() -> None:
        with pytest.raises(OpenConnectionError, match="not to be dialled"):
            await ToldTCP().dial(Multiaddr("/ip4/127.0.0.1/tcp/1"))

    trio.run(run)


def test_what_fails_counts_against_who_told() -> None:
    """However many peers one names: its word is worth so much, and another's as before."""
    told = [(address,) for address in parsed(f"/ip4/8.8.8.{at}/tcp/1" for at in range(40))]

    async def run() -> None:
        made = Dialler(network, ToldTCP(), lambda: LISTENS)
        for where in told:
            with pytest.raises(NetworkError):
                await made.connect(PEER, Whereabouts(told=where, source="liar"))
        assert len(network.dialled) == DOUBTS
        with pytest.raises(NetworkError):
            await made.connect(PEER, Whereabouts(told=told[-1]))
        assert len(network.dialled) == DOUBTS + 1

    network = FakeNetwork()
    trio.run(run)
