# SPDX-License-Identifier: MIT
"""Chance that is the same at everybody: a number follows from where it is asked for."""

from __future__ import annotations

from collections.abc import Sequence

_32_BITS = 0xFFFFFFFF


def chance(*where: int) -> float:
    """At least 0, below 1; the same as that of ``template/game/random.js``."""
    mixed = 0x9E3779B9
    for number in where:
        mixed = ((mixed ^ (number & _32_BITS)) * 0x85EBCA6B) & _32_BITS
        mixed = ((mixed ^ (mixed >> 13)) * 0xC2B2AE35) & _32_BITS
        mixed ^= mixed >> 16
    return mixed / 2**32


def one_of(several: Sequence[int], *where: int) -> int:
    """One of ``several``."""
    return several[int(chance(*where) * len(several))]
