# SPDX-License-Identifier: MIT
"""Some people in one channel or room, at a node each."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from goop_node.types import JsonValue
from goop_realtime.machine.rights import HOME
from goop_realtime.testing.kit.host import Host, Plugins
from goop_realtime.testing.kit.nodes import PairNode, Plugged, SwarmNode
from goop_realtime.testing.kit.player import Player, Sent
from goop_realtime.testing.rooms.world import RoomWorld
from goop_realtime.testing.simulator import World
from goop_realtime.types import Refusal

NAMES = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi")
WAIT_MS = 2_000
"""How long something takes at most that is not held up."""
OPEN_MS = 60_000


class Refused(AssertionError):
    """A channel could not be opened, or a room not joined: ``code`` says why."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason


class Swarm:
    """Players, to be taken apart as ``alice, bob = …``, and what holds for all of them.

    Their nodes are in this process: the node's machine, journal and plugins are real, the network
    and the time are not. Everything is the same at every run. Plugins' tasks run only within the
    calls of this class and of its players, so these are for tests that are no coroutines.
    """

    place: str
    """The id of their channel, or the handle of their room."""

    def __init__(
        self, world: World, folder: Path | None, names: Iterable[str], plugins: Plugins
    ) -> None:
        self.world = world
        self._loop = asyncio.new_event_loop()
        self._own = None if folder else tempfile.TemporaryDirectory(prefix="goop-kit-")
        self._folder = folder or Path(self._own.name if self._own else "")
        self._plugins = plugins
        self._names = tuple(names)
        self.nodes: list[Plugged] = []
        self.players: list[Player] = []

    def __iter__(self) -> Iterator[Player]:
        return iter(self.players)

    def __getitem__(self, index: int) -> Player:
        return self.players[index]

    def __len__(self) -> int:
        return len(self.players)

    def host(self, name: str, what: object = None) -> Host:
        """A node's plugins, on its data folder; with ``what`` in the place of those of the others,
        and with their settings."""
        plugins = self._plugins if what is None else Plugins(what, self._plugins.own)
        return Host(self._folder / name, name, self._names, plugins)

    def populate(self, kind: type[Plugged]) -> None:
        """Start the nodes, and open a page at each."""
        for name in self._names:
            node = kind(self.world, name)
            node.make_host = partial(self.host, name)
            node.wait = self._loop.run_until_complete
            self.world.nodes[name] = node
            if isinstance(node, SwarmNode) and isinstance(self.world, RoomWorld):
                self.world.members[name] = node
            node.start()
            self.nodes.append(node)
        self.players = [Player(self, node) for node in self.nodes]

    def run(self, *, ms: int = WAIT_MS, until: Callable[[], bool] | None = None) -> bool:
        """Let so much virtual time pass, or less if ``until`` comes true. Whether it did."""
        if until is not None and until():
            return True
        return self.world.run(ms, until)

    def play(self, log: Iterable[tuple[str, JsonValue]]) -> list[Sent]:
        """Have the players say these, as ``(name, data)``, one after the other.

        Raises ``AssertionError`` at the first that is refused.
        """
        by_name = {player.name: player for player in self.players}
        told = []
        for n, (name, data) in enumerate(log):
            sent = by_name[name].send(data)
            if sent.refused:
                place = f"{sent.pointer}: " if sent.pointer else ""
                raise AssertionError(
                    f"message {n}, {data!r} of {name}: {sent.code}: {place}{sent.reason}"
                )
            told.append(sent)
        return told

    @property
    def state(self) -> Any:
        """What the Session has come to, at every node that is up. Raises where two differ."""
        found = {one.name: one.state for one in self.players if one.node.up}
        states = list(found.values())
        if any(one != states[0] for one in states):
            raise AssertionError(f"the nodes disagree about the state: {found}")
        return states[0] if states else None

    def expect(self, connection: str) -> None:
        """Raise ``Refused`` for the first of the players who is not so."""
        for player in self.players:
            if player.connection != connection:
                raise Refused(*player.ending)

    def close(self) -> None:
        """Stop the nodes."""
        for node in self.nodes:
            if node.up:
                node.crash()
        self._loop.close()
        if self._own is not None:
            self._own.cleanup()


def pair(
    what: object,
    *,
    context: str = "",
    params: JsonValue = None,
    settings: Mapping[str, JsonValue] | None = None,
    folder: Path | None = None,
    names: tuple[str, str] = NAMES[:2],
) -> Swarm:
    """Two players with an open channel, which the first has asked for.

    ``what`` brings the context: a ``ContextType``, a plugin, or the name of an installed one, with
    its ``settings``. ``context`` is the one asked for, with ``params``; without, the only one.
    ``folder`` is for the nodes' data. Raises ``Refused``, and ``PluginError`` of a broken plugin.
    """
    two = Swarm(World(0, ()), folder, names, Plugins(what, settings))
    try:
        two.populate(PairNode)
        opener, other = two.nodes
        found = opener.engine.request(
            opener.now(),
            other.peer_id,
            context or _only(opener),
            params,
            OPEN_MS,
            new=True,
            caller=HOME,
        )
        opener.flush()
        if isinstance(found, Refusal):
            raise Refused(found.code, found.reason)
        two.place = found.id
        guest = two[1]
        if two.run(until=lambda: guest.was_asked):
            other.accept(found.id)
        two.run(until=lambda: all(one.connection == "connected" for one in two))
        two.expect("connected")
    except BaseException:
        two.close()
        raise
    return two


def swarm(
    what: object,
    n: int,
    *,
    context: str = "",
    room: str = "",
    settings: Mapping[str, JsonValue] | None = None,
    folder: Path | None = None,
) -> Swarm:
    """``n`` players (2 to 8) in one room, all of them members.

    The room is ``room``, else one of ``context``; see ``pair`` for the rest.
    """
    if not 2 <= n <= len(NAMES):
        raise ValueError(f"a swarm has 2 to {len(NAMES)} players, not {n}")
    found = Swarm(RoomWorld(1, ()), folder, NAMES[:n], Plugins(what, settings))
    try:
        found.populate(SwarmNode)
        name = room or f"{context or _only(found.nodes[0])}_1"
        for player in found:
            found.place = player.join(name, n)
        found.run(ms=OPEN_MS, until=lambda: all(one.connection == "joined" for one in found))
        found.expect("joined")
    except BaseException:
        found.close()
        raise
    return found


def _only(node: Plugged) -> str:
    names = [context.name for context in node.registry().all()]
    if len(names) != 1:
        there = ", ".join(names) or "none"
        raise ValueError(f"say which context= is meant; the plugin brings: {there}")
    return names[0]
