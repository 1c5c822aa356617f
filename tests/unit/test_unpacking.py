# SPDX-License-Identifier: MIT
"""A ZIP file is somebody else's: what it holds stays in its folder, within bounds."""

from __future__ import annotations

import contextlib
import io
import os
import re
import stat
import struct
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goop_node.templates import unpacking
from goop_node.templates.unpacking import MAX_DEPTH, MAX_FILES, NotTaken, unpack

PAGE = b"<!doctype html>"


def zipped(*names: str | zipfile.ZipInfo, content: bytes = PAGE) -> bytes:
    """A ZIP with these files, and an index.html."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
        archive.writestr("index.html", PAGE)
    return file.getvalue()


def special(name: str, mode: int) -> zipfile.ZipInfo:
    """An entry of that kind."""
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


def patched(content: bytes, name: bytes, change: Callable[[bytearray, int, bool], None]) -> bytes:
    """``content`` with both headers of the file ``name`` changed: in the list, before the file."""
    found = bytearray(content)
    for mark, length in ((b"PK\1\2", 46), (b"PK\3\4", 30)):
        at = found.find(mark)
        while at >= 0:
            if found[at + length : at + length + len(name)] == name:
                change(found, at, mark == b"PK\1\2")
            at = found.find(mark, at + 1)
    return bytes(found)


def renamed(before: bytes, after: bytes) -> bytes:
    """A ZIP whose file has a name that ``zipfile`` would not write."""
    assert len(before) == len(after)
    return zipped(before.decode()).replace(before, after)


def encrypted(found: bytearray, at: int, listed: bool) -> None:
    """Say that the file is encrypted."""
    found[at + (8 if listed else 6)] |= 1


def lies(found: bytearray, at: int, listed: bool) -> None:
    """Say that the file is small when it is unpacked."""
    struct.pack_into("<I", found, at + (24 if listed else 22), 10)


def lzma(found: bytearray, at: int, listed: bool) -> None:
    """Say that the file is packed in another way."""
    struct.pack_into("<H", found, at + (10 if listed else 8), 14)


def refused(content: bytes, tmp_path: Path) -> str:
    """What is said of it; nothing of it is left, and nothing anywhere else."""
    box = tmp_path / "box"
    box.mkdir()
    (box / "game.zip").write_bytes(content)
    with pytest.raises(NotTaken) as error:
        unpack(box / "game.zip", box / "in" / "game")
    assert {one.name for one in tmp_path.iterdir()} == {"box"}
    assert {one.name for one in box.iterdir()} <= {"game.zip", "in"}
    return str(error.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda: zipped("../evil.js"), "'../evil.js' is no name"),
        (lambda: zipped("a/../../evil.js"), "is no name"),
        (lambda: zipped("/etc/evil.js"), "is no name"),
        (lambda: zipped("C:/evil.js"), "is no name"),
        (lambda: zipped("a//b"), "is no name"),
        (lambda: zipped("./a"), "is no name"),
        (lambda: zipped("a\\..\\b"), "is no name"),
        (lambda: zipped("a\tb"), "is no name"),
        (lambda: zipped("con.js"), "is no name"),
        (lambda: zipped("end."), "is no name"),
        (lambda: renamed(b"abcdef", b"ab\0.js"), "is no name"),
        (lambda: zipped("a/" * MAX_DEPTH + "b"), "folders deep"),
        (lambda: zipped("é" * 150), "too long a name"),
        (lambda: renamed(b"abcdef", b"ab\xff\xfe.j"), "is not UTF-8"),
        (lambda: zipped(special("link", stat.S_IFLNK | 0o777)), "is a link or a device"),
        (lambda: zipped(special("pipe", stat.S_IFIFO | 0o600)), "is a link or a device"),
        (lambda: zipped("A.js", "a.js"), "would be one on some disks"),
        (lambda: zipped("Lib/a.js", "lib/b.js"), "would be one on some disks"),
        (lambda: zipped("ü.js", "u\u0308.js"), "would be one on some disks"),
        (lambda: zipped("a", "a/b"), "would be one on some disks"),
        (lambda: zipped("a/b", "a"), "would be one on some disks"),
        (lambda: zipped("a.js", "a.js"), "would be one on some disks"),
        (lambda: patched(zipped("a.js"), b"a.js", encrypted), "is encrypted"),
        (lambda: patched(zipped("a.js"), b"a.js", lzma), "packed in a way"),
        (lambda: patched(zipped("a.js", content=bytes(9999)), b"a.js", lies), "no ZIP file"),
        (lambda: zipped("a.js", content=bytes(8 << 20)), "more than .* MiB when they are unpacked"),
        (lambda: zipped(*(f"{n}" for n in range(MAX_FILES))), "more than 5000 files"),
        (lambda: zipped("a.js")[:-30], "no ZIP file"),
        (lambda: b"", "no ZIP file"),
        (lambda: b"PK\5\6" + bytes(18), "no index.html"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_is_refused_leaves_nothing(
    content: Callable[[], bytes], words: str, tmp_path: Path
) -> None:
    assert re.search(words, refused(content(), tmp_path))


def test_a_folder_has_a_size_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MAX_BYTES", 100_000)
    (tmp_path / "game").mkdir()
    (tmp_path / "game" / "index.html").write_bytes(bytes(100_001))
    with pytest.raises(NotTaken, match="more than"):
        unpack(tmp_path / "game", tmp_path / "in")


def test_files_that_share_their_bytes_are_a_bomb(tmp_path: Path) -> None:
    content = zipped(*(f"{n:03}.js" for n in range(50)), content=os.urandom(5000))

    def first(found: bytearray, at: int, listed: bool) -> None:
        if listed:
            struct.pack_into("<I", found, at + 20, 200_000)

    assert "overlap" in refused(patched(content, b"001.js", first), tmp_path)


def test_a_list_that_would_fill_the_memory_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "MAX_LIST", 100)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    file = tmp_path / "game.zip"
    file.write_bytes(THREE)
    with pytest.raises(NotTaken, match="files"):
        unpack(file, tmp_path / "in")


THREE = zipped("a", "b")


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below ``folder``."""
    files = (one for one in folder.rglob("*") if one.is_file())
    return {one.relative_to(folder).as_posix(): one.read_bytes() for one in files}


