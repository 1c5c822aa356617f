# SPDX-License-Identifier: MIT
"""The eye on messages that are in no log: nothing is made up, and no value goes back."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from goop_node.types import JsonValue
from goop_realtime.model.jsonio import encode
from goop_realtime.testing.seen import Seen, demand

if TYPE_CHECKING:
    from goop_realtime.testing.page import SimPage
    from goop_realtime.testing.simulator import World


class FleetingWatch:
    """What pages said that is in no log, and what they were told of it."""

    def __init__(self, world: World, seen: Seen) -> None:
        self._world = world
        self._counts = seen.counts
        self._said: dict[tuple[str, str, bytes], list[int]] = defaultdict(list)
        """``(channel, author, message)`` -> when it was said, counted up."""
        self._count = 0
        self._told: dict[tuple[str, str, str, str], int] = {}
        """``(channel, author, page, key)`` -> which of its values the page was told last."""
        self._heard: dict[tuple[str, str, str, bytes], int] = defaultdict(int)
        """``(channel, author, page, message)`` -> how often the page was told of it as volatile."""

    def said(self, page: SimPage, channel_id: str, data: JsonValue) -> None:
        """A page says something."""
        self._count += 1
        self._said[channel_id, page.node.peer_id, encode(data)].append(self._count)

    def unfit(self, channel_id: str, author: str) -> None:
        """The host does not take a value: what was the newest before it is so again."""
        for key in [key for key in self._told if key[:2] == (channel_id, author)]:
            del self._told[key]

    def latest(self, page: SimPage, body: dict[str, Any]) -> None:
        """A page is told of a value."""
        channel_id, author = body["channel"], body["from"]
        if author not in self._world.nodes:
            return  # nobody saw what it said
        said = self._said.get((channel_id, author, encode(body["data"])))
        demand(said is not None, f"{page.id} is told {body}, which nobody said")
        assert said is not None
        key = (channel_id, author, page.id, f"{body['data']['type']} {body['key']}")
        at = bisect_left(said, self._told.get(key, 0))
        demand(at < len(said), f"{page.id} is told {body}, older than what it knows")
        self._told[key] = said[at]
        self._counts["frame latest"] += 1
        self._world.tell(f"{page.id} is told {body['data']} of {author}")

    def volatile(self, page: SimPage, body: dict[str, Any]) -> None:
        """A page is told something that is worth something only now."""
        said = (body["channel"], body["from"], encode(body["data"]))
        if said[1] not in self._world.nodes:
            return
        times = len(self._said.get(said, ()))
        key = (said[0], said[1], page.id, said[2])
        self._heard[key] += 1
        demand(self._heard[key] <= times, f"{page.id} is told {body} once too often")
        self._counts["frame volatile"] += 1
