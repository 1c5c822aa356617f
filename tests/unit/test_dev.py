# SPDX-License-Identifier: MIT
"""The parts of ``goop run --dev`` by themselves: what is watched, what follows, who is told."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goop_node.cli import main as cli
from goop_node.config.model import NodeConfig, StartError
from goop_node.dev.author import WAITING, Author
from goop_node.dev.remarks import BURST, KEPT, LONGEST, Remarks
from goop_node.dev.stamps import stamp_of
from goop_node.dev.start import refuse_unfit
from goop_node.dev.watched import Places, consequences, matters, places_of
from goop_node.dev.watching import Watching
from goop_node.plugins.environment import installed
from goop_node.types import Template
from tests.limits import HANG

ROOT = Path(__file__).parents[2]
PACKAGE, PLAIN, PAGES = Path("/site/goop_notes"), Path("/pages/ping"), Path("/site/goop_notes/page")
CONFIG = PLAIN / "goop.toml"
NAMES = st.sampled_from(
    ["index.html", "page.js", "data.json", "rules.py", "manifest.json", "a.so", "goop.toml"]
)
CHANGES = st.sets(
    st.builds(Path, st.sampled_from([PACKAGE, PLAIN, PAGES, PAGES / "deep"]), NAMES), max_size=8
)


@given(CHANGES)
def test_each_change_has_one_consequence(changed: set[Path]) -> None:
    folders = {"notes": PAGES, "ping": PLAIN}
    found = consequences(changed, config=CONFIG, page_folders=folders, plain=[PLAIN])
    assert found.restart | found.pages == changed
    assert not found.restart & found.pages
    for path in changed:
        code = path.suffix in (".py", ".so")
        if path.is_relative_to(PLAIN):
            assert (path in found.restart) == (path.name in ("manifest.json", "goop.toml"))
        else:
            assert (path in found.pages) == (path.is_relative_to(PAGES) and not code)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("rules.py", True),
        ("data/openings.json", True),
        ("__pycache__/rules.cpython-313.pyc", False),
        ("rules.pyc", False),
        (".rules.py.swp", False),
        ("rules.py~", False),
        (".git/HEAD", False),
        ("page/node_modules/x/index.js", False),
    ],
)
def test_what_tools_leave_behind_is_no_change(path: str, wanted: bool) -> None:
    root = Path("/home/ann/.venv/lib/site-packages/goop_notes")
    assert matters(root / path, root) is wanted
    assert not matters(root.parent / "other" / path, root)


def test_the_files_of_enabled_plugins_are_watched(tmp_path: Path) -> None:
    """Also those of editable installs, as the plugins here are."""
    (tmp_path / "ping").mkdir()
    config = NodeConfig(
        data=tmp_path, plugins={"chess": {}}, templates=(tmp_path / "ping",), source=tmp_path / "x"
    )
    found = places_of(config, installed().plugins)
    assert {ROOT / "plugins/chess/src/goop_chess", tmp_path / "ping"} <= found.folders
    assert not any("goop_realtime" in str(folder) for folder in found.folders)
    assert tmp_path / "x" in found.files


@asynccontextmanager
async def watched(places: Places, *never: Path) -> AsyncIterator[asyncio.Queue[frozenset[Path]]]:
    told: asyncio.Queue[frozenset[Path]] = asyncio.Queue()
    watching = Watching(told.put_nowait, never=never)
    watching.add(places)
    await asyncio.sleep(0)
    try:
        yield told
    finally:
        await watching.close()


async def changes(told: asyncio.Queue[frozenset[Path]], path: Path) -> None:
    """Wait until a change of ``path`` was told; nothing hidden may be among what is."""
    async with asyncio.timeout(HANG):
        while path not in (found := await told.get()):
            assert not any("hidden" in str(one) for one in found)


async def keep_changing(path: Path, done: asyncio.Event) -> None:
    """Save again and again: nobody tells when a watch has begun."""
    count = 0
    while not done.is_set():
        count += 1
        beside = path.with_name("hidden~")
        beside.write_text(str(count))
        os.replace(beside, path)
        await asyncio.sleep(0.3)


async def saved(told: asyncio.Queue[frozenset[Path]], path: Path) -> None:
    done = asyncio.Event()
    task = asyncio.create_task(keep_changing(path, done))
    await changes(told, path)
    done.set()
    await task


async def test_changes_are_told_also_of_what_is_replaced_or_made_anew(tmp_path: Path) -> None:
    package, data = tmp_path / "package", tmp_path / "package" / "hidden-data"
    data.mkdir(parents=True)
    (tmp_path / "goop.toml").touch()
    (tmp_path / "hidden.txt").touch()
    places = Places(frozenset({package}), frozenset({tmp_path / "goop.toml"}))
    async with watched(places, data) as told:
        await saved(told, package / "rules.py")
        await saved(told, tmp_path / "goop.toml")
        (data / "journal").touch()
        shutil.rmtree(package)
        await asyncio.sleep(0)
        package.mkdir()
        await saved(told, package / "rules.py")


def test_a_stamp_is_another_one_after_each_change_of_a_page(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("1")
    stamps = [stamp_of(tmp_path)]

    def changed() -> bool:
        stamps.append(stamp_of(tmp_path))
        return stamps[-1] != stamps[-2]

    assert not changed()
    for path, text in (("index.html", "two"), ("deep/a.js", "1"), ("deep/a.js", "22")):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
        assert changed()
    (tmp_path / "deep" / "a.js").rename(tmp_path / "deep" / "b.js")
    assert changed()
    for path in ("rules.py", ".hidden", "index.html~"):
        (tmp_path / path).write_text("1")
        assert not changed()


@given(st.lists(st.floats(0, 3), max_size=200))
def test_remarks_have_a_bounded_rate_and_none_is_left_out_in_silence(pauses: list[float]) -> None:
    now = 0.0
    remarks = Remarks(lambda: now)
    told, left_out = 0, 0
    for pause in pauses:
        now += pause
        remark = remarks.add("error", "x" * 2 * LONGEST)
        if remark is None:
            left_out += 1
            continue
        told += 1
        assert len(remark.text) <= LONGEST + 100
        assert (f"({left_out} more" in remark.text) == (left_out > 0)
        left_out = 0
        assert told <= BURST + now + 1
    assert len(remarks.kept) == min(told, KEPT)


def templates(folder: Path) -> dict[str, Template]:
    return {name: Template(name=name, title=name, folder=folder) for name in ("a", "b", "plain")}


async def test_what_a_plugin_failed_in_is_told_to_its_own_pages_alone(tmp_path: Path) -> None:
    author = Author(lambda: templates(tmp_path), {"a": "A", "b": "B", "plain": ""}.__getitem__)
    author.tell("A", "error", "before")
    followers = {name: await author.follow(name) for name in templates(tmp_path)}
    author.tell("A", "error", "after")
    author.tell("", "warn", "nobody's")
    said = {}
    for name, follower in followers.items():
        frames = [
            json.loads(follower.frames.get_nowait() or "") for _ in range(follower.frames.qsize())
        ]
        assert [one["type"] for one in frames].count("stamp") == 1
        said[name] = [(one["number"], one["text"]) for one in frames if one["type"] == "remark"]
    assert said == {"a": [(1, "before"), (2, "after")], "b": [], "plain": []}


async def test_a_page_that_takes_nothing_is_let_go(tmp_path: Path) -> None:
    now = 0.0
    author = Author(lambda: templates(tmp_path), lambda _: "A", lambda: now)
    follower = await author.follow("a")
    for _ in range(WAITING + 1):
        now += 10
        author.tell("A", "warn", "again")
    assert follower.frames.get_nowait() is None
    author.leave(follower)
    author.tell("A", "warn", "again")
    assert follower.frames.empty()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"http_host": "0.0.0.0"}, 'http: found "0.0.0.0:8787", expected a port of this machine'),
        ({"isolation": "path"}, 'isolation: found "path", expected "origin" with --dev'),
    ],
)
def test_others_and_shared_origins_are_refused_in_words(more: dict[str, str], words: str) -> None:
    refuse_unfit(NodeConfig())
    with pytest.raises(StartError) as found:
        refuse_unfit(NodeConfig(**more))  # type: ignore[arg-type]
    assert found.value.code == "dev"
    assert str(found.value).startswith(words)


def test_the_command_refuses_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["run", "--dev", "--http", "0.0.0.0:0", "--data", "data"]) == 2
    assert capsys.readouterr().err.startswith("http: found")
    assert not (tmp_path / "data").exists()
