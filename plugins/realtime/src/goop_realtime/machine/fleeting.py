# SPDX-License-Identifier: MIT
"""Messages of channels that are in no log: the newest of each kind, and what is now or never.

Each side tells the other its own values, when they are new and when a link is; who reads slowly
skips what is stale. A ping goes with the first line of a round, and its pong begins the next one:
so no more than a round is ever on its way to a peer that has stopped reading.
"""

from __future__ import annotations

from goop_node.types import JsonValue
from goop_realtime.contexts.kinds import Kind
from goop_realtime.machine import receipts, unlogged
from goop_realtime.machine.channel import Channel
from goop_realtime.machine.core import Core
from goop_realtime.machine.link import Link
from goop_realtime.machine.newest import Key, Unlogged, Value
from goop_realtime.machine.pages import Page, frame, listeners
from goop_realtime.model.bounding import bounded
from goop_realtime.model.effects import Frame, SendLine
from goop_realtime.model.jsonio import MalformedJson, encode
from goop_realtime.model.wire import Line, payload, serialise
from goop_realtime.types import Refusal

NOT_CONNECTED = Refusal(code="not_connected", reason="the other node is not there at the moment")


def write(core: Core, link: Link, line: bytes) -> bool:
    """Write another line if it fits into this round; the first one takes a ping with it."""
    if link.round >= unlogged.ROUND:
        return False
    core.out.append(SendLine(link.id, line, link.channel.id))
    if link.round == 0:
        core.write(link, Line(type="ping", group=link.channel.id))
    link.round += 1
    return True


def _of(channel: Channel) -> Unlogged:
    if channel.unlogged is None:
        channel.unlogged = Unlogged()
    return channel.unlogged


def _may_be_told(link: Link) -> bool:
    """Whether both sides have agreed on what the link carries."""
    return link.welcomed or (link.channel.hosted and not link.pulling)


# What our pages say


def say(
    core: Core, channel: Channel, page: Page, message_id: str, kind: Kind, data: JsonValue
) -> Refusal | str:
    """Pass on a message of such a type. It has no receipts, but for being taken."""
    found = _of(channel)
    refusal = unlogged.judge(channel.context, kind.delivery, kind, data, len(encode(data)))
    refusal = refusal or unlogged.paced(core, channel.context, found.paces, kind)
    if refusal is None:
        if kind.delivery == "latest":
            refusal = _renew(core, channel, found, page, kind, data)
        else:
            refusal = _say_now(core, channel, page, data)
    if refusal is not None:
        return refusal
    core.passed(kind.delivery, channel.id, kind.name)
    if message_id:
        receipts.receipt(core, message_id, channel, "accepted")
    return message_id


def paced(core: Core, channel: Channel, kind: Kind) -> Refusal | None:
    """Refuse what our pages say too fast of an ordered type that is bounded by itself."""
    return unlogged.paced(core, channel.context, _of(channel).paces, kind)


def _renew(
    core: Core, channel: Channel, found: Unlogged, page: Page, kind: Kind, data: JsonValue
) -> Refusal | None:
    new = unlogged.renewal(core, found.newest, channel.session, "", kind, data)
    if isinstance(new, Refusal):
        return new
    line = _line(channel, "", new.version, new.at, encode(data))
    found.newest.put(new.key, Value(new.version, new.at, data, line, page.id))
    core.unlogged[channel.id] = None
    return None


def _line(
    channel: Channel, author: str, version: tuple[int, int], at: int, encoded: bytes
) -> bytes:
    """``author`` is named where it is not who writes the line."""
    start, count = version
    return serialise(
        Line(
            type="latest",
            group=channel.id,
            from_=author,
            epoch=start,
            seq=count,
            at=at,
            payload=payload(encoded),
        )
    )


def _say_now(core: Core, channel: Channel, page: Page, data: JsonValue) -> Refusal | None:
    links = [link for link in channel.links if _may_be_told(link)]
    if not links:
        return NOT_CONNECTED
    _tell_volatile(core, channel, core.me, data, but=page.id)
    line = serialise(Line(type="volatile", group=channel.id, payload=payload(encode(data))))
    for link in links:
        write(core, link, line)
    return None


# What the other side says


def _data(core: Core, link: Link, line: Line) -> JsonValue | Refusal:
    """What a line says, where it is one that may come."""
    channel = link.channel
    if channel.hosted:
        if link.fleeting is None:
            link.fleeting = unlogged.allowance(core, channel.context)
        if not link.fleeting.take(core.now):
            return unlogged.TOO_FAST
    try:
        return line.value()
    except MalformedJson as error:
        return Refusal(code=error.code, reason=error.reason)


