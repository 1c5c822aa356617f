# SPDX-License-Identifier: MIT
"""Simulated nodes whose contexts come from real plugins, which are told what they are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from goop_realtime.contexts.collected import authorizer_of
from goop_realtime.contexts.registry import Registry
from goop_realtime.engine.effects import AnyEffect
from goop_realtime.model.effects import Changed, Committed
from goop_realtime.rooms.records import RoomCommitted
from goop_realtime.testing.kit.host import Host, Wait
from goop_realtime.testing.kit.pages import Hearing
from goop_realtime.testing.kit.visitor import Door
from goop_realtime.testing.node import SimNode
from goop_realtime.testing.page import SimPage
from goop_realtime.testing.rooms.node import RoomNode
from goop_realtime.testing.rooms.page import RoomPage
from goop_realtime.types import OpenRequest, Refusal

if TYPE_CHECKING:
    import httpx

    from goop_realtime.testing.simulator import World


class Plugged(SimNode):
    """A node that has a host with plugins for as long as it is up."""

    host: Host

    def __init__(self, world: World, peer_id: str) -> None:
        super().__init__(world, peer_id)
        self.make_host: Callable[[], Host]
        self.wait: Wait
        self.failures: list[str] = []
        """What plugins failed in at this node, ever."""
        self._door: Door | None = None

    def start(self) -> None:
        """Start the plugins, then the machine. Raises what a lifespan raised."""
        self.host = self.make_host()
        self.host.faults = self.failures
        self.wait(self.host.enter())
        super().start()
        for work in self.engine.replay(self.now()):
            self.wait(work())
        self.flush()

    def crash(self, *, silent: bool = False) -> None:
        """Kill it. Plugins leave their lifespans, so that their files are closed."""
        super().crash(silent=silent)
        self.wait(self.host.leave())
        self._door = None

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A program on the node's machine asks it something."""
        self._door = self._door or Door(self.host, self.wait)
        return self._door.request(method, path, **options)

    def open(self, name: str, place: str = "") -> SimPage:
        """Open a page on it."""
        raise NotImplementedError

    def registry(self) -> Registry:
        """The contexts of its plugins."""
        return self.host.registry()

    def authorize(self, request: OpenRequest) -> Refusal | None:
        """Its plugins are asked."""
        return authorizer_of(self.host.for_realtime)(request)

    def plugin_failed(
        self, plugin: str, error: BaseException, doing: str, code: object, about: str
    ) -> None:
        """It is told as on any node."""
        self.host.failed(plugin, error, doing=doing, code=code, about=about)

    def act(self, batch: Sequence[AnyEffect]) -> None:
        """Carry out a stored batch; the plugins hear first what is in a log for good."""
        news = [one for one in batch if isinstance(one, (Committed, RoomCommitted))]
        if news and self.dies is None:
            for work in self.engine.committed(self.now(), news):
                self.wait(work())
        super().act(batch)

    def do(self, effect: AnyEffect) -> None:
        """Do what an effect asks for; where it may have opened, plugins hear of it."""
        if isinstance(effect, Changed):
            self.engine.changed(self.now(), effect.channel)
        else:
            super().do(effect)


class PairNode(Plugged):
    """A node with channels of two."""

    def open(self, name: str, place: str = "") -> PairPage:
        """Open a page, which hears all of the channel's log where ``place`` names one."""
        page = PairPage(self, name)
        if place:
            page.after[place] = (0, 0)
        self.pages[name] = page
        page.attach()
        return page


class SwarmNode(Plugged, RoomNode):
    """A node with rooms."""

    def open(self, name: str, place: str = "") -> SwarmPage:
        """Open a page, which hears all of the room's log where ``place`` names one."""
        page = SwarmPage(self, name)
        if place:
            view = page.view(place)
            view.begun, view.state = True, "joined"
        self.pages[name] = page
        page.attach()
        return page


class PairPage(Hearing, SimPage):
    """A page in a channel."""


class SwarmPage(Hearing, RoomPage):
    """A page in a room."""
