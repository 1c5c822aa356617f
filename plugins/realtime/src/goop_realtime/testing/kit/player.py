# SPDX-License-Identifier: MIT
"""Somebody in a channel or room of the kit: says things, hears things, and has mishaps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from goop_node.types import JsonValue
from goop_realtime.testing.kit.nodes import Plugged, SwarmPage

if TYPE_CHECKING:
    import httpx

    from goop_realtime.testing.kit.swarm import Swarm

PLACED = ("ordered", "delivered", "handled")


@dataclass(frozen=True)
class Sent:
    """What became of a message, as far as its author's page was told.

    ``stage`` is ``""``, ``accepted``, ``ordered`` (in rooms), ``delivered`` or ``handled``. A
    refused one has the ``code``, ``reason`` and ``pointer`` of its refusal.
    """

    data: JsonValue
    stage: str = ""
    code: str = ""
    reason: str = ""
    pointer: str = ""

    @property
    def refused(self) -> bool:
        """Whether somebody refused it: schema, Session or node."""
        return self.code != ""

    @property
    def delivered(self) -> bool:
        """Whether it has its place in the log, at more than one node."""
        return self.stage in ("delivered", "handled")

    @property
    def handled(self) -> bool:
        """Whether every other player's page has handled it."""
        return self.stage == "handled"


class Player:
    """A person with a page, at a node of their own. ``name`` is the node's peer id here."""

    def __init__(self, swarm: Swarm, node: Plugged) -> None:
        self.name = node.peer_id
        self.node = node
        self._swarm = swarm
        self._page: Any = node.open(f"{node.peer_id}-page")

    def __repr__(self) -> str:
        return f"<Player {self.name}>"

    # Saying and hearing

    def send(self, data: JsonValue, *, to: Player | None = None) -> Sent:
        """Send a message, in a room also to one member alone, and see what becomes of it.

        Two seconds of virtual time pass at most, less where all have handled it before.
        """
        message_id = self._say(data, "" if to is None else to.name)
        self._swarm.run(until=lambda: self._fate(message_id, data).handled or self._off(message_id))
        return self._fate(message_id, data)

    def _say(self, data: JsonValue, to: str) -> str:
        page, place = self._page, self._swarm.place
        if isinstance(page, SwarmPage):
            page.say_in(place, data, to)
            return next(reversed(page.view(place).own))
        if to:
            raise ValueError("in a channel of two, every message is for the other: leave out to=")
        return str(page.send(place, data))

    def _off(self, message_id: str) -> bool:
        return self._page.answers.get(message_id, {}).get("type") in ("refused", "error")

    def _fate(self, message_id: str, data: JsonValue) -> Sent:
        refusal = self._page.answers.get(message_id, {})
        stage = self._page.stages.get(message_id, "")
        if not self._off(message_id) or stage in PLACED:
            return Sent(data, stage)
        words = {key: str(refusal.get(key, "")) for key in ("code", "reason", "pointer")}
        return Sent(data, **words)

    @property
    def log(self) -> list[tuple[str, Any]]:
        """``(name, data)`` of the messages that its page was given, in their order.

        A page is not given what it has said itself, unless it is loaded anew.
        """
        page, place = self._page, self._swarm.place
        if isinstance(page, SwarmPage):
            keys = [(one.author, one.id) for one in page.view(place).given]
        else:
            by_id = {message_id: author for author, message_id in page.told}
            keys = [(by_id[one], one) for one in page.got.get(place, ())]
        return [(author, page.told[author, message_id]) for author, message_id in keys]

    @property
    def received(self) -> list[Any]:
        """The data of the others' messages, in their order."""
        return [data for name, data in self.log if name != self.name]

    @property
    def state(self) -> Any:
        """What the Session's ``snapshot()`` gives at this player's node; ``None`` without rules."""
        return self._snapshot()["state"]

    def _snapshot(self) -> dict[str, Any]:
        page, ref = self._page, "state"
        page.answers.pop(ref, None)
        page.say("snapshot", channel=self._swarm.place, ref=ref)
        self._swarm.run(until=lambda: ref in page.answers)
        found: dict[str, Any] = page.answers.get(ref, {})
        if found.get("type") != "snapshot":
            raise AssertionError(f"{self.name} has no state to show: {found or 'its node is down'}")
        return found

    @property
    def connection(self) -> str:
        """How its channel stands (``connected``, ``suspended``, …), or its room (``joined``, …)."""
        return str(self._page.states.get(self._swarm.place, {}).get("state", ""))

    @property
    def ending(self) -> tuple[str, str]:
        """Why it is not connected, as a code and in words."""
        state = self._page.states.get(self._swarm.place, {})
        code, reason = state.get("code", ""), state.get("reason", "")
        return code or self.connection or "timeout", reason or f"{self.name} is not connected"

    @property
    def was_asked(self) -> bool:
        """Whether its page shows the request for the channel."""
        return self._swarm.place in self._page.requests

    def join(self, room: str, max_peers: int) -> str:
        """Ask to be in a room; its handle."""
        self._page.answers.pop(room, None)
        self._page.join(room, maxPeers=max_peers)
        self._swarm.run(until=lambda: room in self._page.answers)
        answer = self._page.answers[room]
        if answer["type"] == "error":
            raise AssertionError(f"{self.name} cannot join {room}: {answer}")
        return str(answer["channel"])

    @property
    def failures(self) -> list[str]:
        """What a plugin failed in at this player's node, in words."""
        return self.node.failures

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A program on this player's machine asks the node; ``options`` are those of ``httpx``."""
        return self.node.request(method, path, **options)

    # Mishaps

    def kill(self) -> None:
        """The node's process is killed. What it had stored stays."""
        self.node.crash()
        self._swarm.run()

    def start(self, plugin: object = None) -> None:
        """The node starts again; pages and others find it.

        With another ``plugin`` (see ``pair``) it has that one in the place of the one before.
        """
        if plugin is not None:
            self.node.make_host = partial(self._swarm.host, self.name, plugin)
        self.node.start()
        for node in self._swarm.nodes:
            node.sees_everybody()
        self._swarm.run(ms=10_000)

    def cut(self) -> None:
        """Every stream to others breaks. They are made anew."""
        for wire in self.node.world.wires():
            if self.node in wire.nodes.values():
                wire.cut((0, 0))
        self._swarm.run(ms=10_000)

    def freeze(self, ms: int) -> None:
        """The node does nothing for so long, and nobody is told (as by SIGSTOP)."""
        self.node.stop(ms)
        self._swarm.run(ms=ms + 10_000)

    def reload(self) -> None:
        """The page is loaded anew: it hears again what the log still holds."""
        self._page.die()
        self._page = self.node.open(f"{self._page.id}x", self._swarm.place)
        self._swarm.run()
