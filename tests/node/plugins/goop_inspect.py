# SPDX-License-Identifier: MIT
"""A plugin for tests alone: ``GET /api/inspect/memory`` counts what the process holds."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterable
from pathlib import Path

from litestar import get

from goop_node.hookspecs import hookimpl
from goop_node.types import NodeApi, Route


class InspectPlugin:
    """Brings the route."""

    @hookimpl
    def goop_routes(self, node: NodeApi) -> Iterable[Route]:
        """The count."""
        return [Route(handlers=[memory])]


@get("/memory", sync_to_thread=False)
def memory() -> dict[str, int]:
    """Living objects after a collection, and resident KiB after freed memory was given back."""
    gc.collect()
    if hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)
    status = Path("/proc/self/status").read_text(encoding="ascii")
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return {"objects": len(gc.get_objects()), "resident": int(resident.split()[1])}
