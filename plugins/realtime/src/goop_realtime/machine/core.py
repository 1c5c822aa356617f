# SPDX-License-Identifier: MIT
"""What the parts of the realtime state machine share: the channels, the pages, the outbound
effects, and the clock as the driver last told it.

Nothing here does I/O or reads a clock. ``Engine`` is the door for the driver.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from goop_node.plugins.blame import describe
from goop_realtime.contexts import plugin_code
from goop_realtime.contexts.channel_session import ChannelSession, PluginFailure
from goop_realtime.contexts.registry import PLAIN, Context
from goop_realtime.machine.channel import Channel
from goop_realtime.machine.following import Running
from goop_realtime.machine.link import Link
from goop_realtime.machine.liveness import Liveness
from goop_realtime.machine.member import Member
from goop_realtime.machine.pages import Page
from goop_realtime.machine.rights import Rights
from goop_realtime.machine.shown import Showing
from goop_realtime.machine.surroundings import Surroundings
from goop_realtime.model.effects import Effect, SaveChannel, SaveMember, SendControl, SendLine
from goop_realtime.model.failure import Failure
from goop_realtime.model.quotas import Meters, Withdrawn
from goop_realtime.model.trace import PAGES, REFUSING, STRANGERS, Trace
from goop_realtime.model.wire import Line, serialise
from goop_realtime.types import OpenRequest, Refusal, Snapshot


@dataclass(eq=False)
class Core(Surroundings):
    """The shared state of one node's realtime machine."""

    may_lack: bool = True
    """Whether what is stored may lack some of what this node has told others before."""
    receipts: Counter[str] = field(default_factory=Counter)
    """How many pages were given, by stage; those of rooms, too."""
    rights: Rights = field(default_factory=Rights)
    """What templates may use, as the person has it now."""
    epoch: int = 0
    """The epoch of what we host, new at every start."""
    now: int = 0
    correction: int = 0
    """What the system's clock is ahead of ``now``: for the times that people read."""
    out: list[Effect] = field(default_factory=list)
    channels: dict[str, Channel] = field(default_factory=dict)
    links: dict[int, Link] = field(default_factory=dict)
    """Every living stream of a channel, by its number."""
    pages: dict[str, Page] = field(default_factory=dict)
    trace: Trace = field(default_factory=Trace)
    liveness: Liveness = field(default_factory=Liveness)
    heard: set[str] = field(default_factory=set)
    """Channels whose log grew in this step: pages and the other node have to hear of it."""
    handled_by: dict[str, str] = field(default_factory=dict)
    """Channels whose handled cursor moved in this step, with the ack's stage."""
    cursors: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """Cursors that moved, by channel, peer and name, and are not saved yet."""
    cursors_due: bool = False
    """Whether they must be saved at the end of this step; else they wait for other records."""
    cursors_since: int = 0
    """Since when they wait (Unix ms)."""
    running: Running = field(default_factory=Running)
    """What pages are told of what runs, and when."""
    showing: Showing = field(default_factory=Showing)
    """Which states pages follow, and when they are told."""
    withdrawn: Withdrawn = field(default_factory=Withdrawn)
    """Invitations withdrawn before they came."""
    meters: Meters = field(default_factory=Meters)
    crowded: set[str] = field(default_factory=set)
    """Peers with channels that ended in this step: what they have left may be too much."""
    count: int = 0
    """The last number that a message got whose page does not count."""
    unlogged: dict[str, None] = field(default_factory=dict)
    """Channels with news in this step that are in no log."""
    versions: int = 0
    """How many values its pages have said since its start."""
    source: str = ""
    """The peer whose doing this moment is, for the trace; ``""`` for our own."""

    failures: dict[str, Failure] = field(default_factory=dict)
    """Channels that this step failed on: the driver sets them back to what is stored."""

    def failed(self, channel_id: str, error: Exception, peer: str = "") -> None:
        """This node failed on that channel, in what the peer or one of our own pages brought."""
        self.failures.setdefault(channel_id, Failure(error, peer))

    def note(
        self, hop: str, code: str, channel: str = "", message: str = "", detail: str = ""
    ) -> None:
        """Note a decision in the trace, in the share of the peer whose doing it is."""
        self.trace.note(
            self.now,
            hop,
            code,
            channel=channel,
            message=message,
            detail=detail,
            source=self._share(hop, channel),
        )
        known = self.channels.get(channel) if message and hop in REFUSING else None
        if known is not None:
            self.refused(known.context, known.id, message, code, detail)

    def passed(self, delivery: str, channel: str, kind: str = "", source: str = "") -> None:
        """A message in no log went by: of our pages, or of the peer ``source``."""
        self.trace.passed(self.now, delivery, channel=channel, kind=kind, source=source)

    def refused(self, context: Context, channel: str, message: str, code: str, reason: str) -> None:
        """A message of a page, here or there, was refused: who works on the plugin may know."""
        if code == PluginFailure.code:
            return  # what it failed with was reported
        about = f"channel {channel}, message {message}"
        self.remark(context.plugin, f"{context.type.name} refused: {reason} ({code}; {about})")

    def _share(self, hop: str, channel: str) -> str:
        if self.source:
            return self.source if self.agreed_with(self.source) else STRANGERS
        if hop in ("peer", "link", "host"):
            known = self.channels.get(channel)
            return STRANGERS if known is None else known.other.peer
        return PAGES if hop == "page" else ""

    def agreed_with(self, peer: str) -> bool:
        """Whether a person here has dealings with that peer: a channel that is more than asked."""
        return any(
            peer in channel.members and (channel.hosted or channel.owner is not None)
            for channel in self.channels.values()
        )

    def save(self, channel: Channel) -> None:
        """Have the channel's row written, and those of its members."""
        self.out.append(SaveChannel(channel.id, channel.row()))
        for member in channel.members.values():
            self.save_member(channel, member)

    def save_member(self, channel: Channel, member: Member) -> None:
        """Have a member's row written."""
        self.out.append(SaveMember(channel.id, member.peer, member.row()))

    def move(self, channel: Channel, peer: str, name: str, seq: int, *, due: bool) -> None:
        """Have a cursor of somebody saved: with this step, or when something is saved anyway."""
        if not self.cursors:
            self.cursors_since = self.now
        self.cursors[(channel.id, peer, name)] = seq
        self.cursors_due = self.cursors_due or due

    def control(self, peer: str, line: Line) -> None:
        """Send a line outside any channel's stream."""
        self.out.append(SendControl(peer, line))

    def write(self, link: Link, line: Line) -> None:
        """Write a line on a link."""
        self.out.append(SendLine(link.id, serialise(line), link.channel.id))

    def write_all(self, channel: Channel, line: Line) -> None:
        """Write a line, encoded once, to every member that is linked."""
        links = channel.links
        if links:
            data = serialise(line)
            self.out.extend(SendLine(link.id, data, channel.id) for link in links)

    def forget_everything(self) -> None:
        """Drop all that a step may have changed: what is on the disk is true."""
        for book in (self.channels, self.links, self.pages, self.handled_by, self.cursors):
            book.clear()
        self.cursors_due = False
        self.heard.clear()
        self.unlogged.clear()
        self.out.clear()
        self.failures.clear()

    def context_of(self, name: str) -> Context | None:
        """The context that serves ``name``; the plain one for no name; ``None`` if unknown."""
        return PLAIN if not name else self.registry.find(name)

    def contexts_of(self, name: str) -> Sequence[Context]:
        """Every major version of it, the newest first."""
        return (PLAIN,) if not name else self.registry.versions(name)

    def open_session(
        self, context: Context, request: OpenRequest, snapshot: Snapshot | None
    ) -> ChannelSession | Refusal:
        """Build the Session; a plugin that raises refuses."""
        return plugin_code.open_session(context, request, snapshot, self.plugin_failed, self.slow)

    def plugin_failed(
        self,
        context: Context,
        doing: str,
        error: BaseException,
        code: object,
        channel: str,
        message: str = "",
    ) -> PluginFailure:
        """A function of a context failed: note it. See ``plugin_code.Failing``."""
        self.trace.note(
            self.now,
            "plugin",
            "plugin_error",
            channel=channel,
            message=message,
            plugin=context.plugin,
            detail=f"{doing} of {context.type.name}: {describe(error)}",
        )
        about = " ".join(filter(None, (f"channel {channel}", message and f"message {message}")))
        self.report(
            context.plugin, error, f"{doing} of the context {context.type.name}", code, about
        )
        # What an exception says is for this node's person alone.
        return PluginFailure(reason=f"the plugin {context.plugin} failed in {doing}")

    def with_peer(self, peer: str) -> list[Channel]:
        """The channels that the peer takes part in."""
        return [channel for channel in self.channels.values() if peer in channel.members]
