# SPDX-License-Identifier: MIT
"""Which pages there are, and what makes each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from scripts.reference.commands import commands_page
from scripts.reference.endpoints import endpoints_page
from scripts.reference.sdk import sdk_page
from scripts.reference.values import hooks_page, types_page

ROOT = Path(__file__).resolve().parents[2]
PAGES: Mapping[str, Callable[[], str]] = {
    "hooks": hooks_page,
    "types": types_page,
    "cli": commands_page,
    "http": endpoints_page,
    "sdk": sdk_page,
}


def path_of(name: str) -> Path:
    """The file of a page."""
    return ROOT / "docs" / f"{name}.md"
