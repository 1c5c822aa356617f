# SPDX-License-Identifier: MIT
"""What the person of this node decided about others, kept in DATA: friends, who is blocked, and
who may reach it at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from goop_node.data.kept_files import read_kept, write_kept
from goop_node.p2p import limits
from goop_node.p2p.addresses import is_peer_id
from goop_node.p2p.friends import Friends
from goop_node.p2p.peers import PeerTable
from goop_node.reach import Direction, Matter, Reachable, may_reach
from goop_node.types import NetworkError, Refusal, Standing


class Decisions(msgspec.Struct):
    """``people.json``. ``blocked`` has the name under which each was known."""

    blocked: dict[str, str] = msgspec.field(default_factory=dict)
    reachable_by: Reachable = "discovered"


class Person(msgspec.Struct):
    """Somebody about whom there is something to decide, or was."""

    peer_id: str
    label: str
    standing: Standing
    fixed: bool
    """Named in goop.toml or on the command line, hence a friend whatever home says."""


class People:
    """Decides who may reach whom, by what the person said.

    ``changed`` is called when somebody may do less than before: what goes on with those has to end.
    """

    def __init__(
        self,
        data: Path,
        table: PeerTable,
        named: Mapping[str, tuple[str, ...]],
        fixed: Reachable | None,
    ) -> None:
        """``named`` are the peers of goop.toml and the command line; ``fixed`` what the file says
        about who may reach this node, which home cannot change then."""
        self.friends = Friends(data / "friends.json")
        self.fixed = fixed
        self.changed: Callable[[], None] = lambda: None
        self._path = data / "people.json"
        self._table = table
        self._named = named
        self._decisions = read_kept(self._path, _parsed) or Decisions()
        for peer_id in self._decisions.blocked:
            table.block(peer_id)
        for peer_id, addresses in {**self.friends.all(), **named}.items():
            table.name(peer_id, addresses)

    @property
    def reachable_by(self) -> Reachable:
        """Who may reach this node."""
        return self.fixed or self._decisions.reachable_by

    def refusal(self, peer_id: str, matter: Matter, direction: Direction) -> Refusal | None:
        """Why nothing of that kind may pass between us and the peer; ``None`` when it may."""
        return may_reach(self._table.standing(peer_id), matter, direction, self.reachable_by)

    def check(self, peer_id: str, matter: Matter) -> None:
        """Whether we may reach the peer. Raises ``NetworkError`` when not."""
        refusal = self.refusal(peer_id, matter, "out")
        if refusal is not None:
            raise NetworkError(refusal.code, refusal.reason)

    @staticmethod
    def is_id(text: str) -> bool:
        """Whether a text is a peer id at all."""
        return is_peer_id(text)

    def all(self) -> list[Person]:
        """Everybody who is here, or was decided about."""
        labels = {peer.peer_id: peer.label for peer in self._table.all()}
        everybody = {**dict.fromkeys(self.friends.all(), ""), **self._decisions.blocked, **labels}
        return [
            Person(
                peer_id, everybody[peer_id], self._table.standing(peer_id), peer_id in self._named
            )
            for peer_id in sorted(everybody)
        ]

    def befriend(self, peer_id: str, *addresses: str) -> None:
        """Make somebody a friend. Raises ``NetworkError`` (``blocked``, ``full``)."""
        self.check(peer_id, "presence")
        if peer_id not in self.friends and len(self.friends) >= limits.MAX_FRIENDS:
            raise NetworkError(
                "full", f"you have {limits.MAX_FRIENDS} friends: let go of one first"
            )
        self.friends.remember(peer_id, *addresses)
        self._table.name(peer_id, addresses)

    def unfriend(self, peer_id: str) -> None:
        """Take that back. Raises ``NetworkError`` (``fixed``)."""
        if peer_id in self._named:
            raise NetworkError("fixed", "this friend is named in goop.toml or was with --peer")
        self.friends.forget(peer_id)
        self._table.unname(peer_id)
        self.changed()

    def block(self, peer_id: str) -> None:
        """Have nothing to do with somebody. Raises ``NetworkError`` (``full``)."""
        blocked = self._decisions.blocked
        if peer_id not in blocked and len(blocked) >= limits.MAX_BLOCKED:
            raise NetworkError(
                "full", f"{limits.MAX_BLOCKED} people are blocked: unblock one first"
            )
        peer = self._table.get(peer_id)
        blocked[peer_id] = peer.label if peer is not None else blocked.get(peer_id, "")
        self._save()
        self._table.block(peer_id)
        self.changed()

    def unblock(self, peer_id: str) -> None:
        """Take that back; who was a friend is one again."""
        self._decisions.blocked.pop(peer_id, None)
        self._save()
        self._table.unblock(peer_id)
        addresses = {**self.friends.all(), **self._named}.get(peer_id)
        if addresses is not None:
            self._table.name(peer_id, addresses)

    def let_in(self, reachable_by: Reachable) -> None:
        """Choose who may reach this node. Raises ``NetworkError`` (``fixed``)."""
        if self.fixed is not None:
            raise NetworkError("fixed", "goop.toml says who may reach this node (reachable_by)")
        self._decisions.reachable_by = reachable_by
        self._save()
        self.changed()

    def _save(self) -> None:
        write_kept(self._path, msgspec.to_builtins(self._decisions))


def _parsed(content: bytes) -> Decisions:
    decisions = msgspec.json.decode(content, type=Decisions)
    decisions.blocked = {
        peer_id: label for peer_id, label in decisions.blocked.items() if is_peer_id(peer_id)
    }
    return decisions
