# SPDX-License-Identifier: MIT
"""A plugin as ``goop new`` makes it, in a folder where a node finds it, to be changed by tests."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from goop_realtime.new_command import make

NOTE = {"type": "note", "text": "hello"}


@dataclass(frozen=True)
class OwnPlugin:
    """``notes``: its context, its template, its package ``goop_notes`` in ``site``."""

    site: Path

    @property
    def rules(self) -> Path:
        """Its Session."""
        return self.site / "goop_notes" / "notes.py"

    @property
    def page(self) -> Path:
        """The folder of its pages."""
        return self.site / "goop_notes" / "page"

    def replace(self, old: str, new: str) -> None:
        """Change the rules, as editors do: another file takes the place."""
        text = self.rules.read_text(encoding="utf-8")
        assert old in text
        save(self.rules, text.replace(old, new))


def save(file: Path, text: str) -> None:
    """Write a file as most editors do."""
    beside = file.with_name(f"{file.name}~")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, file)


def plant(folder: Path) -> OwnPlugin:
    """Make it below ``folder``; whoever has ``site`` in PYTHONPATH has the plugin."""
    made, site = make("plugin", "notes", folder), folder / "site"
    site.mkdir()
    (made / "src" / "goop_notes").rename(site / "goop_notes")
    metadata = site / "goop_notes-0.1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: goop-notes\nVersion: 0.1.0\n")
    (metadata / "entry_points.txt").write_text("[goop_node]\nnotes = goop_notes:Plugin\n")
    (folder / "goop.toml").write_text("[plugins.realtime]\n[plugins.notes]\n")
    return OwnPlugin(site)
