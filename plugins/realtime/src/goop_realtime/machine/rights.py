# SPDX-License-Identifier: MIT
"""Who may see, answer and use which channel: the one policy that every door asks (pure).

A request is for home, for programs, for its context's own template, and for templates that were
given the context; one without a context is for the template of the name that asks. What was
agreed belongs to the template whose page asked or accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from goop_node.types import Caller
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.types import Refusal

UNKNOWN = Refusal(code="unknown_channel", reason="there is no such channel here")
HOME = Caller(kind="home")


class Right(Enum):
    """What somebody wants with a channel."""

    SEE = "see"
    """Its row, and what the trace says of it."""
    ANSWER = "answer"
    """Hear of the request, accept or decline it."""
    USE = "use"
    """Its messages: read, send, signal, acknowledge; its state as it changes."""
    END = "end"
    """Close it, or withdraw the request."""


def owner_of(caller: Caller) -> str | None:
    """Whose a channel is that the caller opens: a template's, home's (``""``), or no page's."""
    return None if caller.kind == "program" else caller.name


def is_person(caller: Caller) -> bool:
    """Whether the person acts: at home, or through a program that was given the token."""
    return caller.kind in ("home", "program")


def hands_on(caller: Caller) -> bool:
    """Whether the caller leads on to others: a person, or a page that shares home's origin."""
    return is_person(caller) or caller.shared


@dataclass(frozen=True)
class Rights:
    """What the templates of this node may use. A value: a change is another one."""

    contexts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The contexts that are each template's own or were given to it, for every template here."""
    grant_at: Mapping[str, str] = field(default_factory=dict)
    """By template: the address at home where it is given more."""

    def uses(self, caller: Caller, context: str) -> bool:
        """Whether a page may use that context (the type's name; ``""`` for none)."""
        if caller.kind == "template":
            return not context or self._has(caller.name, context)
        return is_person(caller)

    def allows(self, caller: Caller, right: Right, channel: Channel) -> bool:
        """Whether the caller has that right. A kind of caller that is not known here has none."""
        return (
            caller.kind == "program"
            or (caller.kind == "home" and _allowed_at_home(right, channel))
            or (caller.kind == "template" and self._allowed(caller, right, channel))
        )

    def refusal(self, caller: Caller, right: Right, channel: Channel) -> Refusal | None:
        """Why the caller has not that right; ``None`` where it has.

        What belongs to others is not there for it.
        """
        if self.allows(caller, right, channel):
            return None
        context = self._context(channel)
        asked = channel.phase is Phase.ASKED or channel.missed
        concerns = asked or channel.owner == caller.name
        if caller.kind == "template" and concerns and not self.uses(caller, context):
            return self.needed(caller, context)
        return UNKNOWN

    def needed(self, caller: Caller, context: str) -> Refusal:
        """The refusal of what the person has not granted, with where that is done."""
        permission = f"context:{context}"
        where = self.grant_at.get(caller.name, "")
        who = f"the template “{caller.name}”" if caller.name else "no template here"
        return Refusal(
            code="permission_needed",
            reason=f"{who} may {'not ' if caller.name else ''}use “{context}” yet; "
            f"the person grants that at home{': ' if where else ''}{where}",
            more={"permission": permission, "home": where},
        )

    def takers(self, channel: Channel) -> list[str]:
        """The templates that a request may be handed to when it is accepted at home."""
        context, app = self._context(channel), channel.request.app
        if context:
            return [name for name in sorted(self.contexts) if self._has(name, context)]
        return [app] if app in self.contexts else sorted(self.contexts)

    def templates_of(self, caller: Caller, context: str) -> list[str]:
        """The templates that may use a context; a template hears of itself alone."""
        return [
            name
            for name in sorted(self.contexts)
            if self._has(name, context) and (caller.kind != "template" or caller.name == name)
        ]

    def _allowed(self, caller: Caller, right: Right, channel: Channel) -> bool:
        if channel.phase is Phase.ASKED:
            return self._is_asked(caller, channel)
        # What was handed to it at home it may accept once more, and is given it.
        again = right is Right.ANSWER or (right is Right.SEE and channel.missed)
        return (again and self._is_asked(caller, channel)) or self._is_owner(caller, channel)

    def _context(self, channel: Channel) -> str:
        """The context's name; of one that no plugin serves just now, the one that was granted."""
        name, full = channel.context.type.name, channel.request.context
        if name or not full:
            return name
        granted = {one for names in self.contexts.values() for one in names}
        fits = (one for one in granted if full == one or full.startswith(f"{one}_"))
        return max(fits, key=len, default=full)

    def _has(self, template: str, context: str) -> bool:
        if not template:  # it may be any template's: several share an origin
            return any(context in names for names in self.contexts.values())
        return context in self.contexts.get(template, ())

    def _is_asked(self, caller: Caller, channel: Channel) -> bool:
        context, app = self._context(channel), channel.request.app
        if context:
            return self._has(caller.name, context)
        return caller.name == app or caller.shared

    def _is_owner(self, caller: Caller, channel: Channel) -> bool:
        context, owner = self._context(channel), channel.owner
        if context and not self._has(caller.name, context):
            return False
        # One whose template may not use it any more is there for those that may.
        free = bool(context and owner) and not self._has(str(owner), context)
        return owner == caller.name or free


def _allowed_at_home(right: Right, channel: Channel) -> bool:
    """Home answers and ends, and leaves what is said to the pages it belongs to."""
    return right is not Right.USE or channel.phase is Phase.ASKED or channel.owner == ""
