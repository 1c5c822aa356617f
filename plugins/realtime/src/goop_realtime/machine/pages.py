# SPDX-License-Identifier: MIT
"""Pages: what each has been given of each channel, and what they have handled.

A page is a document (the SDK gives it an id) or a plain socket. It outlives its socket by
``CURSOR_MS``, so that a reconnect goes on where it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from goop_node.types import Caller, JsonValue
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.following import Following
from goop_realtime.machine.message_frame import message_frame
from goop_realtime.machine.rights import Right
from goop_realtime.machine.rows import channel_row
from goop_realtime.model.effects import Entry, Frame
from goop_realtime.model.jsonio import encode
from goop_realtime.model.limits import PAGE_WINDOW
from goop_realtime.model.message_ids import parsed
from goop_realtime.model.wire import Line
from goop_realtime.types import BLOCKED

if TYPE_CHECKING:
    from goop_realtime.machine.core import Core

CURSOR_MS = 60_000
OWN_UNTOLD = 64
"""Own entries that may be passed over before the other node is told."""


@dataclass(eq=False, slots=True)
class View:
    """A page's place in one channel. ``sent`` and ``handled`` are sequence numbers.

    There may be one for each page and channel: so it is small where nothing is on its way.
    """

    sent: int
    handled: int
    redelivered_to: int
    flight: list[tuple[int, int]] = field(default_factory=list)
    flight_bytes: int = 0
    hurried: int = 0
    """The number of the page's message that was ``too_fast`` and that it will send again."""
    begun: bool = False
    """Whether the page was told of a room's log: else it begins where this node came to it."""
    owed: int = 0
    """The first entry of which something has come since the page went away; 0 for none."""
    barred: bool = False
    """Whether the page may not use the channel any more: it gets nothing until it may again."""
    end_due: bool = False
    """Whether the page is to be told that the channel has ended, behind what the log has for it."""

    def done(self, seq: int) -> None:
        """The page has handled all that it was sent up to ``seq``."""
        landed = [size for _, size in takewhile(lambda one: one[0] <= seq, self.flight)]
        self.flight_bytes -= sum(landed)
        del self.flight[: len(landed)]
        self.handled = max(self.handled, seq if self.flight else self.sent)


@dataclass(eq=False)
class Page:
    """A document or plain socket, and whose it is. ``gone_at`` is in Unix ms."""

    id: str
    caller: Caller
    connected: bool = True
    acks: bool = False
    retries: bool = False
    """Whether it sends again, in its place, what was refused as ``too_fast``."""
    outbox: bool = False
    """Whether it is told when what is on its way to the log has changed."""
    everything: bool = False
    contexts: frozenset[str] | None = None
    watches: frozenset[str] = frozenset()
    """The contexts of which it is told that something has changed."""
    views: dict[str, View] = field(default_factory=dict)
    gone_at: int = 0
    following: Following | None = None
    """Where it follows the list of what runs."""

    def serves(self, channel: Channel) -> bool:
        """Whether an invitation of that context concerns this page."""
        return self.contexts is None or channel.context.type.name in self.contexts


def frame(core: Core, page: Page, body: Mapping[str, JsonValue]) -> None:
    """Give a connected page a frame."""
    if page.connected:
        core.out.append(Frame(page.id, encode(body), channel=str(body.get("channel", ""))))


def state_frame(core: Core, channel: Channel) -> dict[str, JsonValue]:
    """The ``state`` frame of a channel as it is now."""
    row = channel_row(channel, core.now, core.limits)
    detail: Any = row.pop("detail")
    body = {"type": "state", "channel": row.pop("channelId"), **row, **detail}
    body.pop("incoming", None)
    if channel.replaced_by and channel.final:
        body["replacedBy"] = channel.replaced_by
    if channel.phase is Phase.OPEN and core.is_blocked(channel.other.peer):
        body |= {"code": BLOCKED.code, "reason": BLOCKED.reason}
    return body


def tell_state(core: Core, channel: Channel) -> None:
    """Tell every page that may know it, behind what the log has for them."""
    if channel.id in core.heard:
        tell_entries(core, channel)
    body = state_frame(core, channel)
    core.note("node", f"state_{body['state']}", channel.id, detail=str(body.get("code", "")))
    for page in core.pages.values():
        if _follows(core, page, channel):
            tell_state_to(core, page, channel, body)


def tell_state_to(
    core: Core, page: Page, channel: Channel, body: dict[str, JsonValue] | None = None
) -> None:
    """Tell one page the channel's state, and where in the log it stands (``at``).

    The end is the last that a page is told: what the log has for it comes before. Until then the
    channel stands as one that cannot be connected at present.
    """
    body = dict(body or state_frame(core, channel))
    if page.connected and channel.phase is Phase.OPEN:
        body["at"] = list(channel.log.position(view_of(core, page, channel).sent))
    view = page.views.get(channel.id)
    if view is not None and page.connected:
        view.end_due = channel.final and _has_news(core, channel, page, view)
        if view.end_due:
            body |= {"final": False, "suspended": True}
    frame(core, page, body)


def _has_news(core: Core, channel: Channel, page: Page, view: View) -> bool:
    """Whether the log has something for the page that it has not been given."""
    news = (
        one.kind == "msg" and not is_own(core, page, one) for one in channel.log.after(view.sent)
    )
    return not view.barred and any(news)


def may_use(core: Core, page: Page, channel: Channel) -> bool:
    """Whether what is said on the channel is for that page."""
    return core.rights.allows(page.caller, Right.USE, channel)


def _follows(core: Core, page: Page, channel: Channel) -> bool:
    return (page.everything or channel.id in page.views) and may_use(core, page, channel)


