# SPDX-License-Identifier: MIT
"""Which networks are used, and what each is told."""

from __future__ import annotations

from ipaddress import ip_interface, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goop_node.p2p.addresses import Address, parsed
from goop_node.p2p.mdns import bounds
from goop_node.p2p.mdns.adverts import Place
from goop_node.p2p.mdns.interfaces import Found, missing, places

ANY_4 = parsed(["/ip4/0.0.0.0/tcp/8788"])
ANY_6 = parsed(["/ip6/::/tcp/8789"])
FLAGS = frozenset(["up", "broadcast", "running", "multicast"])


def found(name: str, *ips: str, up: bool = True, flags: frozenset[str] = FLAGS) -> Found:
    return Found(name, 3, up, flags, tuple(map(ip_interface, ips)))


WIFI = found("wlan0", "192.168.1.7/24", "fe80::7/64", "fd00::7/64")


def told(made: list[Place]) -> list[tuple[str, int, list[str]]]:
    return [(one.interface, one.version, list(map(str, one.told))) for one in made]


def test_a_network_is_told_of_its_own_addresses() -> None:
    cable = found("eth0", "10.0.0.7/8")
    assert told(places([WIFI, cable], ANY_4)) == [
        ("wlan0", 4, ["/ip4/192.168.1.7/tcp/8788"]),
        ("eth0", 4, ["/ip4/10.0.0.7/tcp/8788"]),
    ]
    assert told(places([WIFI, cable], (*ANY_4, *ANY_6))) == [
        ("wlan0", 4, ["/ip4/192.168.1.7/tcp/8788"]),
        ("wlan0", 6, ["/ip6/fd00::7/tcp/8789", "/ip6/fe80::7/tcp/8789"]),
        ("eth0", 4, ["/ip4/10.0.0.7/tcp/8788"]),
    ]


def test_one_address_alone_is_listened_on() -> None:
    mine = parsed(["/ip4/192.168.1.7/tcp/1", "/ip4/192.168.1.7/tcp/2"])
    (one,) = places([WIFI, found("eth0", "10.0.0.7/8")], mine)
    assert (one.interface, one.told) == ("wlan0", mine)


@pytest.mark.parametrize("address", ["/ip4/127.0.0.1/tcp/1", "/ip6/::1/tcp/1"])
def test_who_is_on_loopback_alone_tells_nobody(address: str) -> None:
    assert places([WIFI, found("lo", "127.0.0.1/8", "::1/128")], parsed([address])) == []


@pytest.mark.parametrize(
    "name",
    [
        *("docker0", "br-1f2e3d4c5b6a", "veth12ab34c", "virbr0", "vmnet8", "vboxnet0", "lxdbr0"),
        *("tun0", "utun3", "wg0", "ppp0", "tailscale0", "zt7nnig26", "awdl0", "llw0", "bridge100"),
    ],
)
def test_what_is_nobody_s_network_is_left_alone(name: str) -> None:
    one = found(name, "172.17.0.1/16")
    assert places([one], ANY_4) == []
    # Unless the person says so.
    assert [place.interface for place in places([one, WIFI], ANY_4, [name])] == [name]


@pytest.mark.parametrize("name", ["eth0", "enp3s0", "wlp2s0", "en0", "br0", "br-lan", "Ethernet 2"])
def test_where_people_may_be(name: str) -> None:
    assert [one.interface for one in places([found(name, "10.0.0.1/8")], ANY_4)] == [name]


def test_what_cannot_be_used() -> None:
    off = found("eth0", "10.0.0.1/8", up=False)
    mute = found("eth1", "10.0.0.1/8", flags=frozenset(["up", "running"]))
    vpn = found("corp", "10.0.0.1/32", flags=FLAGS | {"pointopoint"})
    silent = found("eth2")
    assert places([off, mute, vpn, silent], ANY_4) == []
    # A system that does not say what an interface can is believed to know it.
    unknown = found("Wi-Fi", "10.0.0.1/8", flags=frozenset())
    assert len(places([unknown], ANY_4)) == 1
    assert missing([off, WIFI], ["eth0", "wlan1"]) == ["wlan1"]


@given(st.lists(st.ip_addresses(), max_size=20), st.lists(st.integers(1, 65535), max_size=3))
def test_places_have_bounds_and_one_version(ips: list[object], ports: list[int]) -> None:
    one = found("eth0", *(f"{ip}/24" for ip in ips))
    everywhere = [f"/ip4/0.0.0.0/tcp/{port}" for port in ports]
    for place in places([one], parsed([*everywhere, *map("/ip6/::/tcp/{}".format, ports)])):
        assert 1 <= len(place.told) <= bounds.MAX_ADDRESSES
        assert {address.ip.version for address in place.told if address.ip} == {place.version}


@given(st.ip_addresses(network="10.0.0.0/8"), st.ip_addresses(network="10.0.0.0/8"))
def test_an_address_is_the_sender_s_own(claimed: object, sender: object) -> None:
    here = places([found("eth0", "10.1.2.3/16")], ANY_4)[0]
    address = Address.parse(f"/ip4/{claimed}/tcp/1")
    assert address is not None
    assert address.ip is not None
    inside = address.ip in ip_network("10.1.0.0/16") and str(address.ip) not in (
        *("10.1.0.0", "10.1.255.255", "10.1.2.3"),
    )
    ok = here.dialable(address, sender)  # type: ignore[arg-type]
    assert (ok == address) == (inside and claimed == sender)
