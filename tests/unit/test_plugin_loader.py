# SPDX-License-Identifier: MIT
"""Plugins are loaded, explained when something is missing, and contained when they fail."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from litestar import get

from goop_node.config.model import ConfigError, NodeConfig
from goop_node.hookspecs import hookimpl, hookspec
from goop_node.node import Node
from goop_node.plugins.environment import Candidate
from goop_node.plugins.plugin_node import PluginNode
from goop_node.plugins.status import PluginError, PluginStatus
from goop_node.types import JsonSchema, NodeApi, Route, SdkModule, Template

talk = types.ModuleType("talk_hookspecs")


@hookspec
def talk_topics(node: NodeApi) -> Iterable[str]:  # type: ignore[empty-body]
    """Register: topics."""


talk.talk_topics = talk_topics  # type: ignore[attr-defined]
talk.KINDS = {"talk_topics": "register"}  # type: ignore[attr-defined]


class Talk:
    @hookimpl
    def goop_add_hookspecs(self, pluginmanager: Any) -> None:
        pluginmanager.add_hookspecs(talk)


class Weather:
    @hookimpl
    def talk_topics(self, node: NodeApi) -> Iterator[str]:
        yield "rain"
        yield "sun"


def node_of(
    folder: Path,
    available: Mapping[str, Callable[[], object]],
    *,
    enabled: dict[str, Any] | None = None,
    strict: bool = False,
) -> Node:
    candidates = [Candidate(name=name, load=load) for name, load in available.items()]
    plugins = {name: {} for name in available} if enabled is None else enabled
    return Node(NodeConfig(data=folder, plugins=plugins, strict=strict), candidates)


def status(node: Node, name: str) -> PluginStatus:
    return next(one for one in node.plugin_status() if one.name == name)


def test_a_plugin_brings_things_to_anothers_hook_in_any_order(tmp_path: Path) -> None:
    # "aweather" is loaded before "talk", which declares its hook.
    node = node_of(tmp_path, {"aweather": lambda: Weather, "talk": lambda: Talk}, strict=True)
    assert node.calls.collect("talk_topics", node=node) == [
        ("aweather", "rain"),
        ("aweather", "sun"),
    ]
    assert status(node, "aweather").brings == {"topics": ("rain", "sun")}
    assert status(node, "talk").needed_by == ("aweather",)


def test_a_plugin_has_its_own_database_in_whosever_hook_it_is_asked(tmp_path: Path) -> None:
    class Keeper:
        @hookimpl
        def goop_routes(self, node: NodeApi) -> list[Route]:
            node.database(["CREATE TABLE kept (x)"]).close()
            return []

        @hookimpl
        def talk_topics(self, node: NodeApi) -> list[str]:
            return [node.database(["CREATE TABLE kept (x)"]).path.name]

    node = node_of(tmp_path, {"keeper": lambda: Keeper, "talk": lambda: Talk}, strict=True)
    assert [one.name for one in tmp_path.glob("*.sqlite3")] == ["keeper.sqlite3"]
    talks = PluginNode(node, "talk")
    assert talks.calls.collect("talk_topics", node=talks) == [("keeper", "keeper.sqlite3")]


def test_modules_and_objects_are_used_as_they_are(tmp_path: Path) -> None:
    module = types.ModuleType("weather_module")
    module.talk_topics = hookimpl(lambda node: ["fog"])  # type: ignore[attr-defined]
    thing = Weather()
    node = node_of(
        tmp_path, {"talk": lambda: Talk, "m": lambda: module, "o": lambda: thing}, strict=True
    )
    assert [item for _, item in node.calls.collect("talk_topics", node=node)] == [
        "fog",
        "rain",
        "sun",
    ]


def test_each_node_has_instances_of_its_own(tmp_path: Path) -> None:
    class Counter:
        made: list[object] = []  # noqa: RUF012

        def __init__(self) -> None:
            self.made.append(self)

    node_of(tmp_path / "a", {"counter": lambda: Counter})
    node_of(tmp_path / "b", {"counter": lambda: Counter})
    assert len({id(one) for one in Counter.made}) == 2


def test_only_what_the_config_names_is_imported(tmp_path: Path) -> None:
    def never() -> object:
        raise AssertionError("imported")

    node = node_of(tmp_path, {"talk": lambda: Talk, "other": never}, enabled={"talk": {}})
    assert [one.name for one in node.plugin_status()] == ["talk"]


def test_a_missing_dependency_is_explained_in_words(tmp_path: Path) -> None:
    available = {"weather": lambda: Weather, "talk": lambda: Talk}
    node = node_of(tmp_path, available, enabled={"weather": {}})
    assert status(node, "weather").status == "failed"
    assert status(node, "weather").error == (
        "weather implements talk_topics(), which plugin 'talk' declares; "
        "add [plugins.talk] to goop.toml"
    )


def test_a_dependency_that_fails_is_named_with_who_needs_it(tmp_path: Path) -> None:
    class BrokenTalk:
        @hookimpl
        def goop_add_hookspecs(self, pluginmanager: Any) -> None:
            raise RuntimeError("no words")

    node = node_of(tmp_path, {"weather": lambda: Weather, "talk": lambda: BrokenTalk})
    assert status(node, "talk").error == "goop_add_hookspecs(): RuntimeError: no words"
    assert status(node, "talk").needed_by == ("weather",)
    assert "that one is left out" in str(status(node, "weather").error)


def test_unknown_plugins_are_mistakes(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        node_of(tmp_path, {"chess": lambda: Weather}, enabled={"ches": {}})
    assert caught.value.lines == (
        "goop.toml: [plugins.ches]: found no such plugin, expected one of: chess; "
        'did you mean "chess"?',
    )


@get("/good", sync_to_thread=False)
def good() -> str:
    """An endpoint that works."""
    return "good"


def _fails_to_import() -> object:
    raise ImportError("no module named nothing")


def _leaves() -> object:
    raise SystemExit(3)


class RaisesAtOnce:
    @hookimpl
    def goop_routes(self, node: NodeApi) -> Iterable[Route]:
        raise RuntimeError("boom")


class RaisesLate:
    @hookimpl
    def goop_routes(self, node: NodeApi) -> Iterator[Route]:
        yield Route(handlers=[])
        raise RuntimeError("boom")


class WrongItem:
    @hookimpl
    def goop_routes(self, node: NodeApi) -> Any:
        return ["/x"]


class WrongArgument:
    @hookimpl
    def goop_routes(self, knot: NodeApi) -> Iterable[Route]:
        return []


class Misspelt:
    @hookimpl
    def goop_rotues(self, node: NodeApi) -> Iterable[Route]:
        return []


class Async:
    @hookimpl
    async def goop_routes(self, node: NodeApi) -> Iterable[Route]:
        return []


class Drifted:
    @hookimpl
    def goop_routes(self, node: NodeApi) -> Iterable[SdkModule]:
        return []


class OldDatabase:
    @hookimpl
    def goop_routes(self, node: Any) -> list[Route]:
        node.database("old", ["CREATE TABLE kept (x)"])
        return []


class OldCaller:
    @hookimpl
    def goop_routes(self, node: NodeApi) -> list[Route]:
        from goop_node.access import caller_of  # type: ignore[attr-defined]

        return [Route(handlers=[caller_of])]


class Wrapper:
    @hookimpl(wrapper=True)
    def goop_routes(self, node: NodeApi) -> Iterator[Any]:
        return (yield)


class BadSchema:
    @hookimpl
    def goop_config_schema(self) -> JsonSchema:
        return {"type": "nonsense"}


class BadTemplate:
    @hookimpl
    def goop_templates(self) -> list[Template]:
        return [Template(name="Not A Name", title="", folder=Path())]


class TakesScript:
    @hookimpl
    def goop_sdk_modules(self) -> Iterable[SdkModule]:
        return [SdkModule(name="goop-peers.js", path=Path(__file__))]


class NoScript:
    @hookimpl
    def goop_sdk_modules(self) -> list[SdkModule]:
        return [SdkModule(name="x.js", path=Path("/nowhere/x.js"))]


class RaisesInInit:
    def __init__(self) -> None:
        raise ValueError("not today")


BROKEN: list[tuple[Callable[[], object], str]] = [
    (_fails_to_import, "cannot be loaded: ImportError: no module named nothing"),
    (_leaves, "cannot be loaded: SystemExit: 3"),
    (lambda: RaisesInInit, "cannot be loaded: ValueError: not today"),
    (lambda: RaisesAtOnce, "goop_routes(): RuntimeError: boom"),
    (lambda: RaisesLate, "goop_routes(): RuntimeError: boom"),
    (lambda: WrongItem, "goop_routes(): Route: found '/x', expected Route"),
    (lambda: WrongArgument, "does not fit the hooks"),
    (lambda: Misspelt, "did it mean goop_routes()?"),
    (lambda: Async, "hooks are synchronous"),
    (lambda: Drifted, "returns collections.abc.Iterable[goop_node.types.SdkModule]"),
    (lambda: Wrapper, "hook wrapper"),
    (lambda: OldDatabase, "is node.database(MIGRATIONS) in this version"),
    (lambda: OldCaller, "goop_node.access.caller_of is caller(request) in this version"),
    (lambda: BadSchema, "goop_config_schema() is no valid schema"),
    (lambda: BadTemplate, "cannot be a template's name"),
    (lambda: NoScript, "there is no file"),
    (lambda: TakesScript, "the node itself has a script goop-peers.js"),
]


@pytest.mark.parametrize(("load", "words"), BROKEN)
def test_a_broken_plugin_is_left_out_and_the_others_stay(
    tmp_path: Path, load: Callable[[], object], words: str
) -> None:
    class Good:
        @hookimpl
        def goop_routes(self, node: NodeApi) -> list[Route]:
            return [Route(handlers=[good])]

    node = node_of(tmp_path, {"bad": load, "good": lambda: Good})
    assert words in str(status(node, "bad").error)
    assert status(node, "bad").status == "failed"
    assert status(node, "good").status == "active"
    assert node.routes == [("good", Route(handlers=(good,)))]


@pytest.mark.parametrize(("load", "words"), BROKEN)
def test_strict_turns_each_failure_into_an_error(
    tmp_path: Path, load: Callable[[], object], words: str
) -> None:
    with pytest.raises(PluginError) as caught:
        node_of(tmp_path, {"bad": load}, strict=True)
    assert words in str(caught.value)
    assert caught.value.plugin == "bad"


class Sized:
    @hookimpl
    def goop_config_schema(self) -> JsonSchema:
        return {
            "type": "object",
            "properties": {
                "size": {"type": "integer", "minimum": 1, "default": 7},
                "colour": {"enum": ["red", "blue"]},
                "share": {"type": "number"},
            },
        }


def test_settings_are_validated_and_defaults_filled_in(tmp_path: Path) -> None:
    node = node_of(tmp_path, {"sized": lambda: Sized}, enabled={"sized": {"colour": "red"}})
    assert node.config_for("sized") == {"size": 7, "colour": "red"}


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ({"size": "x"}, 'goop.toml: [plugins.sized] size: found "x", expected a whole number'),
        ({"size": 0}, "goop.toml: [plugins.sized] size: found 0, expected at least 1"),
        (
            {"colour": "green"},
            'goop.toml: [plugins.sized] colour: found "green", expected one of "red", "blue"',
        ),
        (
            {"zise": 1},
            "goop.toml: [plugins.sized] zise: found an unknown key, "
            "expected one of colour, share, size",
        ),
        (
            {"share": float("nan")},
            "goop.toml: [plugins.sized] share: found nan, expected a finite number",
        ),
    ],
)
def test_wrong_settings_are_told_like_every_mistake(
    tmp_path: Path, table: dict[str, Any], line: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        node_of(tmp_path, {"sized": lambda: Sized}, enabled={"sized": table})
    assert caught.value.lines == (line,)


def test_a_plugin_without_a_schema_takes_no_settings(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="this plugin takes none"):
        node_of(tmp_path, {"talk": lambda: Talk}, enabled={"talk": {"x": 1}})


def test_a_folder_is_a_template_and_may_not_hide_a_plugins(tmp_path: Path) -> None:
    folder = tmp_path / "game"
    folder.mkdir()
    (folder / "manifest.json").write_text('{"name": "My Game", "permissions": ["camera"]}')

    class Games:
        @hookimpl
        def goop_templates(self) -> list[Template]:
            return [Template(name="game", title="Game", folder=folder)]

    node = Node(NodeConfig(data=tmp_path, templates=(folder,)), [])
    assert node.templates["game"].title == "My Game"
    assert node.templates["game"].permissions == {"camera"}
    candidates = [Candidate(name="games", load=lambda: Games)]
    config = NodeConfig(data=tmp_path, templates=(folder,), plugins={"games": {}})
    with pytest.raises(ConfigError, match="plugin games also brings"):
        Node(config, candidates)


def test_a_plugins_template_asks_for_what_is_on_the_list(tmp_path: Path) -> None:
    class Games:
        @hookimpl
        def goop_templates(self) -> list[Template]:
            asks = frozenset({"kamera"})
            return [Template(name="game", title="Game", folder=tmp_path, permissions=asks)]

    candidates = [Candidate(name="games", load=lambda: Games)]
    node = Node(NodeConfig(data=tmp_path, plugins={"games": {}}), candidates)
    (status,) = node.plugin_status()
    assert status.status == "failed"
    assert 'goop_templates(): Mistake: found "kamera"' in str(status.error)
    assert 'did you mean "camera"?' in str(status.error)
