# SPDX-License-Identifier: MIT
"""Endpoints of who may reach this node: friends, who is blocked, and everybody else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from litestar import Request, get, post
from litestar.status_codes import HTTP_200_OK

from goop_node.access import OWNER
from goop_node.fingerprints import fingerprint
from goop_node.problems import Problem
from goop_node.reach import Reachable
from goop_node.types import JsonValue, NetworkError, Route
from goop_node.web.bodies import body_of
from goop_node.web.invite_api import words_of

if TYPE_CHECKING:
    from goop_node.node import Node


class DecisionBody(msgspec.Struct):
    """``POST people``: what to do about somebody."""

    peerId: Annotated[str, msgspec.Meta(max_length=128)]
    action: Literal["befriend", "unfriend", "forget", "block", "unblock"]


class ReachableBody(msgspec.Struct):
    """``POST reachable``: who may reach this node."""

    reachable_by: Reachable


def routes(node: Node) -> list[Route]:
    """The handlers below ``/api``, all of them for the person alone."""

    def everybody() -> dict[str, JsonValue]:
        people = node.p2p.people
        return {
            # Nothing is chosen while nobody knows who was blocked.
            "reachable_by": "" if people.unsure else people.reachable_by,
            "fixed": people.fixed is not None and not people.unsure,
            "people": [
                {
                    "peerId": one.peer_id,
                    "peerLabel": one.label,
                    "standing": one.standing,
                    "fixed": one.fixed,
                    "fingerprint": fingerprint(one.peer_id),
                    "addresses": list(node.p2p.addresses_of(one.peer_id)),
                    "trouble": words_of(node.p2p.peers.trouble(one.peer_id)),
                }
                for one in people.all()
            ],
        }

    @get("/people", sync_to_thread=False)
    def people() -> dict[str, JsonValue]:
        """Who may reach this node, and what each person is to it."""
        return everybody()

    @post("/people", status_code=HTTP_200_OK, opt={"body": DecisionBody})
    async def decide(request: Request[Any, Any, Any]) -> dict[str, JsonValue]:
        """Make somebody a friend, block them, or take that back."""
        body: DecisionBody = await body_of(request, DecisionBody)
        people = node.p2p.people
        if body.peerId == node.peer_id or not people.is_id(body.peerId):
            raise Problem(422, "bad_peer", "that is not the id of another node", "/peerId")
        do = {
            "befriend": people.befriend,
            "unfriend": people.unfriend,
            "forget": node.p2p.forget,
            "block": people.block,
            "unblock": people.unblock,
        }[body.action]
        with _decided("/peerId"):
            do(body.peerId)
        return everybody()

    @post("/reachable", status_code=HTTP_200_OK, opt={"body": ReachableBody})
    async def let_in(request: Request[Any, Any, Any]) -> dict[str, JsonValue]:
        """Choose who may reach this node."""
        body: ReachableBody = await body_of(request, ReachableBody)
        with _decided("/reachable_by"):
            node.p2p.people.let_in(body.reachable_by)
        return everybody()

    return [Route(handlers=[people, decide, let_in], callers=OWNER)]


@contextmanager
def _decided(pointer: str) -> Iterator[None]:
    """Why a decision could not be taken, as a problem."""
    try:
        yield
    except NetworkError as error:
        raise Problem(409, error.code, error.reason, pointer) from None
