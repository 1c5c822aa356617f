# SPDX-License-Identifier: MIT
"""Why a node cannot take part in a channel that was agreed: none of it ends the channel (pure)."""

from __future__ import annotations

import msgspec

from goop_node.escaping import escaped
from goop_realtime.model.wire import MAX_REASON, Code, Text

MISSING = "plugin_missing"
"""No plugin of the node serves the channel's context: it is off, gone, or did not start."""
FAILED = "plugin_failed"
"""The plugin cannot fold the channel's log, or failed on the message that comes next."""
MISMATCH = "contract_mismatch"
"""The two nodes, or this one and what was said before, have different versions of the context."""
PACE_MS = 30_000
"""How often the other node is asked, or told, while something stands in the way."""
KEPT_MS = 30 * 24 * 3600 * 1000
"""How long a channel that something stands in the way of is kept at least."""


class Obstacle(msgspec.Struct, frozen=True):
    """What keeps a node from taking part; ``here`` where that is this node.

    ``reason`` is for our own pages, ``said`` for the other node's.
    """

    code: Code
    here: bool
    reason: Text
    said: Text = ""

    def like(self, other: Obstacle | None) -> bool:
        """Whether that says the same to a program."""
        return other is not None and (self.code, self.here) == (other.code, other.here)


def here(code: str, context: str, me: str, why: str = "") -> Obstacle:
    """What keeps this node, which calls itself ``me``, from taking part."""
    reason, said = (_words(code, context, node, why) for node in ("this node", f"{me}’s node"))
    return Obstacle(code, True, _told(reason), _told(said))


def there(code: str, context: str, peer: str, said: str) -> Obstacle:
    """What keeps ``peer``'s node from taking part, as it ``said``, or as its code says."""
    reason = said or _words(code, context, f"{peer}’s node", "")
    return Obstacle(code, False, _told(reason))


def between(context: str, mine: tuple[str, str], theirs: tuple[str, str]) -> Obstacle:
    """Two nodes, each with its label and its version, have different contracts."""
    reason, said = (
        f"{other[0]} has {context} {other[1] or '?'}, you have {own[1] or '?'}: "
        "this goes on when both have the same again"
        for other, own in ((theirs, mine), (mine, theirs))
    )
    return Obstacle(MISMATCH, False, _told(reason), _told(said))


def _told(words: str) -> str:
    """As a line may carry it; a plugin's and a peer's own words are among it."""
    return escaped(words)[:MAX_REASON]


def _words(code: str, context: str, node: str, why: str) -> str:
    if code == MISSING:
        return f"{context} is off on {node}, or did not start; this goes on when it is back"
    if code == FAILED:
        return f"{context} failed on {node} ({why}); this goes on when that is mended"
    if code == MISMATCH:
        return f"{context} on {node} is not what this began with: {why}"
    return f"{node} cannot take part: {code}"
