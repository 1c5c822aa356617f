# SPDX-License-Identifier: MIT
"""``people.json``: who is blocked, and who may reach this node; kept twice.

A damaged file must let nobody in who was kept out. So there is a copy, which steps in; and where
neither of the two can be read, only those may reach this node whom goop.toml or the command line
names, until the person has chosen anew at home.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from goop_node.data.kept_files import NotKeptError, read_bytes, set_aside, write_kept
from goop_node.p2p.addresses import is_peer_id
from goop_node.reach import Reachable

FILE = "people.json"
COPY = "people.copy.json"

UNSURE = (
    "The list of people whom you have blocked is damaged, and so is its copy. Nobody may reach you "
    "whom goop.toml does not name, until you choose under “Who may reach me”; then block them anew."
)
log = logging.getLogger(__name__)


class Decisions(msgspec.Struct, frozen=True):
    """What the person decided. ``blocked`` has the name under which each was known."""

    blocked: dict[str, str] = msgspec.field(default_factory=dict)
    reachable_by: Reachable = "discovered"
    unsure: bool = False
    """Nobody knows who was blocked: friends do not count as such, until the person chooses."""


def read_decisions(data: Path) -> Decisions:
    """What was decided before; as far as the disk lets them, both files say it again then."""
    both = (data / COPY, data / FILE)
    found = {path: _read(path) for path in both}
    good = [one for one in reversed(found.values()) if isinstance(one, Decisions)]
    bad = {path: one for path, one in found.items() if isinstance(one, str)}
    if not good and not bad:
        return Decisions()
    decisions = good[0] if good else Decisions(reachable_by="friends", unsure=True)
    if decisions.unsure:
        log.warning("%s", UNSURE)
    _mend([path for path in both if found[path] != decisions], bad, decisions)
    return decisions


def write_decisions(data: Path, decisions: Decisions) -> None:
    """Keep them. Raises ``NotKeptError``: then what was kept before is still there."""
    content = msgspec.to_builtins(decisions)
    write_kept(data / FILE, content)
    try:
        write_kept(data / COPY, content)
    except NotKeptError as error:  # the next start makes it anew
        log.warning("%s: %s", data / COPY, error.strerror)


def _mend(paths: Iterable[Path], bad: dict[Path, str], decisions: Decisions) -> None:
    """Write them anew, bad ones last: at no moment is there neither a right file nor a bad one."""
    try:
        for path in sorted(paths, key=bad.__contains__):
            if path in bad:
                set_aside(path, bad[path])
            write_kept(path, msgspec.to_builtins(decisions))
    except NotKeptError as error:  # what is left tells the next start the same
        log.warning("%s: %s", error.filename, error.strerror)


def _read(path: Path) -> Decisions | str | None:
    """What the file holds, what is wrong with it, or ``None`` where there is none."""
    try:
        decisions = msgspec.json.decode(read_bytes(path), type=Decisions)
    except FileNotFoundError:
        return "it leads nowhere" if os.path.lexists(path) else None
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        return str(error)
    if not all(map(is_peer_id, decisions.blocked)):
        return "somebody is blocked in it whose id is none"
    return decisions
