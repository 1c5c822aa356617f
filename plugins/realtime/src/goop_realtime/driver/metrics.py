# SPDX-License-Identifier: MIT
"""What Prometheus is told of channels and rooms: numbers, and no word of what anybody said.

Labels are names of contexts that plugins declare, and words of this node: no ids.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from goop_realtime.driver.streams import Streams
from goop_realtime.engine.door import Engine
from goop_realtime.model.effects import SaveEntry
from goop_realtime.model.figures import Figures
from goop_realtime.rooms.records import AppendEntry

SECONDS = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""The bounds by which commits are counted."""


class Metrics:
    """Those of one node. What is not counted elsewhere is counted here."""

    def __init__(self, engine: Engine, streams: Streams) -> None:
        self._engine = engine
        self._streams = streams
        self._me = engine.read.me
        self._stored: dict[tuple[type, bool], list[int]] = defaultdict(lambda: [0, 0])
        """By the kind of record, and whether our own pages are the author: messages, and their
        bytes."""
        self._registry = CollectorRegistry()
        self.commits = Histogram(
            "goop_realtime_commit_seconds",
            "How long commits to the journal took.",
            buckets=SECONDS,
            registry=self._registry,
        )

    def entry(self, record: SaveEntry | AppendEntry) -> None:
        """An entry of a log is stored."""
        entry = record.entry
        if entry.kind != "msg":
            return
        counted = self._stored[type(record), entry.author == self._me]
        counted[0] += 1
        counted[1] += len(entry.raw)

    def collect(self) -> Iterator[Metric]:
        """All of them as they are now."""
        read = self._engine.read
        kinds = {"channel": read.figures(), "room": self._engine.rooms.figures()}
        yield from _existing(kinds)
        yield from self._messages()
        lines = CounterMetricFamily(
            "goop_realtime_line_bytes", "Bytes of lines on streams.", labels=["direction"]
        )
        lines.add_metric(["in"], self._streams.received_bytes)
        lines.add_metric(["out"], self._streams.sent_bytes)
        yield lines
        yield GaugeMetricFamily("goop_realtime_pages", "Pages and programs.", read.pages)
        streams = len(self._streams)
        yield GaugeMetricFamily("goop_realtime_streams", "Streams with other nodes.", streams)
        yield from self._registry.collect()

    def _messages(self) -> Iterator[Metric]:
        read = self._engine.read
        stored = CounterMetricFamily(
            "goop_realtime_messages", "Messages stored in logs.", labels=["kind", "author"]
        )
        size = CounterMetricFamily(
            "goop_realtime_message_bytes", "Bytes of these.", labels=["kind", "author"]
        )
        for (record, own), (count, total) in self._stored.items():
            labels = ("channel" if record is SaveEntry else "room", "own" if own else "other")
            stored.add_metric(labels, count)
            size.add_metric(labels, total)
        receipts = CounterMetricFamily(
            "goop_realtime_receipts", "Receipts that pages were given.", labels=["stage"]
        )
        for stage, count in read.receipts.items():
            receipts.add_metric([stage], count)
        decisions = CounterMetricFamily(
            "goop_realtime_decisions", "Refusals and other decisions.", labels=["hop", "code"]
        )
        for decided, count in read.decisions.items():
            decisions.add_metric(decided, count)
        yield from (stored, size, receipts, decisions)


def _existing(kinds: dict[str, Figures]) -> Iterator[Metric]:
    for kind, figures in kinds.items():
        gauge = GaugeMetricFamily(
            f"goop_realtime_{kind}s", f"How many {kind}s there are.", labels=["context", "state"]
        )
        for labels, count in figures.states.items():
            gauge.add_metric(labels, count)
        yield gauge
    for name, words, number in (
        ("waiting_messages", "Accepted messages that no host has ordered.", "waiting"),
        ("waiting_bytes", "Bytes of these.", "waiting_bytes"),
        ("unread_entries", "Entries that no page here has handled.", "unread"),
    ):
        gauge = GaugeMetricFamily(f"goop_realtime_{name}", words, labels=["kind"])
        for kind, figures in kinds.items():
            gauge.add_metric([kind], getattr(figures, number))
        yield gauge
