# SPDX-License-Identifier: MIT
"""The planted faults at which nothing fails, or not at one node: ``goop check --plugin`` alone sees
them."""

from __future__ import annotations

from dataclasses import replace

from tests.planted.planting import Planted, field

FOLD = """
class Session:
    def __init__(self, request, snapshot):
        self.told = list(snapshot.state["told"]) if snapshot else []
        self.other = 0
    def check(self, message): {check}{at_check}
    def apply(self, message):{at_apply}
        {apply}
    def snapshot(self): return {state}
def begin(request, snapshot):{at_begin}
    {begin}
    return Session(request, snapshot)
class Plugin:
    @hookimpl
    def realtime_contexts(self, node):
        global me
        me = node.peer_id
        return [context(open_session=begin)]
"""


def fold(name: str, words: str, at: str, **parts: str) -> Planted:
    """A plugin whose one context has a Session with these parts; ``at`` is the one to blame."""
    usual = {
        **{f"at_{one}": "  #!" if one == at else "" for one in ("check", "apply", "begin")},
        "check": "return None",
        "apply": "self.told = [*self.told, message.data['n']][-9:]",
        "state": "{'told': self.told}",
        "begin": "pass",
    }
    return Planted(name, words, FOLD.format(**{**usual, **parts}), "active")


ASTRAY = [
    fold(
        "check_changes", "changes the state: /told is", "check", check="self.told = [*self.told, 7]"
    ),
    fold(
        "forgets",
        "has another: /other is",
        "begin",
        apply="self.other = message.data['n']",
        state="{'told': self.told, 'other': self.other}",
    ),
    fold(
        "remembers",
        "goes astray",
        "check",
        check="return Refusal(code='odd', reason='') if self.other % 2 else None",
        apply="self.other += 1",
    ),
    fold(
        "chance",
        "goes astray: behind message-1",
        "apply",
        apply="import random; self.told = [random.random()]",
    ),
    fold("clock", "goes astray: behind", "apply", apply="import time; self.told = [time.time()]"),
    fold(
        "refuses_itself",
        "refuses its own snapshot: late",
        "begin",
        begin="if snapshot and snapshot.seq: return Refusal(code='late', reason='')",
    ),
    fold(
        "grows",
        "MiB",
        "apply",
        apply="told.append(bytes(100_000))",
        begin="global told; told = kept",
    ),
]
ASTRAY.insert(
    0,
    replace(
        field(
            "mistyped",
            "the schema of note has requried at /requried",
            "messages={'note': {'type': 'object', 'requried': ['text']}}",
        ),
        status="active",
    ),
)
ASTRAY[-1] = Planted("grows", "MiB", f"kept = []{ASTRAY[-1].source}", "active")
ELSEWHERE = [
    fold("local", "at another node, in another process", "apply", apply="self.told = [me]"),
]