def view_of(core: Core, page: Page, channel: Channel) -> View:
    """The page's view of the channel; a new one starts at what no page has handled."""
    view = page.views.get(channel.id)
    if view is None:
        view = page.views[channel.id] = View(
            sent=channel.handled, handled=channel.handled, redelivered_to=channel.handed_out
        )
        tell_peer_page(core, channel)
    return view


def listeners(core: Core, channel: Channel) -> list[Page]:
    """The connected pages that follow the channel and may use it."""
    found = ((page, page.views.get(channel.id)) for page in core.pages.values() if page.connected)
    return [page for page, view in found if view is not None and not view.barred]


def tell_entries(core: Core, channel: Channel) -> None:
    """The log has grown: move on what is new to every page that follows the channel."""
    for page in core.pages.values():
        view = page.views.get(channel.id)
        if view is None and page.everything and page.connected and may_use(core, page, channel):
            view = view_of(core, page, channel)
        if view is not None and page.connected and not view.barred:
            pump(core, channel, page, view)


def pump(core: Core, channel: Channel, page: Page, view: View) -> None:
    """Give the page what follows, at most ``PAGE_WINDOW`` unacknowledged bytes ahead."""
    log = channel.log
    if view.sent < log.start[1]:
        _tell_gap(core, channel, page, view)
    before = view.sent
    for entry in log.after(view.sent):
        if page.acks and view.flight_bytes >= PAGE_WINDOW:
            break
        view.sent = entry.seq
        if entry.kind != "msg" or is_own(core, page, entry):
            # Its own message, or the close, which travels as a state: nothing to handle.
            if not view.flight:
                view.handled = entry.seq
            continue
        again = entry.seq <= view.redelivered_to
        told = message_frame(channel, entry, again)
        core.out.append(Frame(page.id, told, channel=channel.id))
        if page.acks:
            view.flight.append((entry.seq, len(entry.raw)))
            view.flight_bytes += len(entry.raw)
    if view.sent == before:
        return
    channel.handed_out = max(channel.handed_out, view.sent)
    if not page.acks:
        view.handled = view.sent
    advance(core, channel, view.handled, "page" if page.acks else "written")
    if view.end_due and not _has_news(core, channel, page, view):
        tell_state_to(core, page, channel)


def is_own(core: Core, page: Page, entry: Entry) -> bool:
    """Whether the page itself sent it. Another node's page may have the same id."""
    return entry.author == core.me and parsed(entry.id).page == page.id


def _tell_gap(core: Core, channel: Channel, page: Page, view: View) -> None:
    start = channel.log.start
    frame(
        core,
        page,
        {"type": "gap", "channel": channel.id, "from": [0, view.sent], "to": list(start)},
    )
    core.note("page", "gap", channel.id, detail=f"{view.sent}..{start[1]}")
    view.sent = view.handled = start[1]


def acknowledge(core: Core, page: Page, channel: Channel, epoch: int, seq: int) -> None:
    """The page is done with everything up to ``(epoch, seq)``."""
    view = page.views.get(channel.id)
    entry = channel.log.get(seq)
    # What was trimmed meanwhile is acknowledged like the rest: the page still makes room by it.
    known = entry.epoch == epoch if entry is not None else (epoch, seq) <= channel.log.start
    if view is None or not known or seq > view.sent:
        core.note("page", "ack_ignored", channel.id, detail=f"{epoch}:{seq}")
        return
    view.done(seq)
    advance(core, channel, view.handled, "page")
    if not view.barred:
        pump(core, channel, page, view)


def advance(core: Core, channel: Channel, seq: int, stage: str) -> None:
    """Some page has handled up to ``seq``: it is unread no more."""
    own = _past_own(core, channel, channel.handled)
    news = seq > own
    if news:
        channel.handled_theirs = seq
        own = _past_own(core, channel, seq)
    else:
        stage = channel.handled_stage  # passing over our own says nothing new
    if own <= channel.handled:
        return
    channel.handled = own
    core.move(channel, core.me, "handled", own, due=news)
    if stage == "written":
        channel.written = own
        core.move(channel, core.me, "written", own, due=news)
    if handled_untold(channel):
        core.handled_by[channel.id] = channel.handled_stage


def handled_untold(channel: Channel) -> bool:
    """Whether the other node should hear how far our pages are.

    That we passed over our own entries only lets it trim its log: that waits for company.
    """
    told = min((link.acked_page for link in channel.links), default=0)
    return channel.handled_theirs > told or channel.handled - told >= OWN_UNTOLD


def slowest(core: Core, channel: Channel) -> int:
    """How far the page is that has handled least of the channel."""
    views = (page.views.get(channel.id) for page in core.pages.values())
    return min(
        (view.handled for view in views if view is not None and not view.barred),
        default=channel.handled,
    )


def _past_own(core: Core, channel: Channel, seq: int) -> int:
    """A handled cursor passes over the entries of its own node (they need no handling)."""
    seq = max(seq, channel.handled)
    while (entry := channel.log.get(seq + 1)) is not None and entry.author == core.me:
        seq += 1
    return seq


def tell_peer_page(core: Core, channel: Channel) -> None:
    """Tell the members whether a page of ours is open on the channel, when that changed."""
    if channel.phase is not Phase.OPEN:
        return
    now = page_presence(core, channel)
    for link in channel.links:
        if link.page_told != now:
            link.page_told = now
            core.write(link, Line(type="page", group=channel.id, stage=now))


def page_presence(core: Core, channel: Channel) -> str:
    """``open`` where a connected page of ours follows the channel, else ``none``."""
    for page in core.pages.values():
        if page.connected and _follows(core, page, channel):
            return "open"
    return "none"
