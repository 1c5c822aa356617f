# SPDX-License-Identifier: MIT
"""What a room's rounds have come to: the same fold as ``template/game/state.js``, for a node.

It takes what ``Session.check`` has let through; what changes nothing there changes nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from goop_arcade_rooms.march import March
from goop_arcade_rooms.rules import COLUMNS, POINTS, SHIELDS
from goop_arcade_rooms.shields import WHOLE, eroded
from goop_arcade_rooms.ships import Ship
from goop_node.types import JsonValue

KEPT_RESULTS = 4
"""Of so many rounds the outcome is known, until the node has written it down."""


@dataclass
class Rounds:
    """The round that is played in a room, or was last, and how the ones before came out.

    ``phase`` is ``lobby`` (none yet), ``playing`` or ``over``; ``spent`` says of each bomb and
    flyer of this wave what it has met; ``told`` is the newest time in the round, a tick, and when
    that was said (Unix ms); of a round that is over, its end.
    """

    phase: str = "lobby"
    round: int = 0
    id: str = ""
    mode: str = "together"
    seed: int = 0
    ships: dict[str, Ship] = field(default_factory=dict)
    wave: int = 0
    wave_tick: int = 0
    hits: dict[int, int] = field(default_factory=dict)
    shields: list[str] = field(default_factory=list)
    spent: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    told: tuple[int, int] = (0, 0)
    results: list[JsonValue] = field(default_factory=list)
    _march: March | None = None

    @property
    def playing(self) -> bool:
        """Whether a round is being played."""
        return self.phase == "playing"

    @property
    def march(self) -> March:
        """The aliens of this wave."""
        if self._march is None:
            ships = len(self.ships)
            self._march = March(seed=self.seed, wave=self.wave, tick=self.wave_tick, ships=ships)
        self._march.hit(self.hits)
        return self._march

    def start(self, id: str, mode: str, seed: int, ships: dict[str, Ship], at_ms: int) -> None:
        """A round begins, which its first message gives its ``id``."""
        self.phase, self.round, self.id = "playing", self.round + 1, id
        self.mode, self.seed, self.ships = mode, seed, ships
        self.wave = self.wave_tick = 0
        self.hits, self.shields, self.spent, self.reason = {}, [], {}, ""
        self.told, self._march = (0, at_ms), None

    def begin_wave(self, wave: int, tick: int) -> None:
        """The aliens come; again what was said already changes nothing."""
        if wave == self.wave + 1:
            self.wave, self.wave_tick = wave, tick
            self.hits, self.shields, self.spent = {}, [WHOLE] * SHIELDS, {}
            self._march = None

    def met_by(self, used: str) -> str:
        """What a shot, bomb or flyer has met already; ``""`` for nothing."""
        peer, _, tick = used.rpartition(" ")
        ship = self.ships.get(peer)
        if ship is None:
            return self.spent.get(used, "")
        shot = ship.shots.get(int(tick)) if tick.isdecimal() else None
        return "" if shot is None else shot.met

    def _spend(self, used: str, target: str) -> None:
        peer, _, tick = used.rpartition(" ")
        if peer not in self.ships:
            self.spent[used] = target
        elif tick.isdecimal() and (shot := self.ships[peer].shots.get(int(tick))) is not None:
            shot.met = target

    def hit(self, said: Any) -> None:
        """Something was hit; again what was said already changes nothing."""
        target = target_of(said)
        used = [said[by] for by in ("shot", "bomb") if by in said]
        if any(self.met_by(one) for one in used):
            return
        for one in used:
            self._spend(one, target)
        match said["what"]:
            case "alien":
                self.hits[said["alien"]] = said["tick"]
                self.ships[said["by"]].score += POINTS[said["alien"] // COLUMNS]
            case "ufo":
                self.spent[said["ufo"]] = target
                self.ships[said["by"]].score += said["points"]
            case "ship":
                ship = self.ships[said["ship"]]
                ship.lives, ship.hit_at = ship.lives - 1, said["tick"]
            case "shield":
                number = said["shield"]
                self.shields[number] = eroded(self.shields[number], said["cell"])

    def end(self, reason: str, tick: int, at_ms: int) -> None:
        """The round is over; ``at_ms`` is when, by the referee's clock."""
        self.phase, self.reason, self.told = "over", reason, (tick, at_ms)
        ships: list[JsonValue] = [
            {"peerId": ship.peer, "label": ship.label, "score": ship.score}
            for ship in self.ships.values()
        ]
        result: dict[str, JsonValue] = {
            "id": self.id,
            "mode": self.mode,
            "reason": reason,
            "wave": self.wave,
            "endedAt": at_ms,
            "ships": ships,
        }
        self.results = [*self.results, result][-KEPT_RESULTS:]

    def form(self) -> dict[str, JsonValue]:
        """All of it as JSON."""
        return {
            "phase": self.phase,
            "round": self.round,
            "id": self.id,
            "mode": self.mode,
            "seed": self.seed,
            "ships": [ship.form() for ship in self.ships.values()],
            "wave": self.wave,
            "waveTick": self.wave_tick,
            "hits": [[alien, tick] for alien, tick in self.hits.items()],
            "shields": list(self.shields),
            "spent": dict(self.spent),
            "reason": self.reason,
            "told": list(self.told),
            "results": list(self.results),
        }

    @classmethod
    def of(cls, form: Any) -> Rounds:
        """Those of a ``form()``."""
        return cls(
            phase=form["phase"],
            round=form["round"],
            id=form["id"],
            mode=form["mode"],
            seed=form["seed"],
            ships={one["peerId"]: Ship.of(one) for one in form["ships"]},
            wave=form["wave"],
            wave_tick=form["waveTick"],
            hits=dict(form["hits"]),
            shields=list(form["shields"]),
            spent=dict(form["spent"]),
            reason=form["reason"],
            told=(form["told"][0], form["told"][1]),
            results=list(form["results"]),
        )


def target_of(said: Any) -> str:
    """What a ``hit`` says was met, as one text."""
    match said["what"]:
        case "alien":
            return f"alien {said.get('alien')}"
        case "ufo":
            return f"ufo {said.get('ufo')}"
        case "ship":
            return f"ship {said.get('ship')}"
        case "shield":
            return f"shield {said.get('shield')}.{said.get('cell')}"
        case _:
            return f"bomb {said.get('bomb')}"
