# SPDX-License-Identifier: MIT
"""People in a channel or a room of one's own plugin: nodes in this process, in virtual time.

``pair`` and ``swarm`` make them; in tests the fixtures ``goop_pair`` and ``goop_swarm`` do.
"""

from goop_realtime.testing.kit.player import Player, Sent
from goop_realtime.testing.kit.swarm import Refused, Swarm, pair, swarm
from goop_realtime.testing.kit.visitor import Visitor

__all__ = ["Player", "Refused", "Sent", "Swarm", "Visitor", "pair", "swarm"]
