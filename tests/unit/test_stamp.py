# SPDX-License-Identifier: MIT
"""``ContextType.stamp``: a page's message goes on as its own node gives it, and no other's."""

from __future__ import annotations

from typing import Any

from goop_realtime.model.jsonio import decode
from goop_realtime.testing import World
from goop_realtime.types import ContextType, OpenRequest

WORD = {
    "type": "object",
    "properties": {"type": {"const": "word"}, "text": {}, "by": {"type": "integer"}},
    "required": ["type"],
    "additionalProperties": False,
}


def test_what_both_have_is_what_the_authors_node_made_of_it() -> None:
    asked: list[tuple[str, Any]] = []

    def stamp(request: OpenRequest, data: Any) -> Any:
        asked.append((request.channel, dict(data)))
        if data.get("text") == "raise":
            raise RuntimeError("no")
        if data.get("text") == "misfit":
            return {**data, "by": "me"}
        data["by"] = len(asked)
        return data

    words = ContextType(
        name="words", version="1", title="Words", messages={"word": WORD}, stamp=stamp
    )
    world = World(1, [words])
    alice, bob = world.node("alice"), world.node("bob")
    pages = [alice.page("a"), bob.page("b")]
    channel = alice.ask("bob", "words")
    world.run(1_000)
    bob.accept(channel)
    world.run(5_000)
    for page in pages:
        page.send(channel, {"type": "word", "by": 99})
        page.cut()  # it sends again what it has no receipt of: that is asked about once
        world.run(10_000)
        for text in ("raise", "misfit"):
            page.send(channel, {"type": "word", "text": text})
        page.send(channel, {"type": "word", "text": 5, "more": 1})
        world.run(10_000)
    logs = [
        [decode(entry.raw) for entry in node.engine.core.channels[channel].log.after(0)]
        for node in (alice, bob)
    ]
    assert logs[0] == logs[1] == [{"type": "word", "by": 1}, {"type": "word", "by": 4}]
    assert [data.get("text") for _, data in asked] == [None, "raise", "misfit"] * 2
    for page in pages:
        refused = sorted(code for code in page.fate.values() if code != "handled")
        assert refused == ["invalid_message", "invalid_message", "plugin_error"]
