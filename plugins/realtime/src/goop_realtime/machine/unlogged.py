# SPDX-License-Identifier: MIT
"""Messages in no log, of channels and rooms alike: how they are bounded, judged and renewed.

``latest``: the newest of each author, type and key counts. ``volatile``: now or never.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import NamedTuple

from goop_node.types import JsonValue
from goop_realtime.contexts.channel_session import ChannelSession
from goop_realtime.contexts.kinds import Kind
from goop_realtime.contexts.registry import Context
from goop_realtime.machine.core import Core
from goop_realtime.machine.newest import MAX_KEYS, Key, Newest, Paces, Value
from goop_realtime.model.limits import SIGNAL_BYTES, Bucket
from goop_realtime.types import Limits, Message, Refusal

ROUND = 64
"""Lines that may be on their way at a time: a ping goes with the first, its pong ends the round."""
MAX_KEY = 128
"""Characters of a key."""
TOO_FAST = Refusal(code="too_fast", reason="more messages a second than this context allows")


class Renewal(NamedTuple):
    """A new value of ours: what it takes the place of, which one it is, and when (Unix ms)."""

    key: Key
    version: tuple[int, int]
    at: int


def limits_of(own: Limits, kind: Kind | None) -> tuple[int, float, int]:
    """Bytes of one message, messages a second, and how many at once."""
    if kind is None:
        return min(SIGNAL_BYTES, own.message_bytes), own.rate, own.burst
    return kind.limits(own)


def judge(
    context: Context, delivery: str, kind: Kind | None, data: JsonValue, size: int
) -> Refusal | None:
    """Why a message may not travel like that; without types everything is volatile."""
    if context.messages:
        if kind is None or kind.delivery != delivery:
            return Refusal(code="unknown_type", reason=f"no message of this type is {delivery}")
    elif delivery != "volatile":
        return Refusal(code="unknown_type", reason="without types there are no newest messages")
    bound = limits_of(context.type.limits, kind)[0]
    if size > bound:
        return Refusal(
            code="too_large", reason=f"the message has {size} bytes, at most {bound} fit"
        )
    return context.check_message(data, delivery) if context.messages else None


def paced(core: Core, context: Context, paces: Paces, kind: Kind | None) -> Refusal | None:
    """Refuse what our pages say too fast, of one type."""
    name = "" if kind is None else kind.name
    bucket = paces.get(name)
    if bucket is None:
        _, rate, burst = limits_of(core.limits.of(context.type.limits), kind)
        bucket = paces[name] = Bucket(rate, burst)
    return None if bucket.take(core.now) else TOO_FAST


def allowance(core: Core, context: Context) -> Bucket:
    """What a guest may say of all types together: above what its node lets its pages say.

    A new link begins with all values that the guest has.
    """
    limits, own = context.type.limits, core.limits
    wide = replace(
        limits, rate=max(limits.rate, own.rate or 0), burst=max(limits.burst, own.burst or 0)
    )
    bounds = [limits_of(wide, kind) for kind in (None, *context.kinds.values())]
    rate, burst = sum(one[1] for one in bounds), sum(one[2] for one in bounds)
    return Bucket(2 * rate, 2 * burst + ROUND + MAX_KEYS)


def key_of(author: str, kind: Kind, data: JsonValue) -> Key | Refusal:
    """What the newest is kept of."""
    found = kind.key_of(data)
    if len(found) > MAX_KEY:
        reason = f"a key of {len(found)} characters; at most {MAX_KEY} are taken"
        return Refusal(code="too_large", reason=reason, pointer=kind.type.key)
    return Key(author, kind.name, found)


def judge_newer(
    session: ChannelSession | None,
    author: str,
    host: str,
    data: JsonValue,
    at: int,
    known: Value | None,
) -> Refusal | None:
    """Why the context's rules do not take a value in the place of the ``known`` one."""
    if session is None:
        return None
    told = partial(Message, sender=author, id="", host=host)
    message, previous = told(data=data, sent_at_ms=at), None
    if known is not None:
        previous = told(data=known.data, sent_at_ms=known.at)
    return session.check_latest(message, previous)


def renewal(
    core: Core,
    newest: Newest,
    session: ChannelSession | None,
    host: str,
    kind: Kind,
    data: JsonValue,
) -> Renewal | Refusal:
    """What a page's message of such a type is the newest of, or why it is not."""
    key = key_of(core.me, kind, data)
    if isinstance(key, Refusal):
        return key
    known, at = newest.values.get(key), core.now + core.correction
    if known is None and newest.counts.get(core.me, 0) >= MAX_KEYS:
        reason = f"{MAX_KEYS} values are kept of one author, under as many keys"
        return Refusal(code="too_many", reason=reason)
    refusal = judge_newer(session, core.me, host, data, at, known)
    if refusal is not None:
        return refusal
    core.versions += 1
    return Renewal(key, (core.epoch, core.versions), at)


def latest_body(key: Key, value: Value) -> dict[str, JsonValue]:
    """What pages are told of a value, but for where it is."""
    return {
        "type": "latest",
        "from": key.author,
        "data": value.data,
        "key": key.key,
        "sentAt": value.at,
    }
