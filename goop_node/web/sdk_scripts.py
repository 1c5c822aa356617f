# SPDX-License-Identifier: MIT
"""The scripts of the page SDK: kept as small modules, served as classic scripts.

A page loads one script and needs no build step, so a script that imports others is served
together with them, each once and before what needs it, in one function scope of its own.
"""

from __future__ import annotations

import re
from pathlib import Path

_WHEEL = Path(__file__).parents[1] / "sdk"
FOLDER = _WHEEL if _WHEEL.is_dir() else Path(__file__).parents[2] / "js"
"""Where the SDK is: in the wheel, or in a checkout."""

NAMES = (
    *("goop-peers.js", "goop-identity.js", "goop-names.js", "goop-reading.js"),
    "goop.d.ts",
)
"""What the host serves below ``/sdk/``; the rest is brought by plugins (``goop_sdk_modules``)."""

_IMPORT = re.compile(r'^import [^;"]*from "(\.\.?/[\w./-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async |class |const |function |let ))", re.MULTILINE)


def classic(file: Path) -> str:
    """The text of ``file`` as a classic script; as it stands where it imports nothing.

    Understands static imports of named things from relative files and exported declarations.
    Names are shared by all parts, so two parts must not declare the same one.
    """
    if _IMPORT.search(text := file.read_text("utf-8")) is None:
        return text
    parts: dict[Path, str] = {}
    _gather(file.resolve(), parts)
    return "(() => {\n" + '"use strict";\n' + "\n".join(parts.values()) + "})();\n"


def _gather(file: Path, parts: dict[Path, str], above: tuple[Path, ...] = ()) -> None:
    if file in above:
        raise ValueError(f"{file.name} imports itself, by way of {above[-1].name}")
    if file in parts:
        return
    text = file.read_text("utf-8")
    for name in _IMPORT.findall(text):
        _gather((file.parent / name).resolve(), parts, (*above, file))
    parts[file] = _EXPORT.sub("", _IMPORT.sub("", text))
