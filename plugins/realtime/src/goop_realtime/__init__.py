# SPDX-License-Identifier: MIT
"""Realtime channels for pages: the public names for context plugins."""

from typing import TYPE_CHECKING

from goop_node.old_names import renamed_in_module
from goop_realtime.types import (
    OLD_NAMES,
    Applied,
    ContextType,
    Joined,
    Left,
    Limits,
    LogEntry,
    Message,
    MessageType,
    NoRules,
    OpenRequest,
    Refusal,
    RoomSession,
    Session,
    Snapshot,
    Summary,
    ViewedSession,
    open_freely,
)

__all__ = [
    "Applied",
    "ContextType",
    "Joined",
    "Left",
    "Limits",
    "LogEntry",
    "Message",
    "MessageType",
    "NoRules",
    "OpenRequest",
    "Refusal",
    "RoomSession",
    "Session",
    "Snapshot",
    "Summary",
    "ViewedSession",
    "open_freely",
]

if not TYPE_CHECKING:  # a type checker would take every name for one of ours
    __getattr__ = renamed_in_module(__name__, OLD_NAMES)
