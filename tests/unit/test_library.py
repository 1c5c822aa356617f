# SPDX-License-Identifier: MIT
"""Templates are added and removed whole, whenever it is interrupted; and as the person says."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from goop_node.cli import library as command
from goop_node.cli import main as goop
from goop_node.config.model import NodeConfig, StartError
from goop_node.data.ready import only_node
from goop_node.node import Node
from goop_node.templates import library as module
from goop_node.templates.library import Library
from goop_node.templates.permissions import Permission
from goop_node.templates.unpacking import NotTaken

CAMERA = Permission("camera")


class Killed(BaseException):
    """The process ends here."""


def source(folder: Path, version: str, **manifest: object) -> Path:
    """A ZIP file ``game.zip`` with that version of the pages."""
    path = folder / "game.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("index.html", version)
        archive.writestr("lib/a.js", version)
        archive.writestr("manifest.json", json.dumps(manifest))
    return path


def version(library: Library) -> str:
    """Which version is there, whole."""
    (folder,) = library.folders()
    texts = {(folder / name).read_text() for name in ("index.html", "lib/a.js")}
    (found,) = texts
    return found


@pytest.mark.parametrize("act", ["install", "remove"])
def test_what_is_killed_in_between_leaves_the_old_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    outcomes = set()
    for step in range(8):
        library = Library(tmp_path / str(step))
        library.install(library.stage(source(tmp_path, "old")).id)
        staged = library.stage(source(tmp_path, "new"))
        left = iter(range(step))

        def dying(call: Callable[..., object], left: Iterator[int] = left) -> Any:
            def die(*args: object, **options: object) -> object:
                if next(left, None) is None:
                    raise Killed
                return call(*args, **options)

            return die

        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", dying(Path.rename))
            patch.setattr(module, "sync_folder", dying(module.sync_folder))
            patch.setattr(module.shutil, "rmtree", dying(module.shutil.rmtree))
            try:
                if act == "install":
                    library.install(staged.id)
                else:
                    library.remove("game", delete_data=False)
            except Killed:
                pass
            else:
                outcomes.add("done")
        again = Library(tmp_path / str(step))
        again.recover()
        outcomes.add(version(again) if again.folders() else "none")
        hidden = {one.name for one in again.root.glob(".*/*")} - {staged.id}
        assert hidden == set()
    assert outcomes == {"done", "old", "new" if act == "install" else "none"}


def test_it_is_named_as_its_source_or_as_the_person_says(tmp_path: Path) -> None:
    library = Library(tmp_path / "data")
    assert library.stage(source(tmp_path, "1")).template.name == "game"
    assert library.stage(source(tmp_path, "1"), "other").template.name == "other"
    for name in ("api", "Game", "a.b", "../x", "-"):
        with pytest.raises(NotTaken, match="cannot be a template's name"):
            library.stage(source(tmp_path, "1"), name)
    assert library.folders() == []
    for key in ("", "../../x", "0" * 16):
        with pytest.raises(KeyError):
            library.staged(key)


def test_what_was_not_confirmed_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library(tmp_path / "data")
    staged = library.stage(source(tmp_path, "1"))
    library.recover()
    assert library.staged(staged.id) == staged
    monkeypatch.setattr("goop_node.templates.library.STAGED_SECONDS", -1)
    library.recover()
    with pytest.raises(KeyError):
        library.staged(staged.id)


@pytest.fixture(name="here")
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "goop.toml").write_text('[node]\ndata = "data"\n')
    return tmp_path


def node(here: Path) -> Node:
    """The node of that folder, without plugins; it does not run."""
    return Node(NodeConfig(data=here / "data"), [])


def test_added_updated_and_removed_without_a_running_node(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert goop.main(["add", str(source(here, "1", permissions=["camera"])), "--yes"]) == 0
    assert "asks to use your camera" in capsys.readouterr().out
    found = node(here)
    assert found.templates["game"].folder == here / "data" / "templates" / "game"
    assert found.shelf.is_added("game")
    assert found.grants.granted("game") == set()
    found.grants.grant("game", CAMERA)

    more = ["camera", "microphone"]
    assert goop.main(["add", str(source(here, "2", permissions=more)), "--yes"]) == 0
    out = capsys.readouterr().out
    assert "your browser has asked you as well (granted already)" in out
    assert "asks to use your microphone" in out
    assert "(you grant that at home)" in out
    assert node(here).grants.granted("game") == {CAMERA}
    assert version(Library(here / "data")) == "2"

    assert goop.main(["remove", "game", "--yes", "--delete-data"]) == 0
    library = Library(here / "data")
    assert (library.folders(), library.forgotten()) == ([], ["game"])
    assert goop.main(["add", str(source(here, "3", permissions=more)), "--yes"]) == 0
    assert node(here).grants.granted("game") == set()


def test_nothing_happens_that_the_person_did_not_say(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(source(here, "1"))
    assert goop.main(["add", path]) == goop.MISTAKE
    assert "say --yes" in capsys.readouterr().err
    answers: list[str] = []
    monkeypatch.setattr(command, "_asked", lambda question: answers.pop(0) == "y")
    answers += ["n"]
    assert goop.main(["add", path]) == 1
    library = Library(here / "data")
    assert library.folders() == []
    assert not list(library.root.glob(".staged/*"))
    answers += ["y", "n", "y", "n"]
    assert goop.main(["add", path]) == 0
    assert goop.main(["remove", "game"]) == 1
    assert goop.main(["remove", "game"]) == 0
    assert (library.folders(), library.forgotten(), answers) == ([], [], [])
    capsys.readouterr()
    assert goop.main(["remove", "game", "--yes"]) == goop.MISTAKE
    assert "no template of that name was added; there is: none" in capsys.readouterr().err


def test_what_cannot_be_added_is_one_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "bad.zip").write_bytes(b"x")
    (here / "pages").mkdir()
    (here / "pages" / "index.html").write_text("")
    (here / "goop.toml").write_text('[node]\ndata = "data"\ntemplates = ["pages"]\n')
    for given, words in (
        (["bad.zip"], "bad.zip: it is no ZIP file that can be read"),
        (["nothing.zip"], "nothing.zip: there is no such file"),
        (["pages"], "goop.toml names a folder pages, too; choose another --name"),
    ):
        assert goop.main(["add", *given, "--yes"]) == goop.MISTAKE
        assert words in capsys.readouterr().err
    assert goop.main(["add", "pages", "--name", "mine", "--yes"]) == 0
    with only_node(here / "data"), pytest.raises(StartError, match="already runs"):
        command.remove(NodeConfig(data=here / "data"), "mine", delete_data=False, yes=True)


def test_an_added_template_takes_no_name_that_another_has(here: Path) -> None:
    goop.main(["add", str(source(here, "1")), "--yes"])
    (here / "game").mkdir()
    config = NodeConfig(data=here / "data", templates=(here / "game",))
    found = Node(config, [])
    assert found.templates["game"].folder == here / "game"
    assert not found.shelf.is_added("game")
    ((name, words),) = found.shelf.flaws
    assert (name, "goop.toml has a template game, too" in words) == ("game", True)
