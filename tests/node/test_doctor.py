# SPDX-License-Identifier: MIT
"""``goop doctor`` on a node that runs: it finds it well, tries a channel, and leaves nothing."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from goop_node.cli.doctor import doctor
from goop_node.config.model import NodeConfig
from goop_node.testing import start_node


def test_a_node_that_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    node = start_node(tmp_path / "alice")
    try:
        code = doctor(NodeConfig(data=node.data), as_json=True)
        found = json.loads(capsys.readouterr().out)
        with httpx.Client(base_url=node.url, headers=node.headers) as http:
            peers = http.get("/api/peers").json()
            rows = http.get("/api/realtime/running").json()
    finally:
        node.stop()
    seen = node.data / "seen.json"
    remembered = seen.read_text(encoding="utf-8") if seen.exists() else ""
    levels = {one["what"]: one["level"] for one in found}
    assert code == 0, found
    assert levels["channel"] == "ok", found
    assert {"data", "clock", "node", "network", "addresses", "plugins"} <= set(levels)
    # The other node is gone; it is listed until it counts as offline for good, and then nowhere.
    others = [one for one in peers if one["peerLabel"] == "doctor"]
    assert [one for one in others if one["Reachable"] or one["peerId"] in remembered] == []
    assert rows == []
