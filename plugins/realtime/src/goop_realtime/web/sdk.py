# SPDX-License-Identifier: MIT
"""The scripts of the page SDK that the realtime plugin brings."""

from __future__ import annotations

from pathlib import Path

from goop_node.types import SdkModule

_WHEEL = Path(__file__).parents[1] / "sdk"
FOLDER = _WHEEL if _WHEEL.is_dir() else Path(__file__).parents[5] / "js"
"""Where they are: in the wheel, or in a checkout."""

NAMES = (
    *("goop-realtime.js", "goop-realtime.mjs", "goop-attention.js"),
    *("goop-realtime.d.ts", "goop-rooms.d.ts"),
)


def modules() -> list[SdkModule]:
    """Each of them, at ``/sdk/NAME``."""
    return [SdkModule(name=name, path=FOLDER / name) for name in NAMES]
