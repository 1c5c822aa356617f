# SPDX-License-Identifier: MIT
"""Addresses that others tell: what is one, which may be dialled, and how often."""

from __future__ import annotations

import tracemalloc
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_interface, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multiaddr import Multiaddr

from goop_node.config import values as config_values
from goop_node.p2p.addresses import IP, Address, is_peer_id, parsed, with_peer_id
from goop_node.p2p.dial_budget import DOUBTS, FORGIVEN_SECONDS, LONGEST_PAUSE, PAUSE, DialBudget
from goop_node.p2p.dial_policy import may_dial, only_loopback

HOME = (
    ip_interface("127.0.0.1/8"),
    ip_interface("::1/128"),
    ip_interface("192.168.1.7/24"),
    ip_interface("fd00:1::7/64"),
    ip_interface("fe80::7/64"),
)
PEER = "12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK"

# IANA's registries of special-purpose addresses, and of multicast: nobody there is on our network.
SPECIAL = [
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
    *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24"),
    *("192.88.99.0/24", "192.168.0.0/24", "192.175.48.0/24", "198.18.0.0/15"),
    *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32"),
    *("::/128", "::1/128", "::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96"),
    *("64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/32", "2001:1::1/128", "2001:2::/48"),
    *("2001:3::/32", "2001:10::/28", "2001:20::/28", "2001:30::/28", "2001:db8::/32", "2002::/16"),
    *("2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/8", "fe80::/10", "fec0::/10"),
    *("ff00::/8",),
]


def inside(network: str) -> st.SearchStrategy[IP]:
    """Any address of the network."""
    found = ip_network(network)
    first, last = int(found[0]), int(found[-1])
    make = IPv6Address if isinstance(found, IPv6Network) else IPv4Address
    return st.integers(first, last).map(make)


PORTS = st.integers(1, 65535)
SPECIALS = st.sampled_from(SPECIAL).flatmap(inside)
PUBLIC = st.one_of(inside("8.0.0.0/8"), inside("2600::/12"))


def allowed(ip: IP, *, here: bool = False) -> bool:
    return may_dial(Address.of(ip, 4001), HOME, here=here)


@given(SPECIALS)
def test_nothing_special_is_dialled(ip: IP) -> None:
    assert not allowed(ip)


@given(SPECIALS)
def test_on_loopback_alone_only_loopback_is_added(ip: IP) -> None:
    assert allowed(ip, here=True) == ip.is_loopback


@given(PUBLIC)
def test_the_public_network_is_dialled(ip: IP) -> None:
    assert allowed(ip)


@given(st.one_of(inside("192.168.1.0/24"), inside("fd00:1::/64")))
def test_neighbours_are_dialled_and_neither_we_nor_all_of_them(ip: IP) -> None:
    edges = ("192.168.1.0", "192.168.1.7", "192.168.1.255", "fd00:1::7")
    assert allowed(ip) == (str(ip) not in edges)


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_passes_within_another(ip: IPv4Address) -> None:
    number = int(ip)
    for prefix in ("::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b::"):
        assert not allowed(IPv6Address(int(IPv6Address(prefix)) | number), here=True) or number == 1
    assert not allowed(IPv6Address((0x2002 << 112) | (number << 80)), here=True)
    assert not allowed(IPv6Address((0x20010000 << 96) | number ^ 0xFFFFFFFF), here=True)


@given(st.sampled_from(["dns", "dns4", "dns6"]), st.sampled_from(["localhost", "example.org"]))
def test_no_name_is_looked_up_on_a_peers_word(protocol: str, name: str) -> None:
    address = Address.parse(f"/{protocol}/{name}/tcp/4001")
    assert address is not None
    assert not may_dial(address, HOME, here=True)


def test_who_is_on_loopback_alone() -> None:
    assert only_loopback(parsed(["/ip4/127.0.0.1/tcp/1", "/ip6/::1/tcp/1"]))
    assert not only_loopback(parsed(["/ip4/127.0.0.1/tcp/1", "/ip4/192.168.1.7/tcp/1"]))
    assert not only_loopback([])


# What is an address

HOSTS = st.one_of(
    st.ip_addresses().map(str),
    st.sampled_from(
        ["999.1.1.1", "1.2.3", "::ffff:1.2.3.4", "fe80::1%eth0", "", "localhost", "a..b"]
    ),
    st.text(max_size=20),
)
TEXTS = st.one_of(
    st.text(max_size=60),
    st.builds(
        "/{}/{}/{}/{}{}".format,
        st.sampled_from(["ip4", "ip6", "dns", "dns4", "dns6", "dnsaddr", "unix", ""]),
        HOSTS,
        st.sampled_from(["tcp", "udp", "TCP"]),
        st.one_of(st.integers(-1, 100_000).map(str), st.sampled_from(["", "１", "0x1", "1e3"])),
        st.sampled_from(["", "/", f"/p2p/{PEER}", "/p2p/x/p2p/y", "/ws", "/p2p-circuit"]),
    ),
)


@given(TEXTS)
def test_libp2p_takes_whatever_is_an_address(text: str) -> None:
    address = Address.parse(text)
    if address is not None:
        assert Address.parse(str(address)) == address
        if address.ip is not None:  # names are resolved before the library sees them
            assert Address.parse(str(Multiaddr(str(address)))) == address
        assert Address.parse(f"{address}/p2p/{PEER}") == address