def received_latest(core: Core, link: Link, line: Line) -> None:
    """A value of the other side's; or one of ours, which a host says is still the newest."""
    channel, author = link.channel, line.from_ or link.member.peer
    if author != link.member.peer and (channel.hosted or author != core.me):
        core.note("link", "ignored", channel.id, detail=f"a value of {author}")
        return
    data = _data(core, link, line)
    if isinstance(data, Refusal):
        core.note("link", data.code, channel.id, detail=data.reason)
        return
    encoded, kind = encode(data), channel.context.kind_of(data)
    refusal = unlogged.judge(channel.context, "latest", kind, data, len(encoded))
    key = unlogged.key_of(author, kind, data) if kind is not None else refusal
    if not isinstance(key, Key):
        if key is not None:
            _unfit(core, link, line, key)
        return
    newest, version = _of(channel).newest, (line.epoch, line.seq)
    known = newest.values.get(key)
    if known is not None and known.version >= version:
        return
    if refusal is None and channel.hosted:
        refusal = unlogged.judge_newer(channel.session, author, "", data, line.at, known)
    if refusal is not None:
        _unfit(core, link, line, refusal)
        if known is not None:
            link.owed[key] = None
            core.unlogged[channel.id] = None
        return
    core.passed("latest", channel.id, key.type, link.member.peer)
    said = _line(channel, "" if author == core.me else author, version, line.at, encoded)
    if newest.put(key, Value(version, line.at, data, said)):
        core.unlogged[channel.id] = None


def _unfit(core: Core, link: Link, line: Line, refusal: Refusal) -> None:
    """The host does not take the guest's value; what was the newest before still is."""
    channel, said = link.channel, bounded(refusal)
    core.note("link", said.code, channel.id, detail=f"a value: {said.reason}")
    if channel.hosted:
        core.write(
            link,
            Line(
                type="unfit",
                group=channel.id,
                epoch=line.epoch,
                seq=line.seq,
                code=said.code,
                reason=said.reason,
                pointer=said.pointer,
            ),
        )


def unfit(core: Core, link: Link, line: Line) -> None:
    """Guest: the host has not taken a value of ours: here it counts no more, either."""
    channel = link.channel
    newest = _of(channel).newest
    for key in newest.of(core.me):
        value = newest.values[key]
        if value.version == (line.epoch, line.seq):
            newest.drop([key])
            page = core.pages.get(value.page)
            if page is not None:
                body: dict[str, JsonValue] = {
                    "type": "error",
                    "channel": channel.id,
                    "code": line.code or "refused",
                    "reason": line.reason,
                    "pointer": line.pointer,
                }
                frame(core, page, body)


def received_volatile(core: Core, link: Link, line: Line) -> None:
    """A message of the other side's that is worth something only now."""
    channel, data = link.channel, _data(core, link, line)
    if isinstance(data, Refusal):
        core.note("link", data.code, channel.id, detail=data.reason)
        return
    kind, size = channel.context.kind_of(data), len(encode(data))
    refusal = unlogged.judge(channel.context, "volatile", kind, data, size)
    if refusal is not None:
        core.note("link", refusal.code, channel.id, detail=refusal.reason)
        return
    core.passed("volatile", channel.id, "" if kind is None else kind.name, link.member.peer)
    _tell_volatile(core, channel, link.member.peer, data)


# Links, and pages


def linked(core: Core, link: Link) -> None:
    """A new link is agreed: each side tells the other its own values, and no others count."""
    found = link.channel.unlogged
    if found is not None:
        newest = found.newest
        newest.drop([key for key in newest.values if key.author == link.member.peer])
        link.owed.update(dict.fromkeys(newest.of(core.me)))
        core.unlogged[link.channel.id] = None


def answered(core: Core, link: Link) -> None:
    """The peer has answered: what was sent before its answer has arrived."""
    link.round = 0
    if link.owed:
        core.unlogged[link.channel.id] = None


def pass_on(core: Core, channel: Channel) -> None:
    """At the end of a step: what is new goes to pages and to the other node."""
    if channel.unlogged is None:
        return
    newest = channel.unlogged.newest
    news, newest.news = newest.news, {}
    for page in listeners(core, channel) if news else ():
        for key in news:
            _tell_value(core, channel, page, key, newest.values[key])
    for link in channel.links:
        if _may_be_told(link):
            link.owed.update(dict.fromkeys(key for key in news if key.author == core.me))
            _write(core, link, channel.unlogged)


def _write(core: Core, link: Link, found: Unlogged) -> None:
    for key in list(link.owed):
        value = found.newest.values.get(key)
        if value is not None and not write(core, link, value.line):
            return
        del link.owed[key]


def tell_all(core: Core, channel: Channel, page: Page) -> None:
    """Tell a page all values."""
    if channel.unlogged is not None:
        for key, value in channel.unlogged.newest.values.items():
            _tell_value(core, channel, page, key, value)


def _tell_value(core: Core, channel: Channel, page: Page, key: Key, value: Value) -> None:
    if page.connected and not (key.author == core.me and value.page == page.id):
        body = {"channel": channel.id} | unlogged.latest_body(key, value)
        newest = f"{channel.id} {key.author} {key.type} {key.key}"
        core.out.append(Frame(page.id, encode(body), newest=newest, channel=channel.id))


def _tell_volatile(
    core: Core, channel: Channel, author: str, data: JsonValue, but: str = ""
) -> None:
    body: dict[str, JsonValue] = {
        "type": "volatile",
        "channel": channel.id,
        "from": author,
        "data": data,
    }
    encoded, newest = encode(body), f"{channel.id} {author} volatile"
    for page in listeners(core, channel):
        if page.id != but:
            core.out.append(Frame(page.id, encoded, newest=newest, channel=channel.id))
