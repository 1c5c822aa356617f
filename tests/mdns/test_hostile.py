# SPDX-License-Identifier: MIT
"""Whoever is in the network can send anything: bounds hold, and others are found all the same."""

from __future__ import annotations

from ipaddress import ip_address
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goop_node.p2p.mdns import bounds
from goop_node.p2p.mdns.adverts import META, Advert, new_label
from goop_node.p2p.mdns.packets import (
    ANY,
    PTR,
    TXT,
    Message,
    Pointer,
    Question,
    Record,
    Server,
    Strings,
    parse,
    serialise,
)
from goop_node.p2p.mdns.responder import Sender
from tests.mdns.ether import GOOP, Ether, peer, place

HOUR = 3600


def advert(number: int, rng: Random, ttl: int = bounds.TTL) -> bytes:
    """A packet as that node would send it."""
    one = Advert(GOOP, new_label(rng), peer(number), place(number))
    records = (one.pointer, *one.unique)
    return serialise(
        Message(response=True, answers=tuple(Record(r.name, r.data, ttl) for r in records))
    )


def sender(number: int, port: int = 5353) -> Sender:
    """Where that node's packets come from."""
    return Sender(place(number).ips[0].ip, port)


@st.composite
def packets(draw: st.DrawFn) -> tuple[bytes, Sender]:
    """A packet that means something here, or nearly."""
    label = draw(st.sampled_from([b"x", b"ours", b"\xff" * 63]))
    name = draw(st.sampled_from([GOOP, (label, *GOOP), (label, b"local"), META, (), GOOP[::-1]]))
    texts = st.sampled_from(
        [
            b"",
            b"dnsaddr=",
            f"dnsaddr=/ip4/10.0.0.6/tcp/1/p2p/{peer(5)}".encode(),
            f"dnsaddr=/ip4/10.0.0.1/tcp/1/p2p/{peer(0)}".encode(),
            b"dnsaddr=/ip4/10.0.0.6/tcp/1/p2p/\xff",
        ]
    )
    data = draw(
        st.one_of(
            st.builds(Pointer, st.sampled_from([(label, *GOOP), GOOP, ()])),
            st.builds(Server, st.integers(0, 65535), st.just(name)),
            st.builds(Strings, st.lists(texts, max_size=3).map(tuple)),
        )
    )
    ttl = draw(st.sampled_from([0, 1, 119, 3200, 2**31 - 1, 2**32 - 1]))
    records = (Record(name, data, ttl, draw(st.booleans())),)
    places = draw(st.sampled_from([(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1), (0, 0, 0)]))
    kind = draw(st.sampled_from([PTR, TXT, ANY, 0]))
    asked = draw(st.lists(st.builds(Question, st.just(name), st.just(kind), st.booleans())))
    message = Message(
        draw(st.booleans()),
        draw(st.integers(0, 65535)),
        draw(st.booleans()),
        tuple(asked[:3]),
        *(records if there else () for there in places),
    )
    data_ = bytearray(serialise(message))
    for _ in range(draw(st.integers(0, 2))):
        data_[draw(st.integers(0, len(data_) - 1))] = draw(st.integers(0, 255))
    ip = draw(st.sampled_from(["10.0.0.6", "10.0.0.1", "10.0.200.7", "192.0.2.1", "127.0.0.1"]))
    return bytes(data_), Sender(ip_address(ip), draw(st.sampled_from([5353, 1, 40000])))


@settings(max_examples=150)
@given(
    st.integers(0, 2**32),
    st.lists(st.tuples(packets(), st.floats(0, 2)), max_size=40),
    st.booleans(),
)
def test_hostile_packets(
    seed: int, story: list[tuple[tuple[bytes, Sender], float]], ours: bool
) -> None:
    """Nothing raises, nothing unlawful is sent, and two nodes find each other among it."""
    ether = Ether(seed)
    ether.judge.strangers = True
    ether.join(0)
    for number, ((data, who), seconds) in enumerate(story):
        if number == len(story) // 2:
            ether.join(1)
        if ours:
            # Aimed: with the name that is ours at the moment.
            label = ether.nodes[0].link._responders[0].label
            data = data.replace(b"\x04ours", bytes((len(label),)) + label)
        ether.say(data, who)
        ether.run(seconds)
    ether.nodes.get(1) or ether.join(1)
    ether.run(HOUR)
    assert peer(1) in ether.known(0)
    assert peer(0) in ether.known(1)
    assert ether.known(0) <= {peer(1), peer(5)}


def test_a_flood_of_peers_has_a_bound_and_hides_nobody() -> None:
    ether = Ether(1)
    ether.judge.strangers = True
    ether.join(0)
    rng = Random(2)
    for number in range(5000):
        ether.say(advert(number + 1000, rng), sender(number + 1000))
        ether.run(0.005)
    assert len(ether.known(0)) <= bounds.MAX_FOUND
    assert len(ether.nodes[0].link._paces) <= bounds.MAX_SENDERS
    ether.join(1)
    ether.run(5.0)
    assert peer(1) in {who for _, who in ether.nodes[0].news}


