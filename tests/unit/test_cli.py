# SPDX-License-Identifier: MIT
"""The command: one line per mistake with exit code 2, and what check, plugins and init print."""

from __future__ import annotations

import argparse
import re
import socket
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from goop_node.cli import main as cli
from goop_node.cli import ports
from goop_node.cli import run as cli_run
from goop_node.cli.check import check
from goop_node.cli.init import example
from goop_node.cli.plugin_commands import brought
from goop_node.cli.plugins import print_plugins
from goop_node.cli.ports import LASTING, bind_free, bind_http, choose_listen
from goop_node.commands import Command, NodeClient
from goop_node.config.file import load_config
from goop_node.config.model import NodeConfig, StartError
from goop_node.data.ready import only_node, read_ready, write_ready
from goop_node.hookspecs import hookimpl
from goop_node.p2p import addresses as p2p_addresses
from goop_node.plugins.environment import Candidate, installed
from goop_node.types import JsonSchema
from goop_realtime.model.limits import NodeLimits
from goop_realtime.plugin import CONFIG_SCHEMA, RealtimePlugin

BOUNDS = ("message_bytes", "requests_per_peer", "channels_per_peer", "sockets")


class Sized:
    @hookimpl
    def goop_config_schema(self) -> JsonSchema:
        size = {"type": "integer", "default": 7, "description": "How big."}
        return {"type": "object", "properties": {"size": size}}


def broken() -> object:
    raise ImportError("nothing there")


SIZED = Candidate(name="sized", load=lambda: Sized, distribution="goop-sized", version="1.2")
BROKEN = Candidate(name="broken", load=broken)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", ["run", "check", "plugins"])
def test_mistakes_are_one_line_each_and_exit_code_2(
    here: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    (here / "goop.toml").write_text("[node]\nhttp = 12\nlabel = 3\n")
    assert cli.main([command]) == cli.MISTAKE
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.partition(": found")[0] for line in err.splitlines()] == [
        "goop.toml: [node] http",
        "goop.toml: [node] label",
    ]


def test_a_wrong_command_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["rnu"])
    assert caught.value.code == cli.MISTAKE
    assert len(capsys.readouterr().err.splitlines()) == 1


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("word")


def _fails(options: argparse.Namespace, node: NodeClient) -> int:
    raise ZeroDivisionError(options.word)


