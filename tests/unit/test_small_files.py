# SPDX-License-Identifier: MIT
"""Every small file is written whole or not at all, in one place, for this user alone."""

from __future__ import annotations

import logging
import os
import re
import stat
from pathlib import Path

import pytest

import goop_node
from goop_node.data.kept_files import NotKeptError, write_kept, write_new, write_whole
from goop_node.data.own_label import own_label
from goop_node.p2p.identity import Identity
from goop_node.web.tokens import Tokens
from tests.unit.full_disk import STEPS, full_disk

ROOT = Path(goop_node.__file__).parent.parent
SOURCES = [
    *(ROOT / "goop_node").rglob("*.py"),
    *(file for file in ROOT.glob("plugins/*/src/**/*.py")),
]
WRITES = re.compile(
    r"""\b(?:write_text|write_bytes|mkstemp|(?:Named)?TemporaryFile|touch|copyfile|copy2|copytree
    |f?truncate|hardlink_to|symlink_to)\(
    | \bO_(?:WRONLY|RDWR|CREAT)\b
    | \bopen\((?:[^()]|\([^()]*\))*["'][rbt+]*[wxa+][wxabt+]*["']""",
    re.VERBOSE,
)
"""What makes or changes a file, whoever does it."""
MAY = {
    "goop_node/data/kept_files.py": "the one place",
    "goop_node/data/storage.py": "an empty file, for SQLite to write",
    "goop_node/data/salvage.py": "a scratch copy of a damaged database",
    "goop_node/data/ready.py": "the lock, which has no content",
    "goop_node/gate/process.py": "what a visit has come to, line by line, since it may end at any",
    "goop_node/plugins/last_words.py": "the stack of a process that ends: open before it does",
    "goop_node/templates/unpacking.py": "large files, in a folder that is put in place as a whole",
    "goop_node/web/library_api.py": "an upload, which comes in parts",
    "goop_node/plugins/process_state.py": "standard output, opened anew on its own descriptor",
    "goop_node/testing/processes.py": "the log of a node under test",
    "goop_node/testing/forked.py": "the same",
}


def writes(source: str) -> list[str]:
    """Where a source may write files."""
    return [one[0] for one in WRITES.finditer(source)]


def test_the_search_finds_what_writes() -> None:
    for line in (
        'open(p, "w")',
        'p.open("ab")',
        'p.open(mode="x")',
        "os.open(p, os.O_WRONLY | os.O_CREAT)",
        'p.write_text("x")',
        "tempfile.mkstemp()",
    ):
        assert writes(line), line
    for line in (
        'open(p, "rb")',
        "p.open()",
        "os.open(p, os.O_RDONLY)",
        'webbrowser.open("http:")',
    ):
        assert not writes(line), line


def test_nothing_else_writes_files() -> None:
    assert len(SOURCES) > 150
    found = {
        str(file.relative_to(ROOT)): lines
        for file in SOURCES
        if (lines := writes(file.read_text(encoding="utf-8")))
    }
    assert found.keys() == MAY.keys(), found


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("before", [None, b"old"])
def test_a_file_is_whole_or_as_it_was(tmp_path: Path, step: str, before: bytes | None) -> None:
    path = tmp_path / "x.json"
    if before is not None:
        path.write_bytes(before)
    with full_disk(step), pytest.raises(NotKeptError) as refused:
        write_whole(path, b"new")
    assert refused.value.words.startswith("this cannot be kept on the disk (No space left")
    assert (path.read_bytes() if path.exists() else None) == before
    assert [one.name for one in tmp_path.iterdir()] == ([] if before is None else ["x.json"])


def test_files_are_for_this_user_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_kept(tmp_path / "deep" / "x.json", {})
        write_new(tmp_path / "new", b"x")
        Identity.load_or_create(tmp_path / "identity.key")
        Tokens.load_or_create(tmp_path)
    finally:
        os.umask(before)
    for path in tmp_path.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


@pytest.mark.parametrize("kind", ["file", "folder", "dangling"])
def test_a_new_file_replaces_nothing(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "identity.key"
    match kind:
        case "file":
            path.touch()
        case "folder":
            path.mkdir()
        case _:
            path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        write_new(path, b"x")
    assert [one.name for one in tmp_path.iterdir()] == ["identity.key"]


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o604, 0o660, 0o666])
def test_a_secret_that_others_can_read_is_said(
    tmp_path: Path, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("identity.key", "tokens.json"):
        Identity.load_or_create(tmp_path / "identity.key")
        Tokens.load_or_create(tmp_path)
        (tmp_path / name).chmod(mode)
        caplog.clear()
        Identity.load_or_create(tmp_path / "identity.key")
        Tokens.load_or_create(tmp_path)
        (tmp_path / name).chmod(0o600)
        assert (name in caplog.text) == (mode & 0o077 != 0)
        assert ("chmod 600" in caplog.text) == (mode & 0o077 != 0)


def test_a_name_chosen_at_home_wins_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert own_label(tmp_path, "Given") == "Given"
    write_kept(tmp_path / "label.json", {"label": "Chosen"})
    assert own_label(tmp_path, "Chosen") == "Chosen"
    assert not caplog.text
    assert own_label(tmp_path, "Given") == "Chosen"
    assert "the name is Chosen, as chosen at home, and not Given" in caplog.text
