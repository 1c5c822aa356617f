# SPDX-License-Identifier: MIT
"""Packets of multicast DNS: what is written is read, and whatever comes is a message or nothing."""

from __future__ import annotations

import json
import struct
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, ip_address
from pathlib import Path
from random import Random

import dns.flags
import dns.message
import dns.rdatatype
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goop_node.p2p.addresses import Address
from goop_node.p2p.mdns import bounds
from goop_node.p2p.mdns.adverts import META, Advert, Place, new_label, sightings
from goop_node.p2p.mdns.packets import (
    ANY,
    PTR,
    HostIP,
    Message,
    Pointer,
    Question,
    Record,
    Server,
    Strings,
    in_packets,
    parse,
    serialise,
)
from tests.mdns.ether import GOOP, peer, place

labels = st.binary(min_size=1, max_size=63).map(bytes.lower)
names = st.lists(labels, max_size=4).map(tuple).filter(lambda one: sum(map(len, one)) < 240)
numbers = st.integers(0, 65535)
data = st.one_of(
    st.builds(Pointer, names),
    st.builds(Server, numbers, names),
    st.builds(Strings, st.lists(st.binary(max_size=255), max_size=4).map(tuple)),
    st.builds(HostIP, st.ip_addresses(v=4)),
    st.builds(HostIP, st.ip_addresses(v=6)),
)
records = st.builds(Record, names, data, st.integers(0, 2**31 - 1), st.booleans())
sections = st.lists(records, max_size=4).map(tuple)
messages = st.builds(
    Message,
    st.booleans(),
    numbers,
    st.booleans(),
    st.lists(st.builds(Question, names, numbers, st.booleans()), max_size=3).map(tuple),
    sections,
    sections,
    sections,
)


@given(messages)
def test_what_is_written_is_read(message: Message) -> None:
    assert parse(serialise(message)) == message


@given(st.binary(max_size=600))
def test_any_bytes_are_a_message_or_nothing(packet: bytes) -> None:
    parse(packet)


@given(messages, st.randoms(use_true_random=False), st.integers(1, 8))
def test_a_changed_packet_is_a_message_or_nothing(
    message: Message, rng: Random, changes: int
) -> None:
    packet = bytearray(serialise(message))
    for _ in range(changes):
        at = rng.randrange(len(packet))
        match rng.randrange(4):
            case 0:
                packet[at] = rng.randrange(256)
            case 1:
                del packet[at:]
            case 2:
                packet[at:at] = rng.randbytes(rng.randrange(1, 20))
            case _:
                packet[at : at + 2] = struct.pack("!H", 0xC000 | rng.randrange(512))
        packet = packet or bytearray(1)
    found = parse(bytes(packet))
    if found is not None:
        # Values of ours alone get through, whatever was in it.
        assert parse(serialise(found)) == found


def test_dnspython_reads_our_packets() -> None:
    advert = Advert(GOOP, new_label(Random(1)), peer(1), place(1))
    packet = serialise(Message(response=True, answers=(advert.pointer, *advert.unique)))
    read = dns.message.from_wire(packet)
    assert read.flags == dns.flags.QR | dns.flags.AA
    kinds = [dns.rdatatype.to_text(one.rdtype) for one in read.answer]
    assert kinds == ["PTR", "SRV", "TXT", "A"]
    assert str(read.answer[0].name) == "goop-mdns.local."


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        bytes(11),
        bytes(bounds.PACKET_BYTES + 1),
        # A name that points at itself, and one that points ahead.
        struct.pack("!6H", 0, 0, 1, 0, 0, 0) + b"\xc0\x0c\x00\x0c\x00\x01",
        struct.pack("!6H", 0, 0, 1, 0, 0, 0) + b"\xc0\x20\x00\x0c\x00\x01" + bytes(40),
        # More than there is.
        struct.pack("!6H", 0, 0, 65535, 65535, 65535, 65535),
        struct.pack("!6H", 0, 0, bounds.MAX_RECORDS + 1, 0, 0, 0)
        + (bounds.MAX_RECORDS + 1) * b"\0\0\x0c\0\x01",
        # An address of five bytes.
        struct.pack("!6H", 0, 0x8400, 0, 1, 0, 0) + b"\0\0\x01\0\x01\0\0\0\x01\0\x05abcde",
        # An error, and another kind of query: RFC 6762, 18.3 and 18.11.
        struct.pack("!6H", 0, 0x8403, 0, 0, 0, 0),
        struct.pack("!6H", 0, 0x2800, 0, 0, 0, 0),
    ],
)
def test_what_is_none_is_dropped(packet: bytes) -> None:
    assert parse(packet) is None


def test_unknown_records_are_skipped() -> None:
    head = struct.pack("!6H", 7, 0x8400, 0, 3, 0, 0)
    nsec = b"\0" + struct.pack("!HHIH", 47, 1, 120, 3) + b"abc"
    chaos = b"\0" + struct.pack("!HHIH", PTR, 3, 120, 1) + b"\0"
    a = b"\1a\0" + struct.pack("!HHIH", 1, 0x8001, 120, 4) + bytes((10, 0, 0, 1))
    found = parse(head + nsec + chaos + a)
    assert found is not None
    assert found.answers == (Record((b"a",), HostIP(IPv4Address("10.0.0.1")), 120, True),)


@settings(max_examples=20)
@given(st.integers(0, 200))
def test_known_answers_fill_packets_that_fit(count: int) -> None:
    rng = Random(count)
    known = tuple(Record(GOOP, Pointer((new_label(rng), *GOOP)), 3000) for _ in range(count))
    whole = Message(questions=(Question(GOOP, PTR),), answers=known)
    packets = in_packets(whole)
    read = [parse(one) for one in packets]
    assert all(len(one) <= bounds.OWN_PACKET_BYTES for one in packets)
    assert tuple(one for message in read if message for one in message.answers) == known
    assert [bool(message and message.questions) for message in read] == [
        number == 0 for number in range(len(read))
    ]
    assert [message and message.truncated for message in read] == [
        number < len(read) - 1 for number in range(len(read))
    ]


