# SPDX-License-Identifier: MIT
"""The template that asks: in the invitation, through a restart, and nowhere else."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goop_node.config.values import is_template_name
from goop_node.types import Caller
from goop_realtime.machine.reading import ChannelView
from goop_realtime.model.jsonio import MalformedJson
from goop_realtime.model.stored import ChannelRow
from goop_realtime.model.wire import Invite, Line, parse, raw, serialise
from goop_realtime.testing import World

PING = Caller(kind="template", name="ping")
NAMES = st.text("abz09-_.A ", max_size=70) | st.from_regex(r"[a-z0-9-]{1,64}", fullmatch=True)


def invitation(**payload: object) -> bytes:
    """A line that asks for a channel."""
    body = {"context": "", "version": "", "hash": "", "timeout": 1000, **payload}
    return serialise(Line(type="invite", group="rt-0123456789abcdef", payload=raw(body)))


@given(NAMES)
def test_only_a_templates_name_is_taken_for_one(app: str) -> None:
    reserved = {"api", "assets", "home", "join", "localhost", "schema", "sdk", "www"}
    if app == "" or is_template_name(app) or app in reserved:
        assert parse(invitation(app=app)).told(Invite).app == app
    else:
        with pytest.raises(MalformedJson, match="app"):
            parse(invitation(app=app))


@pytest.mark.parametrize("app", [None, 3, ["ping"], {"name": "ping"}, True])
def test_what_is_no_text_is_no_name(app: object) -> None:
    with pytest.raises(MalformedJson, match="app"):
        parse(invitation(app=app))


def test_with_a_context_it_counts_for_nothing() -> None:
    assert parse(invitation(context="chess", app="ping")).told(Invite).app == ""


def test_the_other_side_is_told_it_and_both_still_know_it_after_a_restart() -> None:
    world = World(1)
    alice, bob = world.node("alice"), world.node("bob")
    asked = alice.engine.request(world.now, "bob", "", None, 60_000, new=False, caller=PING)
    assert isinstance(asked, ChannelView)
    alice.flush()
    world.run(1_000)
    for node in (alice, bob):
        assert node.engine.core.channels[asked.id].request.app == "ping"
        node.crash()
        node.start()
        assert node.engine.core.channels[asked.id].request.app == "ping"


def test_requests_of_two_templates_that_cross_stay_two() -> None:
    world = World(1)
    alice, bob = world.node("alice"), world.node("bob")
    for node, peer, app in ((alice, "bob", "board"), (bob, "alice", "ping")):
        caller = Caller(kind="template", name=app)
        node.engine.request(world.now, peer, "", None, 60_000, new=False, caller=caller)
        node.flush()
    world.run(1_000)
    for node in (alice, bob):
        found = [one for one in node.engine.core.channels.values() if not one.final]
        assert {(one.request.app, one.replaced_by) for one in found} == {
            ("board", ""),
            ("ping", ""),
        }


def test_a_row_that_was_stored_before_there_was_such_a_field_is_read() -> None:
    world = World(1)
    alice = world.node("alice")
    world.node("bob")
    asked = alice.engine.request(world.now, "bob", "", None, 60_000, new=False, caller=PING)
    assert isinstance(asked, ChannelView)
    row = alice.engine.core.channels[asked.id].row()
    assert row.pop("app") == "ping"
    assert msgspec.json.decode(json.dumps(row), type=ChannelRow).app == ""
