# SPDX-License-Identifier: MIT
"""The host's own endpoints: who I am, who is there, friends, the state."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Stream
from litestar.status_codes import HTTP_200_OK

from goop_node import __version__
from goop_node.access import OWNER
from goop_node.clock import now_ms
from goop_node.data.kept_files import aside_in
from goop_node.fingerprints import fingerprint
from goop_node.metrics import NodeMetrics
from goop_node.problems import Problem
from goop_node.types import JsonValue, NetworkError, Peer, PeerEvent, Refusal, Route, Who
from goop_node.web import templates_api
from goop_node.web.bodies import body_of
from goop_node.web.invite_api import MAX_PASTED, address_in, words_of
from goop_node.web.negotiation import prefers_page
from goop_node.web.origins import Origins
from goop_node.web.pages import ADDED, HOME, serve

if TYPE_CHECKING:
    from goop_node.node import Node

PING_SECONDS = 25.0
METRICS = "text/plain; version=0.0.4"
"""The media type of what Prometheus reads; the framework adds the charset."""
MAX_WAITING = 256


class LabelBody(msgspec.Struct):
    """``POST self``."""

    label: str


class FriendBody(msgspec.Struct):
    """``POST friends``. ``address`` is a full multiaddr, an invite link, or a whole invitation."""

    address: Annotated[str, msgspec.Meta(max_length=MAX_PASTED)]


def peer_row(peer: Peer) -> dict[str, JsonValue]:
    """A peer in the shape that existing pages know, and in the SDK's own spelling."""
    seen = datetime.fromtimestamp(peer.last_seen_ms / 1000, UTC).isoformat()
    return {
        "ID": peer.peer_id,
        "Content": peer.label,
        "Email": peer.email,
        "AvatarHash": peer.avatar_hash,
        "VideoDisabled": peer.video_disabled,
        "ActiveTemplate": peer.active_template,
        "Verified": False,  # nobody here has looked
        "LastSeen": seen.replace("+00:00", "Z"),
        "Reachable": peer.connected,
        "Offline": not peer.online,
        "peerId": peer.peer_id,
        "peerLabel": peer.label,
        "online": peer.online,
        "fingerprint": fingerprint(peer.peer_id),
    }


async def status_page(request: Request[Any, Any, Any]) -> Response[Any] | None:
    """The page about the node's state, where a browser asks for one."""
    if prefers_page(request.headers.get("accept", "")):
        return await serve(request, HOME / "status.html")
    return None


def routes(node: Node, origins: Origins) -> list[Route]:
    """The handlers below ``/api``, and who may call them."""

    def self_row() -> dict[str, JsonValue]:
        return {
            "avatar_hash": node.avatar.hash,
            "email": "",
            "id": node.peer_id,
            "label": node.label,
        }

    @get("/self", sync_to_thread=False)
    def me() -> dict[str, JsonValue]:
        """Who this node is."""
        return self_row()

    @post("/self", status_code=HTTP_200_OK, opt={"body": LabelBody})
    async def rename(request: Request[Any, Any, Any]) -> dict[str, JsonValue]:
        """Change the label."""
        body: LabelBody = await body_of(request, LabelBody)
        try:
            node.set_label(body.label)
        except ValueError as error:
            raise Problem(422, "bad_label", str(error), "/label") from None
        return self_row()

    @get("/peers", sync_to_thread=False)
    def peers() -> list[dict[str, JsonValue]]:
        """Every peer that is online, or known."""
        return [peer_row(peer) for peer in node.peers.all()]

    @get("/peers/events", media_type="text/event-stream")
    async def events() -> Stream:
        """The peers, live, as server-sent events."""
        return Stream(
            _peer_events(node),
            media_type="text/event-stream",
            headers={"cache-control": "no-store"},
        )

    @get(
        "/status",
        sync_to_thread=False,
        before_request=status_page,
        response_headers={"vary": "accept"},
    )
    def status() -> dict[str, JsonValue]:
        """The state of the plugins and of libp2p; to people as a page."""
        return {
            "version": __version__,
            "uptime": (now_ms() - node.started_at) / 1000,
            "p2p": {
                "state": node.p2p.state,
                "error": node.p2p.error,
                "addrs": list(node.network.addrs),
                "restarts": node.p2p.restarts,
                "notice": node.p2p.notice,
                "twice": list(node.p2p.twice),
                "mdns": {
                    "mode": node.p2p.mdns.mode,
                    "networks": [_plain(asdict(one)) for one in node.p2p.mdns.networks],
                    "absent": list(node.p2p.mdns.absent),
                    "found": len(node.p2p.mdns.found),
                },
            },
            "plugins": [_plain(asdict(plugin)) for plugin in node.plugin_status()],
            "dev": node.config.dev,
            "pages": [
                {"title": page.title, "address": f"/{ADDED}/{page.name}/"}
                for page in node.contributions.home_pages.values()
            ],
            "dev_origins": list(node.config.dev_origins),
            "isolation": node.config.isolation,
            "set_aside": aside_in(node.data),
            "databases": dict(node.databases.troubles()),
        }

    found = NodeMetrics(node)

    @get("/metrics", media_type=METRICS, sync_to_thread=False)
    def metrics() -> bytes:
        """The metrics of the node and its plugins, as Prometheus reads them."""
        return found.text()

    @post("/friends", status_code=HTTP_200_OK, opt={"body": FriendBody})
    async def befriend(request: Request[Any, Any, Any]) -> dict[str, JsonValue]:
        """Connect to a friend: a full multiaddr, or an invite link."""
        body: FriendBody = await body_of(request, FriendBody)
        try:
            return peer_row(await node.p2p.add_peer(address_in(body.address)))
        except NetworkError as error:
            status_code = 422 if error.code in ("bad_address", "self") else 424
            detail = words_of(Refusal(code=error.code, reason=error.reason))
            raise Problem(status_code, error.code, detail, "/address") from None

    return [
        Route(handlers=[me, peers, events], callers=OWNER | {Who.ANY_TEMPLATE}),
        Route(handlers=[rename, status, metrics, befriend], callers=OWNER),
        *templates_api.routes(node, origins),
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return list(value) if isinstance(value, tuple) else value


async def _peer_events(node: Node) -> AsyncIterator[bytes]:
    """A snapshot, then each change; a reader that falls behind is cut and comes again."""
    queue: asyncio.Queue[PeerEvent] = asyncio.Queue(MAX_WAITING)
    behind = False

    def put(event: PeerEvent) -> None:
        nonlocal behind
        if queue.full():
            behind = True
        else:
            queue.put_nowait(event)

    stop = node.peers.subscribe(put)
    try:
        rows = [peer_row(peer) for peer in node.peers.all()]
        yield _event("snapshot", {"peers": rows, "type": "snapshot"})
        while not behind:
            try:
                async with asyncio.timeout(PING_SECONDS):
                    event = await queue.get()
            except TimeoutError:
                yield b": ping\n\n"
                continue
            yield _event(
                "update",
                {"type": "update", "peer_id": event.peer.peer_id, "peer": peer_row(event.peer)},
            )
            if node.peers.get(event.peer.peer_id) is None:
                yield _event("remove", {"type": "remove", "peer_id": event.peer.peer_id})
    finally:
        stop()


def _event(name: str, data: JsonValue) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
