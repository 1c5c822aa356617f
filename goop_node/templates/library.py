# SPDX-License-Identifier: MIT
"""The templates that the person has added, each a folder in ``DATA/templates``.

One appears, is replaced and goes by a rename, so that what is killed in between leaves the old one
or the new one. Folders whose names begin with a dot are being made, or on their way out.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from goop_node.config.model import RESERVED_NAMES
from goop_node.config.values import is_template_name
from goop_node.data.kept_files import sync_folder, write_whole
from goop_node.templates.folder import read_template
from goop_node.templates.unpacking import NotTaken, unpack
from goop_node.types import Template

FOLDER = "templates"
STAGED_SECONDS = 3600
"""How long something may wait for the person's word."""

_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, kw_only=True)
class Staged:
    """What was unpacked and is not there for anybody yet.

    ``flaws`` are the mistakes in its manifest; ``replaces`` says whether there is one of its name.
    """

    id: str
    template: Template
    flaws: tuple[str, ...]
    replaces: bool

    def lines(self, more: Sequence[str] = ()) -> list[str]:
        """The flaws, and ``more``, without the place where it waits."""
        return [one.removeprefix(f"{self.template.folder}/") for one in (*self.flaws, *more)]


class Library:
    """The templates in one data folder. One process changes them: the node, or who locks it out."""

    def __init__(self, data: Path) -> None:
        self.root = data.absolute() / FOLDER

    def folders(self) -> list[Path]:
        """The folder of each template, by name."""
        if not self.root.is_dir():
            return []
        found = (one for one in self.root.iterdir() if is_template_name(one.name))
        return sorted(one for one in found if one.is_dir() and not one.is_symlink())

    def has(self, name: str) -> bool:
        """Whether there is one of that name."""
        return any(one.name == name for one in self.folders())

    def recover(self) -> None:
        """Finish, or take back, what was interrupted; forget what nobody has confirmed."""
        for old in self._hidden("old"):
            place = self.root / old.name
            if place.exists():
                shutil.rmtree(old, ignore_errors=True)
            else:
                old.rename(place)
        for gone in self._hidden("gone"):
            shutil.rmtree(gone, ignore_errors=True)
        for waiting in self._hidden("staged"):
            with contextlib.suppress(OSError):
                if time.time() - waiting.stat().st_mtime > STAGED_SECONDS:
                    self.discard(waiting.name)

    def stage(self, source: Path, name: str = "") -> Staged:
        """Unpack a ZIP file or a folder, as a template of that name, by default that of the source.

        Raises ``NotTaken`` in words for people, and ``OSError``.
        """
        name = name or (source.resolve().name if source.is_dir() else source.stem)
        if not is_template_name(name):
            reserved = ", ".join(sorted(RESERVED_NAMES))
            raise NotTaken(
                f"{name!a} cannot be a template's name: it has only a-z, 0-9 and inner hyphens, "
                f"at most 63, and is none of {reserved}"
            )
        key = secrets.token_hex(8)
        try:
            unpack(source, self._staged(key) / name)
        except BaseException:
            self.discard(key)
            raise
        return self.staged(key)

    def staged(self, key: str) -> Staged:
        """What was staged. Raises ``KeyError`` where there is nothing of that id."""
        found = list(self._staged(key).iterdir()) if _ID.fullmatch(key) and self._is(key) else []
        if len(found) != 1:
            raise KeyError(key)
        template, flaws = read_template(found[0])
        return Staged(id=key, template=template, flaws=flaws, replaces=self.has(template.name))

    def install(self, key: str) -> str:
        """Put what was staged into its place. Returns its name.

        Raises ``KeyError`` where there is nothing of that id, and ``OSError``.
        """
        name = self.staged(key).template.name
        self.recover()
        place, old = self.root / name, self.root / ".old" / name
        if place.exists():
            old.parent.mkdir(exist_ok=True)
            place.rename(old)
        (self._staged(key) / name).rename(place)
        sync_folder(self.root)
        shutil.rmtree(old, ignore_errors=True)
        self.discard(key)
        return name

    def discard(self, key: str) -> None:
        """Forget what was staged."""
        if _ID.fullmatch(key):
            shutil.rmtree(self._staged(key), ignore_errors=True)

    def remove(self, name: str, *, delete_data: bool) -> None:
        """Take a template away. Raises ``KeyError`` where there is none, and ``OSError``.

        With ``delete_data`` it is in ``forgotten()`` until ``done``.
        """
        if not self.has(name):
            raise KeyError(name)
        self.recover()
        if delete_data:
            write_whole(self.root / ".forgotten" / name, b"")
        gone = self.root / ".gone" / f"{name}.{secrets.token_hex(4)}"
        gone.parent.mkdir(exist_ok=True)
        (self.root / name).rename(gone)
        sync_folder(self.root)
        shutil.rmtree(gone, ignore_errors=True)

    def forgotten(self) -> list[str]:
        """The names of templates of whose data nothing is to be kept."""
        return [one.name for one in self._hidden("forgotten") if is_template_name(one.name)]

    def done(self, name: str) -> None:
        """Nothing of that template's data is left."""
        with contextlib.suppress(OSError):
            os.unlink(self.root / ".forgotten" / name)

    def _staged(self, key: str) -> Path:
        return self.root / ".staged" / key

    def _is(self, key: str) -> bool:
        return self._staged(key).is_dir()

    def _hidden(self, kind: str) -> list[Path]:
        folder = self.root / f".{kind}"
        return sorted(folder.iterdir()) if folder.is_dir() else []
