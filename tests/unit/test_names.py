# SPDX-License-Identifier: MIT
"""Names in addresses that a person gave: what they lead to, or why nowhere."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goop_node.config.multiaddrs import undialable
from goop_node.p2p import names
from goop_node.p2p.addresses import Address, full_address, parsed, with_peer_id
from goop_node.types import NetworkError
from tests.unit.name_server import name_server

PEER = "12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK"
OTHER = "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp"
HERE = Address.of(ip_address("127.0.0.1"), 9)


def look_up(
    texts: Mapping[str, Sequence[str]], *addresses: str, silent: bool = False
) -> tuple[tuple[Address, ...], list[str]]:
    """Where the addresses lead, and what failed."""
    failures: list[NetworkError] = []
    with name_server(texts, silent=silent) as asking, pytest.MonkeyPatch.context() as patch:
        patch.setattr(names, "resolver", lambda: asking)
        if not silent:
            patch.setattr(names, "LOOKUP_SECONDS", 60.0)  # a busy machine is no silent server
        found = trio.run(names.resolved, parsed(addresses), PEER, failures)
    assert all(error.code == "unknown_name" for error in failures)
    return found, [error.reason for error in failures]


def test_a_list_names_the_addresses_of_the_peer() -> None:
    records = [
        f"dnsaddr=/ip4/1.2.3.4/tcp/5/p2p/{PEER}",
        f"dnsaddr=/ip6/::1/tcp/6/p2p/{PEER}",
        f"dnsaddr=/ip4/1.2.3.4/tcp/5/p2p/{OTHER}",
        f"dnsaddr=/ip4/1.2.3.4/udp/5/quic-v1/p2p/{PEER}",
        "dnsaddr=/ip4/9.9.9.9/tcp/5",
        "v=spf1 -all",
    ]
    found, failures = look_up({"_dnsaddr.friend.test": records}, "/dnsaddr/friend.test")
    # In which order a server gives its records means nothing.
    assert {str(one) for one in found} == {"/ip4/1.2.3.4/tcp/5", "/ip6/::1/tcp/6"}
    assert not failures


def test_a_list_may_name_lists_and_hosts() -> None:
    texts = {
        "_dnsaddr.a.test": [f"dnsaddr=/dnsaddr/b.test/p2p/{PEER}"],
        "_dnsaddr.b.test": [f"dnsaddr=/dns4/localhost/tcp/9/p2p/{PEER}"],
    }
    assert look_up(texts, "/dnsaddr/a.test") == ((HERE,), [])


@pytest.mark.parametrize(
    ("protocol", "family"), [("dns", 0), ("dns4", socket.AF_INET), ("dns6", socket.AF_INET6)]
)
def test_a_host_is_looked_up_in_the_family_that_is_meant(
    protocol: str, family: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def looked_up(host: str, port: int, asked: int, kind: int) -> list[Any]:
        assert (host, port, asked, kind) == ("friend.test", 9, family, socket.SOCK_STREAM)
        return [(asked, kind, 6, "", ("127.0.0.1", 9))]

    monkeypatch.setattr(trio.socket, "getaddrinfo", looked_up)
    assert look_up({}, f"/{protocol}/friend.test/tcp/9") == ((HERE,), [])


def test_lists_without_an_end_end() -> None:
    texts = {"_dnsaddr.a.test": [f"dnsaddr=/dnsaddr/a.test/p2p/{PEER}"]}
    found, failures = look_up(texts, "/dnsaddr/a.test")
    assert not found
    assert failures == ["a.test is a list of lists without an end"]


def test_a_list_of_nothing_says_so() -> None:
    texts = {"_dnsaddr.a.test": [f"dnsaddr=/ip4/1.2.3.4/udp/5/quic-v1/p2p/{PEER}"]}
    for known in (texts, {"_dnsaddr.a.test": ["x"]}):
        found, (reason,) = look_up(known, "/dnsaddr/a.test")
        assert not found
        assert "name no address of that peer" in reason
    found, (reason,) = look_up({}, "/dnsaddr/a.test")
    assert not found
    assert "leads nowhere" in reason


def test_a_silent_server_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "LOOKUP_SECONDS", 0.2)
    found, failures = look_up({}, "/dnsaddr/a.test", "/dns4/localhost/tcp/9", silent=True)
    assert found == (HERE,)
    assert len(failures) == 1


def test_a_machine_without_name_servers_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise names.dns.exception.DNSException("no resolv.conf")

    monkeypatch.setattr(names, "resolver", none)
    failures: list[NetworkError] = []
    assert not trio.run(names.resolved, parsed(["/dnsaddr/a.test"]), PEER, failures)
    assert "leads nowhere" in failures[0].reason


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), max_size=60)
        | st.sampled_from(["/ip4/1.2.3.4", "/dnsaddr/x.test", "/dnsaddr//", "/ip4/1.2.3.4/tcp/1"])
        .flatmap(lambda place: st.sampled_from([place, f"{place}/p2p/{PEER}", f"{place}/p2p/"]))
        .map(lambda text: f"dnsaddr={text}"),
        max_size=8,
    )
)
def test_whatever_a_list_says(records: list[str]) -> None:
    plain = [record.replace("\\", "") for record in records]
    found, failures = look_up({"_dnsaddr.x.test": plain}, "/dnsaddr/x.test")
    assert bool(found) != bool(failures)
    assert all(str(one) == "/ip4/1.2.3.4/tcp/1" for one in found)


# What cannot be dialled is refused in words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"/ip4/1.2.3.4/udp/4001/quic-v1/p2p/{PEER}", "it is for quic-v1, and this node speaks"),
        (f"/ip4/1.2.3.4/udp/4001/p2p/{PEER}", "it is for udp, and"),
        (f"/dns4/a.test/tcp/443/wss/p2p/{PEER}", "it is for wss, and"),
        (f"/ip4/1.2.3.4/udp/9/quic-v1/webtransport/p2p/{PEER}", "this node speaks plain TCP only"),
        (f"/ip4/1.2.3.4/tcp/1/p2p/{OTHER}/p2p-circuit/p2p/{PEER}", "through a relay"),
        ("/ip4/1.2.3.4/tcp/1", "does not say whose it is"),
        (f"/ip4/1.2.3.4/p2p/{PEER}", "names no TCP port"),
        (f"/ip4/1.2.3.444/tcp/1/p2p/{PEER}", "host, port or peer id is none"),
        (f"/memory/1/p2p/{PEER}", "it begins with /memory"),
        ("Alice", "begins with a slash"),
    ],
)
def test_what_is_wrong_is_said(text: str, words: str) -> None:
    with pytest.raises(NetworkError) as refused:
        full_address(text)
    assert refused.value.code == "bad_address"
    assert words in refused.value.reason


@given(
    st.text()
    | st.lists(st.sampled_from([*"/ip4 tcp p2p udp dns4 1 x".split(), PEER])).map("/".join)
)
def test_whatever_is_no_address_is_refused_in_words(text: str) -> None:
    if with_peer_id(text) is None:
        assert undialable(text)
        with pytest.raises(NetworkError, match="cannot be dialled"):
            full_address(text)
