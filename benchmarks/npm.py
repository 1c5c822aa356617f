# SPDX-License-Identifier: MIT
"""What others have written, and is measured beside: installed by npm where it is needed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

INSTALL_SECONDS = 300


def missing(folder: Path) -> str | None:
    """Why what ``folder`` needs is not there; it is installed, where it can be."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "needs Node.js and npm"
    if (folder / "node_modules" / ".package-lock.json").exists():  # written last
        return None
    # Optional parts come from elsewhere than the registry, and are not used.
    command = ["npm", "install", "--no-audit", "--no-fund", "--legacy-peer-deps"]
    done = subprocess.run(
        [*command, "--no-package-lock", "--omit=optional"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
    )
    return f"npm could not install it: {done.stderr[-300:]}" if done.returncode else None
