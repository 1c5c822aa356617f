# SPDX-License-Identifier: MIT
"""The group protocol of Goop² peers written in Go, 1.0.0: membership and relay, no log.

``messages``, ``hosted``, ``joined`` and ``pacing`` are pure; ``manager`` drives them.
"""

from goop_node.groups.manager import Groups
from goop_node.groups.memberships import Membership
from goop_node.groups.messages import GROUP_PROTOCOL, INVITE_PROTOCOL, MAX_LINE, Invite
from goop_node.groups.pacing import Pacing

__all__ = [
    "GROUP_PROTOCOL",
    "INVITE_PROTOCOL",
    "MAX_LINE",
    "Groups",
    "Invite",
    "Membership",
    "Pacing",
]
