# SPDX-License-Identifier: MIT
"""Hooks have versions: who was written for others is left out, in words; old names go on."""

from __future__ import annotations

import inspect
import logging
import types
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from goop_node import hookspecs
from goop_node.cli.check import check
from goop_node.cli.plugins import print_plugins
from goop_node.config.model import NodeConfig
from goop_node.hookspecs import hookimpl, hookspec
from goop_node.node import Node
from goop_node.plugins.environment import Candidate
from goop_node.plugins.status import PluginStatus
from goop_node.types import NodeApi
from goop_node.versions import Version, version_of
from goop_realtime import hookspecs as realtime_hookspecs


def talking(version: object = "1.2", renamed: object = None) -> type:
    """A plugin with a hook ``talk_topics`` of that version."""
    talk: Any = types.ModuleType("talk_hookspecs")

    @hookspec
    def talk_topics(node: NodeApi) -> Iterable[str]:
        return []

    talk.talk_topics = talk_topics
    if version is not None:
        talk.HOOK_API = version
    talk.RENAMED = {"talk_subjects": "talk_topics"} if renamed is None else renamed

    class Talk:
        @hookimpl
        def goop_add_hookspecs(self, pluginmanager: Any) -> None:
            pluginmanager.add_hookspecs(talk)

    return Talk


def weather(**api: Any) -> type:
    class Weather:
        hook_api = api

        @hookimpl
        def talk_topics(self, node: NodeApi) -> Iterable[str]:
            return ["rain"]

    return Weather


def candidates(weather: object, talk: object) -> list[Candidate]:
    brought = {"talk": talk, "weather": weather}
    return [
        Candidate(name=name, load=lambda one=one: one, distribution=f"goop-{name}")  # type: ignore[misc]
        for name, one in brought.items()
    ]


def config(folder: Path) -> NodeConfig:
    return NodeConfig(data=folder, plugins={"talk": {}, "weather": {}})


def node_of(folder: Path, weather: object, talk: object | None = None) -> Node:
    return Node(config(folder), candidates(weather, talk or talking()))


def status(node: Node, name: str) -> PluginStatus:
    return next(one for one in node.plugin_status() if one.name == name)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("1", Version(1, 0)),
        ("1.2", Version(1, 2)),
        ("10.20.30", Version(10, 20)),
        ("", None),
        ("01.2", None),
        ("1.2.3.4", None),
        ("1.x", None),
        ("-1.0", None),
        ("1.0\n", None),
        ("9999999999", None),
        (1.0, None),
    ],
)
def test_what_is_a_version(text: object, version: Version | None) -> None:
    assert version_of(text) == version


@pytest.mark.parametrize(
    "api", [{}, {"talk": "1"}, {"talk": "1.0"}, {"talk": "1.2.9", "goop": "1.0"}]
)
def test_a_plugin_for_the_same_major_and_no_greater_minor_takes_part(
    tmp_path: Path, api: dict[str, str]
) -> None:
    node = node_of(tmp_path, weather(**api))
    assert node.calls.collect("talk_topics", node=node) == [("weather", "rain")]
    assert status(node, "weather").status == "active"
    assert status(node, "weather").warnings == ()


NEWER_TALK = (
    "is written for the hooks talk_… 1.3, and goop-talk has 1.2 here; "
    "install a newer version of goop-talk, or an older one of the other"
)
NEWER_WEATHER = (
    "is written for the hooks talk_… 1.0, and goop-talk has 2.0 here; "
    "install a newer version of this plugin, or an older one of the other"
)
NEWER_NODE = (
    "is written for the hooks goop_… 2.0, and goop-node has 1.0 here; "
    "install a newer version of goop-node, or an older one of the other"
)
INCOMPATIBLE: list[tuple[dict[str, str], str, str]] = [
    ({"talk": "1.3"}, "1.2", NEWER_TALK),
    ({"talk": "1.0"}, "2.0", NEWER_WEATHER),
    ({}, "2.0", NEWER_WEATHER),
    ({"goop": "2.0"}, "1.2", NEWER_NODE),
]


