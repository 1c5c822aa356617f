# SPDX-License-Identifier: MIT
"""The metrics of a node: each is documented, none says anything of anybody."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families

from goop_node.config.model import NodeConfig
from goop_node.hookspecs import hookimpl
from goop_node.metrics import NodeMetrics
from goop_node.node import Node
from goop_node.plugins.environment import Candidate
from goop_realtime.driver.metrics import Metrics
from goop_realtime.driver.streams import Steps, Streams
from goop_realtime.model.codes import CODES
from goop_realtime.model.effects import SaveEntry
from goop_realtime.testing import SimNode, World
from tests.unit.in_process import Client, make_node
from tests.unit.spellings import PORT
from tests.unit.test_layers import ROOT

DOCUMENT = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")


def samples(text: str) -> dict[str, float]:
    """Every sample, named with its labels."""
    return {
        f"{one.name}{sorted(one.labels.values())}": one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def undocumented(families: Iterable[Any]) -> list[str]:
    """The names that the document does not have."""
    names = [f"{one.name}_total" if one.type == "counter" else one.name for one in families]
    return [name for name in names if f"`{name.removesuffix('_created')}`" not in DOCUMENT]


def talked() -> tuple[SimNode, Metrics]:
    """A node at which a page said three things, one of which its context refuses."""
    world = World(1)
    alice, bob = world.node("alice"), world.node("bob")
    page = alice.page("a")
    bob.page("b")
    alice.ask("bob", "tally_secret")
    world.run(2_000)
    (channel,) = bob.engine.core.channels
    bob.accept(channel)
    world.run(2_000)
    metrics = Metrics(alice.engine, Streams(Steps(lambda: None, lambda: None, lambda: None)))
    for data in ({"type": "add", "n": 1}, {"type": "add", "n": 2}, {"type": "whisper"}):
        page.send(channel, data)
    world.run(5_000)
    for entry in alice.engine.core.channels[channel].log.after(0):
        metrics.entry(SaveEntry(channel, entry))
    return alice, metrics


def test_what_is_said_in_channels_is_counted_and_not_told() -> None:
    alice, metrics = talked()
    families = list(metrics.collect())
    assert undocumented(families) == []
    found = {
        (one.name, *one.labels.values()): one.value for family in families for one in family.samples
    }
    assert found["goop_realtime_channels", "tally", "open"] == 1
    assert found["goop_realtime_messages_total", "channel", "own"] == 2
    assert found["goop_realtime_message_bytes_total", "channel", "own"] > 30
    assert found["goop_realtime_receipts_total", "delivered"] == 2
    assert found["goop_realtime_decisions_total", "page", "unknown_type"] == 1
    said = str(families)
    (channel,) = alice.engine.core.channels
    assert [word for word in ("secret", "whisper", "bob", channel) if word in said] == []


def test_codes_that_others_make_up_are_one() -> None:
    alice, metrics = talked()
    alice.engine.core.note("link", "my_secret_word")
    labels = [one.labels for family in metrics.collect() for one in family.samples]
    assert {"hop": "link", "code": "other"} in labels
    assert not any("my_secret_word" in one.values() for one in labels)


def test_the_codes_are_those_of_the_document() -> None:
    text = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8").split("\n## Codes")[1]
    assert set(re.findall(r"`([a-z_]+)`", text)) == CODES


async def test_a_node_tells_its_own_and_each_is_documented(tmp_path: Path) -> None:
    client = Client(make_node(tmp_path))
    token = f"Bearer {client.node.tokens.bearer}".encode()
    host = f"localhost:{PORT}".encode()
    answer = await client.call(b"/api/metrics", [(b"host", host), (b"authorization", token)])
    assert answer.status == 200
    assert dict(answer.headers)[b"content-type"] == b"text/plain; version=0.0.4; charset=utf-8"
    text = answer.body.decode()
    families = list(text_string_to_metric_families(text))
    assert undocumented(families) == []
    found = samples(text)
    assert found["goop_peers['known']"] == 0
    assert found["goop_p2p_restarts_total[]"] == 0


class Good:
    """A plugin with a metric."""

    @hookimpl
    def goop_metrics(self, node: Any) -> list[Any]:
        return [self]

    def collect(self) -> Iterable[Any]:
        return [GaugeMetricFamily("good_things", "How many.", 3)]


class Bad(Good):
    """Its source fails."""

    def collect(self) -> Iterable[Any]:
        raise SystemExit("no metrics today")


class Odd(Good):
    """Its metric cannot be written."""

    def collect(self) -> Iterable[Any]:
        broken = CounterMetricFamily("odd", "What no number is.")
        broken.add_metric([], "many")  # type: ignore[arg-type]
        return [broken]


@pytest.mark.parametrize("bad", [Bad, Odd])
async def test_a_source_that_fails_is_left_out_and_named(tmp_path: Path, bad: type[Good]) -> None:
    plugins = {"good": Good, "bad": bad}
    found = [Candidate(name=name, load=lambda kind=kind: kind) for name, kind in plugins.items()]
    config = NodeConfig(data=tmp_path, http_port=PORT, plugins={name: {} for name in plugins})
    node = Node(config, found)
    told = samples(NodeMetrics(node).text().decode())
    assert told["good_things[]"] == 3
    assert "odd_total[]" not in told
    (status,) = [one for one in node.plugin_status() if one.name == "bad"]
    assert "collecting metrics" in str(status)
