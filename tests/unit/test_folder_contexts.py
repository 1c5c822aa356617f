# SPDX-License-Identifier: MIT
"""A folder's contexts are what a plugin's would be; a mistake in them is told, and costs them."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goop_node.config.model import ConfigError, NodeConfig
from goop_node.node import Node
from goop_node.plugins.plugin_node import PluginNode
from goop_node.templates.folder import at, read_template
from goop_node.types import Template
from goop_realtime.contexts.collected import registry_of
from goop_realtime.contexts.folders import PLUGIN_KEYS, of_folders
from goop_realtime.contexts.registry import Context, compile_context
from goop_realtime.plugin import _rights
from goop_realtime.types import ContextType, Limits, MessageType
from tests.unit.test_permissions import JSON

SAY = {
    "type": "object",
    "properties": {"type": {"const": "say"}, "text": {"type": "string", "maxLength": 500}},
    "required": ["type", "text"],
    "additionalProperties": False,
}
NAME = "at most 64 of a-z, 0-9 and _, a letter first"
PLACE = {"type": "object", "properties": {"id": {"type": "string"}}}
TALK: Mapping[str, Any] = {
    "title": "Talk",
    "version": "2",
    "messages": {
        "say": SAY,
        "place": {"schema": PLACE, "delivery": "latest", "key": "/id", "maxBytes": 99, "rate": 20},
    },
    "params": {"type": "object"},
    "maxPeers": 8,
    "singleRequest": True,
    "limits": {"messageBytes": 2000, "rate": 5.5, "burst": 9, "suspendedMs": 60000},
}


def template(contexts: Mapping[str, Any], name: str = "alpha") -> Template:
    """A template whose folder declares these."""
    return Template(name=name, title=name.title(), folder=Path(name), contexts=contexts)


def of(*templates: Template, others: list[Context] | None = None) -> tuple[list[str], list[str]]:
    """The names of the contexts, and the mistakes as lines."""
    contexts, flaws = of_folders(templates, others or [])
    lines = [f"{one.template}{one.pointer}: {one.words}" for one in flaws]
    return [one.name for one in contexts], lines


def test_it_is_the_contract_of_a_plugin_with_the_same_words() -> None:
    kind = ContextType(
        name="talk",
        title="Talk",
        version="2",
        messages={
            "say": SAY,
            "place": MessageType(PLACE, delivery="latest", key="/id", max_bytes=99, rate=20),
        },
        params={"type": "object"},
        max_peers=8,
        single_request=True,
        limits=Limits(message_bytes=2000, rate=5.5, burst=9, suspended_ms=60000),
        template="alpha",
    )
    ((context,), flaws) = of_folders([template({"talk": TALK})], [])
    assert flaws == []
    assert context.type == kind
    assert context.hash == compile_context("talk", kind).hash
    assert (context.page, context.folder) == ("/alpha/", "alpha")
    (plain,), _ = of_folders([template({"talk": {"messages": {"say": SAY}}})], [])
    assert (plain.type.title, plain.type.version, plain.type.max_peers) == ("Alpha", "1", 2)
    other, _ = of_folders([template({"talk": {"messages": {"say": {**SAY, "title": "x"}}}})], [])
    assert plain.hash != other[0].hash


def changed(path: str, value: object) -> dict[str, Any]:
    """``TALK`` with ``value`` at the pointer ``path``."""
    found: Any = copy.deepcopy(TALK)
    *steps, last = path.split("/")[1:]
    place = found
    for step in steps:
        place = place[step]
    place[last] = value
    return {"talk": found}


@pytest.mark.parametrize(
    ("pointer", "value", "words"),
    [
        ("/messages", {}, "found 0 types of messages, expected 1 to 64"),
        ("/messages", [], r"found \[\], expected an object"),
        ("/messages/a\nb", SAY, r'found "a\\nb", expected one line of text'),
        ("/messages/say/type", "objekt", r"found no JSON Schema 2020-12 \('objekt' is not valid"),
        ("/messages/say/properties/text/pattern", "(", "found no JSON Schema"),
        ("/messages/say/requried", ["text"], 'found the keyword "requried", which is none, exp'),
        ("/messages/say/delivery", "latest", 'expected it beside the schema: {"schema": {...}, '),
        ("/messages/say/type", ["string", "null"], 'expected "object", as every message is one'),
        ("/messages/say/properties/type/const", "tell", 'found "tell", expected "say", as it is'),
        ("/messages/say/properties/type", {"enum": ["a"]}, r'found \["a"\], expected "say"'),
        ("/messages/place/schema/type", "array", 'found "array", expected "object"'),
        ("/messages/place/schema", 5, "found 5, expected an object"),
        ("/messages/place/delivry", 5, 'found an unknown key.*did you mean "delivery"'),
        ("/messages/place/delivery", "often", 'found "often", expected .ordered. or .latest.'),
        ("/messages/place/key", "id", 'found "id", expected'),
        ("/messages/place/maxBytes", 0, "found 0, expected at least 1"),
        ("/messages/place/rate", True, "found true, expected a number"),
        ("/params", 5, "found 5, expected a mapping"),
        ("/params", {"$ref": "http://a.b/c"}, 'found "http://a.b/c", expected a place in this'),
        ("/title", "a\nb", "expected one line of text"),
        ("/version", 3, "found 3, expected text"),
        ("/maxPeers", 1, "found 1, expected at least 2"),
        ("/maxPears", 4, 'expected one of .*did you mean "maxPeers"'),
        ("/singleRequest", None, "found null, expected no such key, or a value"),
        ("/limits", 4, "found 4, expected an object"),
        ("/limits/burst", 0, "found 0, expected at least 1"),
        ("/limits/message_bytes", 7, 'did you mean "messageBytes"'),
        *((f"/{key}", {}, f"{key} needs a plugin") for key in PLUGIN_KEYS),
    ],
)
def test_a_mistake_says_where_what_was_found_and_what_expected(
    pointer: str, value: object, words: str
) -> None:
    names, lines = of(template(changed(pointer, value) | {"other": TALK}))
    assert names == []
    shown = pointer.replace("\n", "\\n")
    assert any(
        line.startswith(f"alpha/contexts/talk{shown}") and re.search(words, line) for line in lines
    ), lines


def test_names_and_numbers_have_bounds() -> None:
    assert of(template({"Talk": TALK})) == (
        [],
        [f'alpha/contexts/Talk: found "Talk", expected {NAME}'],
    )
    names, (line,) = of(template({f"c{n}x": TALK for n in range(17)}))
    assert (names, line) == ([], "alpha/contexts: found 17 of them, expected at most 16")


def test_a_name_is_its_plugins_and_of_two_folders_neither_has_it() -> None:
    kind = ContextType(name="chess", version="1", title="Chess", messages={"say": SAY})
    chess = compile_context("chess", kind)
    for name, words in (
        ("chess", "a name that plugin chess has, too"),
        ("chess_a", r"a name that channels of chess \(plugin chess\) have"),
    ):
        names, lines = of(template({name: TALK, "mine": TALK}), others=[chess])
        assert names == []
        assert re.fullmatch(f"alpha/contexts/{name}: found {words}, expected another", *lines)
    assert of(template({"che": TALK}), others=[chess]) == (["che"], [])
    pair = (template({"talk": TALK}), template({"talk": TALK}, "beta"))
    assert of(*pair, template({"rest": TALK}, "gamma")) == (
        ["rest"],
        [
            "alpha/contexts/talk: found a name that template beta has, too, expected another",
            "beta/contexts/talk: found a name that template alpha has, too, expected another",
        ],
    )


DOUBLING = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(40)}
TREE = {"$ref": "#/$defs/tree"}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"$ref": "#"}, "refers to itself without end"),
        ({"anyOf": [{"not": {"$ref": "#/anyOf/0"}}]}, "refers to itself without end"),
        ({"$defs": DOUBLING | {"a40": {}}, "$ref": "#/$defs/a0"}, "more than 64 times"),
        (
            {"$defs": {"tree": {"allOf": [{"items": TREE}, {"items": TREE}]}}, **TREE},
            "more than 64 times",
        ),
        ({"items": {"enum": list(range(5000))}}, "more than 64 times"),
        ({"properties": {f"p{n}": {} for n in range(1000)}}, "more than 1000 subschemas"),
        ({"properties": {"a": {"$dynamicRef": "#x"}}}, "a name for other places"),
        ({"$ref": "#/nowhere"}, "a place in this schema"),
    ],
)
def test_a_schema_that_would_keep_the_node_busy_is_refused(schema: Any, words: str) -> None:
    names, lines = of(template(changed("/messages/say", schema)))
    assert names == []
    assert any(words in line for line in lines), lines


def test_a_tree_is_no_such_schema() -> None:
    tree = {"properties": {"left": TREE, "right": TREE}, "additionalProperties": False}
    schema = {"$defs": {"tree": tree}, "properties": {"type": {}, "root": TREE}}
    assert of(template(changed("/messages/say", schema))) == (["talk"], [])


def pointers(value: Any, at: str = "") -> list[str]:
    """Every place in ``value``."""
    inner = value.items() if isinstance(value, dict) else []
    return [at, *(one for key, part in inner for one in pointers(part, f"{at}/{key}"))]


@st.composite
def manifests(draw: st.DrawFn) -> Any:
    """A manifest in which some things are others, or have other names."""
    manifest: Any = {"name": "Alpha", "permissions": ["camera"], "contexts": {"talk": TALK}}
    manifest = copy.deepcopy(manifest)
    for pointer in draw(st.lists(st.sampled_from(pointers(manifest)[1:]), max_size=4)):
        place, (*steps, last) = manifest, pointer.split("/")[1:]
        for step in steps:
            place = place.get(step) if isinstance(place, dict) else None
        if isinstance(place, dict) and last in place:
            kept = place.pop(last)
            key = draw(st.sampled_from([last, last[:-1], f"{last}s", last.upper(), "", "~/"]))
            place[key] = draw(JSON | st.just(kept))
    return manifest


@pytest.fixture(name="bare", scope="module")
def _bare(tmp_path_factory: pytest.TempPathFactory) -> NodeConfig:
    """A node that serves the folder alpha, with the realtime plugin and no other."""
    folder = tmp_path_factory.mktemp("folders")
    (folder / "alpha").mkdir()
    return NodeConfig(data=folder / "data", templates=(folder / "alpha",), plugins={"realtime": {}})


def write(bare: NodeConfig, manifest: str) -> Path:
    """Give the node's folder that manifest. Returns the folder."""
    (bare.templates[0] / "manifest.json").write_text(manifest)
    return bare.templates[0]