@pytest.mark.parametrize(("api", "version", "words"), INCOMPATIBLE)
def test_an_incompatible_plugin_is_named_with_both_versions_and_the_rest_runs(
    tmp_path: Path,
    api: dict[str, str],
    version: str,
    words: str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    brought = (weather(**api), talking(version))
    with caplog.at_level(logging.WARNING, "goop_node.plugins"):
        node = node_of(tmp_path, *brought)
    assert status(node, "weather").error == words
    assert status(node, "talk").status == "active"
    assert node.calls.collect("talk_topics", node=node) == []
    assert f"plugin weather is left out: {words}" in caplog.text
    assert print_plugins(config(tmp_path), candidates(*brought)) == 0
    assert f"weather: {words}" in capsys.readouterr().out
    assert check(config(tmp_path), candidates(*brought)) == 1
    assert f"plugin weather: {words}" in capsys.readouterr().err


def test_who_does_not_fit_the_node_declares_no_hooks(tmp_path: Path) -> None:
    talk: Any = talking()
    talk.hook_api = {"goop": "1.9"}
    node = node_of(tmp_path, weather(), talk)
    assert "goop_… 1.9" in str(status(node, "talk").error)
    assert "'talk' declares, and that one is left out" in str(status(node, "weather").error)


def test_a_newer_hook_is_a_matter_of_versions_before_anything_else(tmp_path: Path) -> None:
    class Weather:
        hook_api = {"talk": "1.4"}  # noqa: RUF012

        @hookimpl
        def talk_listeners(self, nobody: int) -> None:
            """A hook of 1.4."""

    assert "talk_… 1.4" in str(status(node_of(tmp_path, Weather), "weather").error)


@pytest.mark.parametrize(
    ("api", "words"),
    [
        ("1.0", "hook_api: found '1.0', expected {NAME: VERSION}"),
        ({"talk": 1}, "hook_api['talk']: found 1, expected MAJOR.MINOR"),
        ({"talk": "one"}, "hook_api['talk']: found 'one', expected MAJOR.MINOR"),
        ({1: "1.0"}, "hook_api[1]: found '1.0', expected MAJOR.MINOR"),
    ],
)
def test_a_declaration_that_says_nothing_is_a_mistake(tmp_path: Path, api: Any, words: str) -> None:
    plugin: Any = weather()
    plugin.hook_api = api
    assert words in str(status(node_of(tmp_path, plugin), "weather").error)


def test_a_misspelt_owner_is_told(tmp_path: Path) -> None:
    (warning,) = status(node_of(tmp_path, weather(tlak="1.0")), "weather").warnings
    assert warning == 'hook_api names "tlak", which is no installed plugin; did you mean "talk"?'


@pytest.mark.parametrize(
    ("talk", "words"),
    [
        (lambda: talking("new"), "HOOK_API: found 'new', expected MAJOR.MINOR"),
        (lambda: talking(renamed={"talk_old": "talk_new"}), "RENAMED['talk_old']"),
        (lambda: talking(renamed={"talk_topics": "talk_topics"}), "RENAMED['talk_topics']"),
        (lambda: talking(renamed=["talk_old"]), "RENAMED: found"),
    ],
)
def test_what_a_module_of_hooks_says_is_checked(
    tmp_path: Path, talk: Callable[[], object], words: str
) -> None:
    assert words in str(status(node_of(tmp_path, weather(), talk()), "talk").error)


# Names


def test_a_hook_under_the_name_of_the_last_release_works_with_a_warning(tmp_path: Path) -> None:
    class Weather:
        @hookimpl
        def talk_subjects(self, node: NodeApi) -> Iterable[str]:
            return ["fog"]

    node = node_of(tmp_path, Weather)
    found = status(node, "weather")
    assert node.calls.collect("talk_topics", node=node) == [("weather", "fog")]
    assert found.hooks == ("talk_topics",)
    assert found.warnings == (
        "talk_subjects() is called talk_topics() now; rename it, for the next release does not "
        "know the old name",
    )


def test_a_plugin_for_two_releases_has_both_names_and_no_warning(tmp_path: Path) -> None:
    class Weather:
        @hookimpl
        def talk_subjects(self, node: NodeApi) -> Iterable[str]:
            return ["old"]

        @hookimpl
        def talk_topics(self, node: NodeApi) -> Iterable[str]:
            return ["new"]

    node = node_of(tmp_path, Weather)
    assert node.calls.collect("talk_topics", node=node) == [("weather", "new")]
    assert status(node, "weather").warnings == ()


def test_two_functions_under_one_old_name_are_as_two_under_one_name(tmp_path: Path) -> None:
    class Weather:
        @hookimpl
        def talk_subjects(self, node: NodeApi) -> Iterable[str]:
            return ["fog"]

        @hookimpl(specname="talk_subjects")
        def more(self, node: NodeApi) -> Iterable[str]:
            return ["hail"]

    assert status(node_of(tmp_path, Weather), "weather").status == "active"


def test_a_hook_that_was_renamed_is_held_against_its_specification(tmp_path: Path) -> None:
    class Weather:
        @hookimpl
        def talk_subjects(self, nobody: int) -> list[str]:
            return []

    assert "does not fit the hooks" in str(status(node_of(tmp_path, Weather), "weather").error)


@pytest.mark.parametrize("renamed", [None, {}])
def test_a_misspelt_hook_is_named_with_the_nearest(tmp_path: Path, renamed: Any) -> None:
    class Weather:
        @hookimpl
        def talk_topcis(self, node: NodeApi) -> list[str]:
            return []

    class Far:
        @hookimpl
        def talk_xyz(self) -> None:
            """Nothing like it."""

    error = str(status(node_of(tmp_path, Weather, talking(renamed=renamed)), "weather").error)
    assert "did it mean talk_topics()?" in error
    error = str(status(node_of(tmp_path, Far), "weather").error)
    assert error.endswith("which plugin 'talk' does not declare; it has talk_topics")


# What the versions stand for

HOOKS = {
    "goop": {
        "goop_add_hookspecs": ["pluginmanager"],
        "goop_config_schema": [],
        "goop_home_pages": [],
        "goop_lifespan": ["node"],
        "goop_metrics": ["node"],
        "goop_peer_changed": ["node", "event"],
        "goop_routes": ["node"],
        "goop_sdk_modules": [],
        "goop_stream_handlers": ["node"],
        "goop_template_flaws": ["node", "templates"],
        "goop_template_forgotten": ["node", "template"],
        "goop_templates": [],
    },
    "realtime": {
        "realtime_authorize_open": ["node", "request"],
        "realtime_contexts": ["node"],
    },
}
"""The hooks of 1.0. What is added is the next minor version; anything else the next major one."""


@pytest.mark.parametrize(
    ("owner", "module"), [("goop", hookspecs), ("realtime", realtime_hookspecs)]
)
def test_hooks_change_with_their_version(owner: str, module: Any) -> None:
    found = {
        name: list(inspect.signature(one).parameters)
        for name, one in vars(module).items()
        if hasattr(one, f"{hookspecs.PROJECT}_spec")
    }
    assert (module.HOOK_API, found) == ("1.0", HOOKS[owner])


def test_a_new_plugin_is_written_for_the_hooks_of_today() -> None:
    scaffold = Path(realtime_hookspecs.__file__).parent / "scaffold" / "plugin" / "src"
    text = (scaffold / "goop___NAME__" / "__init__.py.in").read_text(encoding="utf-8")
    ours, realtimes = hookspecs.HOOK_API, realtime_hookspecs.HOOK_API
    assert f'hook_api = {{"goop": "{ours}", "realtime": "{realtimes}"}}' in text
