# SPDX-License-Identifier: MIT
"""What a simulated node runs on: its chance, and the file of its journal."""

from __future__ import annotations

import random
import sqlite3
from typing import TYPE_CHECKING

from goop_realtime.storage.journal import MIGRATIONS

if TYPE_CHECKING:
    from goop_realtime.testing.simulator import World


class Chance(random.Random):
    """A node's chance. Now and then it draws a channel id that was drawn before."""

    def __init__(self, world: World) -> None:
        super().__init__(world.random.getrandbits(64))
        self._ids = world.ids

    def getrandbits(self, k: int) -> int:
        """``k`` random bits; 64 of them make a channel id."""
        bits = super().getrandbits(k)
        if k == 64 and self._ids is not None:
            if self._ids and self.random() < 0.1:
                bits = self._ids[-1]
            self._ids.append(bits)
        return bits


def new_file() -> sqlite3.Connection:
    """A new and empty one, in memory."""
    database = sqlite3.connect(":memory:")
    for script in MIGRATIONS:
        database.executescript(script)
    return database
