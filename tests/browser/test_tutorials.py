# SPDX-License-Identifier: MIT
"""Both tutorials to the letter, in an empty folder and a fresh environment, until two play."""

from __future__ import annotations

import ast
import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.documents.blocks import Block, blocks_of
from tests.documents.shell import Shell, follow
from tests.documents.wheels import ROOT, build_wheels, without_index

PLUGIN, PAGE = (ROOT / "docs" / f"tutorial-{name}.md" for name in ("plugin", "page"))
HALF = (139 + 50 + 69) // 2
"""Half the lines that such a game took without the kit, the scaffold and pushed states."""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheels of this checkout."""
    folder = tmp_path_factory.mktemp("wheels")
    build_wheels(folder)
    return folder


@pytest.fixture
def shell(tmp_path: Path, wheels: Path) -> Iterator[Shell]:
    """A terminal in an empty folder, in which nothing of ours is installed."""
    folder = tmp_path / "empty"
    folder.mkdir()
    shell = Shell(folder, without_index(tmp_path, wheels))
    yield shell
    shell.close()


@asynccontextmanager
async def followed(
    document: Path, shell: Shell, browser: Browser, template: str
) -> AsyncIterator[tuple[Page, Page, list[Block]]]:
    """Do what ``document`` says, and open the pages of ``template`` at Alice's and Bob's node."""
    demo, others = await asyncio.to_thread(follow, document, shell)
    errors: list[str] = []
    try:
        assert demo.stdout is not None
        printed = []
        while "Ctrl-C" not in (line := await asyncio.to_thread(demo.stdout.readline)):
            assert line, f"it ended:\n{''.join(printed)}"
            printed.append(line)
        pages = []
        for name in ("alice", "bob"):
            page = await (await browser.new_context()).new_page()
            page.on("pageerror", lambda error: errors.append(str(error)))
            port = ready(shell, name)["url"].rpartition(":")[2]
            await page.goto(f"http://{template}.localhost:{port}/")
            pages.append(page)
        yield pages[0], pages[1], others
        assert errors == []
    finally:
        await asyncio.to_thread(end, demo)


def end(process: subprocess.Popen[str]) -> None:
    """Ctrl-C, as it reaches a process that no terminal is at."""
    process.terminate()
    process.communicate()


def ready(shell: Shell, name: str) -> dict[str, str]:
    """What a node of the demo says of itself."""
    text = (shell.folder / ".demo" / name / "ready.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def asked(shell: Shell, name: str, path: str) -> object:
    """What a program is told by a node of the demo."""
    node = ready(shell, name)
    answer = httpx.get(node["url"] + path, headers={"Authorization": f"Bearer {node['token']}"})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_tutorial_for_plugins(shell: Shell, browser: Browser) -> None:
    async with followed(PLUGIN, shell, browser, "tictactoe") as (alice, bob, others):
        assert others == []
        await alice.get_by_role("button", name="Play Bob").click()
        await expect(bob.locator("#status")).to_have_text("Next: Alice")
        await bob.locator("#board button").nth(8).click()
        await expect(bob.locator("#status")).to_have_text("It is not your turn.")
        for page, cell in ((alice, 0), (bob, 4), (alice, 1), (bob, 5), (alice, 2)):
            await page.locator("#board button").nth(cell).click()
            for one in (alice, bob):
                mark = "X" if page is alice else "O"
                await expect(one.locator("#board button").nth(cell)).to_have_text(mark)
        await expect(alice.locator("#status")).to_have_text("Won: you")
        await expect(bob.locator("#status")).to_have_text("Won: Alice")
        (row,) = await asyncio.to_thread(asked, shell, "alice", "/api/realtime/channels")
        path = f"/api/realtime/snapshot?channel={row['channelId']}"
        states = [await asyncio.to_thread(asked, shell, name, path) for name in ("alice", "bob")]
        assert states[0]["state"]["won"] == ready(shell, "alice")["peerId"]
        assert states[0] == states[1]


async def test_the_tutorial_for_pages(shell: Shell, browser: Browser) -> None:
    async with followed(PAGE, shell, browser, "whiteboard") as (alice, bob, others):
        await alice.get_by_role("button", name="Draw with Bob").click()
        for page, name in ((alice, "Bob"), (bob, "Alice")):
            await expect(page.locator("#status")).to_have_text(f"With {name}")
        for page, other in ((alice, bob), (bob, alice)):
            box = await page.locator("#board").bounding_box()
            assert box is not None
            await page.mouse.move(box["x"] + 20, box["y"] + 20)
            await page.mouse.down()
            await page.mouse.move(box["x"] + 90, box["y"] + 50, steps=5)
            await page.mouse.up()
            drawn = await page.locator("polyline").last.get_attribute("points")
            assert drawn
            assert len(drawn.split()) == 6
            await expect(other.locator("polyline").last).to_have_attribute("points", drawn)
        (script,) = others
        await alice.evaluate(script.text)
        await expect(alice.locator("#status")).to_contain_text('found "everywhere"')
        await expect(bob.locator("polyline")).to_have_count(2)
        await bob.reload()
        await expect(bob.locator("polyline")).to_have_count(2)


def test_how_much_there_is_to_write() -> None:
    """The smallest plugin has at most 20 lines, the game with page and tests half of before."""
    written: dict[str, list[str]] = {}
    for block in blocks_of(PLUGIN):
        if block.file and block.file != "goop.toml":
            written.setdefault(block.file, []).append(block.text)
    lines = {file: [text.count("\n") for text in texts] for file, texts in written.items()}
    smallest = lines["pyproject.toml"][0] + lines["goop_tictactoe/__init__.py"][0]
    whole = sum(counted[-1] for counted in lines.values())
    print(f"smallest plugin: {smallest} lines; tic-tac-toe: {whole} lines {lines}")
    names = ours_in(written["goop_tictactoe/__init__.py"][0])
    print(f"names in the smallest plugin: {sorted(names)}")
    assert smallest <= 20
    assert len(names) <= 6
    assert whole <= HALF


def ours_in(text: str) -> set[str]:
    """The names of ours that a plugin has to know: what it imports, its hooks, what these give."""
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.keyword) and node.arg:
            names.add(node.arg)
    return names