@pytest.mark.parametrize(
    ("brought", "told"),
    [
        (Command(help="", arguments=_arguments, run=lambda options, node: 7), ""),
        (Command(help="", arguments=_arguments, run=_fails), "ZeroDivisionError: say"),
        ("a word", "TypeError: expected a goop_node.commands.Command, not str"),
    ],
)
def test_commands_of_packages(
    brought: object, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    candidate = Candidate(name="shout", load=lambda: brought, distribution="shouting")
    monkeypatch.setattr(cli, "brought", lambda own: (candidate,))
    assert cli.main(["shout", "say"]) == (cli.MISTAKE if told else 7)
    err = capsys.readouterr().err
    assert told in err
    assert err.startswith("goop shout (of shouting) failed: " if told else "")
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    assert re.search(r"shout +of shouting", capsys.readouterr().out)


def test_a_command_takes_no_name_of_the_hosts() -> None:
    assert sorted(one.name for one in brought([])) == ["new", "transcript", "types"]
    assert [one.name for one in brought(["transcript", "types"])] == ["new"]


def test_a_command_says_that_no_node_runs(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["transcript", "--data", str(here / "data")]) == cli.MISTAKE
    err = capsys.readouterr().err
    assert err == f"no node runs on {here / 'data'}; start it with goop run\n"


def test_check_says_what_would_fail(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert check(NodeConfig(data=data, plugins={"sized": {}}), [SIZED]) == 0
    assert check(NodeConfig(data=data, plugins={"broken": {}}), [BROKEN]) == 1
    out, err = capsys.readouterr()
    assert "no mistakes; plugins: sized" in out
    assert err == "plugin broken: cannot be loaded: ImportError: nothing there\n"
    assert not data.exists()


def test_check_finds_what_is_wrong_in_a_folder_of_pages(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "manifest.json").write_text('{"name": 3, "contexts": {"talk": {"messages": {}}}}')
    config = NodeConfig(data=tmp_path / "data", templates=(folder,), plugins={"realtime": {}})
    assert check(config, installed().candidates(["realtime"])) == 1
    where = folder / "manifest.json"
    assert capsys.readouterr().err.splitlines() == [
        f"{where}: /name: found 3, expected 1 to 64 characters on one line",
        f"{where}: /contexts/talk/messages: found 0 types of messages, expected 1 to 64",
    ]


def test_plugins_prints_the_table_failures_and_what_is_not_enabled(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    other = Candidate(name="other", load=broken, distribution="goop-other", version="2")
    config = NodeConfig(data=tmp_path, plugins={"sized": {}, "broken": {}})
    assert print_plugins(config, [SIZED, BROKEN, other]) == 0
    out = capsys.readouterr().out
    row = next(line for line in out.splitlines() if line.startswith("sized"))
    assert row.split() == ["sized", "1.2", "goop-sized", "active", "goop_config_schema", "-"]
    assert "broken: cannot be loaded: ImportError: nothing there" in out
    assert "[plugins.other]  # goop-other 2" in out


def test_init_writes_a_valid_file_once(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["init"]) == 0
    written = (here / "goop.toml").read_text()
    load_config(cwd=here)
    assert cli.main(["init"]) == cli.MISTAKE
    assert "exists already" in capsys.readouterr().err
    assert (here / "goop.toml").read_text() == written


def test_init_shows_the_settings_of_plugins(here: Path) -> None:
    text = example([SIZED, BROKEN])
    assert "[plugins.sized]  # goop-sized 1.2\n# size = 7  # How big.\n" in text
    (here / "goop.toml").write_text(text)
    assert set(load_config(cwd=here).plugins) == {"sized", "broken"}
    # Every setting that is shown as a comment is right as it stands.
    live = re.sub(r"^# (?=\w+ = )", "", text, flags=re.MULTILINE)
    (here / "goop.toml").write_text(live)
    assert load_config(cwd=here).plugins["sized"] == {"size": 7}


def test_init_explains_every_setting_of_realtime(here: Path) -> None:
    text = example([Candidate(name="realtime", load=lambda: RealtimePlugin)])
    for key in CONFIG_SCHEMA["properties"]:
        assert re.search(rf"^# {key} = [^.].*  # \w", text, flags=re.MULTILINE), key
    (here / "goop.toml").write_text(re.sub(r"^# (?=\w+ = )", "", text, flags=re.MULTILINE))
    settings = load_config(cwd=here).plugins["realtime"]
    assert settings.keys() == CONFIG_SCHEMA["properties"].keys()
    Draft202012Validator(CONFIG_SCHEMA).validate(settings)
    # What is shown as a default is what the plugin does without the table.
    assert NodeLimits(**{key: settings[key] for key in BOUNDS}) == NodeLimits()


def test_a_second_node_on_the_same_data_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with only_node(tmp_path):
        write_ready(tmp_path, {"pid": 7, "url": "http://127.0.0.1:1"})
        with pytest.raises(StartError) as caught, only_node(tmp_path):
            pass
    (line,) = caught.value.lines
    assert "already runs on" in line
    assert "process 7, http://127.0.0.1:1" in line
    with only_node(tmp_path):
        assert read_ready(tmp_path) == {}  # what a killed node left is gone


def test_ready_json_is_private(tmp_path: Path) -> None:
    write_ready(tmp_path, {"pid": 7})
    assert (tmp_path / "ready.json").stat().st_mode & 0o777 == 0o600
    assert read_ready(tmp_path) == {"pid": 7}


def test_a_free_port_is_kept_for_the_next_start(tmp_path: Path) -> None:
    with bind_http("127.0.0.1", 0, tmp_path) as first:
        port = first.getsockname()[1]
    with bind_http("127.0.0.1", 0, tmp_path) as second:
        assert second.getsockname()[1] == port
        with bind_http("127.0.0.1", 0, tmp_path) as third:
            assert third.getsockname()[1] != port
    listen = choose_listen(("/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/tcp/0"), tmp_path)
    assert len(set(listen)) == 2
    assert choose_listen(("/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/tcp/0"), tmp_path) == listen
    # None of them goes to a connection that some program opens meanwhile.
    assert all(one in LASTING for one in (port, *(int(at.split("/")[4]) for at in listen)))


def test_where_no_lasting_port_is_free_any_does(monkeypatch: pytest.MonkeyPatch) -> None:
    with bind_free("127.0.0.1", "http", "--http") as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(ports, "LASTING", range(port, port + 1))
        monkeypatch.setattr(ports, "TRIES", 1)
        with bind_free("127.0.0.1", "http", "--http") as other:
            assert other.getsockname()[1] != port


def test_a_port_in_use_is_told_before_anything_starts(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        where = ["--data", "data", "--http"]
        assert cli.main(["run", *where, f"127.0.0.1:{port}"]) == cli.MISTAKE
        listen = ["--listen", f"/ip4/127.0.0.1/tcp/{port}"]
        assert cli.main(["run", *where, "127.0.0.1:0", *listen]) == cli.MISTAKE
    http, p2p = capsys.readouterr().err.splitlines()
    assert http.startswith(f"http: port {port} on 127.0.0.1 is in use")
    assert p2p.startswith(f"listen: port {port} on 127.0.0.1 is in use")


@pytest.mark.parametrize(
    ("host", "page", "url"),
    [
        ("127.0.0.1", "http://home.localhost:1/", "http://127.0.0.1:1"),
        ("localhost", "http://home.localhost:1/", "http://127.0.0.1:1"),
        ("::1", "http://home.localhost:1/", "http://[::1]:1"),
        ("192.168.1.2", "http://192.168.1.2:1/?key=k", "http://192.168.1.2:1"),
        ("fd00::2", "http://[fd00::2]:1/?key=k", "http://[fd00::2]:1"),
        ("0.0.0.0", "http://10.1.1.4:1/?key=k", "http://127.0.0.1:1"),
        ("::", "http://[fd00::6]:1/?key=k", "http://127.0.0.1:1"),
    ],
)
def test_addresses_for_people_and_programs(
    host: str, page: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {4: ["10.1.1.4"], 6: ["fd00::6"]}
    monkeypatch.setattr(p2p_addresses, "get_network_addrs", own.__getitem__)
    names = p2p_addresses.host_names(host)
    assert cli_run.addresses(host, names, 1, "k") == (page, url)


def test_everywhere_means_an_address_of_each_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {4: ["10.1.1.4", "10.2.2.4"], 6: ["fd00::6"]}
    monkeypatch.setattr(p2p_addresses, "get_network_addrs", own.__getitem__)
    reachable = p2p_addresses.reachable
    assert reachable("/ip4/0.0.0.0/tcp/8788/p2p/x") == [
        "/ip4/10.1.1.4/tcp/8788/p2p/x",
        "/ip4/10.2.2.4/tcp/8788/p2p/x",
        "/ip4/127.0.0.1/tcp/8788/p2p/x",
    ]
    assert reachable("/ip6/::/tcp/1/p2p/x") == ["/ip6/fd00::6/tcp/1/p2p/x", "/ip6/::1/tcp/1/p2p/x"]
    assert reachable("/ip4/10.9.9.9/tcp/1/p2p/x") == ["/ip4/10.9.9.9/tcp/1/p2p/x"]
