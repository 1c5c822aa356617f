# SPDX-License-Identifier: MIT
"""Whether what people would install of a plugin can be built, and holds what the plugin is."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

from goop_node.findings import Finding, note, ok, wrong
from goop_node.gate.subject import Subject
from goop_node.own_threads import in_own_thread

WHAT = "package"
BUILD = """
import importlib, sys
sys.path[:0] = sys.argv[3:]
name, _, part = sys.argv[1].partition(":")
backend = importlib.import_module(name)
for one in filter(None, part.split(".")):
    backend = getattr(backend, one)
backend.build_wheel(sys.argv[2])
"""
"""As every installer does it (PEP 517), with what is installed here."""
LEFT = {"__pycache__", ".DS_Store"}
"""Names of what Python and others leave behind."""


async def look_at_package(subject: Subject) -> AsyncIterator[Finding]:
    """Its README, and its wheel where it is installed from its folder (``pip install -e``)."""
    if not subject.first:
        return
    if not subject.candidate.distribution:
        yield note(WHAT, "no package brings it", "goop new plugin NAME makes one")
        return
    if not subject.readme.strip():
        yield note(WHAT, "it has no README", 'write one, and name it: readme = "README.md"')
    if subject.source is None:
        yield ok(WHAT, f"{subject.candidate.distribution} was installed from a wheel")
        return
    yield await in_own_thread(_wheel, subject.source, subject.folder)


def _wheel(source: Path, package: Path | None) -> Finding:
    with tempfile.TemporaryDirectory(prefix="goop-wheel-") as folder:
        try:
            backend, paths = _backend(source)
        except (OSError, ValueError, KeyError, TypeError) as error:
            return wrong(
                WHAT, f"{source / 'pyproject.toml'} names no backend to build it: {error!r}"
            )
        failure = _build(source, [backend, folder, *paths])
        module = backend.partition(":")[0].partition(".")[0]
        if f"No module named '{module}'" in failure:
            do = f"pip install {module}, then this again"
            return note(WHAT, "whether its wheel can be built is not known", do)
        if failure:
            return wrong(WHAT, f"its wheel cannot be built: {failure}")
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            inside = set(archive.namelist())
        lost = _lost(package, inside) if package is not None else []
        if lost:
            do = "its build leaves it out: see the settings of the backend in pyproject.toml"
            more = f" and {len(lost) - 1} more files" if lost[1:] else ""
            return wrong(WHAT, f"{wheel.name} lacks {lost[0]}{more}", do)
        return ok(WHAT, f"{wheel.name}, {len(inside)} files")


def _backend(source: Path) -> tuple[str, list[str]]:
    text = (source / "pyproject.toml").read_text(encoding="utf-8")
    system = tomllib.loads(text)["build-system"]
    paths = [str(source / one) for one in system.get("backend-path", ())]
    return str(system["build-backend"]), paths


def _build(source: Path, arguments: list[str]) -> str:
    """Build it. Returns the last line of what went wrong, or ``""``."""
    done = subprocess.run(
        [sys.executable, "-c", BUILD, *arguments],
        cwd=source,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    lines = done.stdout.decode(errors="replace").strip().splitlines()
    return "" if done.returncode == 0 else lines[-1] if lines else f"exit code {done.returncode}"


def _lost(folder: Path, inside: set[str]) -> list[str]:
    """The files of the package in ``folder`` that are not in the wheel."""
    files = [path.relative_to(folder.parent) for path in folder.rglob("*") if path.is_file()]
    return sorted(
        path.as_posix()
        for path in files
        if not LEFT & set(path.parts) and path.suffix != ".pyc" and path.as_posix() not in inside
    )
