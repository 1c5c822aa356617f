# SPDX-License-Identifier: MIT
"""The kit for a plugin's own tests: players in channels and rooms, and the mishaps they have."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from litestar import get

from goop_node.hookspecs import hookimpl
from goop_node.plugins.status import PluginError
from goop_node.types import NodeApi, Route
from goop_realtime import Applied, ContextType, OpenRequest, Refusal
from goop_realtime.testing.kit import Refused
from goop_realtime.testing.kit.fixtures import MakesNodes, MakesPairs, MakesSwarms
from goop_realtime.testing.rooms.tally import ROOM_TALLY
from goop_realtime.testing.tally import TALLY

ROOT = Path(__file__).parents[2]
MATE = [("alice", "e2e4"), ("bob", "e7e5"), ("alice", "d1h5"), ("bob", "b8c6")]
MATE += [("alice", "f1c4"), ("bob", "g8f6"), ("alice", "h5f7")]
THINGS = {"type": "object", "properties": {"type": {"const": "thing"}}}


def move(squares: str) -> dict[str, str]:
    return {"type": "move", "from": squares[:2], "to": squares[2:]}


def add(n: int) -> dict[str, Any]:
    return {"type": "add", "n": n}


def test_an_installed_plugin_is_played_as_a_whole(goop_pair: MakesPairs) -> None:
    game = goop_pair("chess", context="chess")
    bob = game[1]
    told = game.play([(name, move(squares)) for name, squares in MATE])
    assert all(sent.handled for sent in told)
    assert game.state["result"] == "1-0"
    assert bob.received[-1]["to"] == "f7"
    after = bob.send(move("a7a6"))
    assert (after.refused, after.code) == (True, "game_over")
    # What it does beside its Session is done, too: the list of games at both.
    for player in game:
        (row,) = player.request("GET", "/api/chess/games").json()
        assert row["result"] == "1-0", row
        assert player.failures == []


def test_what_is_refused_says_why(goop_pair: MakesPairs) -> None:
    alice, _ = game = goop_pair(TALLY)
    sent = alice.send({"type": "add", "n": -1})
    assert (sent.stage, sent.code, sent.pointer) == ("", "invalid_message", "/n")
    with pytest.raises(AssertionError, match=r"message 1, .* of alice: divisible: /n: the sum"):
        game.play([("bob", add(1)), ("alice", add(3))])
    with pytest.raises(ValueError, match="leave out to="):
        alice.send(add(1), to=alice)


@pytest.mark.parametrize("mishap", ["kill", "cut", "freeze", "reload"])
@pytest.mark.parametrize("who", [0, 1])
def test_nothing_is_lost_in_a_mishap(goop_pair: MakesPairs, mishap: str, who: int) -> None:
    game = goop_pair(TALLY)
    game.play([("alice", add(1)), ("bob", add(2))])
    it, other = game[who], game[1 - who]
    if mishap == "kill":
        it.kill()
        assert other.send(add(5)).stage in ("accepted", "")  # in the outbox, or ordered
        assert other.connection == "disconnected"
        it.start()
    elif mishap == "freeze":
        it.freeze(4_000)
    else:
        getattr(it, mishap)()
    assert [one.connection for one in game] == ["connected"] * 2
    assert it.send(add(10)).handled
    assert game.state[:2] == [14 + (5 if mishap == "kill" else 0), 3 + (mishap == "kill")]
    assert other.received[-1] == add(10)


def test_players_in_a_room(goop_swarm: MakesSwarms) -> None:
    alice, bob, carol = room = goop_swarm(ROOM_TALLY, 3)
    assert alice.send(add(1)).handled
    assert bob.send(add(2), to=carol).handled
    assert (alice.received, carol.received) == ([], [add(1), add(2)])
    alice.kill()  # she was the host
    assert carol.send(add(5)).delivered
    alice.start()
    assert [one.connection for one in room] == ["joined"] * 3
    assert room.state[0] == 7  # what is private is not for all to fold
    bob.reload()
    assert len(bob.log) == 3
    with pytest.raises(ValueError, match="2 to 8 players, not 9"):
        goop_swarm(ROOM_TALLY, 9)


class Things:
    """A plugin with all that plugins have: a lifespan, a database, an endpoint, later work."""

    def __init__(self) -> None:
        self.life: list[str] = []

    @hookimpl
    def realtime_contexts(self, node: NodeApi) -> list[ContextType]:
        def opened(request: OpenRequest) -> None:
            self.life.append("opened")

        async def committed(session: Any, entries: Sequence[Applied]) -> None:
            await asyncio.sleep(0)
            self.database.execute("INSERT INTO things VALUES (?)", (len(entries),))

        return [
            ContextType(
                name="things",
                version="1",
                title="Things",
                messages={"thing": THINGS},
                on_open=opened,
                on_commit=committed,
            )
        ]

    @hookimpl
    def realtime_authorize_open(self, node: NodeApi, request: OpenRequest) -> Refusal | None:
        if request.context == "things_no":
            return Refusal(code="not_here", reason="Nobody opens that.")
        return None

    @hookimpl
    def goop_lifespan(self, node: NodeApi) -> Any:
        @asynccontextmanager
        async def living() -> AsyncIterator[None]:
            self.database = node.database(["CREATE TABLE things (n INTEGER)"])
            self.life.append("entered")
            yield
            self.life.append("left")
            self.database.close()

        return living()

    @hookimpl
    def goop_routes(self, node: NodeApi) -> list[Route]:
        @get("/count", sync_to_thread=False)
        def count() -> dict[str, int]:
            ((found,),) = self.database.execute("SELECT count(*) FROM things")
            return {"count": found}

        return [Route(handlers=[count])]


def test_a_plugin_of_ones_own_lives_in_the_kit(goop_pair: MakesPairs) -> None:
    made: list[Things] = []

    def plugin() -> Things:
        made.append(Things())
        return made[-1]

    alice, bob = goop_pair(plugin)
    assert alice.send({"type": "thing"}).handled
    path = "/api/kit/count"
    assert [one.request("GET", path).json() for one in (alice, bob)] == [{"count": 1}] * 2
    assert [one.life for one in made] == [["entered", "opened"]] * 2
    bob.kill()
    assert made[1].life[-1] == "left"
    bob.start()
    assert len(made) == 3
    assert bob.request("GET", path).json()["count"] >= 1
    with pytest.raises(Refused, match="not_here: Nobody opens that"):
        goop_pair(Things, context="things_no")


def test_a_node_by_itself(goop_node: MakesNodes) -> None:
    node = goop_node(Things)
    assert node.request("GET", "/api/kit/count").json() == {"count": 0}
    assert node.request("GET", "/api/kit/nothing").status_code == 404
    assert node.failures == []


def test_mistakes_are_named(goop_pair: MakesPairs, goop_node: MakesNodes) -> None:
    with pytest.raises(LookupError, match=r"no plugin 'chss' is installed; there are: .*chess"):
        goop_pair("chss")
    with pytest.raises(ValueError, match="say which context= is meant"):
        goop_pair(object())
    with pytest.raises(Refused, match="unknown_context"):
        goop_pair(TALLY, context="other")

    class Broken:
        @hookimpl
        def realtime_contexts(self, node: NodeApi) -> list[ContextType]:
            raise ZeroDivisionError("planted")

    class BrokenLife:
        @hookimpl
        def goop_lifespan(self, node: NodeApi) -> Any:
            @asynccontextmanager
            async def living() -> AsyncIterator[None]:
                raise ZeroDivisionError("planted")
                yield

            return living()

    with pytest.raises(PluginError, match="planted"):
        goop_pair(Broken, context="x")
    with pytest.raises(ZeroDivisionError, match="planted"):
        goop_node(BrokenLife)


def test_a_function_that_fails_is_told(goop_pair: MakesPairs) -> None:
    def opened(request: OpenRequest) -> None:
        raise ZeroDivisionError("planted")

    kind = ContextType(name="a", version="1", title="A", messages={"thing": THINGS}, on_open=opened)
    for player in goop_pair(kind):
        (words,) = set(player.failures)
        assert (
            words == "plugin kit failed in on_open() of the context a: ZeroDivisionError: planted"
        )


def test_the_example_of_the_documentation(goop_pair: MakesPairs) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)
    scope: dict[str, Any] = {}
    for block in blocks:
        if "class Whiteboard" in block or "goop_pair" in block:
            exec(block, scope)
    scope["test_a_stroke_arrives"](goop_pair)