def test_a_folder_around_everything_is_left_away_and_so_is_what_is_hidden(tmp_path: Path) -> None:
    file = tmp_path / "game.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("game-1.2/", b"")
        for name in ("index.html", "lib/ä.js", ".git/config", ".DS_Store"):
            archive.writestr(f"game-1.2/{name}", name.encode())
        archive.writestr("__MACOSX/game-1.2/._index.html", b"")
    unpack(file, tmp_path / "game")
    assert tree(tmp_path / "game") == {"index.html": b"index.html", "lib/ä.js": "lib/ä.js".encode()}
    modes = {stat.S_IMODE(one.stat().st_mode) & 0o111 for one in (tmp_path / "game").iterdir()}
    assert (tmp_path / "game" / "index.html").stat().st_mode & 0o111 == 0, modes


def test_a_name_in_utf_8_that_does_not_say_so(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(renamed(b"abcdef", "äö.j".encode()))
    unpack(tmp_path / "a.zip", tmp_path / "in")
    assert "äö.j" in tree(tmp_path / "in")


@pytest.mark.parametrize("kind", ["link", "pipe", "nothing", "deep"])
def test_a_folder_is_looked_at_as_a_zip_is(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "game"
    (folder / "lib").mkdir(parents=True)
    (folder / "lib" / "a.js").write_text("1")
    if kind != "nothing":
        (folder / "index.html").write_bytes(PAGE)
    if kind == "link":
        (folder / "lib" / "out").symlink_to("/etc/passwd")
    elif kind == "pipe":
        os.mkfifo(folder / "pipe")
    elif kind == "deep":
        folder.joinpath(*"a" * MAX_DEPTH).mkdir(parents=True)
        (folder.joinpath(*"a" * MAX_DEPTH) / "x").write_text("")
    with pytest.raises(NotTaken, match=r"link or a device|no index|deep"):
        unpack(folder, tmp_path / "in")


@settings(max_examples=40, deadline=None)
@given(
    names=st.lists(st.text(alphabet="ab./\\:é", min_size=1, max_size=8), max_size=4),
    spoilt=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=3),
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_whatever_a_zip_is_it_stays_in_its_folder(
    names: list[str], spoilt: list[tuple[int, int]]
) -> None:
    content = bytearray(zipped(*names))
    for at, value in spoilt:
        content[at % len(content)] = value
    with tempfile.TemporaryDirectory() as folder:
        box = Path(folder)
        (box / "a.zip").write_bytes(content)
        with contextlib.suppress(NotTaken):
            unpack(box / "a.zip", box / "in" / "a")
        assert {one.name for one in box.iterdir()} <= {"a.zip", "in"}
        assert not [one for one in box.rglob("*") if one.is_symlink()]
