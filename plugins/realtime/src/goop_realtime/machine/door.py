# SPDX-License-Identifier: MIT
"""The door to the machine of channels: everything that can happen to a node's channels.

Each method tells it the time (Unix ms) and one thing that happened. No I/O, no clock, no thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from goop_node.types import Caller, JsonValue
from goop_realtime.machine import (
    blocking,
    calls,
    control,
    deadlines,
    forgetting,
    frames,
    granting,
    invitations_sent,
    joining,
    links,
    places,
    plugin_news,
    running,
    settling,
    showing,
    waits,
)
from goop_realtime.machine.channel import BEST_EFFORT, Phase
from goop_realtime.machine.containment import Contained, set_back
from goop_realtime.machine.core import Core
from goop_realtime.machine.liveness import Overdue
from goop_realtime.machine.pages import Page, tell_state
from goop_realtime.machine.plugin_news import Work
from goop_realtime.machine.reading import ChannelView, Reading, view_of
from goop_realtime.machine.restore import restore
from goop_realtime.machine.rights import Rights
from goop_realtime.model.effects import Committed
from goop_realtime.model.failure import Failure
from goop_realtime.model.stored import Stored
from goop_realtime.model.wire import Line
from goop_realtime.types import Refusal


class Channels:
    """The channels of one node.

    What a program is answered it may hear only once the step is stored. What a page is answered
    to a frame is an effect, and comes by itself behind all that.
    """

    def __init__(self, core: Core) -> None:
        self.core = core
        self.read = Reading(core)
        core.liveness.sources.append(lambda: waits.waiting(core))

    def settle(self) -> None:
        """End a step: what it placed is told at once, to pages and to other nodes."""
        settling.settle(self.core)

    def look(self) -> None:
        """Behind all that a step told: pages that follow a state or what runs hear what is new."""
        showing.look(self.core)
        running.look(self.core)

    def restore(self, now: int, stored: Mapping[str, Stored]) -> None:
        """A start, or going back: go on from what the journal holds, by id."""
        self.core.now = now
        restore(self.core, stored)

    def set_back(self, now: int, channel_id: str, stored: Stored | None, failure: Failure) -> None:
        """A channel failed: it goes on from what is stored of it, and ends in words."""
        self.core.now = now
        set_back(self.core, channel_id, stored, failure)

    # Pages and programs

    def request(
        self,
        now: int,
        peer: str,
        context: str,
        params: JsonValue,
        timeout: int,
        *,
        new: bool,
        caller: Caller,
        app: str = "",
        unopened: bool = False,
    ) -> ChannelView | Refusal:
        """Somebody asks for a channel with ``peer``. ``timeout`` in ms.

        Without a context the template that asks is named: for a page its own, for others ``app``.
        ``unopened``: refused (``already_open``) where ``new`` would make a difference.
        """
        self.core.now = now
        found = calls.request(
            self.core,
            peer,
            context,
            params,
            timeout,
            new=new,
            unopened=unopened,
            caller=caller,
            app=app,
        )
        return found if isinstance(found, Refusal) else view_of(self.core, found)

    def accept(
        self, now: int, channel_id: str, caller: Caller, template: str = ""
    ) -> ChannelView | Refusal:
        """Somebody accepts a request: a page for its template; home and programs for ``template``,
        else for its context's page or the template that asks, where those may have it.
        """
        self.core.now = now
        found = calls.accept(self.core, channel_id, caller, template)
        return found if isinstance(found, Refusal) else view_of(self.core, found)

    def decline(self, now: int, channel_id: str, caller: Caller, reason: str) -> Refusal | None:
        """Somebody declines a request."""
        self.core.now = now
        return calls.decline(self.core, channel_id, caller, reason)

    def dismiss(self, now: int, channel_id: str, caller: Caller) -> Refusal | None:
        """Somebody has seen that a request was missed: it is not kept any more."""
        self.core.now = now
        return calls.dismiss(self.core, channel_id, caller)

    def send(
        self, now: int, channel_id: str, page: Page, message_id: str | None, data: JsonValue
    ) -> Refusal | str:
        """Somebody sends. The message's id when it is accepted, else why not."""
        self.core.now = now
        return calls.send(self.core, channel_id, page, message_id, data)

    def close(self, now: int, channel_id: str, caller: Caller) -> Refusal | None:
        """Somebody closes the channel, or withdraws its request."""
        self.core.now = now
        return calls.close(self.core, channel_id, caller)

    def set_rights(self, now: int, rights: Rights) -> None:
        """The person has granted or revoked something: it holds from here on."""
        self.core.now = now
        granting.set_rights(self.core, rights)

    def forget_template(self, now: int, template: str) -> None:
        """Nothing is to be kept of what the pages of a template have said."""
        self.core.now = now
        forgetting.forget_template(self.core, template)

    # Pages' sockets

    def attach(self, now: int, page_id: str, caller: Caller) -> Page:
        """A connection of that page is open. A page that returns in time keeps its place.

        Where it had another one, what was on its way there unacknowledged is told again. What is
        returned stands for the page in what is told of it.
        """
        self.core.now = now
        return places.attach(self.core, page_id, caller)

    def frame(self, now: int, page: Page, body: Any) -> None:
        """A page's frame, as decoded JSON. What is refused of it is told by a frame."""
        self.core.now = now
        frames.received(self.core, page, body)

    def refuse(self, now: int, page: Page, code: str, reason: str) -> None:
        """Tell a page by a frame what is wrong with something that it sent."""
        self.core.now = now
        frames.refuse(self.core, page, code, reason)

    def detach(self, now: int, page: Page, *, for_good: bool = False) -> None:
        """The page's connection is gone; its place is kept for a while, unless it is for good."""
        self.core.now = now
        places.detach(self.core, page, for_good=for_good)

    # The network

    def control(self, now: int, peer: str, line: Line) -> None:
        """A line of the invitation protocol from ``peer`` (authenticated)."""
        self.core.now = now
        control.received(self.core, peer, line)

    def control_failed(self, now: int, peer: str, line: Line, code: str, reason: str) -> None:
        """A line could not be sent to ``peer``."""
        self.core.now = now
        if line.type == "invite":
            invitations_sent.failed(self.core, peer, line.group, code, reason)

    def joined(self, now: int, link: int, peer: str, line: Line) -> None:
        """An inbound stream began with ``line``; only ``join`` may be first."""
        self.core.now = now
        known = self.core.channels.get(line.group)
        concerned = line.group if known is not None and peer in known.members else ""
        with Contained(self.core, concerned, peer):
            joining.join(self.core, link, peer, line)

    def link_opened(self, now: int, channel_id: str, link: int) -> None:
        """The stream asked for with ``OpenLink`` is there."""
        self.core.now = now
        with Contained(self.core, channel_id):
            joining.opened(self.core, channel_id, link)

    def link_failed(self, now: int, channel_id: str, code: str) -> None:
        """The stream asked for with ``OpenLink`` could not be opened."""
        self.core.now = now
        joining.failed(self.core, channel_id, code)

    def lines(self, now: int, link: int, raws: Iterable[bytes]) -> bool:
        """Lines of a joined stream. False when one is malformed: the stream must end."""
        self.core.now = now
        return links.receive(self.core, link, raws)

    def link_ended(self, now: int, link: int, code: str) -> None:
        """A stream ended."""
        self.core.now = now
        links.ended(self.core, link, code)

    def peer_back(self, now: int, peer: str) -> None:
        """The peer was seen again: what is suspended is tried at once."""
        self.core.now = now
        links.peer_back(self.core, peer)

    def standing_changed(self, now: int, peer: str) -> None:
        """The person has blocked the peer, or taken that back."""
        self.core.now = now
        blocking.standing_changed(self.core, peer)

    def best_effort(self, now: int, channel_id: str) -> None:
        """The other one speaks 1.0.0 and has no log: nothing that it is told will be confirmed."""
        self.core.now = now
        channel = self.core.channels[channel_id]
        if channel.delivery != BEST_EFFORT:
            channel.delivery = BEST_EFFORT
            self.core.save(channel)
            if channel.phase is Phase.ASKING:
                tell_state(self.core, channel)

    # Plugins

    def replay(self, now: int) -> list[Work]:
        """At a start, the contexts' plugins are told again what the logs hold."""
        self.core.now = now
        return plugin_news.replay(self.core)

    def committed(self, now: int, news: Iterable[Committed]) -> list[Work]:
        """These are stored: the contexts' plugins are told. What is left to be awaited."""
        self.core.now = now
        return plugin_news.committed(self.core, news)

    def changed(self, now: int, channel_id: str) -> None:
        """A channel's new state is stored: its plugin is told where it is open."""
        self.core.now = now
        plugin_news.opened(self.core, channel_id)

    # Time

    def tick(self, now: int, correction: int = 0) -> list[Overdue]:
        """Time goes by; call at ``wake_at``. ``correction``: what the clock that people read is
        ahead of ``now`` (ms).

        What has come to wait for longer than it ever should is returned, and in the trace.
        """
        self.core.now, self.core.correction = now, correction
        return deadlines.tick(self.core)

    def wake_at(self, now: int) -> int | None:
        """When ``tick`` should be called next (Unix ms); ``None`` when nothing is pending."""
        return deadlines.wake_at(self.core, now)