@given(TEXTS)
def test_what_the_configuration_takes_is_an_address(text: str) -> None:
    try:
        taken = config_values.peer(f"{text}/p2p/{PEER}")
    except config_values.Mistake:
        return
    assert with_peer_id(taken) is not None


@given(st.ip_addresses(), PORTS)
def test_each_address_is_one(ip: IP, port: int) -> None:
    assert Address.parse(str(Address.of(ip, port))) == Address.of(ip, port)


@pytest.mark.parametrize(
    "text",
    [
        *("/ip4/999.1.1.1/tcp/1", "/ip4/10.0.0.300/tcp/9", "/ip4/127.0.0.1/tcp/99999"),
        *("/ip4/::1/tcp/1", "/ip6/1.2.3.4/tcp/1", "/ip4/1.2.3.4/tcp/0", "/ip4/1.2.3.4/tcp/1/ws"),
        *("/ip6/fe80::1%eth0/tcp/1", f"/dns4/{'a' * 300}/tcp/1", "/dns4/-/tcp/1", "", "/"),
    ],
)
def test_what_is_none(text: str) -> None:
    assert Address.parse(text) is None


def test_full_addresses_name_a_peer() -> None:
    assert with_peer_id(f" /ip4/1.2.3.4/tcp/1/p2p/{PEER}/ ") == (
        PEER,
        Address.of(ip_address("1.2.3.4"), 1),
    )
    for text in ("/ip4/1.2.3.4/tcp/1", "/ip4/1.2.3.4/tcp/1/p2p/l0O", f"/p2p/{PEER}"):
        assert with_peer_id(text) is None
    assert not any(is_peer_id(text) for text in ("", "1", "Q", PEER[:-1], PEER * 9, "ÿ"))


# How often

PLACES = st.builds(Address.of, st.one_of(inside("8.8.8.0/30"), inside("2600::/126")), PORTS)


@given(
    st.lists(st.tuples(PLACES, st.sampled_from("abcdefgh"), st.floats(0, 3)), max_size=200),
)
def test_each_place_is_left_alone_for_longer_and_longer(
    asked: list[tuple[Address, str, float]],
) -> None:
    budget, now = DialBudget(), 0.0
    last: dict[Address, tuple[float, float]] = {}
    for address, source, later in asked:
        now += later
        if budget.may_dial(address, source, now):
            at, pause = last.get(address, (0.0, 0.0))
            assert now >= at + pause
            last[address] = now, min(max(PAUSE, pause * 2), LONGEST_PAUSE)


@pytest.mark.parametrize("many", ["ports", "sources", "hosts"])
def test_nobody_is_dialled_without_end(many: str) -> None:
    """A source that names every port of a host, many sources with one victim, one with many."""
    budget = DialBudget()
    dials = 0
    for n in range(2000):
        now = n / 100  # twenty seconds
        ip = ip_address(f"8.8.{n % 200}.8" if many == "hosts" else "8.8.8.8")
        address = Address.of(ip, 1 + n if many == "ports" else 4001)
        dials += budget.may_dial(address, f"peer {n}" if many == "sources" else "peer", now)
    assert 1 <= dials <= DOUBTS + 20 / FORGIVEN_SECONDS


def test_who_answers_is_believed_again() -> None:
    budget = DialBudget()
    address = Address.of(ip_address("8.8.8.8"), 4001)
    for n in range(100):
        assert budget.may_dial(address, "peer", float(n) / 1000)
        budget.answered(address, "peer", float(n) / 1000)
    assert budget.may_dial(address, "peer", 1.0)
    assert not budget.may_dial(address, "peer", 1.0 + PAUSE / 2)
    assert budget.may_dial(address, "peer", 1.0 + PAUSE)


def test_who_has_just_spoken_is_dialled_again_within_bounds() -> None:
    """A peer says in our network that it is there: its pause is over, its failures stay."""
    budget = DialBudget()
    address = Address.of(ip_address("10.0.0.9"), 4001)
    dials = 0
    for _ in range(100):
        budget.heard_from(address)
        dials += budget.may_dial(address, "peer", 0.0)
    assert dials == DOUBTS


@pytest.mark.parametrize("zone", ["eth0", "7", "wlan0.1", "Wi-Fi_2"])
def test_a_link_local_address_has_a_zone(zone: str) -> None:
    text = f"/ip6zone/{zone}/ip6/fe80::1/tcp/8788"
    address = Address.parse(text)
    assert address is not None
    assert (str(address), address.zone, address.is_link_local) == (text, zone, True)
    assert str(Multiaddr(text)) == text
    # Nobody is dialled there on a peer's word.
    assert not may_dial(address, HOME, here=True)


@pytest.mark.parametrize(
    "text",
    [
        *("/ip6zone/eth0/ip6/2001:db8::1/tcp/1", "/ip6zone/eth0/ip4/169.254.0.1/tcp/1"),
        *("/ip6zone//ip6/fe80::1/tcp/1", "/ip6zone/a%b/ip6/fe80::1/tcp/1", "/ip6zone/eth0"),
        *("/ip6zone/a/ip6zone/b/ip6/fe80::1/tcp/1", f"/ip6zone/{'x' * 65}/ip6/fe80::1/tcp/1"),
        "/ip6zone/eth0/dns6/example.org/tcp/1",
    ],
)
def test_no_other_address_has_a_zone(text: str) -> None:
    assert Address.parse(text) is None


def test_nothing_long_is_remembered_of_what_a_peer_calls_its_address() -> None:
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for n in range(500):
            assert Address.parse(f"/ip4/{n:016000}/tcp/1") is None
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 500_000
