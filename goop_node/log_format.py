# SPDX-License-Identifier: MIT
"""How records and lines for people are written: text from elsewhere cannot pose as one.

What is quoted is escaped, and only a record begins at the start of a line.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from goop_node.escaping import escaped, escaped_lines

INDENT = "    "


def say(text: str = "", *, error: bool = False) -> None:
    """Print for people, on the error output or not. Line ends are ours: others' text has none."""
    safe = escaped_lines(text)
    print(safe, file=sys.stderr if error else sys.stdout, flush=True)


def log_with(log: logging.Logger, level: int, lines: str, message: str, *args: object) -> None:
    """Log a record with ``lines`` below it, such as a stack that is text already."""
    if log.isEnabledFor(level):
        log.handle(log.makeRecord(log.name, level, "", 0, message, args, None, sinfo=lines))


class RecordFormatter(logging.Formatter):
    """One line a record, with its time and level; a traceback's lines follow it, indented."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%d %H:%M:%S")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """Local time with milliseconds."""
        return f"{super().formatTime(record, datefmt)}.{int(record.msecs):03d}"

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The record's own line."""
        return escaped(super().formatMessage(record))

    def formatException(self, ei: object) -> str:
        """The traceback, away from the start of the line."""
        return _indented(super().formatException(ei))  # type: ignore[arg-type]

    def formatStack(self, stack_info: str) -> str:
        """The stack, away from the start of the line."""
        return _indented(super().formatStack(stack_info))


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for programs: ``time`` (UTC), ``level``, ``logger``, ``message``, and
    ``trace`` where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """The object; all of it is ASCII, so nothing in it can act on who reads it."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        row = {
            "time": time.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        trace = [self.formatException(record.exc_info)] if record.exc_info else []
        trace += [self.formatStack(record.stack_info)] if record.stack_info else []
        if trace:
            row["trace"] = "\n".join(trace)
        return json.dumps(row)


FORMATS: dict[str, type[logging.Formatter]] = {"text": RecordFormatter, "json": JsonFormatter}
"""How the log can be written."""


def _indented(lines: str) -> str:
    safe = escaped_lines(lines)
    return "\n".join(INDENT + line for line in safe.split("\n"))
