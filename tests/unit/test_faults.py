# SPDX-License-Identifier: MIT
"""What a plugin fails in is told once a minute, counted always, and takes no room of its own."""

from __future__ import annotations

import pytest

from goop_node.plugins.blame import describe, place_of, place_of_code
from goop_node.plugins.faults import AGAIN_SECONDS, PLACES, Faults


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_same_fault_is_told_once_a_minute_with_how_often(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    faults = Faults(clock)
    for number in range(100):
        faults.note("x", "check()", ValueError(number), "x.py:1", f"message m-{number}")
    (record,) = caplog.records
    assert record.message.startswith("plugin x: check(): ValueError: 0, message m-0 (x.py:1)")
    clock.now += AGAIN_SECONDS
    faults.note("x", "check()", ValueError("again"), "x.py:1")
    assert "(and 99 times since it was last told)" in caplog.records[1].message
    latest = faults.latest("x")
    assert latest is not None
    assert latest.sentence == "check(): ValueError: again (101 times)"


def test_another_place_or_plugin_is_another_fault(caplog: pytest.LogCaptureFixture) -> None:
    faults = Faults(Clock())
    for plugin, doing, place in (
        ("x", "check()", "x.py:1"),
        ("x", "check()", "x.py:2"),
        ("x", "apply()", "x.py:1"),
        ("y", "check()", "x.py:1"),
    ):
        faults.note(plugin, doing, ValueError(), place)
    assert len(caplog.records) == 4


def test_places_without_end_take_no_room(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    faults = Faults(clock)
    for number in range(1000):
        faults.note("x", "check()", ValueError(), f"<made {number}>")
    assert len(faults._by_plugin["x"]) == PLACES + 1
    assert len(caplog.records) == PLACES + 1
    clock.now += AGAIN_SECONDS
    for number in range(1000, 2000):
        faults.note("x", "check()", ValueError(), f"<made {number}>")
    assert len(faults._by_plugin["x"]) <= PLACES + 2
    assert len(caplog.records) <= 2 * PLACES + 3


def test_what_can_be_told_of_anything() -> None:
    class Silent(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert describe(Silent()) == "Silent (whose text cannot be read)"
    assert describe(ValueError("a\n b\ud800")) == "ValueError: a b\\ud800"
    assert describe(ExceptionGroup("several", [ValueError("one"), ValueError("two")])) == (
        "ValueError: one"
    )
    assert place_of(ValueError()) == ""
    for thing in (None, 1, len, print, Silent(), type, object()):
        assert isinstance(place_of_code(thing), str)
