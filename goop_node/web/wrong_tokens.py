# SPDX-License-Identifier: MIT
"""How long who shows wrong tokens waits for each answer (pure).

The right token is never kept waiting, whatever came before it from the same place: nobody can lock
the person out. What keeps a secret from being guessed is its length; this keeps guessing, and
programs that go on with an old token, from costing anything.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict

FREE = 5
"""Wrong tokens in a row that cost nothing: everybody restarts a program with an old one."""
MAX_COUNT = 12.0
"""How many are held against a place."""
FORGIVEN_SECONDS = 10.0
"""After so long one of them is forgotten."""
FIRST_SECONDS = 0.1
LONGEST_SECONDS = 2.0
MAX_PLACES = 256
"""Places that are remembered; a newer one takes the place of the one that was quiet longest."""


class WrongTokens:
    """The wrong tokens of each place. Times are seconds of one clock."""

    def __init__(self) -> None:
        self._shown: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._shown)

    def wait(self, address: str, now: float) -> float:
        """Note another wrong token from ``address``; seconds that its answer waits."""
        place = _place(address)
        count, at = self._shown.pop(place, (0.0, now))
        count = max(0.0, count - max(0.0, now - at) / FORGIVEN_SECONDS) + 1
        count = min(count, MAX_COUNT)
        self._shown[place] = (count, now)
        if len(self._shown) > MAX_PLACES:
            self._shown.popitem(last=False)
        return 0.0 if count <= FREE else min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** (count - FREE))


def _place(address: str) -> str:
    """The address; of IPv6 the network, since one machine has all of its addresses."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))
