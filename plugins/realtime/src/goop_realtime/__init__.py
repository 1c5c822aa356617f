# SPDX-License-Identifier: MIT
"""Realtime channels for pages: the public names for context plugins."""

from goop_realtime.types import (
    Applied,
    ContextType,
    Limits,
    Message,
    OpenRequest,
    OpenSession,
    Refusal,
    Session,
    Snapshot,
    Summary,
    open_freely,
)

__all__ = [
    "Applied",
    "ContextType",
    "Limits",
    "Message",
    "OpenRequest",
    "OpenSession",
    "Refusal",
    "Session",
    "Snapshot",
    "Summary",
    "open_freely",
]
