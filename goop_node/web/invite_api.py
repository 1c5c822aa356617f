# SPDX-License-Identifier: MIT
"""Endpoints of invitations: what to send to a friend, and what one that came leads to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, unquote

import msgspec
from litestar import Request, get, post
from litestar.status_codes import HTTP_200_OK

from goop_node.access import OWNER
from goop_node.fingerprints import fingerprint
from goop_node.p2p.addresses import full_address
from goop_node.problems import Problem
from goop_node.types import JsonValue, NetworkError, Refusal, Route
from goop_node.web.bodies import body_of

if TYPE_CHECKING:
    from goop_node.node import Node

MAX_PASTED = 4_000
"""Characters of what a person pastes: an invitation with whatever was written around it."""
_ADDRESS = re.compile(r"/(?:ip[46]|dns(?:4|6|addr)?)/[^\s\"'<>]{1,400}?/p2p/[A-Za-z0-9]{1,128}")
_HOST = re.compile(r"/(?:ip[46]|dns(?:4|6|addr)?)/([^/]+)/")
_WORDS = {
    "refused": "Nobody answers at that address: is their node running, and is the address right?",
    "timeout": "No answer came in time: a firewall may be in between, or they are offline.",
    "wrong_id": "Somebody else answers at that address: ask for a fresh invite link.",
    "no_node": "Something else than a node answers at that address: is the port right?",
    "unreachable": "No way leads to that address from here: are you on the same network?",
    "undiscovered": "Your node knows no address of theirs: ask for a fresh invite link.",
    "offline": "Your node is not on the network just now: try again in a moment.",
    "self": "That is your own address: give it to your friend, and paste theirs here.",
    "blocked": "You have blocked this person: unblock them first, under “Who may reach me”.",
}
_HERE = (
    "This works for nodes on this computer alone, since yours listens nowhere else. For friends on "
    "other computers start it with --listen /ip4/0.0.0.0/tcp/0, or set listen in goop.toml."
)
_NEAR = (
    "This works for computers in the same network as yours. From elsewhere it works only if your "
    "router passes the port {port} on to this computer."
)
_NOWHERE = "Your node is not on the network just now, so nobody could connect to it."
_MADE_THERE = (
    "Whoever made this was reachable on their own computer alone: it works if that is this one."
)


class LookBody(msgspec.Struct):
    """``POST invite/look``. ``address`` is whatever came: an address, a link, a whole message."""

    address: Annotated[str, msgspec.Meta(max_length=MAX_PASTED)]


def words_of(refusal: Refusal | None) -> str:
    """Why a peer was not reached, for a person; ``""`` for ``None``."""
    return "" if refusal is None else _WORDS.get(refusal.code, refusal.reason)


def address_in(text: str) -> str:
    """The full address in what a person pasted; the text itself where none is found."""
    plain = unquote(text)
    found = _ADDRESS.search(plain)
    return found[0] if found else plain.rpartition("#")[2].strip()


def distance(address: str) -> int:
    """How near one has to be to reach an address: 0 anywhere, 1 its network, 2 its computer."""
    found = _HOST.match(address)
    host = found[1] if found else ""
    try:
        ip = ip_address(host)
    except ValueError:
        return _distance_of_name(host.lower().rstrip("."))
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return 2 if ip.is_loopback else 0 if ip.is_global else 1


def _distance_of_name(name: str) -> int:
    """The same of a name: this computer's own, one that only a network knows, any other."""
    if name == "localhost" or name.endswith(".localhost"):
        return 2
    return 1 if name.endswith((".local", ".lan", ".home.arpa")) or "." not in name else 0


def about(addresses: Sequence[str]) -> str:
    """Who cannot use an invitation to these addresses, nearest last; ``""``: nobody is left out."""
    if not addresses:
        return _NOWHERE
    near = distance(addresses[0])
    return ("", _NEAR.format(port=addresses[0].split("/")[4]), _HERE)[near]


def invitation(label: str, address: str, link: str) -> str:
    """What is sent to a friend: the link leads home only where their node has the same port."""
    return (
        f"{label} invites you to connect on Goop.\n"
        "1. Start your own node (goop run) and open its page.\n"
        "2. Paste this whole message there, under “Connect to a friend”.\n\n"
        f"{address}\n\n"
        f"If your node has the same port as mine, this link does it too: {link}\n"
    )


def routes(node: Node) -> list[Route]:
    """The handlers below ``/api``, all of them for the person alone."""

    @get("/invite", sync_to_thread=False)
    def invite() -> dict[str, JsonValue]:
        """Our addresses, best first, with a message and a link for a friend, and who cannot use
        them (``note``)."""
        addresses = sorted(node.network.addrs, key=distance)
        link = text = ""
        if addresses:
            # It is opened at the friend's machine, where this name leads home whatever home's is.
            link = f"http://localhost:{node.http_port}/join#{quote(addresses[0], safe='')}"
            text = invitation(node.label, addresses[0], link)
        return {
            "addresses": addresses,
            "link": link,
            "text": text,
            "note": about(addresses),
            "fingerprint": fingerprint(node.peer_id),
        }

    @post("/invite/look", status_code=HTTP_200_OK, opt={"body": LookBody})
    async def look(request: Request[Any, Any, Any]) -> dict[str, JsonValue]:
        """Whom an invitation is from, and whose node this is; nothing is done about it."""
        body: LookBody = await body_of(request, LookBody)
        address = address_in(body.address)
        try:
            peer_id, _ = full_address(address)
        except NetworkError as error:
            raise Problem(422, error.code, error.reason, "/address") from None
        peer = node.peers.get(peer_id)
        return {
            "peerId": peer_id,
            "peerLabel": peer.label if peer is not None else "",
            "standing": node.peers.standing(peer_id),
            "fingerprint": fingerprint(peer_id),
            "address": address,
            "own": peer_id == node.peer_id,
            "note": _MADE_THERE if distance(address) == 2 else "",
            "me": {"label": node.label, "fingerprint": fingerprint(node.peer_id)},
        }

    return [Route(handlers=[invite, look], callers=OWNER)]
