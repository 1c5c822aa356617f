# SPDX-License-Identifier: MIT
"""Who uses a name of an earlier version is told the new one, wherever the old one stood."""

from __future__ import annotations

import copy
import importlib
import pickle
from dataclasses import replace
from typing import Any

import pytest

from goop_node.network import Peer
from goop_realtime import ContextType, Limits, Message, OpenRequest

REQUEST = OpenRequest(channel="rt-1", context="", opener="a", peers=("a", "b"))
MESSAGE = Message(sender="a", data={}, id="m-1", sent_at_ms=0)
PEER = Peer(peer_id="a", label="A", online=True, connected=False, last_seen_ms=0)


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        (ContextType, "base", "initial_state"),
        (ContextType, "opened", "on_open"),
        (ContextType, "applied", "on_commit"),
        (ContextType, "page", "template"),
        (OpenRequest, "base", "initial_state"),
        (Limits, "suspended_seconds", "suspended_ms"),
        (Peer, "last_seen", "last_seen_ms"),
    ],
)
def test_an_old_field_is_refused_with_the_new_one(kind: Any, old: str, new: str) -> None:
    name = kind.__name__
    with pytest.raises(TypeError, match=rf"{name}\({old}=…\) is {name}\({new}=…\)"):
        kind(**{old: 1})


@pytest.mark.parametrize(
    ("value", "old", "new"),
    [
        (REQUEST, "base", "initial_state"),
        (MESSAGE, "sent_at", "sent_at_ms"),
        (PEER, "last_seen", "last_seen_ms"),
        (Limits(), "suspended_seconds", "suspended_ms"),
    ],
)
def test_reading_an_old_field_says_the_new_one(value: Any, old: str, new: str) -> None:
    with pytest.raises(AttributeError, match=rf"\.{old} is \w+\.{new} in this version"):
        getattr(value, old)
    with pytest.raises(AttributeError, match="there is no"):
        value.nothing_of_that_name  # noqa: B018


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("goop_realtime", "Rejection", "Refusal"),
        ("goop_realtime.types", "OpenSession", "NoRules"),
        ("goop_node.access", "caller_of", r"caller\(request\)"),
    ],
)
def test_an_old_import_says_the_new_name(module: str, old: str, new: str) -> None:
    with pytest.raises(ImportError, match=rf"{module}\.{old} is {new} in this version"):
        exec(f"from {module} import {old}")
    with pytest.raises(AttributeError, match="has no attribute"):
        importlib.import_module(module).nothing_of_that_name  # noqa: B018


def test_values_are_what_they_were() -> None:
    for value in (REQUEST, MESSAGE, PEER, Limits()):
        assert copy.deepcopy(value) == pickle.loads(pickle.dumps(value)) == replace(value) == value
