# SPDX-License-Identifier: MIT
"""``goop init``: a commented goop.toml of what is installed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from goop_node.config.file import FILE_NAME
from goop_node.config.model import (
    DEFAULT_HTTP,
    DEFAULT_LISTEN,
    NodeConfig,
    StartError,
    default_data,
)
from goop_node.data.kept_files import write_new
from goop_node.escaping import escaped
from goop_node.log_format import say
from goop_node.plugins.calls import Calls
from goop_node.plugins.environment import Candidate
from goop_node.plugins.loader import Plugins

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_NODE = """\
# What a goop node is told. Everything is optional; what is commented out shows the default.
# `goop check` says whether the file is right, `goop plugins` what became of the plugins.

[node]
# label = "Alice"                 # the name that people see; default: your account's name
# http = {http}       # where your browser reaches the node
# listen = [{listen}]  # where other nodes reach it; tcp/0 takes a free port
# peers = []                      # nodes to connect to: "/ip4/192.168.1.7/tcp/8788/p2p/12D3KooW..."
# reachable_by = "discovered"     # "friends": nobody else may ask you; default: chosen at home
# mdns = "goop"                   # finds nodes on the local network; "libp2p", "both", "off"
# mdns_interfaces = []            # where, e.g. ["wlan0"]; default: not at VPNs and containers
# data = {data}  # where the node keeps its files
# templates = []                  # folders of your own pages, each at http://FOLDER.localhost:PORT/
# dev_origins = []                # dev servers that may use this node: "http://NAME.localhost:5173"
# isolation = "origin"            # "path" if your browser does not know *.localhost

# What a template may do beyond its own pages; the home page asks for the same.
# [templates.my-game]
#   allow = ["context:chess"]

# One table per plugin. `enabled = false` keeps a table but not the plugin.
"""


def init(folder: Path, candidates: Sequence[Candidate]) -> int:
    """Write ``goop.toml`` into ``folder``. Returns 0; raises ``StartError`` if there is one."""
    path = folder / FILE_NAME
    try:
        write_new(path, example(candidates).encode(), mode=0o644)
    except FileExistsError as error:
        line = f"{path}: exists already and is left as it is"
        raise StartError([line], code="exists") from error
    except OSError as error:
        line = f"{path}: cannot be written ({error.strerror})"
        raise StartError([line], code="unwritable") from error
    say(f"Wrote {path}; now: goop run")
    return 0


def example(candidates: Sequence[Candidate]) -> str:
    """The text of a goop.toml that enables every candidate."""
    text = _NODE.format(
        http=json.dumps(f"{DEFAULT_HTTP[0]}:{DEFAULT_HTTP[1]}"),
        listen=", ".join(json.dumps(one) for one in DEFAULT_LISTEN),
        data=json.dumps(str(default_data())),
    )
    schemas = _schemas(candidates)
    for candidate in candidates:
        origin = f"{candidate.distribution} {candidate.version}".strip()
        text += f"\n[plugins.{candidate.name}]" + (f"  # {origin}" if origin else "") + "\n"
        properties = schemas.get(candidate.name, {}).get("properties", {})
        for key, schema in properties.items():
            text += _setting(key, schema if isinstance(schema, Mapping) else {})
    return text


def _schemas(candidates: Sequence[Candidate]) -> dict[str, Mapping[str, Any]]:
    """The settings' schema of each plugin that can be loaded; the others show no settings."""
    config = NodeConfig(plugins={candidate.name: {} for candidate in candidates})
    return dict(Calls(Plugins(config, candidates)).collect("goop_config_schema"))


def _setting(key: str, schema: Mapping[str, Any]) -> str:
    """One setting as a comment. JSON's scalars and lists of them are TOML's too."""
    default = schema.get("default", next(iter(schema.get("examples", ())), None))
    shown = "..." if default is None or isinstance(default, dict) else json.dumps(default)
    about = escaped(" ".join(str(schema.get("description", "")).split()))
    name = key if _BARE_KEY.fullmatch(key) else json.dumps(key)
    return f"# {name} = {shown}" + (f"  # {about}" if about else "") + "\n"
