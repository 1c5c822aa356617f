# SPDX-License-Identifier: MIT
"""What Prometheus is told of a node: numbers, no content, no peer ids."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from goop_node.clock import now_ms
from goop_node.plugins.contained import Failed, contained
from goop_node.types import MetricsSource

if TYPE_CHECKING:
    from goop_node.node import Node

LOOK_SECONDS = 1.0
LAGS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""The bounds, in seconds, by which waits of the event loop are counted."""


class Lag:
    """How late the event loop comes to what is due."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._seconds = Histogram(
            "goop_event_loop_lag_seconds",
            "How late the event loop came to what was due.",
            buckets=LAGS,
            registry=self.registry,
        )

    async def run(self) -> None:
        """Look once a second, until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LOOK_SECONDS
            await asyncio.sleep(LOOK_SECONDS)
            self._seconds.observe(max(0.0, loop.time() - due))


class NodeMetrics(Collector):
    """All of a node's, its plugins' included, in a registry of its own."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._registry)
        self._registry.register(self)

    def text(self) -> bytes:
        """As Prometheus reads them."""
        return generate_latest(self._registry)

    def describe(self) -> Iterable[Metric]:
        """Nothing: what there is depends on the moment."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """The node's own, and those of its plugins."""
        node = self._node
        peers = GaugeMetricFamily("goop_peers", "Other nodes that are known.", labels=["state"])
        known = node.peers.all()
        peers.add_metric(["known"], len(known))
        peers.add_metric(["online"], sum(peer.online for peer in known))
        peers.add_metric(["connected"], sum(peer.connected for peer in known))
        yield peers
        up = (now_ms() - node.started_at) / 1000
        yield GaugeMetricFamily("goop_uptime_seconds", "Since the node runs.", up)
        restarts = node.p2p.restarts
        yield CounterMetricFamily("goop_p2p_restarts", "Restarts of libp2p's side.", restarts)
        yield from node.lag.registry.collect()
        for plugin, source in node.metrics_sources:
            yield from self._of(plugin, source)

    def _of(self, plugin: str, source: MetricsSource) -> list[Metric]:
        """A plugin's; none where it fails."""

        def taken() -> list[Metric]:
            found: list[Any] = list(source.collect())
            if not all(isinstance(one, Metric) for one in found):
                raise TypeError("collect() gives something else than metrics of prometheus_client")
            alone = CollectorRegistry(auto_describe=False)
            alone.register(_Given(found))
            generate_latest(alone)  # one that cannot be written would spoil them all
            return found

        metrics = contained(taken)
        if isinstance(metrics, Failed):
            self._node.failed(plugin, metrics.error, doing="collecting metrics", code=source)
            return []
        return list(metrics)


class _Given(Collector):
    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> list[Metric]:
        return self._metrics
