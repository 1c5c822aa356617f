# SPDX-License-Identifier: MIT
"""That this node failed on something: a fault of ours, not a plugin's and not a peer's."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Failure:
    """This node failed on a channel, perhaps at a line of ``peer``."""

    error: Exception
    peer: str = ""
