# SPDX-License-Identifier: MIT
"""The door to the realtime state machine: everything that can happen to a node's channels.

Each method tells it the time (Unix ms) and one thing that happened. ``settle()`` ends a step,
``take()`` hands out its effects. No I/O, no clock, no thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from goop_node.types import Caller, JsonValue
from goop_realtime.machine import (
    blocking,
    control,
    deadlines,
    failures,
    granting,
    incoming,
    invitations_received,
    invitations_sent,
    joining,
    links,
    pages,
    places,
    sending,
    settling,
    signals,
    waits,
)
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.containment import REFUSAL, Contained, set_back
from goop_realtime.machine.core import Core, Failure
from goop_realtime.machine.liveness import Overdue
from goop_realtime.machine.lookup import find, find_request
from goop_realtime.machine.pages import Page
from goop_realtime.machine.restore import restore
from goop_realtime.machine.rights import Right, Rights
from goop_realtime.model.effects import Effect, channel_of
from goop_realtime.model.jsonio import MalformedJson
from goop_realtime.model.stored import Stored
from goop_realtime.model.wire import Line, pair, parse
from goop_realtime.types import Refusal

R = TypeVar("R", Refusal, Refusal | None)


class Engine:
    """The realtime machine of one node."""

    def __init__(self, core: Core) -> None:
        self.core = core
        core.liveness.sources.append(lambda: waits.waiting(core))

    def settle(self) -> None:
        """End a step: what it placed is told at once, to pages and to other nodes."""
        settling.settle(self.core)

    def take(self) -> list[Effect]:
        """What is to be done since the last call: records to commit first, then actions.

        Nothing of channels that failed; ``failures`` names them.
        """
        out, self.core.out = self.core.out, []
        failed = self.core.failures.keys() - {""}
        return [effect for effect in out if channel_of(effect) not in failed] if failed else out

    def failures(self) -> dict[str, Failure]:
        """The channels that the last step failed on, ``""`` for none in particular."""
        found, self.core.failures = self.core.failures, {}
        return found

    def set_back(self, now: int, channel_id: str, stored: Stored | None, failure: Failure) -> None:
        """A channel failed: it goes on from what is stored of it, and ends in words."""
        self.core.now = now
        set_back(self.core, channel_id, stored, failure)

    def rebuild(self, now: int, stored: Mapping[str, Stored]) -> None:
        """Go on from what the journal holds, after it could not take a step.

        That step's effects are dropped. Every stream and socket was ended before: peers and
        pages come back and say what they have.
        """
        self.core.now = now
        self.core.forget_everything()
        restore(self.core, stored)

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
    ) -> Channel | Refusal:
        """Somebody asks for a channel with ``peer``. ``timeout`` in ms.

        Without a context the template that asks is named: for a page its own, for others ``app``.
        """
        self.core.now = now
        if caller.kind == "template" and not context:
            app = caller.name
        found: Channel | Refusal = REFUSAL
        with Contained(self.core, ""):
            found = invitations_sent.request(
                self.core, peer, context, params, timeout, new=new, caller=caller, app=app
            )
        if isinstance(found, Refusal):
            self._refused(found, "")
        return found

    def accept(
        self, now: int, channel_id: str, caller: Caller, template: str = ""
    ) -> Channel | Refusal:
        """Somebody accepts a request: a page for its template; home and programs for ``template``,
        else for its context's page or the template that asks, where those may have it.
        """
        self.core.now = now
        found = find_request(self.core, channel_id, caller)
        return (
            self._do(
                found,
                channel_id,
                lambda one: invitations_received.accept_for(self.core, one, caller, template),
            )
            or found
        )

    def decline(self, now: int, channel_id: str, caller: Caller, reason: str) -> Refusal | None:
        """Somebody declines a request."""
        self.core.now = now
        found = find_request(self.core, channel_id, caller)
        return self._do(
            found, channel_id, lambda one: invitations_received.decline(self.core, one, reason)
        )

    def dismiss(self, now: int, channel_id: str, caller: Caller) -> Refusal | None:
        """Somebody has seen that a request was missed: it is not kept any more."""
        self.core.now = now
        found = find_request(self.core, channel_id, caller)
        return self._do(found, channel_id, lambda one: invitations_received.dismiss(self.core, one))

    def shown(self, now: int, page: Page, channel_id: str) -> Refusal | None:
        """A ``shown`` frame: the page shows a request to its person."""
        self.core.now = now
        found = find_request(self.core, channel_id, page.caller)
        return self._do(found, channel_id, lambda one: incoming.shown(self.core, page, one))

    def send(
        self, now: int, channel_id: str, page: Page, message_id: str | None, data: JsonValue
    ) -> Refusal | str:
        """A page sends. The message's id when it is accepted, else why not."""
        self.core.now = now
        channel = find(self.core, channel_id, page.caller, Right.USE)
        if isinstance(channel, Refusal):
            self.core.note("page", channel.code, channel_id, message_id or "", channel.reason)
            return channel
        with Contained(self.core, channel.id):
            return sending.send(self.core, channel, page, message_id, data)
        return REFUSAL

    def signal(self, now: int, channel_id: str, page: Page, data: JsonValue) -> Refusal | None:
        """A page signals: newest wins, never queued, never logged."""
        self.core.now = now
        found = find(self.core, channel_id, page.caller, Right.USE)
        return self._do(found, channel_id, lambda one: signals.send(self.core, one, data))

    def close(self, now: int, channel_id: str, caller: Caller) -> Refusal | None:
        """Somebody closes the channel, or withdraws its request."""
        self.core.now = now
        found = find(self.core, channel_id, caller, Right.END)
        return self._do(found, channel_id, lambda one: sending.close(self.core, one))

    def set_rights(self, now: int, rights: Rights) -> None:
        """The person has granted or revoked something: it holds from here on."""
        self.core.now = now
        before, self.core.rights = self.core.rights, rights
        for channel in list(self.core.channels.values()):
            with Contained(self.core, channel.id):
                granting.changed(self.core, before, channel)

    def _do(
        self,
        found: Channel | Refusal,
        channel_id: str,
        work: Callable[[Channel], Refusal | None],
    ) -> Refusal | None:
        """What somebody wants done with a channel, where it was found for him."""
        if isinstance(found, Refusal):
            return self._refused(found, channel_id)
        refusal: Refusal | None = REFUSAL
        with Contained(self.core, channel_id):
            refusal = work(found)
        return self._refused(refusal, channel_id)

    def _refused(self, refusal: R, channel_id: str) -> R:
        """Note what a page was refused, if it was."""
        if refusal is not None:
            self.core.note("page", refusal.code, channel_id, detail=refusal.reason)
        return refusal

    # Pages' sockets

    def attach(self, now: int, page_id: str, caller: Caller) -> Page:
        """A connection of that page is open. A page that returns in time keeps its place.

        Where it had another one, what was on its way there unacknowledged is told again.
        """
        self.core.now = now
        return places.attach(self.core, page_id, caller)

    def subscribe(self, now: int, page: Page, body: dict[str, Any]) -> None:
        """A ``subscribe`` frame: what the page wants, and how far it is."""
        self.core.now = now
        sending.subscribe(self.core, page, body)

    def acked(
        self, now: int, page: Page, channel_id: str, epoch: Any, seq: Any, failed: Any = None
    ) -> None:
        """An ``ack`` frame: the page is done up to there; its handlers ``failed`` on these."""
        self.core.now = now
        # It counts only for what the page was given; that it may handle in peace.
        channel = self.core.channels.get(channel_id)
        if channel is not None and pair([epoch, seq]) is not None:
            failures.note(self.core, channel, min(seq, channel.log.last[1]), failed)
            pages.acknowledge(self.core, page, channel, epoch, seq)

    def detach(self, now: int, page: Page, *, for_good: bool = False) -> None:
        """The page's connection is gone; its place is kept for a while, unless it is for good."""
        self.core.now = now
        places.detach(self.core, page)
        if for_good and self.core.pages.get(page.id) is page:
            self.core.pages.pop(page.id, None)

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
        known = self.core.links.get(link)
        concerned, peer = (known.channel.id, known.member.peer) if known else ("", "")
        for raw in raws:
            try:
                line = parse(raw)
                with Contained(self.core, concerned, peer):
                    links.received(self.core, link, line)
            except MalformedJson as error:
                self.core.note("link", error.code, detail=error.reason)
                return False
        return True

    def link_ended(self, now: int, link: int, code: str) -> None:
        """A stream ended."""
        self.core.now = now
        links.ended(self.core, link, code)

    def peer_back(self, now: int, peer: str) -> None:
        """The peer was seen again: what is suspended is tried at once."""
        self.core.now = now
        for channel in self.core.with_peer(peer):
            member = channel.members[peer]
            if member.link is None and channel.phase in (Phase.JOINING, Phase.OPEN):
                member.retry_at = now
                links.look_for(self.core, channel, member)

    def standing_changed(self, now: int, peer: str) -> None:
        """The person has blocked the peer, or taken that back."""
        self.core.now = now
        blocking.standing_changed(self.core, peer)

    # Time

    def tick(self, now: int) -> list[Overdue]:
        """Time goes by; call at ``wake_at``.

        What has come to wait for longer than it ever should is returned, and in the trace.
        """
        self.core.now = now
        return deadlines.tick(self.core)

    def wake_at(self, now: int) -> int | None:
        """When ``tick`` should be called next (Unix ms); ``None`` when nothing is pending."""
        return deadlines.wake_at(self.core, now)
