# SPDX-License-Identifier: MIT
"""A recorded log, folded by a plugin as it is installed now."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path

from goop_node.types import JsonValue
from goop_realtime.contexts.registry import Context
from goop_realtime.inspector.logged import Logged, read
from goop_realtime.inspector.playback import Playback
from goop_realtime.testing.kit.host import Host, Plugins
from goop_realtime.types import Refusal

REPLAYER = "replayer"


class NotReplayed(AssertionError):
    """A context does not take what was recorded: ``code`` says why."""

    def __init__(self, refusal: Refusal, where: str) -> None:
        pointer = f"{refusal.pointer}: " if refusal.pointer else ""
        super().__init__(f"{where}: {refusal.code}: {pointer}{refusal.reason}")
        self.code = refusal.code
        self.reason = refusal.reason


def replay(
    what: object, log: JsonValue, *, settings: Mapping[str, JsonValue] | None = None
) -> JsonValue:
    """What a log comes to, entry by entry, with the ids and times that it was recorded with.

    ``what`` and ``settings`` are those of ``pair``; ``log`` is what the Inspector writes into the
    tests that it makes. Raises ``NotReplayed`` at the first entry that is refused, ``ValueError``
    for what is no such log, and ``PluginError`` of a broken plugin.
    """
    logged = read(log)
    plugins = Plugins(what, settings)
    loop = asyncio.new_event_loop()
    try:
        with tempfile.TemporaryDirectory(prefix="goop-replay-") as folder:
            host = Host(Path(folder) / REPLAYER, REPLAYER, (), plugins)
            loop.run_until_complete(host.enter())
            try:
                return _folded(_context(host, logged), logged)
            finally:
                loop.run_until_complete(host.leave())
    finally:
        loop.close()


def _context(host: Host, logged: Logged) -> Context:
    """The context of the log, of the same major version where the plugin has that."""
    versions = host.registry().versions(logged.context)
    if not versions:
        reason = f"no plugin here serves the context {logged.context!r}"
        raise NotReplayed(Refusal(code="unknown_context", reason=reason), "the log")
    major = logged.recorded_with.partition(".")[0]
    same = (one for one in versions if str(one.version.major) == major)
    return next(same, versions[0])


def _folded(context: Context, logged: Logged) -> JsonValue:
    recording = logged.recording(context)
    playback = Playback(recording)
    if playback.stopped is not None:
        raise NotReplayed(playback.stopped, "the beginning of the log")
    for number, entry in enumerate(recording.entries):
        refusal = playback.take(entry, show=False).refusal
        if refusal is not None:
            said = f"{entry.data!r} of" if entry.kind == "msg" else f"{entry.kind} of"
            raise NotReplayed(refusal, f"entry {number}, {said} {entry.author}")
    state = playback.state()
    if isinstance(state, Refusal):
        raise NotReplayed(state, "the state")
    return state