def test_an_advert_with_all_addresses_fits_into_a_frame() -> None:
    long = IPv6Address("2001:db8:1111:2222:3333:4444:5555:6666")
    told = tuple(Address.of(long + n, 65535 - n) for n in range(bounds.MAX_ADDRESSES))
    advert = Advert(GOOP, new_label(Random(2)), peer(2), Place("eth0", 1, (), told))
    everything = (advert.pointer, advert.meta, *advert.unique)
    assert len(serialise(Message(response=True, answers=everything))) <= bounds.OWN_PACKET_BYTES


# What packets say of peers

HERE = Place("wlan0", 3, (IPv4Interface("10.77.0.1/24"),), ())


def told(*texts: str, sender: str = "10.77.0.11", ttl: int = 3200) -> list[str]:
    """The addresses that a TXT record with these strings is taken to say."""
    strings = Strings(tuple(text.encode() for text in texts))
    message = Message(response=True, answers=(Record((b"x", *GOOP), strings, ttl),))
    found = sightings(message, GOOP, HERE, ip_address(sender))
    return [str(address) for one in found for address in one.addresses]


GO_PEER = json.loads((Path(__file__).parent / "go-peer.json").read_text())
"""Packets of a peer on go-libp2p, as it sent them."""


def go_says(kind: str) -> Message:
    """One of its packets."""
    message = parse(bytes.fromhex(GO_PEER[kind]))
    assert message is not None
    return message


@pytest.mark.parametrize("kind", ["answer", "announcement"])
def test_a_go_peer_is_found_by_its_packets(kind: str) -> None:
    (one,) = sightings(go_says(kind), GOOP, HERE, ip_address(GO_PEER["sender"]))
    assert one.peer_id == GO_PEER["peer"]
    assert [str(address) for address in one.addresses] == GO_PEER["addresses"]


def test_a_go_peer_asks_and_goes() -> None:
    assert go_says("query").questions == (Question(GOOP, PTR),)
    assert go_says("probe").authorities
    gone = sightings(go_says("goodbye"), GOOP, HERE, ip_address(GO_PEER["sender"]))
    assert [one.ttl for one in gone] == [0]


def test_whoever_sends_speaks_for_its_own_address() -> None:
    who = peer(1)
    assert told(f"dnsaddr=/ip4/10.77.0.11/tcp/4001/p2p/{who}") == ["/ip4/10.77.0.11/tcp/4001"]
    for elsewhere in (
        *("10.77.0.12", "10.77.0.1", "127.0.0.1", "192.0.2.1", "10.77.0.255", "0.0.0.0"),
        *("169.254.1.1", "224.0.0.251"),
    ):
        assert told(f"dnsaddr=/ip4/{elsewhere}/tcp/4001/p2p/{who}") == [], elsewhere


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dnsaddr=",
        "/ip4/10.77.0.11/tcp/1/p2p/{who}",
        "dnsaddr=/ip4/10.77.0.11/tcp/0/p2p/{who}",
        "dnsaddr=/ip4/10.77.0.11/tcp/1",
        "dnsaddr=/ip4/10.77.0.11/tcp/1/p2p/nobody",
        "dnsaddr=/ip4/10.77.0.11/udp/1/quic-v1/p2p/{who}",
        "dnsaddr=/ip4/10.77.0.11/tcp/1/ws/p2p/{who}",
        "dnsaddr=/dns4/printer.local/tcp/1/p2p/{who}",
        "dnsaddr=/dnsaddr/example.org/p2p/{who}",
        "dnsaddr=/ip4/10.77.0.11/tcp/1/p2p/{who}/p2p-circuit",
        "DNSADDR=/ip4/10.77.0.11/tcp/1/p2p/{who}",
        "dnsaddr=/ip4/10.77.0.11\u0661/tcp/1/p2p/{who}",
    ],
)
def test_what_cannot_be_dialled_says_nothing(text: str) -> None:
    assert told(text.format(who=peer(1))) == []


def test_the_first_peer_counts_and_addresses_have_a_bound() -> None:
    mine = [f"dnsaddr=/ip4/10.77.0.11/tcp/{port}/p2p/{peer(1)}" for port in range(1, 60)]
    theirs = f"dnsaddr=/ip4/10.77.0.11/tcp/99/p2p/{peer(2)}"
    found = told(*mine[:1], theirs, *mine[1:])
    assert found == [f"/ip4/10.77.0.11/tcp/{port}" for port in range(1, bounds.MAX_ADDRESSES + 1)]


def test_link_local_addresses_are_of_the_network_they_came_from() -> None:
    here = place(1, version=6)
    who = peer(3)
    text = f"dnsaddr=/ip6zone/en7/ip6/fe80::9/tcp/5/p2p/{who}".encode()
    record = Record((b"x", *GOOP), Strings((text,)), 3200)
    message = Message(response=True, answers=(record,))
    (one,) = sightings(message, GOOP, here, ip_address("fe80::9"))
    assert [str(address) for address in one.addresses] == ["/ip6zone/eth0/ip6/fe80::9/tcp/5"]
    assert sightings(message, GOOP, here, ip_address("fe80::8")) == []


def test_the_service_is_told_of_to_who_asks_for_services() -> None:
    advert = Advert(GOOP, b"x", peer(1), place(1))
    assert advert.meta == Record(META, Pointer(GOOP), bounds.TTL)
    assert ANY == 255
