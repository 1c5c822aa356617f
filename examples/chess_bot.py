# SPDX-License-Identifier: GPL-3.0-or-later
"""A chess bot: it takes every game and plays any legal move. GPL, as the library ``chess`` is.

``python chess_bot.py DATA``, where DATA is the data folder of a running node.
"""

from __future__ import annotations

import asyncio
import random
import sys

import chess

from goop_node.client import Channel, Client, Request


def choose(board: chess.Board) -> chess.Move:
    """What to play."""
    return random.choice(list(board.legal_moves))


async def play(me: str, channel: Channel) -> None:
    """Move whenever it is our turn, until the game is over."""

    async def look(*_: object) -> None:
        game = (await channel.snapshot()).state
        board = chess.Board()
        for move in game["moves"]:
            board.push_uci(move)
        if game["reason"] is not None:
            await channel.close()
        elif game["players"]["white" if board.turn else "black"] == me:
            move = choose(board).uci()
            promotion = {"promotion": move[4]} if move[4:] else {}
            said = {"type": "move", "from": move[:2], "to": move[2:4]} | promotion
            await channel.send(said).delivered

    await look()
    channel.on_message = look


async def main(data: str) -> None:
    """Play whoever asks, and go on with the games that are open."""
    async with Client.from_data(data) as goop:

        async def accept(request: Request) -> None:
            await play(goop.peer_id, await request.accept())

        goop.serve("chess", accept)
        # All at once: whoever is away keeps nobody waiting.
        await asyncio.gather(*(play(goop.peer_id, one) for one in await goop.channels("chess")))
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
