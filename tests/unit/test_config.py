# SPDX-License-Identifier: MIT
"""goop.toml and the options: right ones are taken, every mistake is one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goop_node.config.file import load_config
from goop_node.config.model import ConfigError, NodeConfig

PEER = "/ip4/192.168.1.7/tcp/8788/p2p/12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp"
ROOT = Path(__file__).parents[2]


def lines(folder: Path, text: str, options: dict[str, object] | None = None) -> tuple[str, ...]:
    """The mistakes that ``text`` as goop.toml has."""
    (folder / "goop.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(None, options, cwd=folder)
    return caught.value.lines


def test_without_a_file_the_installed_defaults_are_enabled(tmp_path: Path) -> None:
    config = load_config(cwd=tmp_path, installed=["chess", "realtime", "third_party"])
    assert set(config.plugins) == {"chess", "realtime"}
    assert config.source is None
    assert (config.http_host, config.http_port) == ("127.0.0.1", 8787)


def test_a_full_file_is_taken(tmp_path: Path) -> None:
    (tmp_path / "game").mkdir()
    (tmp_path / "goop.toml").write_text(
        f"""
        [node]
        label = "Alice"
        http = "[::1]:0"
        listen = ["/ip4/127.0.0.1/tcp/0"]
        peers = ["{PEER}"]
        mdns = "both"
        mdns_interfaces = ["wlan0"]
        data = "data"
        templates = ["game"]
        dev_origins = ["http://localhost:5173"]
        isolation = "path"
        [plugins.a]
        size = 3
        [plugins.b]
        enabled = false
        """
    )
    assert load_config(cwd=tmp_path) == NodeConfig(
        label="Alice",
        http_host="::1",
        http_port=0,
        listen=("/ip4/127.0.0.1/tcp/0",),
        peers=(PEER,),
        mdns="both",
        mdns_interfaces=("wlan0",),
        data=tmp_path / "data",
        templates=(tmp_path / "game",),
        dev_origins=("http://localhost:5173",),
        isolation="path",
        plugins={"a": {"size": 3}},
        source=tmp_path / "goop.toml",
    )


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("", "goop"),
        ("mdns = true", "goop"),
        ("mdns = false", "off"),
        *((f'mdns = "{mode}"', mode) for mode in ("goop", "libp2p", "both", "off")),
    ],
)
def test_whom_a_node_finds_on_the_local_network(tmp_path: Path, text: str, mode: str) -> None:
    (tmp_path / "goop.toml").write_text(f"[node]\n{text}\n")
    assert load_config(cwd=tmp_path).mdns == mode
    assert load_config(cwd=tmp_path, options={"--no-mdns": True}).mdns == "off"
    # One that a program makes says nothing unless told to.
    assert NodeConfig().mdns == "off"


def test_options_win_over_the_file_and_start_at_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    path = tmp_path / "conf" / "goop.toml"
    path.write_text('[node]\nlabel = "File"\ndata = "data"\nhttp = "127.0.0.1:1"')
    options: dict[str, object] = {"--label": "Option", "--http": None, "--no-mdns": True}
    config = load_config(path, options, cwd=tmp_path)
    assert (config.label, config.http_port, config.mdns) == ("Option", 1, "off")
    assert config.data == tmp_path / "conf" / "data"
    assert load_config(path, {"--data": "d"}, cwd=tmp_path).data == tmp_path / "d"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "[node]\nhttp = 12",
            'goop.toml: [node] http: found 12, expected "HOST:PORT", e.g. "127.0.0.1:8787"',
        ),
        (
            "[node]\nmdns = 1",
            'goop.toml: [node] mdns: found 1, expected "goop", "libp2p", "both" or "off"',
        ),
        (
            '[node]\nmdns_interfaces = [""]',
            'goop.toml: [node] mdns_interfaces: found "", '
            'expected the name of a network interface, e.g. "wlan0"',
        ),
        (
            '[node]\ntemplates = ["nowhere"]',
            'goop.toml: [node] templates: found "nowhere", and there is none, '
            "expected an existing folder",
        ),
        (
            "[plugins.x]\nenabled = 3",
            "goop.toml: [plugins.x] enabled: found 3, expected true or false",
        ),
        ("plugins = 3", "goop.toml: plugins: found 3, expected tables [plugins.NAME]"),
        ("node = 3", "goop.toml: node: found 3, expected a table [node]"),
    ],
)
def test_a_mistake_names_file_key_found_and_expected(tmp_path: Path, text: str, line: str) -> None:
    assert lines(tmp_path, text) == (line,)


def test_an_unknown_key_gets_a_hint(tmp_path: Path) -> None:
    (line,) = lines(tmp_path, "[node]\nlabbel = 'x'")
    assert line.startswith("goop.toml: [node] labbel: found an unknown key")
    assert line.endswith('did you mean "label"?')


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = "[node]\nhttp = 1\nlisten = ['x']\n[plugin.chess]\n"
    assert len(lines(tmp_path, text, {"--peer": ["nonsense"]})) == 4


def test_broken_toml_and_missing_files_are_one_line(tmp_path: Path) -> None:
    (line,) = lines(tmp_path, "[node\n")
    assert line.startswith("goop.toml: is not valid TOML:")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "none.toml", cwd=tmp_path)
    (tmp_path / "goop.toml").write_bytes(b"\xef\xbb\xbf[node]\nlabel = 'Bob'")
    assert load_config(cwd=tmp_path).label == "Bob"
    (tmp_path / "goop.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_config(cwd=tmp_path)


def test_template_folders_need_names_that_fit_an_address(tmp_path: Path) -> None:
    (tmp_path / "My_Game").mkdir()
    (tmp_path / "api").mkdir()
    assert "a-z" in lines(tmp_path, "[node]\ntemplates = ['My_Game']")[0]
    assert "a-z" in lines(tmp_path, "[node]\ntemplates = ['api']")[0]
    (tmp_path / "a" / "game").mkdir(parents=True)
    (tmp_path / "b" / "game").mkdir(parents=True)
    assert "two folders" in lines(tmp_path, "[node]\ntemplates = ['a/game', 'b/game']")[0]


@pytest.mark.parametrize("data", ["app", "app/data", "app/a/b", "link", "link/data"])
def test_what_a_template_serves_is_never_the_nodes_own(tmp_path: Path, data: str) -> None:
    (tmp_path / "app" / "a").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "app" / "a")
    text = f'[node]\ntemplates = ["app"]\ndata = "{data}"\n'
    assert "expected a data folder outside of it" in lines(tmp_path, text)[0]
    options: dict[str, object] = {"--template": [str(tmp_path / "app")], "--data": data}
    assert "expected a data folder outside of it" in lines(tmp_path, "", options)[0]
    config = load_config(None, {**options, "--data": "app2/data"}, cwd=tmp_path)
    assert config.data == tmp_path / "app2" / "data"


def test_the_example_file_has_no_mistakes() -> None:
    assert load_config(ROOT / "goop.example.toml").label == "Alice"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
OPTIONS = st.sampled_from(
    ["--label", "--http", "--listen", "--peer", "--data", "--template", "--no-mdns", "--strict"]
)
quick = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def mistakes_of(folder: Path, options: dict[str, Any]) -> tuple[str, ...]:
    """What is wrong, or nothing; every other exception is a bug."""
    try:
        load_config(None, options, cwd=folder)
    except ConfigError as error:
        return error.lines
    return ()


@quick
@given(options=st.dictionaries(OPTIONS, VALUES))
def test_any_value_is_taken_or_told(tmp_path: Path, options: dict[str, Any]) -> None:
    told = mistakes_of(tmp_path, options)
    assert all("\n" not in line and ": found " in line for line in told)


@quick
@given(text=st.text(alphabet="[]node.plugins\"'= 1{},#\n\\httplabel\x00é", max_size=80))
def test_any_file_is_taken_or_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "goop.toml").write_text(text, encoding="utf-8", newline="")
    told = mistakes_of(tmp_path, {})
    assert all(line.startswith("goop.toml: ") and "\n" not in line for line in told)
