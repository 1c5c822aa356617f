# SPDX-License-Identifier: MIT
"""Many nodes in one network, in virtual time: who is found when, and what is on the wire."""

from __future__ import annotations

import math
from functools import partial
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goop_node.p2p.mdns import bounds
from goop_node.p2p.mdns.packets import parse
from goop_node.p2p.mdns.responder import Sender
from tests.mdns.ether import GOOP, LIBP2P, Ether, Fate, peer

TWO_SECONDS = 2.0


def everybody_knows_everybody(ether: Ether) -> bool:
    everybody = {node.peer_id for node in ether.nodes.values()}
    return all(
        ether.known(number) == everybody - {node.peer_id} for number, node in ether.nodes.items()
    )


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("apart", [0.0, 0.5, 3.0, 100.0, 4000.0])
def test_two_find_each_other_within_two_seconds(version: int, apart: float) -> None:
    for seed in range(20):
        ether = Ether(seed)
        ether.join(0, version=version)
        ether.run(apart)
        ether.join(1, version=version)
        ether.run(TWO_SECONDS)
        assert everybody_knows_everybody(ether), seed
        assert [who for _, who in ether.nodes[0].news] == [peer(1)]


def test_a_link_local_address_has_the_zone_of_who_found_it() -> None:
    ether = Ether(1)
    ether.join(0, version=6)
    ether.join(1, version=6)
    ether.run(TWO_SECONDS)
    (address,) = ether.nodes[0].link.found()[peer(1)]
    assert str(address) == "/ip6zone/eth0/ip6/fe80::2/tcp/4000"


def test_twenty_nodes_for_ten_minutes() -> None:
    """What is on the wire is what the RFC allows, and hardly anything once all is known."""
    ether = Ether(7)
    for number in range(20):
        ether.at(number * 0.3, partial(ether.join, number))
    ether.run(30.0)
    assert everybody_knows_everybody(ether)
    first = ether.judge.packets
    ether.run(570.0)
    ether.judge.end()
    assert everybody_knows_everybody(ether)
    later = ether.judge.packets - first
    # Each asks at 31, 63, 127, 255 and 511 s at most, and one asks for all; nobody has to answer.
    assert later <= 5 * 20 * 2, later
    assert later < first


def test_who_stays_is_asked_for_before_it_is_forgotten() -> None:
    ether = Ether(3)
    ether.join(0)
    ether.join(1)
    ether.run(3 * bounds.TTL)
    assert everybody_knows_everybody(ether)
    assert len(ether.nodes[0].news) == 1


def test_goodbye_and_silence() -> None:
    ether = Ether(4)
    for number in range(3):
        ether.join(number)
    ether.run(10.0)
    ether.leave(1)
    ether.run(bounds.GOODBYE_SECONDS + 0.1)
    assert ether.known(0) == {peer(2)}
    ether.leave(2, politely=False)
    ether.run(bounds.TTL - 60)
    assert ether.known(0) == {peer(2)}
    ether.run(120)
    assert ether.known(0) == set()


def test_a_new_start_is_a_new_instance() -> None:
    """A Go peer dials no instance twice."""
    ether = Ether(5)
    ether.join(0)
    ether.join(1)
    ether.run(5.0)
    ether.leave(1, politely=False)
    ether.join(1)
    ether.run(5.0)
    assert [who for _, who in ether.nodes[0].news] == [peer(1), peer(1)]
    instances = {name for _, name in ether.judge.instances}
    assert len(instances) == 3


def test_two_services_find_peers_of_each() -> None:
    ether = Ether(6, services=(GOOP, LIBP2P))
    ether.join(0)
    ether.services = (LIBP2P,)
    ether.join(1)
    ether.services = (GOOP,)
    ether.join(2)
    ether.run(5.0)
    assert ether.known(0) == {peer(1), peer(2)}
    assert ether.known(1) == ether.known(2) == {peer(0)}


