# SPDX-License-Identifier: MIT
"""Wheels of the host and of every plugin: what they hold, and that they work by themselves."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

import httpx
import pytest

from goop_node.testing import start_node
from goop_node.testing.processes import spawn
from goop_node.web.sdk_scripts import classic
from tests.documents.wheels import PLUGINS, ROOT, build_wheels

SDK = {
    "goop_node": (
        *("goop-peers.js", "goop-identity.js", "goop-names.js", "goop-reading.js"),
        *("goop.d.ts", "peers", "shared"),
    ),
    "goop_realtime": (
        *("goop-realtime.js", "goop-realtime.mjs", "goop-attention.js"),
        *("goop-realtime.d.ts", "goop-rooms.d.ts"),
        *("realtime", "attention", "shared"),
    ),
    "goop_video_call": (
        *("goop-call.js", "goop-call-element.js", "goop-call.css", "goop-call.d.ts"),
        *("call", "call-view", "shared"),
    ),
}
"""What each distribution brings of ``js/``: files, and folders with all that is in them."""


def sdk_of(package: str) -> set[str]:
    """The files of the SDK in a wheel, relative to ``js/``."""
    parts = [ROOT / "js" / name for name in SDK.get(package, ())]
    files = [file for part in parts for file in (part.glob("*.js") if part.is_dir() else [part])]
    return {file.relative_to(ROOT / "js").as_posix() for file in files}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheel of each of our distributions, by its import package; built offline."""
    return build_wheels(tmp_path_factory.mktemp("wheels"))


def names(wheel: Path) -> set[str]:
    """The files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def of_package(wheel: Path, package: str) -> set[str]:
    """The files of the import package in a wheel, relative to it."""
    return {n.removeprefix(f"{package}/") for n in names(wheel) if n.startswith(f"{package}/")}


def tree(folder: Path) -> set[str]:
    """The files below ``folder``, relative to it, without what Python leaves there."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_there_is_one_wheel_for_the_host_and_each_plugin(wheels: dict[str, Path]) -> None:
    assert set(wheels) == {"goop_node", *(f"goop_{name}" for name in PLUGINS)}


def test_the_host_holds_its_files_and_the_page_sdk(wheels: dict[str, Path]) -> None:
    expected = tree(ROOT / "goop_node") | {f"sdk/{name}" for name in sdk_of("goop_node")}
    assert of_package(wheels["goop_node"], "goop_node") == expected
    assert {"home/index.html", "py.typed", "config/default.toml"} <= expected


@pytest.mark.parametrize("package", sorted(SDK))
def test_the_sdk_in_a_wheel_is_that_of_the_checkout(wheels: dict[str, Path], package: str) -> None:
    with zipfile.ZipFile(wheels[package]) as archive:
        for name in sdk_of(package):
            assert archive.read(f"{package}/sdk/{name}") == (ROOT / "js" / name).read_bytes()


@pytest.mark.parametrize("plugin", ["realtime", "video_call"])
def test_an_sdist_of_a_plugin_with_scripts_makes_the_same_wheel(
    wheels: dict[str, Path], tmp_path: Path, plugin: str
) -> None:
    hatchling = [sys.executable, "-m", "hatchling", "build", "--directory", str(tmp_path)]
    subprocess.run([*hatchling, "--target", "sdist"], cwd=PLUGINS[plugin], check=True)
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        archive.extractall(tmp_path, filter="data")
    unpacked = next(path for path in tmp_path.iterdir() if path.is_dir())
    subprocess.run([*hatchling, "--target", "wheel"], cwd=unpacked, check=True)
    assert names(next(tmp_path.glob("*.whl"))) == names(wheels[f"goop_{plugin}"])


@pytest.mark.parametrize("name", sorted(PLUGINS))
def test_a_plugin_holds_all_its_files(wheels: dict[str, Path], name: str) -> None:
    package = f"goop_{name}"
    expected = tree(PLUGINS[name] / "src" / package) | {f"sdk/{one}" for one in sdk_of(package)}
    assert of_package(wheels[package], package) == expected
    assert "py.typed" in expected


@pytest.mark.skipif("chess" not in PLUGINS, reason="there is no chess plugin here")
def test_chess_brings_its_schemas_and_its_page(wheels: dict[str, Path]) -> None:
    files = of_package(wheels["goop_chess"], "goop_chess")
    assert "template/index.html" in files
    assert any(name.startswith("schemas/") and name.endswith(".json") for name in files)


