# SPDX-License-Identifier: MIT
"""axe-core in a page: what it finds that keeps people from using it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Page

AXE = Path(__file__).parents[2] / "js/node_modules/axe-core/axe.min.js"
"""MPL-2.0: a tool of the tests, in no distribution."""
RUN = """async (options) => (await axe.run(options)).violations.map(
  ({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`)"""
SCHEMES: dict[Literal["light", "dark"], dict[str, Any]] = {
    "light": {},
    "dark": {"runOnly": ["color-contrast"]},
}
"""What axe is asked for: other colours change nothing but contrasts."""


async def faults(page: Page) -> list[str]:
    """What is wrong with the page as it stands, in light and in dark: rule and elements."""
    if not AXE.exists():
        pytest.skip("no axe-core here; install it with: cd js && npm install")
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = []
    for scheme, options in SCHEMES.items():
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found += [f"{scheme}: {fault}" for fault in await page.evaluate(RUN, options)]
    return found
