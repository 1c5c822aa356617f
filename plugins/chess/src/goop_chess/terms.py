# SPDX-License-Identifier: MIT
"""What an invitation proposes, in words for whoever is invited (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from goop_chess.clocks import control_of
from goop_realtime import OpenRequest


def terms(request: OpenRequest) -> str:
    """``You play Black. Time: 10 minutes each.``"""
    state = request.initial_state
    if isinstance(state, dict) and state.get("moves"):
        return "Your game goes on from where it was."
    control = control_of(request.params)
    clock = f"Time: {control_words(control)}." if control else "Without clocks."
    return f"{_colour(request)} {clock}"


def control_words(control: Mapping[str, Any]) -> str:
    """A time control: ``10 minutes each, and 5 seconds for each move``."""
    if control["kind"] == "correspondence":
        return f"{_count(control['days'], 'day')} for each move"
    minutes, rest = divmod(control["seconds"], 60)
    whole = _count(control["seconds"], "second") if rest else _count(minutes, "minute")
    each = f", and {_count(control['increment'], 'second')} for each move"
    return f"{whole} each{each if control['increment'] else ''}"


def _colour(request: OpenRequest) -> str:
    proposed = request.params.get("colour") if isinstance(request.params, dict) else None
    if proposed == "random":
        return "Colours are drawn by lot."
    return f"You play {'White' if proposed == 'black' else 'Black'}."


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
