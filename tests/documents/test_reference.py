# SPDX-License-Identifier: MIT
"""Pages made of the code are what the code says; settings and frames are documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from goop_node.client import (
    Channel,
    Detail,
    Member,
    Meta,
    OpenRoom,
    Pending,
    Room,
    RoomDetail,
    Snapshot,
)
from goop_node.config.file import load_config
from goop_node.config.model import ConfigError
from goop_node.plugins.environment import installed
from goop_realtime.model import obstacles
from scripts.reference.markdown import UndocumentedError, prose
from scripts.reference.pages import PAGES, path_of
from scripts.reference.sdk import declarations, members
from tests.unit.test_layers import CORE, ROOT, sources

SDK = sorted((ROOT / "js").glob("*.d.ts"))


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_is_what_the_code_says(name: str) -> None:
    found = path_of(name).read_text(encoding="utf-8")
    assert found == PAGES[name](), "write it anew: python -m scripts.reference"


def test_what_says_nothing_of_itself_is_an_error() -> None:
    for text in (None, "", " \n"):
        with pytest.raises(UndocumentedError, match="it says nothing"):
            prose(text, "it")


def test_text_stays_text() -> None:
    assert prose("See :class:`~a.B` and ``x <y>``, <b>.\n\n  Two.", "it") == (
        "See `a.B` and `x <y>`, \\<b\\>.\n\nTwo."
    )


@pytest.mark.parametrize("file", SDK, ids=lambda path: path.name)
def test_no_declaration_of_the_sdk_is_passed_over(file: Path) -> None:
    """By a second way of looking: every name before a colon or bracket, two spaces in."""
    text = re.sub(r"/\*\*.*?\*/", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    names = re.findall(r"^  (?:readonly )?(\w+)\??(?:<.*?>)?[(:]", text, re.MULTILINE)
    found = [
        one.name
        for _, _, body in declarations(file.read_text(encoding="utf-8"))
        for one in members(body)
    ]
    assert sorted(found) == sorted(names)
    page = path_of("sdk").read_text(encoding="utf-8")
    assert [name for name, _, _ in declarations(text) if f"### `{name}`" not in page] == []


@pytest.mark.parametrize("file", SDK, ids=lambda path: path.name)
def test_every_member_of_the_sdk_says_what_it_is(file: Path) -> None:
    """The reference is made of that, and editors show it."""
    silent = [
        f"{interface}.{one.name}"
        for interface, _, body in declarations(file.read_text(encoding="utf-8"))
        for one in members(body)
        if not one.said
    ]
    assert silent == []


def test_obstacles_have_the_names_that_nodes_give_them() -> None:
    text = (ROOT / "js" / "goop-realtime.d.ts").read_text(encoding="utf-8")
    (union,) = re.findall(r"^type GoopObstacle = (.*);$", text, re.MULTILINE)
    told = {obstacles.MISSING, obstacles.FAILED, obstacles.MISMATCH}
    assert set(re.findall(r'"(\w+)"', union)) == told


IN_PYTHON: list[tuple[str, type[object], set[str]]] = [
    # What Python calls otherwise, or does not have: `from`, time limits and tabs.
    ("GoopChannel", Channel, set()),
    ("GoopRoom", Room, set()),
    ("GoopDetail", Detail, set()),
    ("GoopRoomDetail", RoomDetail, set()),
    ("GoopMeta", Meta, {"from"}),
    ("GoopRoomMeta", Meta, set()),
    ("GoopPending", Pending, set()),
    ("GoopSnapshot", Snapshot, set()),
    ("GoopMember", Member, set()),
    ("GoopOpenRoom", OpenRoom, set()),
]


@pytest.mark.parametrize(("name", "kind", "absent"), IN_PYTHON, ids=lambda one: str(one)[:24])
def test_programs_have_what_pages_have(name: str, kind: type[object], absent: set[str]) -> None:
    """Under the same names, in Python's spelling."""
    found = {
        one: body for file in SDK for one, _, body in declarations(file.read_text(encoding="utf-8"))
    }
    there = {*dir(kind), *getattr(kind, "__dataclass_fields__", {})}
    pages = {one.name for one in members(found[name])} - absent
    spelt = {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", one).lower() for one in pages}
    assert spelt - there == set()


def unknown_key(tmp_path: Path, text: str) -> set[str]:
    """The keys that the node says it knows, where ``text`` has none of them."""
    (tmp_path / "goop.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config(cwd=tmp_path)
    (line,) = caught.value.lines
    return set(line.partition("expected one of ")[2].partition(";")[0].split(", "))


def test_every_setting_is_documented(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    documented = {
        head: set(re.findall(r"^\| `(\w+)` \| [^|]", part, re.MULTILINE))
        for head, _, part in (one.partition("\n") for one in text.split("\n## ")[1:])
    }
    plugins = [candidate.load() for candidate in installed().plugins]
    expected = {
        "`[node]`": unknown_key(tmp_path, "[node]\nxyz = 1\n"),
        "`[templates.NAME]`": unknown_key(tmp_path, "[templates.one]\nxyz = 1\n"),
        "`[plugins.NAME]`": {"enabled"},
    }
    for candidate, plugin in zip(installed().plugins, plugins, strict=True):
        made = plugin() if isinstance(plugin, type) else plugin
        properties = made.goop_config_schema().get("properties", {})
        if properties:
            expected[f"`[plugins.{candidate.name}]`"] = set(properties)
    assert documented == expected
    assert unknown_key(tmp_path, "[xyz]\n") == {"node", "plugins", "templates"}


def test_every_frame_is_documented() -> None:
    text = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    section = text.partition("\n## Between a node and its pages")[2]
    to_node, to_page = (
        {
            name
            for row in re.findall(r"^\| (`[^|]+) \|", part.partition("\n\n")[0], re.MULTILINE)
            for name in re.findall(r"`(\w+)`", row)
        }
        for part in (
            section.partition("| page → node |")[2],
            section.partition("| node → page |")[2],
        )
    )
    taken = set()
    for path in (CORE / "machine" / "frames.py", CORE / "rooms" / "page_frames.py"):
        taken |= set(
            re.findall(r'^    "(\w+)": _on_', path.read_text(encoding="utf-8"), re.MULTILINE)
        )
    assert to_node == taken
    told = set()
    for folder in ("machine", "rooms", "engine", "goop2"):
        for path in sources(".py", under=CORE / folder):
            told |= set(re.findall(r'"type": "(\w+)"', path.read_text(encoding="utf-8")))
    form = (CORE / "client" / "protocol" / "frames.py").read_text(encoding="utf-8")
    told |= set(re.findall(r'\btag="(\w+)"', form))
    assert to_page == told - {"transcript"}
