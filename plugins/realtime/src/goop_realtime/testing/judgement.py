# SPDX-License-Identifier: MIT
"""The judgement at a life's end: what every message and every page has come to."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

from goop_realtime.machine.channel import Phase
from goop_realtime.machine.newest import Key, Value
from goop_realtime.machine.pending import pending_page
from goop_realtime.model.message_ids import parsed
from goop_realtime.testing.node import SimNode
from goop_realtime.testing.page import SimPage
from goop_realtime.testing.seen import History, demand
from goop_realtime.testing.talk import talking

if TYPE_CHECKING:
    from goop_realtime.testing.life import Life


def judge(life: Life) -> None:
    """What every message and every page has come to, in a life of talk."""
    talk, seen = talking(life), life.watch.seen
    for channel_id, nodes in talk.channels.items():
        histories = [seen.history.get((node.peer_id, channel_id), {}) for node in nodes]
        for first, second in combinations(histories, 2):
            _same(channel_id, first, second)
        for page in [*life.pages.values(), *life.dead]:
            if page.node in nodes:
                _accounted(life, channel_id, page, histories)
        for page in [page for page in life.pages.values() if page.node in nodes]:
            _complete(channel_id, page)
            _on_its_way(channel_id, page)
        _newest(channel_id, nodes)
    for node in life.nodes:
        _one_each(node)
    for (channel_id, who), before in talk.closers.items():
        _closed_behind(life, channel_id, who, before)


def _one_each(node: SimNode) -> None:
    """Requests that crossed have become one channel."""
    names = [
        (frozenset(channel.members), channel.request.context)
        for channel in node.engine.core.channels.values()
        if channel.phase is Phase.OPEN and channel.request.context and not channel.fresh
    ]
    demand(len(names) == len(set(names)), f"{node.peer_id} has two channels of one of {names}")


def _same(channel_id: str, first: History, second: History) -> None:
    for seq in first.keys() & second.keys():
        demand(first[seq] == second[seq], f"{seq} of {channel_id} differs")


def _accounted(life: Life, channel_id: str, page: SimPage, histories: list[History]) -> None:
    """Everything a page sent is in the log in its order, or refused, or unknown in words."""
    history = {seq: entry for one in histories for seq, entry in one.items()}
    order = [
        message_id
        for _, (_, message_id) in sorted(history.items())
        if parsed(message_id).page == page.id
    ]
    counters = [parsed(message_id).counter for message_id in order]
    demand(
        counters == sorted(counters) or page.node.peer_id in life.watch.seen.lossy,
        f"{page.id} sent in another order than {order}",
    )
    nodes = talking(life).channels[channel_id]
    rows = [node.engine.core.channels.get(channel_id) for node in nodes]
    living = all(row is not None and not row.final for row in rows)
    for message_id, where in page.sent.items():
        if where != channel_id or message_id in order:
            continue
        if (channel_id, message_id) in life.watch.seen.refusals:
            continue
        fate = page.fate.get(message_id, "")
        if not living and fate not in ("delivered", "handled"):
            continue
        if page.alive or fate == "delivered" or fate == "handled":
            some = any(node.peer_id in life.watch.seen.lossy for node in nodes)
            lost = life.watch.seen.all_lossy(channel_id) or (not living and some)
        else:
            lost = fate == "" or page.node.peer_id in life.watch.seen.lossy
        demand(lost, f"{message_id} is {fate or 'unsettled'} and in no log")


def _complete(channel_id: str, page: SimPage) -> None:
    """A living page has everything up to the end of its node's log."""
    channel = page.node.engine.core.channels.get(channel_id)
    if channel is None or channel.final or channel_id not in page.after:
        return
    others = [
        entry
        for entry in channel.log.after(0)
        if entry.kind == "msg" and parsed(entry.id).page != page.id
    ]
    if others:
        demand(
            page.after[channel_id] >= others[-1].position,
            f"{page.id} was given up to {page.after[channel_id]} of {others[-1].position}",
        )


def _newest(channel_id: str, nodes: tuple[SimNode, SimNode]) -> None:
    """Both nodes have the same newest values, and their pages know them."""
    values = [_values(node, channel_id) for node in nodes]
    if None not in values:
        plain = [{key: value.data for key, value in (one or {}).items()} for one in values]
        demand(plain[0] == plain[1], f"the values of {channel_id}: {plain[0]} and {plain[1]}")
    for node, known in zip(nodes, values, strict=True):
        for page in node.pages.values():
            expected = {k: one.data for k, one in (known or {}).items() if one.page != page.id}
            told = {key: page.newest.get(channel_id, {}).get(key) for key in expected}
            demand(told == expected, f"{page.id} was told {told} of {channel_id}, not {expected}")


def _values(node: SimNode, channel_id: str) -> dict[Key, Value] | None:
    """The newest values that a node knows of a living channel."""
    channel = node.engine.core.channels.get(channel_id)
    if channel is None or channel.final:
        return None
    return {} if channel.unlogged is None else channel.unlogged.newest.values


def _on_its_way(channel_id: str, page: SimPage) -> None:
    """What a page can ask for is the outbox, whole, and what it was told of it is no older."""
    node = page.node
    channel = node.engine.core.channels.get(channel_id)
    if channel is None:
        return
    listed: list[Any] = []
    after: Any = ""
    while after is not None:
        portion: Any = pending_page(channel, after, 7)
        listed += [message["id"] for message in portion["messages"]]
        after = portion["next"]
    kept = [outgoing.id for outgoing in channel.outbox.values() if outgoing.kind == "msg"]
    demand(listed == kept, f"{node.peer_id} lists {listed} as on their way, and has {kept}")
    stored = node.journal.outbox(channel_id)
    demand(len(kept) == stored, f"{node.peer_id} has {len(kept)} in an outbox, and stored {stored}")
    if page.connected and channel_id in page.pending:
        told = page.pending[channel_id]
        demand(told == len(kept), f"{page.id} was told of {told} on their way, not {len(kept)}")


def _closed_behind(life: Life, channel_id: str, who: str, before: set[str]) -> None:
    """A close in the log is behind everything that its own node had accepted."""
    for node in talking(life).channels[channel_id]:
        channel = node.engine.core.channels.get(channel_id)
        history = life.watch.seen.history.get((node.peer_id, channel_id), {})
        if channel is None or not history or channel.close_code != "closed":
            continue
        last = channel.log.get(max(history))
        if last is None or last.author != who or life.watch.seen.lossy:
            continue
        if last.kind != "close" and life.watch.seen.counts["fault plugin_away"]:
            continue  # a plugin stood in the way, and somebody ended it nevertheless
        ordered = {message_id for _, message_id in history.values()}
        refused = {key for where, key in life.watch.seen.refusals if where == channel_id}
        missing = before - ordered - refused
        demand(not missing, f"closed before {sorted(missing)[:3]}")
