# SPDX-License-Identifier: MIT
"""People in a channel or a room of one's own plugin: nodes in this process, in virtual time.

``pair`` and ``swarm`` make them; in tests the fixtures ``goop_pair`` and ``goop_swarm`` do.
``replay`` folds a log that was recorded, without people.
"""

from goop_realtime.testing.kit.player import Player, Sent
from goop_realtime.testing.kit.replaying import NotReplayed, replay
from goop_realtime.testing.kit.swarm import Refused, Swarm, pair, swarm
from goop_realtime.testing.kit.visitor import Visitor

__all__ = [
    "NotReplayed",
    "Player",
    "Refused",
    "Sent",
    "Swarm",
    "Visitor",
    "pair",
    "replay",
    "swarm",
]
