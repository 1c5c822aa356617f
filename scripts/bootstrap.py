#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make ``.venv`` with goop-node and every plugin of this checkout; standard library only.

``bootstrap.py`` installs what a node needs, ``bootstrap.py --test`` also what the tests need.
System packages come first, so that nothing is left half done. When nothing has changed since
the last run it returns at once. Exit codes: 0 ready, 1 told in words what to do.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "goop-bootstrap"
LOG = VENV / "goop-bootstrap.log"
JS_PEER = ROOT / "tests" / "interop" / "js"
GO_PEER = ROOT / "tests" / "interop" / "go"
OLDEST = (3, 11)
TEST_TOOLS = {
    "chromium": ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    "chromium-headless-shell": ("chromium-headless-shell",),
    "firefox-esr": ("firefox-esr",),
}
"""Debian's names, and the commands of which one is enough."""
if not Path("/run/systemd/system").exists():  # there its package starts a server that listens
    TEST_TOOLS["coturn"] = ("turnserver",)


class CannotError(Exception):
    """Why there will be no environment, in words for the person at the terminal."""


def main() -> int:
    """Make or refresh the environment. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--test", action="store_true", help="also install what the tests need")
    test = parser.parse_args().test
    try:
        check_python()
        projects = find_projects()
        key = fingerprint(projects)
        if is_fresh(key, test):
            if test:
                install_js_peer()
            return 0
        install_system_packages(test)
        # These wait for the network, or keep one core busy, while pip does the same elsewhere.
        with ThreadPoolExecutor() as beside:
            jobs = (install_test_tools, install_js_peer, build_go_peer) if test else ()
            begun = [beside.submit(job) for job in jobs]
            make_venv()
            install_projects(projects, test)
        for job in begun:
            job.result()
        STAMP.write_text(f"{key} {'test' if test else 'run'}\n", encoding="utf-8")
    except CannotError as error:
        print(f"goop: {error}", file=sys.stderr)
        return 1
    return 0


def check_python() -> None:
    """Refuse a Python that is too old."""
    if sys.version_info < OLDEST:
        wanted, found = (".".join(map(str, v[:2])) for v in (OLDEST, sys.version_info))
        raise CannotError(
            f"goop-node needs Python {wanted} or newer; {sys.executable} is {found}.\n"
            f"Name another one, for instance: make PYTHON=python{wanted} demo"
        )


def find_projects() -> list[Path]:
    """The folders to install: the host and every plugin that has a pyproject.toml."""
    return [ROOT, *sorted(file.parent for file in ROOT.glob("plugins/*/pyproject.toml"))]


def fingerprint(projects: list[Path]) -> str:
    """A digest of all that decides what is installed: Python, place, projects, versions."""
    digest = hashlib.sha256(f"{sys.version}\0{sys.executable}\0{ROOT}".encode())
    for file in [*(project / "pyproject.toml" for project in projects), ROOT / "constraints.txt"]:
        digest.update(f"\0{file}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def is_fresh(key: str, test: bool) -> bool:
    """Whether ``.venv`` was completed for ``key`` (one made for tests serves a node as well)."""
    try:
        stamped, _, kind = STAMP.read_text(encoding="utf-8").strip().partition(" ")
    except OSError:
        return False
    return stamped == key and (kind == "test" or not test) and venv_python().exists()


def venv_python() -> Path:
    """The interpreter inside ``.venv``."""
    return VENV / "bin" / "python"


# --- system packages -------------------------------------------------------------------------


def missing_packages() -> list[str]:
    """Debian's names of what is missing to make a venv and to build fastecdsa (C, on GMP)."""
    missing = []
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        missing.append("python3-venv")
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        missing.append("python3-dev")
    if not (shutil.which("gcc") or shutil.which("cc")):
        missing.append("build-essential")
    if not has_header("gmp.h"):
        missing.append("libgmp-dev")
    return missing


def missing_test_tools() -> list[str]:
    """Debian's names of those that are not here under any of their names."""
    return [name for name, commands in TEST_TOOLS.items() if not any(map(shutil.which, commands))]


def has_header(name: str) -> bool:
    """Whether a C header is where compilers look for it."""
    multiarch = sysconfig.get_config_var("MULTIARCH") or ""
    folders = ["/usr/include", f"/usr/include/{multiarch}", "/usr/local/include"]
    folders += os.environ.get("C_INCLUDE_PATH", "").split(os.pathsep)
    folders += os.environ.get("CPATH", "").split(os.pathsep)
    return any(folder and Path(folder, name).exists() for folder in folders)


def install_system_packages(test: bool) -> None:
    """Install what is missing with apt as root; otherwise say the line to run and stop."""
    missing = missing_packages()
    if not missing:
        return
    try:
        apt(missing)
    except CannotError as error:
        tools = missing_test_tools() if test and os.geteuid() != 0 else []
        also = f"\nFor some tests also: {' '.join(tools)}" if tools else ""
        raise CannotError(f"{error}{also}") from None
    still = missing_packages()
    if still:
        raise CannotError(
            f"{', '.join(still)} still missing for {sys.executable} after apt-get install.\n"
            "If this is not the system's own Python, use that: make PYTHON=/usr/bin/python3"
        )


