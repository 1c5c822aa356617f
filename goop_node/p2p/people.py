# SPDX-License-Identifier: MIT
"""What the person of this node decided about others, kept in DATA: friends, who is blocked, and
who may reach it at all. What keeps others out counts at once, all else once it is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
from msgspec.structs import replace

from goop_node.data.kept_files import NotKeptError
from goop_node.p2p import limits
from goop_node.p2p.addresses import is_peer_id
from goop_node.p2p.decisions import Decisions, read_decisions, write_decisions
from goop_node.p2p.friends import Friends
from goop_node.p2p.peers import PeerTable
from goop_node.reach import Direction, Matter, Reachable, may_reach
from goop_node.types import NetworkError, Refusal, Standing


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
        self._data = data
        self._table = table
        self._named = named
        self._decisions = read_decisions(data)
        for peer_id in self._decisions.blocked:
            table.block(peer_id)
        for peer_id, addresses in self._friends().items():
            table.name(peer_id, addresses)

    @property
    def reachable_by(self) -> Reachable:
        """Who may reach this node."""
        return "friends" if self.unsure else self.fixed or self._decisions.reachable_by

    @property
    def unsure(self) -> bool:
        """Whether it is not known any more who was blocked, and the person has to choose."""
        return self._decisions.unsure

    def _friends(self) -> dict[str, tuple[str, ...]]:
        """The addresses of those who count as friends now."""
        kept = {} if self.unsure else self.friends.all()
        return {**kept, **self._named}

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
        """Make somebody a friend.

        Raises ``NetworkError`` (``blocked``, ``full``) and ``NotKeptError``.
        """
        self.check(peer_id, "presence")
        if peer_id not in self.friends and len(self.friends) >= limits.MAX_FRIENDS:
            raise NetworkError(
                "full", f"you have {limits.MAX_FRIENDS} friends: let go of one first"
            )
        self.friends.remember(peer_id, *addresses)
        self._table.name(peer_id, addresses)

    def unfriend(self, peer_id: str) -> None:
        """Take that back. Raises ``NetworkError`` (``fixed``), ``NotKeptError``."""
        if peer_id in self._named:
            raise NetworkError("fixed", "this friend is named in goop.toml or was with --peer")
        self.friends.forget(peer_id)
        self._table.unname(peer_id)
        self.changed()

    def block(self, peer_id: str) -> None:
        """Have nothing to do with somebody, at once.

        Raises ``NetworkError`` (``full``); ``NotKeptError``, which ``holds``.
        """
        blocked = self._decisions.blocked
        if peer_id not in blocked and len(blocked) >= limits.MAX_BLOCKED:
            raise NetworkError(
                "full", f"{limits.MAX_BLOCKED} people are blocked: unblock one first"
            )
        peer = self._table.get(peer_id)
        label = peer.label if peer is not None else blocked.get(peer_id, "")
        self._decisions = replace(self._decisions, blocked={**blocked, peer_id: label})
        self._table.block(peer_id)
        self.changed()
        self._keep_what_holds()

    def unblock(self, peer_id: str) -> None:
        """Take that back; who was a friend is one again. Raises ``NotKeptError``."""
        left = {one: label for one, label in self._decisions.blocked.items() if one != peer_id}
        self._decide(replace(self._decisions, blocked=left))
        self._table.unblock(peer_id)
        addresses = self._friends().get(peer_id)
        if addresses is not None:
            self._table.name(peer_id, addresses)

    def let_in(self, reachable_by: Reachable) -> None:
        """Choose who may reach this node.

        Raises ``NetworkError`` (``fixed``) and ``NotKeptError``, which ``holds`` for friends alone.
        """
        if self.fixed is not None and not self.unsure:
            raise NetworkError("fixed", "goop.toml says who may reach this node (reachable_by)")
        decisions = replace(self._decisions, reachable_by=reachable_by, unsure=False)
        if reachable_by == "friends" and not self.unsure:
            self._decisions = decisions
            self.changed()
            self._keep_what_holds()
            return
        self._decide(decisions)
        for peer_id, addresses in self._friends().items():
            self._table.name(peer_id, addresses)
        self.changed()

    def _decide(self, decisions: Decisions) -> None:
        """What lets others do more counts once it is kept."""
        write_decisions(self._data, decisions)
        self._decisions = decisions

    def _keep_what_holds(self) -> None:
        """What keeps others out counts already, whatever the disk says."""
        try:
            write_decisions(self._data, self._decisions)
        except NotKeptError as error:
            error.holds = True
            raise
