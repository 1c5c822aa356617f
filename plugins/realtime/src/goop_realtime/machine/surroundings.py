# SPDX-License-Identifier: MIT
"""What the machine is told of the node that it runs in, and may ask it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from goop_realtime.contexts.registry import Registry
from goop_realtime.contexts.slow_calls import UNTIMED, SlowCalls
from goop_realtime.model.limits import NodeLimits
from goop_realtime.types import OpenRequest, Refusal

Report = Callable[[str, BaseException, str, object, str], None]
"""Takes (plugin, error, in what, the plugin's function, about which channel and message)."""


def _tell_nobody(
    plugin: str, error: BaseException, doing: str, code: object, about: str
) -> None: ...


@dataclass(eq=False)
class Surroundings:
    """A node, as its realtime machine knows it. Peers are named by their ids."""

    me: str
    """Our peer id."""
    registry: Registry
    limits: NodeLimits
    random: random.Random
    authorize: Callable[[OpenRequest], Refusal | None]
    is_discovered: Callable[[str], bool]
    label_of: Callable[[str], str]
    report: Report = _tell_nobody
    """Takes what a plugin's function failed with."""
    remark: Callable[[str, str], None] = lambda plugin, sentence: None
    """Takes what was refused of what is said in a plugin's contexts, for its author."""
    sign: Callable[[bytes], bytes] = lambda data: b""
    """Our Ed25519 signature."""
    verify: Callable[[str, bytes, bytes], bool] = lambda peer, data, signature: False
    """Whether ``(peer, data, signature)`` is that peer's."""
    slow: SlowCalls = UNTIMED
    """Says which calls of Sessions kept everything waiting."""
    is_blocked: Callable[[str], bool] = lambda peer: False
    """Whether the person wants nothing to do with a peer."""
    is_friend: Callable[[str], bool] = lambda peer: False
    """Whether the person has named a peer."""