def install_test_tools() -> None:
    """Install what is missing of these: some tests want them, and are skipped without."""
    tools = missing_test_tools()
    if not tools:
        return
    try:
        apt(tools)
    except CannotError as error:
        names = " and ".join(tools)
        print(f"goop: no {names}, their tests will be skipped: {error}", file=sys.stderr)


def apt(packages: list[str]) -> None:
    """Install Debian packages. Raises ``CannotError`` when not root, without apt, on failure."""
    names = " ".join(packages)
    if not shutil.which("apt-get"):
        raise CannotError(
            f"missing here, by their Debian names: {names}.\n"
            "There is no apt-get on this system: install their equivalents and start again."
        )
    if os.geteuid() != 0:
        line = f"sudo apt-get update && sudo apt-get install -y --no-install-recommends {names}"
        raise CannotError(f"some system packages are missing. Run this line, then again:\n  {line}")
    print(f"goop: installing system packages: {names}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        result = subprocess.run(
            ["apt-get", "-q", *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        if result.returncode != 0:
            raise CannotError(
                f"apt-get {command[0]} failed:\n{tail(result.stdout)}\n"
                "Check that this machine reaches its package mirror, then start again."
            )


# --- the environment -------------------------------------------------------------------------


def make_venv() -> None:
    """Create ``.venv`` unless it works already."""
    if venv_python().exists():
        STAMP.unlink(missing_ok=True)
        if (
            subprocess.run(
                [venv_python(), "-m", "pip", "--version"], capture_output=True
            ).returncode
            == 0
        ):
            return
    print("goop: making .venv", flush=True)
    result = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", VENV], capture_output=True, text=True
    )
    if result.returncode != 0:
        raise CannotError(
            f"{sys.executable} -m venv failed:\n{tail(result.stdout + result.stderr)}\n"
            "On Debian and Ubuntu: apt-get install python3-venv"
        )


def install_projects(projects: list[Path], test: bool) -> None:
    """Install host and plugins, editable, in one call of pip so that they find each other."""
    print("goop: installing Python packages, a minute or two the first time", flush=True)
    command = [venv_python(), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--progress-bar", "off", "-c", ROOT / "constraints.txt"]
    for project in projects:
        command += ["-e", f"{project}[test]" if test and project == ROOT else project]
    result = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    LOG.write_text(result.stdout, encoding="utf-8")
    if result.returncode != 0:
        raise CannotError(explain(result.stdout))


def install_js_peer() -> None:
    """Install what the js-libp2p peer of the interop tests needs; without npm they are skipped."""
    lock = (JS_PEER / "package-lock.json").read_bytes()
    stamp = JS_PEER / "node_modules" / "goop-bootstrap"
    key = hashlib.sha256(lock).hexdigest()
    npm = shutil.which("npm")
    if npm is None or (stamp.exists() and stamp.read_text(encoding="utf-8") == key):
        return
    print("goop: installing the js-libp2p peer of the interop tests", flush=True)
    result = subprocess.run(
        [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
        cwd=JS_PEER,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if result.returncode == 0:
        stamp.write_text(key, encoding="utf-8")
    else:
        print(f"goop: its tests will be skipped:\n{tail(result.stdout)}", file=sys.stderr)


def build_go_peer() -> None:
    """Have Go compile what its peer in the interop tests needs, which takes it a minute or two.

    What fails here fails again where the tests build the peer, and is told there.
    """
    go = shutil.which("go")
    if go is not None:
        subprocess.run([go, "build", "-o", os.devnull, "."], cwd=GO_PEER, capture_output=True)


def explain(output: str) -> str:
    """Why pip failed and what to do, from what it printed."""
    built = re.search(r"[Ff]ailed (?:building wheel for|to build) '?([\w.-]+)", output)
    if re.search(r"NewConnectionError|name resolution|ProxyError|ConnectTimeout|SSLError", output):
        cause = "the Python package index cannot be reached. Check the network, then start again."
    elif built:
        cause = (
            f"the Python package {built[1]} could not be built. It needs a C compiler and the\n"
            "headers of Python and GMP: apt-get install build-essential python3-dev libgmp-dev"
        )
    elif "No space left" in output:
        cause = "the disk is full; the environment takes about 600 MB."
    else:
        cause = "pip could not install the Python packages."
    return f"{cause}\n{tail(output)}\nAll that pip said: {LOG}"


def tail(output: str, lines: int = 12) -> str:
    """The last lines of what a program printed, indented."""
    return "\n".join(f"  {line}" for line in output.strip().splitlines()[-lines:])


if __name__ == "__main__":
    sys.exit(main())
