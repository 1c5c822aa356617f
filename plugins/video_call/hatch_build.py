# SPDX-License-Identifier: MIT
"""Puts the plugin's part of the page SDK into what is built of it.

Its scripts are kept with the rest of the SDK, in ``js/`` of the checkout. An sdist has them in the
package already; an editable install uses those of the checkout.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PARTS = (
    *("goop-call.js", "goop-call-element.js", "goop-call.css", "goop-call.d.ts"),
    *("call", "call-view", "shared"),
)


class SdkHook(BuildHookInterface[Any]):
    """Adds ``goop_video_call/sdk``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """``version`` is ``standard``, or ``editable``."""
        js = Path(self.root).parents[1] / "js"
        if version == "editable" or not js.is_dir():
            return
        package = "goop_video_call" if self.target_name == "wheel" else "src/goop_video_call"
        build_data["force_include"] |= {str(js / name): f"{package}/sdk/{name}" for name in PARTS}
