# SPDX-License-Identifier: MIT
"""Sessions that keep everything waiting are told, once a minute for each context."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from goop_node.types import JsonValue
from goop_realtime.contexts.channel_session import ChannelSession, PluginFailure
from goop_realtime.contexts.registry import PLAIN, Context, compile_context
from goop_realtime.contexts.slow_calls import SlowCalls
from goop_realtime.types import ContextType, Message, OpenRequest, Refusal, ViewedSession

MESSAGE = Message(sender="alice", data=1, id="m", sent_at_ms=0)


@dataclass
class World:
    """A clock, and what was told."""

    now: float = 0.0
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.slow = SlowCalls(lambda: self.now, self.told.append)

    def session(self, name: str, takes: float, *, fails: bool = False) -> ChannelSession:
        """A channel ``c_NAME`` whose functions take so many seconds."""
        world = self

        def think() -> None:
            world.now += takes
            if fails:
                raise ValueError("no")

        class Thinking(ViewedSession):
            def check(self, message: Message) -> Refusal | None:
                return think()

            def apply(self, message: Message) -> None:
                think()

            def snapshot(self) -> JsonValue:
                return think()

            def view(self, peer: str) -> JsonValue:
                return think()

        kind = ContextType(name=name, version="1", title="X", messages={})
        request = OpenRequest(channel=f"c_{name}", context=name, opener="alice", peers=("alice",))
        context = compile_context("brain", kind)
        return ChannelSession(context, Thinking(), request, _failing, self.slow)


def _failing(
    context: Context,
    doing: str,
    error: BaseException,
    code: object,
    channel: str,
    message: str = "",
) -> PluginFailure:
    return PluginFailure(reason="failed")


@pytest.mark.parametrize("function", ["check", "apply", "snapshot", "view"])
@pytest.mark.parametrize("fails", [False, True])
def test_a_slow_call_is_told_with_plugin_context_channel_and_time(
    function: str, fails: bool
) -> None:
    world = World()
    given: dict[str, list[object]] = {"snapshot": [], "view": ["alice"]}
    about = given.get(function, [MESSAGE])
    getattr(world.session("game", 0.05, fails=fails), function)(*about)
    assert world.told == []
    getattr(world.session("game", 0.083, fails=fails), function)(*about)
    assert world.told == [
        f"plugin brain: {function}() of the context game took 83 ms, channel c_game; "
        "everything else waited"
    ]


def test_each_context_is_told_once_a_minute_and_counted_in_between() -> None:
    world = World()
    game, board = world.session("game", 0.1), world.session("board", 0.2)
    for session in (game, board, game, game):
        session.check(MESSAGE)
    assert ["game" in words for words in world.told] == [True, False]
    world.now += 60
    game.check(MESSAGE)
    assert world.told[2:] == [
        "plugin brain: check() of the context game took 100 ms, channel c_game; "
        "everything else waited (and 2 slow calls since that was last told)"
    ]


def test_a_plain_channel_has_no_plugin_that_could_be_slow() -> None:
    told: list[str] = []
    SlowCalls(lambda: 9.0, told.append).note(PLAIN, "check", "rt-1", began=0.0)
    assert told == []
