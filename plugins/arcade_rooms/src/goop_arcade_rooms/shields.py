# SPDX-License-Identifier: MIT
"""The shields between aliens and ships: rows of cells, ``#`` where there is one."""

from __future__ import annotations

from math import hypot

from goop_arcade_rooms.chance import chance
from goop_arcade_rooms.rules import CELL_COLUMNS

WHOLE = "..#######...#########.#####################################...#######.....######.....###"
"""A fresh one."""


def eroded(shield: str, cell: int) -> str:
    """A shield that was hit at ``cell``: it goes, and some around it."""
    row, column = divmod(cell, CELL_COLUMNS)

    def stays(n: int) -> bool:
        far = hypot(n // CELL_COLUMNS - row, n % CELL_COLUMNS - column)
        return far > 0 and (far > 1.5 or chance(cell, n) < 0.35)

    return "".join("#" if there == "#" and stays(n) else "." for n, there in enumerate(shield))
