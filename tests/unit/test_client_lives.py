# SPDX-License-Identifier: MIT
"""The Python client's protocol in simulated lives: nothing is lost, doubled or out of order."""

from __future__ import annotations

from typing import Any

import pytest

from goop_realtime.client.protocol.outbox import Outbox
from goop_realtime.client.protocol.places import ChannelPlaces
from goop_realtime.testing import Life, SimNode, Violation
from tests.unit.client_page import ClientPage

LIVES = range(6)


@pytest.fixture(autouse=True)
def _programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """All pages are programs."""

    def page(node: SimNode, name: str, *, acks: bool = True) -> ClientPage:
        node.pages[name] = made = ClientPage(node, name)
        made.attach()
        return made

    monkeypatch.setattr(SimNode, "page", page)


def live(seeds: range) -> None:
    """Raises ``Violation`` where a rule breaks."""
    for seed in seeds:
        Life(seed).run()


def test_programs_live_as_pages_do() -> None:
    live(LIVES)


def forgets_to_send_again(self: Outbox) -> None:
    """A new connection sends nothing anew."""


def acknowledges_what_waits(self: ChannelPlaces, channel: str) -> dict[str, Any]:
    """What was told counts as handled."""
    assert self.after is not None
    return {"type": "ack", "channel": channel, "epoch": self.after[0], "seq": self.after[1]}


@pytest.mark.parametrize(
    ("where", "name", "bug"),
    [
        (Outbox, "reconnected", forgets_to_send_again),
        (ChannelPlaces, "acknowledgement", acknowledges_what_waits),
    ],
)
def test_a_client_that_forgets_is_found(
    monkeypatch: pytest.MonkeyPatch, where: type, name: str, bug: Any
) -> None:
    monkeypatch.setattr(where, name, bug)
    with pytest.raises(Violation):
        live(range(50))
