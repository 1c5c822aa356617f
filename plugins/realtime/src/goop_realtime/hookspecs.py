# SPDX-License-Identifier: MIT
"""The hooks that the realtime plugin adds to the host's."""

from __future__ import annotations

from collections.abc import Iterable

from goop_node.hookspecs import hookspec
from goop_node.types import NodeApi
from goop_realtime.contexts.registry import compile_context
from goop_realtime.types import ContextType, OpenRequest, Refusal

__all__ = ["HOOK_API", "KINDS", "realtime_authorize_open", "realtime_contexts"]

HOOK_API = "1.0"
"""The version of these hooks, for ``hook_api = {"realtime": "1.0"}`` of a plugin."""
KINDS = {"realtime_contexts": "register", "realtime_authorize_open": "veto"}
"""The kind of each hook: what happens when an implementation raises."""

ADMITS = {"realtime_contexts": compile_context}
"""What each item goes through on its way in: ``collect`` gives compiled contexts."""


@hookspec
def realtime_contexts(node: NodeApi) -> Iterable[ContextType]:  # type: ignore[empty-body]
    """Register: the contexts that this plugin brings. A name that another plugin has is refused."""


@hookspec
def realtime_authorize_open(node: NodeApi, request: OpenRequest) -> Refusal | None:
    """Veto: may this channel open, or this peer join? A ``Refusal`` refuses it, ``None`` does not.

    Of a channel it is asked at the opener's node before the request leaves, and at the other before
    its person is asked. Of a room (``request.channel`` is its handle) it is asked at the node that
    wants to join (``peers`` is that one alone), and at the host about who is no member yet (then
    they are the guest and the host). An implementation that raises refuses, with ``plugin_error``.
    """
