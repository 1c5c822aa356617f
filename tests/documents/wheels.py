# SPDX-License-Identifier: MIT
"""The wheels of this checkout, and an environment that has nothing else to install from."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = {file.parent.name: file.parent for file in ROOT.glob("plugins/*/pyproject.toml")}
_OURS = re.compile(r"_*(?:editable_impl_)?goop[_-]|.*\.pth$|(?:pip|setuptools)\b|__pycache__")


def build_wheels(folder: Path) -> dict[str, Path]:
    """The wheel of each of our distributions, by its import package; built offline."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder)]
    command += [str(project) for project in (ROOT, *PLUGINS.values())]
    result = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    assert result.returncode == 0, result.stderr
    return {file.name.partition("-")[0]: file for file in folder.glob("*.whl")}


def without_index(folder: Path, wheels: Path) -> dict[str, str]:
    """The variables for a shell in which ``pip`` has the packages that the tests run with, besides
    those of ``wheels``, and asks nobody: ours are not there until somebody installs them."""
    others = folder / "others"
    others.mkdir(parents=True)
    home = folder / "home"
    home.mkdir()
    for place in dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib")):
        for path in Path(place).iterdir():
            if not _OURS.match(path.name) and not (others / path.name).exists():
                (others / path.name).symlink_to(path)
    base = str(Path(sys.base_prefix) / "bin")
    return {
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PATH": os.pathsep.join([base, "/usr/local/bin", "/usr/bin", "/bin"]),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_FIND_LINKS": str(wheels),
        "PIP_NO_BUILD_ISOLATION": "0",  # pip takes the value for that of "build isolation"
        "PIP_NO_INDEX": "1",
        "PYTHONPATH": str(others),
    }
