# SPDX-License-Identifier: MIT
"""The small protocols of Goop² peers, each with who may ask."""

from __future__ import annotations

from collections.abc import Callable

from goop_node.exchange import Exchange
from goop_node.goop2 import answers


def exchanges(label: Callable[[], str], picture: Callable[[], bytes | None]) -> list[Exchange]:
    """All of them. ``label`` is our name, ``picture`` a PNG.

    What tells no more than presence does is for whoever may see that; by the first of them newer
    peers find out whether we can be reached at all.
    """
    return [
        Exchange(
            protocol="/goop/content/1.0.0",
            answer=lambda request: answers.content(label()),
            matter="presence",
        ),
        Exchange(
            protocol="/goop/diag/1.0.0",
            answer=lambda request: answers.diag(),
            matter="presence",
        ),
        Exchange(
            protocol="/goop/relay-refresh/1.0.0",
            answer=lambda request: answers.relay_refresh(),
            matter="presence",
        ),
        Exchange(
            protocol="/goop/avatar/1.0.0",
            answer=lambda request: answers.avatar(picture()),
        ),
        Exchange(
            protocol="/goop/docs/1.0.0",
            answer=answers.docs,
            longest=answers.MAX_REQUEST,
        ),
        Exchange(
            protocol="/goop/listen/1.0.0",
            answer=answers.listen,
            longest=answers.MAX_LISTEN,
        ),
    ]
