# SPDX-License-Identifier: MIT
"""The scripts of the page SDK that the video_call plugin brings."""

from __future__ import annotations

from pathlib import Path

from goop_node.types import SdkModule

_WHEEL = Path(__file__).parent / "sdk"
FOLDER = _WHEEL if _WHEEL.is_dir() else Path(__file__).parents[4] / "js"
"""Where they are: in the wheel, or in a checkout."""

NAMES = ("goop-call.js", "goop-call-element.js", "goop-call.css", "goop-call.d.ts")


def modules() -> list[SdkModule]:
    """Each of them, at ``/sdk/NAME``."""
    return [SdkModule(name=name, path=FOLDER / name) for name in NAMES]
