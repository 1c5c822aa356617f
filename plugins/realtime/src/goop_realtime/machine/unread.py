# SPDX-License-Identifier: MIT
"""How much of a channel's log the pages of its node have not handled, read from the log itself."""

from __future__ import annotations

from collections import deque

from goop_realtime.machine.channel import Channel


class Unread:
    """A count of the entries behind ``channel.handled``, and of their bytes.

    Nobody has to tell it of an entry or of a handler that returned, so there is no order in
    which they could be told wrong: each question looks at the log, from where the last one was.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._sizes: deque[int] = deque()
        self._from = channel.handled
        """The entries that are counted follow this one."""
        self._bytes = 0

    def measure(self) -> tuple[int, int]:
        """Entries, and bytes of messages."""
        log, handled = self._channel.log, self._channel.handled
        while self._sizes and self._from < handled:
            self._bytes -= self._sizes.popleft()
            self._from += 1
        if not self._sizes:
            self._from = max(handled, log.start[1])
        for entry in log.after(self._from + len(self._sizes)):
            self._sizes.append(len(entry.raw))
            self._bytes += len(entry.raw)
        return len(self._sizes), self._bytes