@pytest.mark.parametrize("package", ["goop_node", *(f"goop_{name}" for name in sorted(PLUGINS))])
def test_every_wheel_carries_its_licence(wheels: dict[str, Path], package: str) -> None:
    with zipfile.ZipFile(wheels[package]) as archive:
        texts = {name: archive.read(name) for name in archive.namelist() if "dist-info/" in name}
    licences = [text for name, text in texts.items() if "/licenses/" in name]
    assert licences
    assert all(text.strip() for text in licences)
    metadata = next(text for name, text in texts.items() if name.endswith("/METADATA"))
    assert Parser().parsestr(metadata.decode("utf-8"))["License-Expression"]


@pytest.fixture(scope="module")
def goop(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``goop`` command of an environment that holds our wheels, away from the checkout.

    Third-party packages come from the running environment, by a path that is searched after the
    wheels' own; path files found there, such as editable installs', are not followed.
    """
    home = tmp_path_factory.mktemp("elsewhere") / "venv"
    venv.create(home, with_pip=False)
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(home)}))
    install = [sys.executable, "-m", "pip", "--python", str(home / "bin" / "python"), "install"]
    install += ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-index"]
    result = subprocess.run(
        [*install, *map(str, wheels.values())], capture_output=True, text=True, cwd=home
    )
    assert result.returncode == 0, result.stderr
    paths = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    (site / "third-party.pth").write_text("".join(f"{path}\n" for path in paths))
    return home / "bin" / "goop"


def run(goop: Path, *arguments: str) -> str:
    """Run a program of that environment beside it; returns what it printed."""
    result = subprocess.run(
        [str(goop), *arguments],
        capture_output=True,
        text=True,
        cwd=goop.parents[2],
        env={"PATH": "/usr/bin:/bin", "HOME": str(goop.parents[2])},
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_nothing_comes_from_the_checkout(goop: Path) -> None:
    modules = ["goop_node", *(f"goop_{name}" for name in PLUGINS)]
    code = "".join(f"import {name}; print({name}.__file__);" for name in modules)
    for file in run(goop.with_name("python"), "-c", code).split():
        assert Path(file).is_relative_to(goop.parents[1]), file


def test_installed_plugins_are_found(goop: Path) -> None:
    listed = run(goop, "plugins")
    assert all(name in listed for name in PLUGINS), listed


def test_an_installed_node_serves_its_pages(
    goop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setattr(sys, "executable", str(goop.with_name("python")))
    node = start_node(tmp_path / "node", launch=spawn)
    try:
        # The node's pages are at home.localhost; the address is that of its socket.
        headers = {"Host": f"home.localhost:{node.port}"}
        base = f"http://127.0.0.1:{node.port}"
        home = httpx.get(f"{base}/", headers=headers)
        script = httpx.get(f"{base}/sdk/goop-realtime.js", headers=headers)
    finally:
        node.stop()
    assert (home.status_code, script.status_code) == (200, 200)
    assert home.text == (ROOT / "goop_node" / "home" / "index.html").read_text(encoding="utf-8")
    assert script.text == classic(ROOT / "js" / "goop-realtime.js")


def test_what_goop_new_makes_is_built_installed_and_run(
    goop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind, name in (("plugin", "four_in_a_row"), ("template", "small-talk")):
        run(goop, "new", kind, name, "--into", str(tmp_path))
    plugin, python = tmp_path / "goop-four-in-a-row", str(goop.with_name("python"))
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps"]
    pip += ["--disable-pip-version-check", "--no-index", "--no-build-isolation"]
    monkeypatch.delenv("PYTHONPATH", raising=False)
    for command in (
        [*pip, str(plugin)],
        [python, "-m", "pytest", "--quiet", "-p", "no:cacheprovider"],
        [str(goop), "check", "--strict"],
    ):
        done = subprocess.run(command, cwd=plugin, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    monkeypatch.setattr(sys, "executable", python)
    config = f"--config={plugin / 'goop.toml'}"
    template = f"--template={tmp_path / 'small-talk'}"
    node = start_node(tmp_path / "node", config, template, launch=spawn)
    try:
        for name, folder in (
            ("four-in-a-row", plugin / "src" / "goop_four_in_a_row" / "page"),
            ("small-talk", tmp_path / "small-talk"),
        ):
            host = {"Host": f"{name}.localhost:{node.port}"}
            script = httpx.get(f"http://127.0.0.1:{node.port}/page.js", headers=host)
            assert script.text == (folder / "page.js").read_text(encoding="utf-8")
        contexts = httpx.get(f"{node.url}/api/realtime/contexts", headers=node.headers).json()
    finally:
        node.stop()
    assert [one["name"] for one in contexts] == ["four_in_a_row", "small_talk"]
