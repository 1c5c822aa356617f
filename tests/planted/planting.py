# SPDX-License-Identifier: MIT
"""Broken plugins as small modules: written to a folder, loaded like any other."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

from goop_node.plugins.environment import Candidate

PRELUDE = """\
import asyncio, contextlib, math, sys, types
from pathlib import Path
import pluggy
from litestar import get, post, websocket, Controller
from goop_node.hookspecs import hookimpl, hookspec
from goop_node.types import Refusal, Route, SdkModule, StreamHandler, Template
from goop_realtime import ContextType, Limits, NoRules, Refusal
HERE = Path(__file__).parent
def nothing(*args): return None
def context(**fields):
    return ContextType(**{"name": NAME, "version": "1", "title": "T", "messages": {}, **fields})
def deep(levels):
    value = {}
    for _ in range(levels): value = {"not": value}
    return value
def endless():
    while True: yield None
class Silent(Exception):
    def __str__(self): raise RuntimeError("says nothing")
class Odd(BaseException): pass
"""


@dataclass(frozen=True)
class Planted:
    """A broken plugin. The line to blame ends in ``#!``; ``words`` are in what is said of it."""

    name: str
    words: str
    source: str
    status: str = "failed"

    @property
    def text(self) -> str:
        """The whole module."""
        return f"NAME = {self.name!r}\n{PRELUDE}{self.source.strip()}\n"

    @property
    def line(self) -> int:
        """The line to blame, from 1; 0 where there is none."""
        lines = self.text.splitlines()
        return next((number for number, line in enumerate(lines, 1) if line.endswith("#!")), 0)

    def plant(self, folder: Path) -> Candidate:
        """Write it into ``folder``."""
        module = f"planted_{self.name.replace('-', '_')}"
        path = folder / f"{module}.py"
        path.write_text(self.text, encoding="utf-8")

        def load() -> object:
            spec = importlib.util.spec_from_file_location(module, path)
            assert spec is not None
            assert spec.loader is not None
            made = importlib.util.module_from_spec(spec)
            sys.modules[module] = made
            spec.loader.exec_module(made)
            return made.Plugin

        return Candidate(name=self.name, load=load, module=module, source=str(path))


def hook(name: str, words: str, signature: str, body: str, status: str = "failed") -> Planted:
    """A plugin with one hook, which is to blame; ``body`` is a statement or several."""
    inside = "\n        ".join(body.splitlines())
    source = f"class Plugin:\n    @hookimpl  #!\n    def {signature}:\n        {inside}"
    if "#!" in body:
        source = source.replace("@hookimpl  #!", "@hookimpl")
    return Planted(name, words, source, status)


def field(name: str, words: str, fields: str) -> Planted:
    """A plugin whose one context has these fields."""
    return hook(name, words, "realtime_contexts(self, node)", f"return [context({fields})]")


def session(name: str, words: str, method: str, body: str) -> Planted:
    """A plugin whose one context has a Session with this method."""
    arguments = "self" if method == "snapshot" else "self, message"
    return Planted(
        name,
        words,
        f"""
class Session:
    def check(self, message): return None
    def apply(self, message): return None
    def snapshot(self): return None
    def {method}({arguments}): {body}  #!
class Plugin:
    @hookimpl
    def realtime_contexts(self, node):
        return [context(open_session=lambda request, snapshot: Session())]
""",
        "faulty",
    )


def function(name: str, words: str, which: str, body: str) -> Planted:
    """A plugin whose one context has this function."""
    two = {"open_session": "request, snapshot", "on_commit": "session, entries"}
    arguments = two.get(which, "given")
    return Planted(
        name,
        words,
        f"""
def function({arguments}): {body}  #!
class Plugin:
    @hookimpl
    def realtime_contexts(self, node):
        return [context({which}=function)]
""",
        "faulty",
    )


GOOD = Planted(
    "zgood",
    "",
    """
@get("/hello", sync_to_thread=False)
def hello() -> str:
    return "hello"
class Plugin:
    @hookimpl
    def goop_routes(self, node):
        return [Route(handlers=[hello])]
    @hookimpl
    def realtime_contexts(self, node):
        return [context()]
""",
    "active",
)
"""A plugin that works, beside each broken one, and loaded after it."""
