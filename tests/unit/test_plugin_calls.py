# SPDX-License-Identifier: MIT
"""Each kind of hook has its rule for an implementation that raises."""

from __future__ import annotations

import functools
import types
from pathlib import Path
from typing import Any

import pytest

from goop_node.config.model import NodeConfig
from goop_node.hookspecs import hookimpl, hookspec
from goop_node.plugins.calls import Calls
from goop_node.plugins.environment import Candidate
from goop_node.plugins.loader import Plugins
from goop_node.plugins.status import PluginError
from goop_node.types import Refusal

door = types.ModuleType("door_hookspecs")


@hookspec
def door_open(who: str) -> Refusal | None:
    """Veto: may this door open?"""


@hookspec
def door_opened(who: str) -> None:
    """Observe: it did."""


@hookspec
def door_signs(who: str) -> Any:
    """Register: what stands on it."""


for spec in (door_open, door_opened, door_signs):
    setattr(door, spec.__name__, spec)
door.KINDS = {  # type: ignore[attr-defined]
    "door_open": "veto",
    "door_opened": "observe",
    "door_signs": "register",
}


class Door:
    @hookimpl
    def goop_add_hookspecs(self, pluginmanager: Any) -> None:
        pluginmanager.add_hookspecs(door)


def _same(value: object) -> object:
    return value


def calls_of(strict: bool = False, **plugins: object) -> tuple[Calls, Plugins]:
    """The calls of plugins given as objects, beside ``door``, which declares the hooks."""
    every = {"door": Door(), **plugins}
    candidates = [
        Candidate(name=name, load=functools.partial(_same, value)) for name, value in every.items()
    ]
    config = NodeConfig(data=Path("unused"), plugins={name: {} for name in every}, strict=strict)
    loaded = Plugins(config, candidates)
    return Calls(loaded), loaded


def plugin(**hooks: Any) -> object:
    """An object with the given functions as hook implementations."""
    made = types.SimpleNamespace()
    for name, function in hooks.items():
        setattr(made, name, hookimpl(function))
    return made


def boom(who: str) -> Any:
    raise RuntimeError("boom")


def test_collect_flattens_iterables_and_keeps_single_items() -> None:
    calls, _ = calls_of(
        a=plugin(door_signs=lambda who: [1, 2]),
        b=plugin(door_signs=lambda who: {"k": who}),
        c=plugin(door_signs=lambda who: None),
        d=plugin(door_signs=lambda: "text"),
    )
    assert calls.collect("door_signs", who="Eve") == [
        ("a", 1),
        ("a", 2),
        ("b", {"k": "Eve"}),
        ("d", "text"),
    ]


def test_collect_leaves_out_who_raises() -> None:
    calls, plugins = calls_of(a=plugin(door_signs=boom), b=plugin(door_signs=lambda who: [1]))
    assert calls.collect("door_signs", who="Eve") == [("b", 1)]
    assert plugins.active == ("b", "door")


def test_notify_reaches_everybody_even_if_one_raises() -> None:
    seen: list[str] = []
    calls, plugins = calls_of(
        a=plugin(door_opened=boom), b=plugin(door_opened=lambda who: seen.append(who))
    )
    calls.notify("door_opened", who="Eve")
    assert seen == ["Eve"]
    assert {one.name: one.status for one in plugins.status()}["a"] == "faulty"


def test_veto_takes_the_first_refusal() -> None:
    calls, _ = calls_of(
        a=plugin(door_open=lambda who: None),
        b=plugin(door_open=lambda who: Refusal(code="closed", reason="Come back tomorrow.")),
    )
    refusal = calls.veto("door_open", who="Eve")
    assert refusal is not None
    assert refusal.code == "closed"


@pytest.mark.parametrize("answer", [boom, lambda who: False])
def test_veto_refuses_when_a_plugin_is_broken(answer: Any) -> None:
    calls, _ = calls_of(a=plugin(door_open=answer))
    refusal = calls.veto("door_open", who="Eve")
    assert refusal is not None
    assert refusal.code == "plugin_error"


def test_nobody_objects_is_none() -> None:
    assert calls_of()[0].veto("door_open", who="Eve") is None


@pytest.mark.parametrize(
    ("method", "hook"),
    [("collect", "door_signs"), ("notify", "door_opened"), ("veto", "door_open")],
)
def test_strict_raises_for_every_kind(method: str, hook: str) -> None:
    calls, _ = calls_of(strict=True, a=plugin(**{hook: boom}))
    with pytest.raises(PluginError, match="boom"):
        getattr(calls, method)(hook, who="Eve")


def test_hooks_must_be_declared_and_called_by_their_kind() -> None:
    calls, _ = calls_of()
    with pytest.raises(LookupError, match="declares"):
        calls.collect("door_nothing", who="Eve")
    with pytest.raises(LookupError, match="of kind veto"):
        calls.collect("door_open", who="Eve")