def check_lines(folder: Path, lines: Sequence[str]) -> bool:
    """Each line says where, and what was found. Whether one is about contexts."""
    manifest = f"{folder / 'manifest.json'}: "
    wheres = []
    for line in lines:
        where, _, words = line.removeprefix(manifest).partition(": ")
        assert line.startswith(manifest)
        assert len(line.splitlines()) == 1
        assert where.startswith(("/", "found ")), line
        assert words.startswith("found ") or not where.startswith("/"), line
        wheres.append(where)
    return any(where.startswith("/contexts") for where in wheres)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(manifest=manifests())
def test_whatever_a_manifest_says_each_mistake_has_its_place(
    bare: NodeConfig, manifest: Any
) -> None:
    folder = write(bare, json.dumps(manifest))
    template, lines = read_template(folder)
    contexts, flaws = of_folders([template], [])
    if any("which has no such number" in line for line in lines):
        assert (contexts, flaws) == ([], [])  # that is no JSON: nothing of it counts
        return
    told = [*lines, *(at(folder, one.pointer, one.words) for one in flaws)]
    assert bool(contexts) == (bool(manifest.get("contexts")) and not check_lines(folder, told))


@pytest.mark.parametrize(
    "manifest",
    [
        '{"contexts": {"talk": {"messages": {"say": {"type": "objekt"}}}}, "name": 3}',
        '{"contexts": {"talk": {"messages": {"say": {"$ref": "#"}}}}}',
        '{"contexts": {"talk": ' + "[" * 500 + "]" * 500 + "}}",
        '{"contexts": {"talk": {"messages": {"say": {"minimum": NaN}}}}}',
        '{"name": "\\ud800"}',
        "{",
        "\0",
    ],
)
def test_a_node_starts_with_whatever_a_manifest_says(bare: NodeConfig, manifest: str) -> None:
    folder = write(bare, manifest)
    node = Node(bare)
    assert [one.status for one in node.plugin_status()] == ["active"]
    assert list(node.templates) == ["alpha"]
    assert {name for name, _ in node.shelf.flaws} == {"alpha"}
    check_lines(folder, [line for _, line in node.shelf.flaws])
    assert registry_of(PluginNode(node, "realtime")).all() == []


def test_only_its_own_template_may_use_it_until_others_are_granted_it(bare: NodeConfig) -> None:
    (bare.templates[0].parent / "beta").mkdir(exist_ok=True)
    beta = bare.templates[0].parent / "beta"
    config = NodeConfig(data=bare.data, templates=(*bare.templates, beta), plugins=bare.plugins)
    write(bare, json.dumps({"contexts": {"talk": TALK}}))
    api = PluginNode(Node(config), "realtime")
    rights = _rights(api, registry_of(api))
    assert rights.contexts == {"alpha": {"talk"}, "beta": frozenset()}


def test_a_strict_node_does_not_start_with_a_mistake(bare: NodeConfig) -> None:
    write(bare, '{"contexts": {"talk": {}}}')
    strict = NodeConfig(data=bare.data, templates=bare.templates, plugins=bare.plugins, strict=True)
    with pytest.raises(ConfigError, match=r"manifest\.json: /contexts/talk/messages: found none"):
        Node(strict)