def test_whoever_wants_our_name_gets_it() -> None:
    """Somebody answers each of our probes as if the name were theirs."""
    ether = Ether(8)
    ether.join(0)
    stolen = 0

    def steal() -> None:
        nonlocal stolen
        for _, number, packet in ether.sent[stolen:]:
            message = parse(packet.data)
            stolen += 1
            if number == 0 and message is not None and message.authorities:
                taken = packet.data[:2] + b"\x84\x00" + packet.data[4:]
                thief = Sender(ip_address("10.0.9.9"), 5353)
                ether.say(taken.replace(b"dnsaddr=/ip4/", b"dnsaddr=/ip6/"), thief)

    for _ in range(4000):
        ether.run(0.01)
        steal()
    names = {name for _, name in ether.judge.instances}
    # 15 at once, then one in five seconds.
    assert bounds.CONFLICTS <= len(names) <= bounds.CONFLICTS + 40 / bounds.CONFLICT_PAUSE + 1
    assert ether.judge.responses == 0
    ether.run(10.0)
    assert ether.judge.responses > 0


@given(st.integers(0, 99), st.lists(st.floats(0, 2), min_size=1, max_size=6))
def test_a_name_lost_behind_an_announcement_makes_none_come_too_soon(
    seed: int, pauses: list[float]
) -> None:
    """What every instance says in the same words is not said twice within a second, either."""
    ether = Ether(seed)
    ether.join(0)
    thief = Sender(ip_address("10.0.9.9"), 5353)
    for pause in pauses:
        announced = ether.judge.responses
        while ether.judge.responses == announced:
            ether.run(0.01)
        ether.run(pause)
        packet = ether.sent[-1][2]
        ether.say(packet.data.replace(b"dnsaddr=/ip4/", b"dnsaddr=/ip6/"), thief)
    ether.run(10.0)


fates = st.builds(
    Fate,
    lost=st.sampled_from([0.0, 0.1, 0.5]),
    twice=st.sampled_from([0.0, 0.2]),
    late=st.sampled_from([0.0, 0.05, 1.0]),
)
steps = st.lists(
    st.tuples(
        st.sampled_from(["join", "leave", "kill", "deaf", "hear", "wait"]),
        st.integers(0, 7),
        st.floats(0.0, 30.0),
    ),
    max_size=40,
)


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), fate=fates, story=steps, version=st.sampled_from([4, 6]))
def test_whatever_happens_it_is_lawful_and_ends_well(
    seed: int, fate: Fate, story: list[tuple[str, int, float]], version: int
) -> None:
    ether = Ether(seed)
    ether.fate = fate
    for kind, number, seconds in story:
        node = ether.nodes.get(number)
        if kind == "join" and node is None:
            ether.join(number, version=version)
        elif kind in ("leave", "kill") and node is not None:
            ether.leave(number, politely=kind == "leave")
        elif kind in ("deaf", "hear") and node is not None:
            node.hears = kind == "hear"
        ether.run(seconds)
    ether.fate = Fate()
    for node in ether.nodes.values():
        node.hears = True
    ether.run(2 * bounds.LONGEST_TTL)
    assert all(math.isfinite(node.link.due) for node in ether.nodes.values())
    assert everybody_knows_everybody(ether)


@pytest.mark.parametrize(
    ("bound", "value"),
    [
        ("RECORD_GAP", 0.2),
        ("PROBES", 2),
        ("PROBE_GAP", 0.1),
        ("ANNOUNCEMENTS", 1),
        ("QUERY_GAP", 0.3),
    ],
)
def test_the_judge_sees_what_is_not_allowed(
    monkeypatch: pytest.MonkeyPatch, bound: str, value: object
) -> None:
    monkeypatch.setattr(bounds, bound, value)
    ether = Ether(7)

    def live() -> None:
        for number in range(8):
            ether.at(number * 0.7, partial(ether.join, number))
        ether.run(60.0)
        ether.judge.end()

    with pytest.raises(AssertionError):
        live()
