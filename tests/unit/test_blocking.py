# SPDX-License-Identifier: MIT
"""A person blocks a peer: its channels wait in words, its requests are over, it is told nothing."""

from __future__ import annotations

from goop_node.clock import now_ms
from goop_node.types import Peer, PeerEvent, Refusal
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.reading import ChannelView
from goop_realtime.machine.rights import HOME
from tests.unit.test_containment import House


def stands(house: House, peer: str, *, blocked: bool) -> None:
    """The person decides about a peer."""
    house.core.is_blocked = lambda one: blocked and one == peer
    about = Peer(peer_id=peer, label="", online=False, connected=False, last_seen_ms=0)
    house.bridge.peer_changed(PeerEvent(kind="standing", peer=about))
    house.bridge.flush()


def states(house: House, channel: Channel) -> list[tuple[str, bool, str]]:
    """What the page was told of a channel: state, suspended, code."""
    return [
        (frame["state"], frame["suspended"], frame.get("code", ""))
        for frame in house.frames
        if frame["type"] == "state" and frame["channel"] == channel.id
    ]


async def test_a_channel_with_who_is_blocked_waits_and_goes_on_afterwards() -> None:
    house = House()
    channel, _ = house.channel("bob")
    other, _ = house.channel("carol")
    house.told.clear()
    stands(house, "bob", blocked=True)
    assert states(house, channel)[-1][1:] == (True, "blocked")
    assert channel.phase is Phase.OPEN
    assert other.other.link is not None
    assert not states(house, other)[-1][2]
    assert house.told == [], "the peer is told nothing"
    stands(house, "bob", blocked=False)
    assert states(house, channel)[-1][1:] == (True, "")
    assert channel.phase is Phase.OPEN


async def test_what_was_asked_is_over_and_nothing_new_is_asked() -> None:
    house = House()

    def request(peer: str) -> ChannelView | Refusal:
        return house.bridge.engine.request(now_ms(), peer, "", None, 60_000, new=True, caller=HOME)

    asked = request("bob")
    assert isinstance(asked, ChannelView)
    stands(house, "bob", blocked=True)
    ended = house.core.channels[asked.id]
    assert (ended.phase, ended.close_code) == (Phase.CLOSED, "blocked")
    refused = request("bob")
    assert isinstance(refused, Refusal)
    assert refused.code == "blocked"
    assert isinstance(request("carol"), ChannelView)
