# SPDX-License-Identifier: MIT
"""Every option that ``--help`` shows does what it says; what does nothing yet is not shown."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from goop_node.cli import check, demo, init, library, plugins, run
from goop_node.cli import main as cli
from goop_node.config.model import NodeConfig
from goop_node.dev import start

PEER = "/ip4/127.0.0.1/tcp/9/p2p/12D3KooWRBy97UB99e3J6hiPesre1MZeuNQvfan4gBziswrRJsNK"
CONFIG = {
    "--config": (["other.toml"], {"source", "label", "plugins"}),
    "--strict": ([], {"strict"}),
    "--data": (["elsewhere"], {"data"}),
    "--http": (["127.0.0.1:1234"], {"http_port"}),
    "--listen": (["/ip4/127.0.0.1/tcp/7"], {"listen"}),
    "--peer": ([PEER], {"peers"}),
    "--label": (["Zoë"], {"label"}),
    "--template": (["pages"], {"templates"}),
    "--no-mdns": ([], {"mdns"}),
    "--dev": ([], {"dev"}),
}
"""Arguments of each option of a node, and what they change of its configuration."""
GATE = {"--json", "--plugin", "--quick"}
"""Of ``goop check``."""
LOGS = {"--verbose": [], "--log-format": ["json"]}
SHORT = {"-v": "--verbose", "-h": "--help"}
COMMANDS = ("run", "demo", "init", "plugins", "check", "add", "remove", "doctor")
ARGUMENTS = {"add": ["pages"], "remove": ["pages"]}
BROUGHT = ("new", "transcript", "types")
"""By packages."""


@pytest.fixture(autouse=True)
def called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What reached a command that is not run: ``config``, or the arguments of ``demo``."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pages").mkdir()
    (tmp_path / "other.toml").write_text('[node]\nlabel = "Other"\n', encoding="utf-8")
    found: dict[str, Any] = {}

    def take(config: NodeConfig, *_: Any, **more: Any) -> int:
        found.update(more, config=config)
        return 0

    def took(folder: Path | None, **more: Any) -> int:
        found.update(more, folder=folder)
        return 0

    monkeypatch.setattr(run, "run", take)
    monkeypatch.setattr(start, "run_dev", lambda arguments, config_of: take(config_of()))
    monkeypatch.setattr(check, "check", take)
    monkeypatch.setattr(plugins, "print_plugins", take)
    monkeypatch.setattr(demo, "demo", took)
    monkeypatch.setattr(init, "init", lambda *_: 0)
    for act in ARGUMENTS:
        monkeypatch.setattr(library, act, lambda *_, **__: 0)
    root, level = logging.getLogger(), logging.getLogger("goop_node").level
    handlers = root.handlers[:]
    root.handlers[:] = []
    yield found
    root.handlers[:] = handlers
    logging.getLogger("goop_node").setLevel(level)


def shown(capsys: pytest.CaptureFixture[str], *command: str) -> set[str]:
    """The options that the help of a command shows, in their long form."""
    with pytest.raises(SystemExit) as ended:
        cli.main([*command, "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    found = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", text))
    return {SHORT.get(one, one) for one in found} - {"--help"}


def config_of(called: dict[str, Any], *arguments: str) -> dict[str, Any]:
    called.clear()
    scratch = () if arguments[0] == "run" else ("--scratch", ".")
    assert cli.main([*arguments, *scratch]) == 0
    return asdict(called["config"])


def test_the_commands_are_those_that_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys) == {"--version", *LOGS}
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    found = re.findall(r"^    ([a-z]+) ", capsys.readouterr().out, re.MULTILINE)
    assert tuple(found) == COMMANDS + BROUGHT


@pytest.mark.parametrize("command", ["run", "plugins", "check"])
def test_each_option_changes_what_it_says(
    called: dict[str, Any], capsys: pytest.CaptureFixture[str], command: str
) -> None:
    options = shown(capsys, command) - LOGS.keys() - GATE
    assert options
    before = config_of(called, command)
    for option in options:
        arguments, fields = CONFIG[option]
        after = config_of(called, command, option, *arguments)
        assert {key for key in after if after[key] != before[key]} == fields, option


def test_check_prints_for_programs(called: dict[str, Any]) -> None:
    for options, wanted in (((), False), (("--json",), True)):
        config_of(called, "check", *options)
        assert called["as_json"] is wanted


def test_check_looks_at_one_plugin(called: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def gate(config: NodeConfig, plugin: str, **options: Any) -> int:
        called.update(options, plugin=plugin)
        return 1

    monkeypatch.setattr(check, "gate", gate)
    for options, wanted in (((), (False, False)), (("--quick", "--json"), (True, True))):
        assert cli.main(["check", "--plugin", "chess", *options]) == 1
        assert called["plugin"] == "chess"
        assert (called["quick"], called["as_json"]) == wanted


def test_the_options_of_the_demo(
    called: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert shown(capsys, "demo") == {"--no-browser", *LOGS}
    assert cli.main(["demo"]) == 0
    assert (called["browser"], called["folder"]) == (True, None)
    assert cli.main(["demo", "pages", "--no-browser", "-v", "--log-format", "json"]) == 0
    assert (called["browser"], called["folder"]) == (False, Path("pages"))
    assert called["logs"] == ["--log-format=json", "--verbose"]


def test_init_has_no_options_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, "init") == set(LOGS)


def before(command: str, *options: str) -> list[str]:
    return [*options, command]


def behind(command: str, *options: str) -> list[str]:
    return [command, *options]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("place", [before, behind])
def test_how_much_is_logged_and_how(
    command: str, place: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    for options, level in (((), logging.INFO), (("-v",), logging.DEBUG)):
        for how in ((), ("--log-format", "json"), ("--log-format=text",)):
            logging.getLogger().handlers[:] = []
            scratch = ["--scratch", "."] if command in ("plugins", "check") else []
            given = [*place(command, *options, *how), *ARGUMENTS.get(command, ())]
            assert cli.main([*given, *scratch]) == 0
            assert logging.getLogger("goop_node").level == level
            capsys.readouterr()
            logging.getLogger("goop_node").warning("hear %s", "this")
            line = capsys.readouterr().err
            if "json" in how:
                row = json.loads(line)
                assert (row["level"], row["message"]) == ("warning", "hear this")
                assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row["time"])
            else:
                words = "WARNING goop_node: hear this"
                assert re.fullmatch(rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{{3}} {words}\n", line)
