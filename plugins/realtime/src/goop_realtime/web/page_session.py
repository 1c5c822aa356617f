# SPDX-License-Identifier: MIT
"""What a page's connection does with frames, whatever carries them: bounded both ways."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from secrets import token_hex

from goop_node.clock import now_ms
from goop_node.types import Caller, JsonValue
from goop_realtime.driver.bridge import Bridge
from goop_realtime.machine.containment import REFUSAL
from goop_realtime.machine.pages import Page
from goop_realtime.model.jsonio import MalformedJson, read
from goop_realtime.web.turns import Turn, Turns

MAX_FRAME = 80 * 1024
"""Bytes of a frame from a page: a message of 64 KiB and its envelope."""
MAX_QUEUED = 4 * 1024 * 1024
"""Bytes waiting for a page that does not read; beyond, it is cut off and resumes later."""
SLOW = 4008
REPLACED = 4009
STORAGE = 4011
TOO_MANY = 4029
REASONS = {
    SLOW: "slow_page",
    REPLACED: "replaced",
    TOO_MANY: "too_many_sockets",
    STORAGE: "storage_failed",
}
"""The codes a connection ends with, and what they are called."""
BAD_PAGE = "a page id has 1 to 64 characters of [A-Za-z0-9_], and is one document's own"


class PageSession:
    """One connection of one page. Frames go in by ``frame`` and come out by ``take``.

    ``sessions`` holds those of the node by page id: a newer one takes the older one's place.
    """

    def __init__(
        self, bridge: Bridge, caller: Caller, sessions: dict[str, PageSession], turns: Turns
    ) -> None:
        self.caller = caller
        self.turn = Turn(turns)
        """What its frames take of the node's time."""
        self.posting = asyncio.Lock()
        """Held while frames that were posted together are taken."""
        self._sessions = sessions
        self.wake = asyncio.Event()
        """Set when there is something to ``take``, or the session is over."""
        self.over = 0
        """Why the connection must end (a close code), else 0."""
        self.batch = False
        """Whether this page takes several frames at once, as an array of them."""
        self._bridge = bridge
        self._engine = bridge.engine
        self._queue: list[bytes] = []
        self._newest: dict[str, int] = {}
        """Where in the queue a channel's newest signal waits."""
        self._queued = 0
        self._page: Page | None = None
        self._sink: Callable[[bytes, str], None] = self._put

    @property
    def page(self) -> Page | None:
        """Whose connection it is, while it is open."""
        return self._page

    def open(self, page_id: str = "") -> bool:
        """Begin, as that page or as one of its own. False where there are too many."""
        if not self._has_place():
            self._engine.note(now_ms(), "page", REASONS[TOO_MANY])
            return False
        self._become(page_id or f"s{token_hex(8)}")
        return True

    def _has_place(self) -> bool:
        """Templates have three quarters of the places: no page of theirs locks home out."""
        limit = self._engine.read.max_sockets
        templates = sum(one.caller.kind == "template" for one in self._sessions.values())
        if self.caller.kind == "template" and templates >= limit * 3 // 4:
            return False
        return len(self._bridge.sinks) < limit

    def _become(self, page_id: str) -> None:
        """Take the identity of a page: a document's own id, or one for this connection."""
        self.leave(for_good=True)
        # What has gathered for an older connection of that page is not for this one.
        self._bridge.flush()
        self._bridge.drop_frames(page_id)
        self._page = self._engine.attach(now_ms(), page_id, self.caller)
        self._bridge.sinks[page_id] = self._sink
        self._bridge.cuts[page_id] = partial(self.end, STORAGE)
        older = self._sessions.get(page_id)
        self._sessions[page_id] = self
        if older is not None:
            older.end(REPLACED)

    def may_be(self, page_id: str) -> bool:
        """Whether it is a page id, and no other template's."""
        older = self._sessions.get(page_id)
        return (
            0 < len(page_id) <= 64
            and page_id.replace("_", "").isalnum()
            and page_id.isascii()
            and (older is None or older.caller == self.caller)
        )

    def leave(self, *, for_good: bool = False) -> None:
        """The connection is gone; the page's place is kept for a while, unless it is for good.

        A connection is one living page's: who becomes another on it leaves the first for good.
        """
        page, self._page = self._page, None
        if page is not None and self._bridge.sinks.get(page.id) is self._sink:
            del self._bridge.sinks[page.id]
            del self._bridge.cuts[page.id]
            del self._sessions[page.id]
            self._engine.detach(now_ms(), page, for_good=for_good)
            self._bridge.step()

    def end(self, code: int) -> None:
        """Cut the connection off: what waits for it is dropped, and it gets no more."""
        if self.over:
            return
        self.over = code
        who = self._page.id if self._page else ""
        self._engine.note(now_ms(), "page", REASONS[code], detail=who)
        self._queue, self._queued = [], 0
        self._newest.clear()
        self.leave()
        self.wake.set()

    # Out

    def _put(self, data: bytes, newest: str = "") -> None:
        if self.over:
            return
        if newest:
            before = self._newest.get(newest)
            if before is not None:
                # The frames behind it have overtaken nothing: a signal has no place in the order.
                self._queued += len(data) - len(self._queue[before])
                self._queue[before] = data
                return
            self._newest[newest] = len(self._queue)
        self._queue.append(data)
        self._queued += len(data)
        if self._queued > MAX_QUEUED:
            self.end(SLOW)
        self.wake.set()

    def take(self) -> list[bytes]:
        """The frames that wait. Their bytes count as waiting until ``sent`` is told of them."""
        self.wake.clear()
        queue, self._queue = self._queue, []
        self._newest.clear()
        return queue

    def sent(self, size: int) -> None:
        """So many bytes have gone."""
        self._queued = max(0, self._queued - size)

    # In

    def frame(self, text: str) -> None:
        """Take one frame; what is wrong with it is answered by a frame."""
        if self._page is None:
            return
        if len(text) > MAX_FRAME:
            self._error("too_large", f"a frame has at most {MAX_FRAME} bytes")
            return
        try:
            body = read(text)
        except MalformedJson as error:
            self._error(error.code, error.reason)
            return
        try:
            self._take(body)
        except Exception as error:
            kind = body.get("type") if isinstance(body, dict) else None
            self._bridge.report(error, f"at a frame {kind!r} of a page")
            self._error(REFUSAL.code, REFUSAL.reason)
        self._bridge.step()

    def _take(self, body: JsonValue) -> None:
        if isinstance(body, dict) and body.get("type") == "subscribe":
            page_id = body.get("page")
            if isinstance(page_id, str) and self._page is not None and page_id != self._page.id:
                if not self.may_be(page_id):
                    self._error("bad_page", BAD_PAGE)
                    return
                self._become(page_id)
            self.batch = body.get("batch", self.batch) is True
        if self._page is not None:
            self._engine.frame(now_ms(), self._page, body)

    def refuse_binary(self) -> None:
        """A frame came that was no text."""
        self._error("binary_frame", "frames are JSON text, not binary")

    def _error(self, code: str, reason: str) -> None:
        if self._page is not None:
            self._engine.refuse(now_ms(), self._page, code, reason)
            self._bridge.step()
