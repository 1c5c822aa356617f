# SPDX-License-Identifier: MIT
"""What plugins and pages say, as a line may carry it."""

from __future__ import annotations

import re
from typing import Any

from goop_node.types import Refusal
from goop_realtime.model.jsonio import MAX_INTEGER
from goop_realtime.model.wire import MAX_CODE, MAX_REASON

_CODE = re.compile(rf"[!-~]{{1,{MAX_CODE}}}")


def bounded(refusal: Refusal) -> Refusal:
    """The refusal as a line may carry it.

    A plugin chooses its own: what has not their form is replaced, what is too long is cut.
    """
    code, pointer = refusal.code, _encodable(refusal.pointer)
    if not _CODE.fullmatch(code):
        code = "refused"
    if len(pointer) > MAX_REASON:
        pointer = pointer[: MAX_REASON + 1].rpartition("/")[0]  # to what is around it
    return Refusal(code=code, reason=refusal.reason[:MAX_REASON], pointer=pointer)


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def pair(value: Any) -> tuple[int, int] | None:
    """A log position ``[epoch, seq]`` as a tuple, or ``None`` for anything else."""
    if (
        isinstance(value, (list, tuple))
        and len(value) == 2
        and all(type(part) is int and 0 <= part <= MAX_INTEGER for part in value)
    ):
        return (value[0], value[1])
    return None
