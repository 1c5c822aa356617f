# SPDX-License-Identifier: MIT
"""What a message id says: the page that sent the message, and which of that page's it is."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_FORM = re.compile(r"[A-Za-z0-9_.~-]{1,64}-[0-9]{1,15}")


class MessageId(NamedTuple):
    """An id in its parts. A page counts its messages, so a later one has a greater counter."""

    page: str
    counter: int

    def __str__(self) -> str:
        return f"{self.page}-{self.counter}"


@lru_cache(maxsize=1024)
def parsed(text: str) -> MessageId:
    """The parts of ``PAGE-COUNTER``; what is on its way is parsed once.

    Another node may write ids that are nothing of the kind: those have the counter 0.
    """
    page, _, counter = text.rpartition("-")
    return MessageId(page, int(counter) if counter.isascii() and counter.isdigit() else 0)


def is_of_a_page(text: str) -> bool:
    """Whether it has the form that pages have to give their ids."""
    return _FORM.fullmatch(text) is not None
