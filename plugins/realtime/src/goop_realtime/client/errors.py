# SPDX-License-Identifier: MIT
"""What goes wrong, with a code for programs and words for people."""

from __future__ import annotations

WORDS = {
    "blocked": "you have blocked this person",
    "busy": "the other side has too many open requests or channels",
    "client_closed": "this program has left its node",
    "closed": "the channel is closed",
    "contract_mismatch": "the two nodes have different versions of this context",
    "declined": "the other side declined",
    "diverged": "the two nodes disagree about this channel, so it was ended",
    "expired": "nobody came back to this channel in time",
    "full": "the room is full",
    "left": "the room was left",
    "lost": "the node knows nothing of it any more; whether it arrived is unknown",
    "node_unreachable": "the node cannot be reached; is it running?",
    "not_connected": "it cannot leave just now",
    "not_friend": "only friends may reach this node",
    "outbox_full": "too much is waiting to be sent; wait for on_drain",
    "refused": "the other node refused",
    "timeout": "nobody answered in time",
    "too_fast": "too many at once",
    "too_large": "the message is too large",
    "undiscovered": "this node has not discovered that peer",
    "unknown_context": "no plugin of this node knows that context",
    "unknown_context_there": "no plugin of the other node knows that context",
    "unreachable": "the other node cannot be reached",
    "unsupported": "the other side cannot tell",
}
"""What a code means, where the node sent no words. ``docs/protocol.md`` has all codes."""


class GoopError(Exception):
    """An error with a stable ``code``; ``str()`` of it is for people.

    ``pointer`` (a JSON Pointer) says where in the message the fault is, ``status`` is the HTTP
    status of an endpoint that refused, ``id`` and ``channel_id`` say what it is about; all are
    ``None`` where there is nothing to say.
    """

    def __init__(
        self,
        code: str,
        message: str | None = None,
        *,
        pointer: str | None = None,
        status: int | None = None,
        id: str | None = None,
        channel_id: str | None = None,
    ) -> None:
        super().__init__(message or WORDS.get(code, code))
        self.code = code
        self.pointer = pointer or None
        self.status = status
        self.id = id
        self.channel_id = channel_id
