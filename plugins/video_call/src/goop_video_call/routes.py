# SPDX-License-Identifier: MIT
"""The endpoint below ``/api/video_call``: which servers help a page's calls."""

from __future__ import annotations

import time
from typing import Any

from litestar import Request, get

from goop_node.access import caller
from goop_node.problems import Problem
from goop_node.types import Caller, JsonValue, NodeApi, Route, Who
from goop_video_call.ice import IceSettings

CONTEXT = "video_call"


def routes(node: NodeApi, settings: IceSettings) -> Route:
    """The handler, for pages that may make calls."""

    @get("/ice", sync_to_thread=False)
    def ice(request: Request[Any, Any, Any]) -> dict[str, JsonValue]:
        """An RTCConfiguration: ``{iceServers, iceTransportPolicy}``.

        Credentials in it last for some hours: ask again for each call.
        """
        who = caller(request)
        if who.kind == "template" and not may_call(node, who):
            raise Problem(
                403,
                "permission_needed",
                f"the template “{who.name}” may not use “{CONTEXT}” yet; the person grants that "
                f"at home: {node.grants.link(who.name)}",
                more={"permission": f"context:{CONTEXT}", "home": node.grants.link(who.name)},
            )
        return settings.for_page(int(time.time()))

    return Route(
        handlers=[ice],
        callers={Who.OWN_TEMPLATES, Who.ANY_TEMPLATE, Who.SHARED, Who.PROGRAM},
    )


def may_call(node: NodeApi, who: Caller) -> bool:
    """Whether a template was granted the context; where several share a name, whether any was."""
    names = node.templates if who.shared else (who.name,)
    own = node.grants.own("video_call")
    return any(name in own or CONTEXT in node.grants.contexts(name) for name in names)
