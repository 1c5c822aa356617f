# SPDX-License-Identifier: MIT
"""A person at a terminal, who does what a tutorial says: writes files and runs commands."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.documents.blocks import Block, Command, blocks_of, commands_of

LASTING = ("goop demo", "goop run")
"""What is there until somebody ends it."""
_DONE = "—done—"


class Shell:
    """One shell, in which what ``cd`` and ``activate`` do stays."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self.folder = folder
        self._variables = variables
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env=dict(variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )

    def run(self, line: str) -> str:
        """What a command prints. ``AssertionError`` where it fails."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(f"{line} </dev/null\necho; echo {_DONE} $?\n")
        stdin.flush()
        lines: list[str] = []
        for found in stdout:
            if found.startswith(_DONE):
                assert found.split()[1] == "0", f"$ {line}\n{''.join(lines)}"
                return "".join(lines)
            lines.append(found)
        raise AssertionError(f"the shell ended at: {line}\n{''.join(lines)}")

    def start(self, line: str) -> subprocess.Popen[str]:
        """Begin a command that lasts, in the folder and with the path that the shell has now."""
        where, path = self.run('pwd; echo "$PATH"').split()[:2]
        return subprocess.Popen(
            ["bash", "-c", f"exec {line}"],
            cwd=where,
            env={**self._variables, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )

    def close(self) -> None:
        """The person goes."""
        self._process.communicate()


def follow(document: Path, shell: Shell) -> tuple[subprocess.Popen[str], list[Block]]:
    """Do what ``document`` says. Its lasting command, and what is neither a file nor a command.

    ``AssertionError`` where a command fails, or prints something else than stands there.
    """
    lasting: list[subprocess.Popen[str]] = []
    others = []
    for block in blocks_of(document):
        if block.file:
            file = shell.folder / block.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
        elif block.language == "console":
            for command in commands_of(block.text):
                if command.line.startswith(LASTING):
                    lasting.append(shell.start(command.line))
                else:
                    assert_printed(command, shell.run(command.line))
        else:
            others.append(block)
    assert len(lasting) == 1, "a tutorial ends with two nodes that run"
    return lasting[0], others


def assert_printed(command: Command, output: str) -> None:
    """Every line that stands in the tutorial was printed, in that order; ``…`` is any text."""
    lines = iter(output.splitlines())
    for line in command.printed:
        form = re.compile(".*".join(map(re.escape, line.split("…"))))
        assert any(map(form.fullmatch, lines)), f"$ {command.line}\nexpected: {line}\n{output}"
