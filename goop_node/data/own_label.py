# SPDX-License-Identifier: MIT
"""The name that people see for this node: chosen at home, else given, else the account's."""

from __future__ import annotations

import getpass
import logging
from pathlib import Path

import msgspec

from goop_node.data.kept_files import read_kept, write_kept
from goop_node.labels import flaw, presentable, taken

FILE = "label.json"
log = logging.getLogger(__name__)


class _File(msgspec.Struct):
    label: str


def own_label(data: Path, given: str = "") -> str:
    """The name chosen at home earlier; else ``given`` by goop.toml or ``--label``; else that of
    the user's account. What is given and does not count is said in the log."""
    kept = read_kept(data / FILE, _parsed)
    if kept and given and kept != given:
        words = "the name is %s, as chosen at home, and not %s (goop.toml or --label)"
        log.info(words, kept, given)
    return kept or given or _user_name()


def keep_label(data: Path, label: str) -> str:
    """Remember the name for the next start, and return it as it is taken.

    Raises ``ValueError`` for what is no name (see ``labels.flaw``), and ``NotKeptError``.
    """
    label = _checked(label)
    write_kept(data / FILE, {"label": label})
    return label


def _parsed(content: bytes) -> str:
    return _checked(msgspec.json.decode(content, type=_File).label)


def _checked(label: str) -> str:
    label = taken(label)
    why = flaw(label)
    if why:
        raise ValueError(f"This cannot be a name: {why}.")
    return label


def _user_name() -> str:
    try:
        return presentable(getpass.getuser()) or "Somebody"
    except (KeyError, OSError, ImportError):
        return "Somebody"  # containers may run users without a name
