# SPDX-License-Identifier: MIT
"""What a page of the kit remembers of the frames that it gets."""

from __future__ import annotations

from typing import Any

from goop_realtime.testing.document import SimDocument


class Hearing(SimDocument):
    """A page that keeps what it is told, for a test to read."""

    def __init__(self, *args: Any, **more: Any) -> None:
        self.told: dict[tuple[str, str], Any] = {}
        """``(author, message id)`` -> the data of a message."""
        self.answers: dict[str, dict[str, Any]] = {}
        """By ``ref``, or by the id of a message that was refused."""
        self.stages: dict[str, str] = {}
        """The newest receipt of each of its own messages."""
        self.states: dict[str, dict[str, Any]] = {}
        """The newest ``state`` or ``room`` frame, by channel or room."""
        self.requests: list[str] = []
        """The channels that it was asked for, oldest first."""
        super().__init__(*args, **more)

    def take(self, body: dict[str, Any]) -> None:
        """A frame is read."""
        match body["type"]:
            case "message":
                self.told[body["from"], body["id"]] = body["data"]
            case "receipt" if "by" not in body:
                self.stages[body["id"]] = body["stage"]
            case "state" | "room":
                self.states[body["channel"]] = body
            case "incoming":
                self.requests.append(body["channel"])
        if (ref := body.get("ref") or body.get("id")) and body["type"] != "message":
            self.answers[ref] = body
        super().take(body)
