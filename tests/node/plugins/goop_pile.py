# SPDX-License-Identifier: MIT
"""A game as somebody might publish it, in all of its versions: two put stones on a pile, or
more than two on a heap."""

from collections.abc import Iterable
from typing import Any, ClassVar

from goop_node.hookspecs import hookimpl
from goop_node.types import JsonSchema, JsonValue, NodeApi
from goop_realtime import (
    ContextType,
    LogEntry,
    Message,
    OpenRequest,
    RoomSession,
    Snapshot,
)

UNLUCKY = 13


def message(**fields: JsonSchema) -> JsonSchema:
    """The schema of a message with those members, all of them required."""
    return {"type": "object", "properties": {"type": {}, **fields}, "required": list(fields)}


class Stones:
    """1.0: the weights, from the ground up."""

    def __init__(self, request: OpenRequest, snapshot: Snapshot | None) -> None:
        state: Any = snapshot.state if snapshot else []
        self.stones: list[Any] = list(state)

    def check(self, message: Message) -> None:
        """Whatever fits its schema may be said."""

    def apply(self, message: Message) -> None:
        """Put it on top."""
        self.stones.append(message.fields["n"])

    def snapshot(self) -> JsonValue:
        """What pages see."""
        return self.stones


class Knocked(Stones):
    """1.1: somebody may knock, too."""

    def __init__(self, request: OpenRequest, snapshot: Snapshot | None) -> None:
        state: Any = snapshot.state if snapshot else {"stones": [], "knocks": 0}
        self.stones, self.knocks = list(state["stones"]), state["knocks"]

    def apply(self, message: Message) -> None:
        """A stone, or a knock."""
        if message.fields["type"] == "knock":
            self.knocks += 1
        else:
            self.stones.append(message.fields["n"])

    def snapshot(self) -> JsonValue:
        """What pages see."""
        return {"stones": self.stones, "knocks": self.knocks}


class Weighed(Knocked):
    """2.0: ``put`` says the weight in another way."""

    def apply(self, message: Message) -> None:
        """A stone of now, or of 1.0, or a knock."""
        if "weight" in message.fields:
            self.stones.append(message.fields["weight"])
        else:
            super().apply(message)


class Unlucky(Stones):
    """1.0 with a mistake in it."""

    def apply(self, message: Message) -> None:
        """It falls over one weight."""
        if message.fields["n"] == UNLUCKY:
            raise ZeroDivisionError
        super().apply(message)


class Heap(RoomSession):
    """The stones and knocks of many. Its minor versions have one form of state."""

    def __init__(self, request: OpenRequest, snapshot: Snapshot | None) -> None:
        state: Any = snapshot.state if snapshot else {"stones": [], "knocks": 0}
        self.stones, self.knocks = list(state["stones"]), state["knocks"]

    def apply(self, entry: LogEntry) -> None:
        """A stone, a knock, or somebody who comes or goes."""
        if isinstance(entry, Message) and entry.fields["type"] == "knock":
            self.knocks += 1
        elif isinstance(entry, Message):
            self.stones.append(entry.fields["n"])

    def snapshot(self) -> JsonValue:
        """What pages see."""
        return {"stones": self.stones, "knocks": self.knocks}


def knocked(state: Any, from_version: str) -> JsonValue:
    """What 1.0 kept, as 1.1 keeps it."""
    return {"stones": state, "knocks": 0} if from_version == "1.0" else state


PUT = message(n={"type": "integer"})


def version(
    number: str, session: type[Stones], messages: dict[str, JsonSchema], **more: Any
) -> ContextType:
    """One version of the game."""
    return ContextType(
        name="pile",
        version=number,
        title="Pile",
        messages=messages,
        open_session=session,
        **more,
    )


OLD = version("1.0", Stones, {"put": PUT})
FALLING = version("1.0", Unlucky, {"put": PUT})
MINOR = version("1.1", Knocked, {"put": PUT, "knock": message()}, upgrade=knocked)
MESSAGES = {"put": message(weight={"type": "integer"}), "knock": message()}
MAJOR = version("2.0", Weighed, MESSAGES)
HEIR = version("2.0", Weighed, MESSAGES, upgrade=knocked)


def heap(number: str, messages: dict[str, JsonSchema]) -> ContextType:
    """One version of the game for more than two."""
    return ContextType(
        name="heap",
        version=number,
        title="Heap",
        messages=messages,
        open_session=Heap,
        max_peers=4,
    )


HEAP = heap("1.1", {"put": PUT})
KNOCKED_HEAP = heap("1.2", {"put": PUT, "knock": message()})
BRINGS = (OLD,)
"""The versions in this release."""


class Plugin:
    """What the node loads."""

    hook_api: ClassVar = {"goop": "1.0", "realtime": "1.0"}

    @hookimpl
    def realtime_contexts(self, node: NodeApi) -> Iterable[ContextType]:
        """The kinds of channels that pages can have of it."""
        return BRINGS
