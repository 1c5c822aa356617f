# SPDX-License-Identifier: MIT
"""The plugin that is looked at, as looks have it."""

from __future__ import annotations

import importlib.metadata
import json
import sys
import tomllib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from goop_node.findings import Finding
from goop_node.plugins.environment import Candidate
from goop_node.types import NodeApi

if TYPE_CHECKING:
    from goop_node.gate.lone import LoneNode


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One plugin at a node that runs, and what it was installed from.

    ``shared`` is a folder of both visits; at the ``first`` a look may leave something there for the
    second, which is in another process, as another peer. ``quick`` asks for a tenth of what takes
    long.
    """

    candidate: Candidate
    node: LoneNode
    shared: Path
    first: bool
    quick: bool = False
    beat: Callable[[], None] = lambda: None
    """Called by a look that has come further: it has its time once more."""

    @property
    def plugin(self) -> str:
        """Its name."""
        return self.candidate.name

    @property
    def api(self) -> NodeApi:
        """The node as that plugin has it."""
        return self.node.as_plugin(self.plugin)

    @property
    def faults(self) -> int:
        """How often the plugin has failed so far."""
        return self.node.count(self.plugin)

    @property
    def folder(self) -> Path | None:
        """Where its code is, of a plugin that is a package."""
        module = sys.modules.get(self.candidate.module.partition(".")[0])
        paths = getattr(module, "__path__", None)
        return Path(next(iter(paths))) if paths else None

    @cached_property
    def source(self) -> Path | None:
        """The folder of its project, where it is installed from that (``pip install -e``)."""
        if not self.candidate.distribution:
            return None
        metadata = importlib.metadata.distribution(self.candidate.distribution)
        said = json.loads(metadata.read_text("direct_url.json") or "{}")
        if not said.get("dir_info", {}).get("editable"):
            return None
        return Path(url2pathname(urlsplit(said["url"]).path))

    @cached_property
    def readme(self) -> str:
        """The README of its project, or of its distribution; ``""`` where it has none."""
        if not self.candidate.distribution:
            return ""
        if self.source is not None:
            return _readme_of(self.source)
        metadata: Any = importlib.metadata.metadata(self.candidate.distribution)
        return str(metadata.get_payload() or metadata.get("Description") or "")


def _readme_of(source: Path) -> str:
    try:
        text = (source / "pyproject.toml").read_text(encoding="utf-8")
        said: Any = tomllib.loads(text)["project"]["readme"]
        if isinstance(said, dict) and "text" in said:
            return str(said["text"])
        file = str(said["file"] if isinstance(said, dict) else said)
        return (source / file).read_text(encoding="utf-8")
    except (OSError, ValueError, KeyError, TypeError):
        return ""


Look = Callable[[Subject], AsyncIterator[Finding]]
"""Looks at a plugin, within the node's loop. What the plugin fails in is told without the look:
``node.failed`` counts it. After a minute without ``beat()`` the process is ended."""