def test_one_address_has_a_few_places() -> None:
    ether = Ether(1)
    ether.join(0)
    ether.join(1)
    ether.run(5.0)
    rng = Random(2)
    for number in range(2000):
        one = Advert(GOOP, new_label(rng), peer(10_000 + number), place(7))
        ether.say(serialise(Message(response=True, answers=one.unique)), sender(7))
        ether.run(0.02)
    assert len(ether.known(0)) <= bounds.FOUND_BY_SENDER + 1
    assert peer(1) in ether.known(0)
    read = len(ether.nodes[0].news)
    assert read <= 40 * bounds.SENDER_RATE + bounds.SENDER_BURST + 1


@pytest.mark.parametrize("alone", [True, False])
def test_questions_in_others_names_do_not_multiply(alone: bool) -> None:
    """A thousand questions from all over the network, in one second."""
    ether = Ether(1)
    ether.judge.strangers = True
    ether.join(0)
    ether.run(40.0)
    before = len(ether.sent)
    asked = serialise(Message(questions=(Question(GOOP, PTR, alone),)))
    for number in range(1000):
        ether.say(asked, sender(number + 10, 5353 if number % 2 else 40000))
        ether.run(0.001)
    answers = [packet.to for _, _, packet in ether.sent[before:]]
    to_one = [one for one in answers if one is not None]
    assert len(to_one) <= bounds.UNICAST_BURST + bounds.UNICAST_RATE + 1
    assert len(answers) - len(to_one) <= 2


def test_strangers_are_not_answered() -> None:
    """From beyond the network, nothing is even read."""
    ether = Ether(1)
    ether.join(0)
    ether.run(40.0)
    before = len(ether.sent)
    asked = serialise(Message(questions=(Question(GOOP, PTR),)))
    for ip in ("192.0.2.1", "10.0.0.1", "10.0.255.255", "127.0.0.1", "fe80::1"):
        for port in (5353, 40000):
            ether.say(asked, Sender(ip_address(ip), port))
    ether.run(5.0)
    assert len(ether.sent) == before


def test_a_plain_dns_client_gets_a_plain_answer() -> None:
    ether = Ether(1)
    ether.join(0)
    ether.run(40.0)
    asked = Message(id=77, questions=(Question(GOOP, PTR),))
    ether.say(serialise(asked), sender(9, 40000))
    _, _, packet = ether.sent[-1]
    answer = parse(packet.data)
    assert answer is not None
    assert packet.to == sender(9, 40000)
    assert (answer.id, answer.questions) == (77, asked.questions)
    assert all(one.ttl <= bounds.LEGACY_TTL and not one.flush for one in answer.records)


def test_a_question_may_be_answered_to_its_sender_alone() -> None:
    """But for everybody, where nobody was told for a quarter of the time that it is kept."""
    ether = Ether(1)
    ether.judge.strangers = True
    ether.join(0)
    ether.run(40.0)
    asked = serialise(Message(questions=(Question(GOOP, PTR, True),)))
    for later, to in ((0.0, sender(9)), (bounds.TTL / 4, None)):
        ether.run(later)
        before = len(ether.sent)
        ether.say(asked, sender(9))
        ether.run(0.2)
        assert [packet.to for _, _, packet in ether.sent[before:]] == [to]


def test_what_is_known_is_not_told_again() -> None:
    ether = Ether(1)
    ether.join(0)
    ether.run(40.0)
    pointer = Pointer((ether.nodes[0].link._responders[0].label, *GOOP))
    for ttl, answers in ((3200, 0), (1600, 0), (1599, 1)):
        before = len(ether.sent)
        known = (Record(GOOP, pointer, ttl),)
        ether.say(serialise(Message(questions=(Question(GOOP, PTR),), answers=known)), sender(9))
        ether.run(2.0)
        assert len(ether.sent) - before == answers, ttl


def test_what_is_known_may_come_in_further_packets() -> None:
    ether = Ether(1)
    ether.join(0)
    ether.run(40.0)
    before = len(ether.sent)
    pointer = Pointer((ether.nodes[0].link._responders[0].label, *GOOP))
    ether.say(serialise(Message(truncated=True, questions=(Question(GOOP, PTR),))), sender(9))
    ether.run(0.2)
    ether.say(serialise(Message(answers=(Record(GOOP, pointer, 3200),))), sender(9))
    ether.run(2.0)
    assert len(ether.sent) == before


def test_a_lie_that_we_go_is_corrected() -> None:
    ether = Ether(1)
    ether.judge.strangers = True
    ether.join(0)
    ether.join(1)
    ether.run(40.0)
    label = ether.nodes[1].link._responders[0].label
    gone = Record(GOOP, Pointer((label, *GOOP)), 0)
    ether.say(serialise(Message(response=True, answers=(gone,))), sender(9))
    ether.run(3.0)
    assert ether.known(0) == {peer(1)}


def test_somebody_else_s_packets_cost_next_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A printer's are not even parsed."""
    ether = Ether(1)
    node = ether.join(0)

    def parsed(packet: bytes) -> Message | None:
        raise AssertionError(packet)

    monkeypatch.setattr("goop_node.p2p.mdns.link.parse", parsed)
    printer = (b"_ipp", b"_tcp", b"local")
    packet = serialise(
        Message(response=True, answers=(Record(printer, Pointer((b"laser", *printer)), 4500),))
    )
    for _ in range(1000):
        assert node.link.hear(packet, sender(9), ether.now) == set()
