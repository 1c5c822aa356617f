# SPDX-License-Identifier: MIT
"""Nothing that a peer, a page or a plugin says can pose as a log record."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import re
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import goop_node
from goop_node.escaping import escaped
from goop_node.log_format import INDENT, JsonFormatter, RecordFormatter, log_with, say

ANY = st.text(st.characters() | st.sampled_from("\n\r\x1b\x85\u2028\u202e\x00\ud800"), max_size=80)

TIME = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} ")


def record(message: str, raised: str = "") -> logging.LogRecord:
    exc_info = None
    if raised:
        try:
            raise ValueError(raised)
        except ValueError:
            exc_info = sys.exc_info()
    return logging.LogRecord(
        "goop_node", logging.ERROR, "", 0, "%s said %s", ("x", message), exc_info
    )


def test_a_name_cannot_add_a_record() -> None:
    text = RecordFormatter().format(record("hi\nERROR goop_node: \x1b[2Jall is lost"))
    assert (
        TIME.sub("", text, count=1)
        == "ERROR goop_node: x said hi\\nERROR goop_node: \\x1b[2Jall is lost"
    )


@given(ANY, ANY)
def test_only_the_record_begins_at_the_start_of_a_line(message: str, raised: str) -> None:
    text = RecordFormatter().format(record(message, raised))
    first, *others = text.splitlines()
    assert TIME.sub("", first, count=1).startswith("ERROR goop_node: x said ")
    assert all(line.startswith(INDENT) or not line for line in others)
    assert bool(others) == bool(raised)
    text.encode()


@given(ANY, ANY)
def test_as_json_a_record_is_one_line_that_says_all(message: str, raised: str) -> None:
    text = JsonFormatter().format(record(message, raised))
    assert text.isascii()
    assert text.isprintable()
    row = json.loads(text)
    assert row["message"] == f"x said {message}"
    assert row.keys() - {"trace"} == {"time", "level", "logger", "message"}
    assert ("trace" in row) == bool(raised)


@given(ANY)
def test_what_is_escaped_is_printed_as_one_line(text: str) -> None:
    shown = escaped(text)
    assert shown.splitlines() in ([], [shown])
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in shown)


@given(st.text(st.characters(codec="ascii", min_codepoint=32, max_codepoint=126)))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert escaped(text) == text


@given(st.text())
def test_what_is_printed_cannot_act_on_the_terminal(text: str) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        say(f"plugin x: {text}")
    left = printed.getvalue().replace("\n", "")
    assert escaped(left) == left


def test_the_host_prints_through_one_function() -> None:
    for file in Path(goop_node.__file__).parent.rglob("*.py"):
        if file.name != "log_format.py":
            assert not re.search(r"(?<![.\w])print\(", file.read_text(encoding="utf-8")), file


def test_lines_below_a_record_are_lines() -> None:
    record = io.StringIO()
    handler = logging.StreamHandler(record)
    handler.setFormatter(RecordFormatter())
    log = logging.Logger("x", logging.INFO)
    log.addHandler(handler)
    log_with(log, logging.ERROR, "Traceback:\n  in \x1b[2J f", "plugin %s failed", "a\nb")
    assert TIME.sub("", record.getvalue(), count=1).splitlines() == [
        "ERROR x: plugin a\\nb failed",
        "    Traceback:",
        "      in \\x1b[2J f",
    ]
