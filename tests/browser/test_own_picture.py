# SPDX-License-Identifier: MIT
"""A picture of the person: chosen from a file at home, shown, and taken away."""

from __future__ import annotations

from base64 import b64decode

from playwright.async_api import Browser, FilePayload, expect

from goop_node.testing import NodeProcess
from tests.browser.conftest import page_url
from tests.unit.test_png import PLAIN

NOISE = """() => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 400, height: 400 });
  const drawn = canvas.getContext("2d");
  const noise = drawn.createImageData(400, 400);
  for (let at = 0; at < noise.data.length; at += 65536) {
    crypto.getRandomValues(noise.data.subarray(at, at + 65536));
  }
  drawn.putImageData(noise, 0, 0);
  return canvas.toDataURL("image/png").split(",")[1];
}"""
"""A picture that no PNG makes smaller."""


async def test_a_picture_is_made_small_and_square_shown_and_removed(
    browser: Browser, nodes: tuple[NodeProcess, NodeProcess]
) -> None:
    page = await browser.new_page()
    await page.goto(page_url(nodes[0]))
    note, shown = page.locator("#rename-note"), page.locator("#my-avatar img")
    wrong = FilePayload(name="me.png", mimeType="image/png", buffer=b"no picture")
    await page.locator("#picture-file").set_input_files(wrong)
    await expect(note).to_have_text("This file is no picture that your browser can read.")
    await expect(shown).to_have_count(0)
    right = FilePayload(name="me.png", mimeType="image/png", buffer=PLAIN)
    await page.locator("#picture-file").set_input_files(right)
    await expect(note).to_contain_text("Saved.")
    size = "(picture) => picture.decode().then(() => [picture.naturalWidth, picture.naturalHeight])"
    assert await shown.evaluate(size) == [192, 192]
    await page.reload()
    await expect(shown).to_have_count(1)
    was = await shown.get_attribute("src")
    noise = b64decode(await page.evaluate(NOISE))
    largest = FilePayload(name="noise.png", mimeType="image/png", buffer=noise)
    await page.locator("#picture-file").set_input_files(largest)
    await expect(shown).not_to_have_attribute("src", str(was))
    await page.get_by_role("button", name="Remove picture").click()
    await expect(note).to_have_text("Others see no picture of you any more.")
    await expect(shown).to_have_count(0)
    await expect(page.get_by_role("button", name="Remove picture")).to_be_hidden()
    await page.close()
