# SPDX-License-Identifier: MIT
"""The endpoints below ``/api/chess``: the list of games, one game, its PGN, abandoning it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.status_codes import HTTP_200_OK

from goop_chess.games import StoredGame
from goop_chess.pgn_tags import disposition, tags
from goop_node.problems import Problem
from goop_node.types import JsonValue, Route

if TYPE_CHECKING:
    from goop_chess.plugin import ChessPlugin


def routes(plugin: ChessPlugin) -> Route:
    """The handlers; ``plugin`` knows the games."""

    def find(game: str) -> StoredGame:
        stored = plugin.find(game)
        if stored is None:
            raise Problem(404, "unknown_game", "there is no such game here")
        return stored

    @get("/games", sync_to_thread=False)
    def games() -> list[dict[str, JsonValue]]:
        """Running and finished games, the newest first."""
        return [row(plugin, stored) for stored in plugin.all_games()]

    @get("/games/{game:str}", sync_to_thread=False)
    def game_state(game: FromPath[str]) -> dict[str, JsonValue]:
        """One game with its position and the legal moves."""
        stored = find(game)
        session = plugin.session_of(stored)
        listed = row(plugin, stored)
        view = session.position.view()
        if listed["status"] != "running":
            view["legal"] = {}
        return {
            **listed,
            **view,
            "drawOfferBy": session.offers.by("draw"),
            "takebackOfferBy": session.offers.by("takeback"),
            "offers": session.offers.snapshot(),
            "clock": plugin.clock_of(session),
            "rematch": plugin.rematch(stored),
        }

    @get("/games/{game:str}/positions", sync_to_thread=False)
    def positions(game: FromPath[str], after: FromQuery[int] = 0) -> dict[str, JsonValue]:
        """The positions of a game, one for each half-move behind the first ``after``.

        ``{moves, after, positions: [{uci, san, fen, check}]}``: at most 400 at once, ``moves``
        of the game so far.
        """
        from goop_chess.plies import plies

        if after < 0:
            raise Problem(400, "bad_request", "after: expected 0 or more half-moves", "/after")
        moves = plugin.session_of(find(game)).position.uci
        return {
            "moves": len(moves),
            "after": after,
            "positions": [cast(dict[str, JsonValue], ply) for ply in plies(moves, after)],
        }

    @get("/games/{game:str}/pgn", sync_to_thread=False)
    def pgn(game: FromPath[str]) -> Response[str]:
        """The game as PGN, in a file that is called as its players and the day."""
        from goop_chess.pgn import export

        stored = find(game)
        state = stored.state
        names = {colour: plugin.label(peer) for colour, peer in state["players"].items()}
        headers = tags(state, names, stored.created, aside=stored.abandoned)
        return Response(
            export(state["moves"], headers),
            media_type="text/plain; charset=utf-8",
            headers={"content-disposition": disposition(names, stored.created)},
        )

    @post("/games/{game:str}/abandon", status_code=HTTP_200_OK, sync_to_thread=False)
    def abandon(game: FromPath[str]) -> dict[str, JsonValue]:
        """Put a running game aside in this node's list.

        The other player is told by the message ``abandon`` on the game's channel, where there is
        one. A game that was only put aside is running again when both go on with it.
        """
        plugin.abandon(find(game))
        return row(plugin, find(game))

    return Route(handlers=[games, game_state, positions, pgn, abandon])


def row(plugin: ChessPlugin, stored: StoredGame) -> dict[str, Any]:
    """A game as the list shows it."""
    state = stored.state
    colour = "black" if state["players"]["white"] == stored.peer else "white"
    left = state.get("abandonedBy") or (colour if stored.abandoned else None)
    status = "finished" if state["reason"] else "abandoned" if left else "running"
    moves = state["moves"]
    return {
        "game": stored.game,
        "context": stored.game if stored.game != stored.channel else "chess",
        "channelId": stored.channel,
        "opponentId": stored.peer,
        "opponentLabel": plugin.label(stored.peer),
        "colour": colour,
        "status": status,
        "result": state["result"],
        "reason": state["reason"],
        "abandonedBy": None if state["reason"] else left,
        "canAbort": status == "running" and len(moves) < 2,
        "turn": "black" if len(moves) % 2 else "white",
        "moves": len(moves),
        "startedAt": stored.created,
        "updatedAt": stored.updated,
    }
