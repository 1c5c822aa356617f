# SPDX-License-Identifier: MIT
"""``goop transcript``: a log as a file or as a test, and whether such a file is genuine."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from goop_node.commands import Command, NodeClient, StartError
from goop_node.data.kept_files import NotKeptError, write_whole
from goop_node.escaping import escaped
from goop_realtime.rooms.transcript import Report, check

API = "/api/realtime"


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "room", nargs="?", help="what people join it by, or an id; without: list the rooms"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="default: standard output")
    parser.add_argument(
        "--test", action="store_true", help="write a file for pytest that replays the log"
    )
    parser.add_argument("--check", metavar="FILE", help="check a transcript; no node is needed")


def _run(options: argparse.Namespace, node: NodeClient) -> int:
    if options.check is not None:
        return _check(Path(options.check), node)
    rooms: list[dict[str, Any]] = json.loads(node.get(f"{API}/rooms"))
    if options.room is None:
        for room in rooms:
            print(f"{room['room']}\t{room['context'] or '-'}\t{room['state']}")
        return 0
    if options.test and options.room.startswith("rt-"):
        return _write(node.get(f"{API}/inspector/test", channel=options.room), options.output)
    found = [one["channelId"] for one in rooms if options.room in (one["room"], one["channelId"])]
    if not found:
        names = ", ".join(one["room"] for one in rooms) or "none"
        raise StartError([f"this node is in no room {options.room!r}; it is in: {names}"])
    if len(found) > 1:
        raise StartError([f"{options.room!r} may be any of {', '.join(found)}: name one of those"])
    endpoint = "inspector/test" if options.test else "transcript"
    return _write(node.get(f"{API}/{endpoint}", channel=found[0]), options.output)


def _write(content: bytes, output: str | None) -> int:
    if output is None:
        sys.stdout.buffer.write(content)
        return 0
    try:
        write_whole(Path(output), content)
    except NotKeptError as error:
        raise StartError([f"{output}: {error.words}"]) from error
    return 0


def _check(file: Path, node: NodeClient) -> int:
    """Print what a transcript is worth. Returns 0, or 1 where something is not true."""
    try:
        with file.open("rb") as lines:
            report = check((line.rstrip(b"\n") for line in lines), node.verify)
    except OSError as error:
        raise StartError([f"{file} cannot be read: {error.strerror}"]) from error
    for line in _told(report):
        print(escaped(line))  # the file may be a stranger's
    return 1 if report.wrong else 0


def _told(report: Report) -> list[str]:
    lines = []
    if report.head is not None:
        context = report.head.context or "no context"
        lines.append(f"Room {report.head.name} ({context}), by {report.head.by}")
        begins = "from its beginning" if report.first == 1 else f"from entry {report.first} on"
        lines.append(f"{report.entries} entries, {begins if report.entries else 'nothing'}")
        lines += [f"{count:7} messages signed by {who}" for who, count in report.said.most_common()]
        if report.withheld:
            lines.append(f"{report.withheld} of them are private to others, without their content")
    lines += report.faults
    if report.wrong > len(report.faults):
        lines.append(f"and {report.wrong - len(report.faults)} more lines that are wrong")
    lines.append("NOT GENUINE" if report.wrong else "Genuine: who said what is true")
    return lines


COMMAND = Command(
    help="Write down a log, also as a test, or check a file that somebody has written.",
    arguments=_arguments,
    run=_run,
)
