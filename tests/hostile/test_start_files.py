# SPDX-License-Identifier: MIT
"""Every file that a start reads, damaged: the node starts, or says in words which file it is."""

from __future__ import annotations

import json
import random
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from goop_node.config.file import load_config
from goop_node.config.model import StartError
from goop_node.data.ready import only_node
from goop_node.data.storage import StorageError, open_database
from goop_node.node import Node
from goop_node.own_network import IDENTITY_FILE
from goop_node.web.app import application
from goop_node.web.origins import Origins
from goop_realtime.storage.journal import Journal
from goop_realtime.storage.schema import MIGRATIONS
from tests.hostile.extremes import damaged
from tests.hostile.presence_json import anything, written
from tests.unit.spellings import PORT
from tests.unit.test_kept_files import FILES, GOOD
from tests.unit.test_storage_damage import written as write_journal

CASES = 60
JOURNAL = "realtime.sqlite3"
CONFIG = {
    "label": "Alice",
    "http": "127.0.0.1:0",
    "listen": ["/ip4/127.0.0.1/tcp/0"],
    "peers": [],
    "reachable_by": "friends",
    "data": "data",
    "templates": ["alpha"],
    "dev_origins": ["http://alpha.localhost:5173"],
    "isolation": "path",
}
MANIFEST = {
    "name": "Alpha",
    "description": "first",
    "permissions": ["camera", "context:chess"],
    "contexts": {"talk": {"messages": {"say": {"type": "object"}}, "maxPeers": 8}},
}
PLACES = {"goop.toml": "goop.toml", "manifest.json": "alpha/manifest.json"}
PLACES |= {name: f"data/{name}" for name in (*FILES, JOURNAL)}


@pytest.fixture(name="sound", scope="module")
def _sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every file that a start reads, as each should be."""
    folder = tmp_path_factory.mktemp("sound")
    (folder / "alpha").mkdir()
    (folder / "alpha" / "index.html").write_text("<!doctype html>")
    (folder / "alpha" / "manifest.json").write_text(json.dumps(MANIFEST))
    (folder / "goop.toml").write_text(_toml(CONFIG))
    (folder / "data").mkdir()
    for name, content in GOOD.items():
        if name != IDENTITY_FILE:
            (folder / "data" / name).write_text(json.dumps(content))
    write_journal(folder / "data" / JOURNAL)
    _start(folder)
    return folder


@pytest.mark.parametrize("part", range(2))
def test_a_start_with_damaged_files(
    part: int, sound: Path, tmp_path: Path, hostile_seed: int, request: pytest.FixtureRequest
) -> None:
    only = request.config.getoption("--hostile-only").removeprefix("start_files:")
    numbers = [int(only)] if only.isdecimal() else range(part * CASES // 2, (part + 1) * CASES // 2)
    for number in numbers:
        folder = tmp_path / str(number)
        shutil.copytree(sound, folder)
        rng = random.Random(f"{hostile_seed} start_files:{number}")
        names = rng.sample(sorted(PLACES), rng.choice([1, 1, 2, 4]))
        for name in names:
            _spoil(rng, folder / PLACES[name])
        print(f"start_files:{number} {names}")
        why = ""
        try:
            _start(folder)
        except (StartError, StorageError) as error:
            why = str(error)
            assert any(name in why for name in names), why
        assert not why or {"goop.toml", IDENTITY_FILE, JOURNAL} & {*names}
        shutil.rmtree(folder)


def _start(folder: Path) -> None:
    """What a start does with files, without the network."""
    config = load_config(cwd=folder)
    with only_node(config.data):
        node = Node(config, candidates=[])
        assert node.p2p.peers is not None
        assert application(node, Origins(port=PORT, templates=tuple(node.templates)))
        with closing(open_database(config.data / JOURNAL, MIGRATIONS)) as database:
            journal = Journal(database)
            journal.next_epoch(1)
            journal.load()


def _spoil(rng: random.Random, path: Path) -> None:
    """Damage a file, or write one in its place whose fields have other values."""
    content = path.read_bytes() if path.exists() else b"{}"
    if rng.random() < 0.4 or path.name in (JOURNAL, IDENTITY_FILE):
        path.write_bytes(damaged(rng, content) or b"\0")
    elif path.name == "goop.toml":
        path.write_text(_toml(_changed(rng, CONFIG)), errors="replace")
    else:
        found = json.loads(content)
        changed = _changed(rng, found) if isinstance(found, dict) else anything(rng)
        path.write_text(written(changed), errors="replace")


def _changed(rng: random.Random, fields: dict[str, object]) -> dict[str, object]:
    found = dict(fields)
    for name in rng.sample(sorted(found), min(len(found), rng.choice([1, 1, 2]))):
        value = found[name]
        deeper = isinstance(value, dict) and value and rng.random() < 0.6
        found[name] = _changed(rng, value) if deeper else anything(rng)
    return found


def _toml(node: dict[str, object]) -> str:
    return "[node]\n" + "".join(f"{key} = {written(value)}\n" for key, value in node.items())
