# SPDX-License-Identifier: MIT
"""What the referee announces, checked against what has been said in the room before.

Two pages of the referee's node may announce the same: again what was said already is let through,
and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from goop_arcade_rooms.rounds import Rounds, target_of
from goop_arcade_rooms.rules import ALIENS, BREATH, SHIELDS, VERSUS_WAVES
from goop_arcade_rooms.shields import WHOLE
from goop_realtime import Refusal

NO_ROUND = Refusal(code="no_round", reason="no round is being played")


def refuse_start(rounds: Rounds, known: Collection[str], said: Any) -> Refusal | None:
    """Why a round may not begin; ``known``: who is in the room, or left it lately."""
    if rounds.playing:
        return Refusal(code="round_runs", reason="a round is being played already")
    strangers = [peer for peer in said["ships"] if peer not in known]
    if known and strangers:
        reason = f"{strangers[0]} is not in this room"
        return Refusal(code="unknown_player", reason=reason, pointer="/ships")
    return None


def refuse_wave(rounds: Rounds, said: Any) -> Refusal | None:
    """Why a wave may not come."""
    if not rounds.playing:
        return NO_ROUND
    if said["wave"] == rounds.wave:
        return None
    last = rounds.mode == "versus" and rounds.wave == VERSUS_WAVES
    if said["wave"] != rounds.wave + 1 or last:
        reason = f"wave {said['wave']} does not come behind wave {rounds.wave}"
        return Refusal(code="wrong_wave", reason=reason, pointer="/wave")
    if rounds.wave > 0:
        return _unless_cleared(rounds, said["tick"])
    return None


def _unless_cleared(rounds: Rounds, tick: int) -> Refusal | None:
    left = ALIENS - len(rounds.hits)
    if left > 0:
        return Refusal(code="too_early", reason=f"{left} aliens are left")
    if tick < max(rounds.hits.values()) + BREATH:
        return Refusal(code="too_early", reason="the last alien was hit just now", pointer="/tick")
    return None


def refuse_over(rounds: Rounds, here: Collection[str], said: Any) -> Refusal | None:
    """Why the round cannot be over like that; ``here``: the members of the room."""
    if not rounds.playing:
        return NO_ROUND
    match said["reason"]:
        case "lost":
            left = [ship for ship in rounds.ships.values() if ship.lives > 0]
            if rounds.wave == 0 or any(ship.peer in here for ship in left):
                return Refusal(code="not_over", reason="there is still a ship", pointer="/reason")
        case "invaded":
            if rounds.wave == 0 or not rounds.march.invaded(said["tick"]):
                reason = "the aliens have not landed by then"
                return Refusal(code="not_over", reason=reason, pointer="/reason")
        case _:
            if rounds.mode != "versus" or rounds.wave != VERSUS_WAVES:
                reason = f"that was not the last of {VERSUS_WAVES} waves"
                return Refusal(code="not_over", reason=reason, pointer="/reason")
            return _unless_cleared(rounds, said["tick"])
    return None


def refuse_hit(rounds: Rounds, said: Any) -> Refusal | None:
    """Why that cannot have been hit."""
    if not rounds.playing:
        return NO_ROUND
    if rounds.wave == 0 or said["wave"] != rounds.wave:
        reason = f"wave {rounds.wave} is being played, not wave {said['wave']}"
        return Refusal(code="wrong_wave", reason=reason, pointer="/wave")
    what = said["what"]
    for name in _NEEDS[what]:
        if name not in said:
            reason = f"{name}: missing from a hit of {_NAMES[what]}"
            return Refusal(code="invalid_message", reason=reason)
    target = target_of(said)
    met = [rounds.met_by(said[by]) for by in ("shot", "bomb") if by in said]
    if target in met:
        return None
    if any(met):
        reason = "what has hit something is gone, and hits nothing else"
        return Refusal(code="spent", reason=reason)
    return _refuse_shot(rounds, said) or _refuse_bomb(rounds, said) or _HITS[what](rounds, said)


def _refuse_shot(rounds: Rounds, said: Any) -> Refusal | None:
    if "shot" not in said:
        return None
    peer, _, tick = said["shot"].rpartition(" ")
    ship = rounds.ships.get(peer)
    known = ship is not None and tick.isdecimal() and int(tick) in ship.shots
    if not known or said.get("by") != peer:
        reason = f"{said.get('by', 'nobody')} has not fired the shot {said['shot']}"
        return Refusal(code="unknown_shot", reason=reason, pointer="/shot")
    return None


def _refuse_bomb(rounds: Rounds, said: Any) -> Refusal | None:
    if "bomb" not in said:
        return None
    wave, _, number = said["bomb"].partition(".")
    if (
        wave == str(rounds.wave)
        and _is_count(number)
        and rounds.march.falls(int(number), said["tick"])
    ):
        return None
    reason = f"no bomb {said['bomb']} is in the air then"
    return Refusal(code="unknown_bomb", reason=reason, pointer="/bomb")


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 9


def _refuse_alien(rounds: Rounds, said: Any) -> Refusal | None:
    alien = said["alien"]
    if alien in rounds.hits:
        return Refusal(code="gone", reason="that alien was hit before", pointer="/alien")
    left, right = rounds.march.column_of(alien, said["tick"])
    peer, _, tick = said["shot"].rpartition(" ")
    if not left <= rounds.ships[peer].shots[int(tick)].x < right:
        reason = "the shot flies past where that alien is"
        return Refusal(code="missed", reason=reason, pointer="/alien")
    return None


def _refuse_ufo(rounds: Rounds, said: Any) -> Refusal | None:
    if said["ufo"] in rounds.spent:
        return Refusal(code="gone", reason="that flyer was hit before", pointer="/ufo")
    wave, _, number = said["ufo"].partition(".u")
    worth = None
    if wave == str(rounds.wave) and _is_count(number):
        worth = rounds.march.ufo(int(number), said["tick"])
    if worth is None:
        reason = f"no flyer {said['ufo']} is there then"
        return Refusal(code="unknown_ufo", reason=reason, pointer="/ufo")
    if said["points"] != worth:
        reason = f"that flyer is worth {worth}, not {said['points']}"
        return Refusal(code="wrong_points", reason=reason, pointer="/points")
    return None


def _refuse_ship(rounds: Rounds, said: Any) -> Refusal | None:
    ship = rounds.ships.get(said["ship"])
    if ship is None or ship.lives == 0:
        return Refusal(code="no_ship", reason="there is no such ship", pointer="/ship")
    if ship.is_spared(said["tick"]):
        return Refusal(code="spared", reason="that ship was hit a moment ago", pointer="/ship")
    return None


def _refuse_shield(rounds: Rounds, said: Any) -> Refusal | None:
    if "shot" not in said and "bomb" not in said:
        return Refusal(code="unknown_shot", reason="nothing has hit that shield")
    if said["shield"] >= SHIELDS or said["cell"] >= len(WHOLE):
        return Refusal(code="missed", reason="there is no such shield", pointer="/shield")
    if rounds.shields[said["shield"]][said["cell"]] != "#":
        return Refusal(code="missed", reason="nothing of the shield is there", pointer="/cell")
    return None


_NEEDS: Mapping[str, tuple[str, ...]] = {
    "alien": ("alien", "shot", "by"),
    "ufo": ("ufo", "points", "shot", "by"),
    "ship": ("ship", "bomb"),
    "shield": ("shield", "cell"),
    "bomb": ("bomb", "shot", "by"),
}
_NAMES = {"alien": "an alien", "ufo": "a flyer", "ship": "a ship", "shield": "a shield"}
_NAMES["bomb"] = "a bomb"
_HITS: Mapping[str, Callable[[Rounds, Any], Refusal | None]] = {
    "alien": _refuse_alien,
    "ufo": _refuse_ufo,
    "ship": _refuse_ship,
    "shield": _refuse_shield,
    "bomb": lambda rounds, said: None,
}
