# SPDX-License-Identifier: MIT
"""Every caller at every door to every kind of channel, against a table written by hand.

The table says who may see (s), answer (a), use (u) and end (e) a channel. Doors are endpoints,
frames, and what is told unasked; behind each stands one of the four.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar import Litestar, Router

from goop_node.access import CALLER
from goop_node.problems import EXCEPTION_HANDLERS
from goop_node.templates.grants import Brought, Grants
from goop_node.templates.permissions import parse
from goop_node.types import Caller, Template
from goop_realtime.contexts.registry import Registry, compile_context
from goop_realtime.engine.door import Engine
from goop_realtime.machine import frames, incoming, pages, receipts, signals
from goop_realtime.machine.channel import Channel, Phase
from goop_realtime.machine.core import Core
from goop_realtime.machine.ending import finish
from goop_realtime.machine.invitations import begin
from goop_realtime.machine.link import Link
from goop_realtime.machine.rights import UNKNOWN, Right, Rights
from goop_realtime.model.effects import Entry, Frame
from goop_realtime.model.limits import NodeLimits
from goop_realtime.model.wire import Line, raw
from goop_realtime.plugin import _rights
from goop_realtime.types import ContextType, OpenRequest
from goop_realtime.web.handlers import routes
from goop_realtime.web.page_session import PageSession
from goop_realtime.web.turns import Turns

ID = "rt-0123456789abcdef"
EVEN = ContextType(name="even", version="1", title="Even", messages={"say": {"type": "object"}})
RIGHTS = Rights(
    {"own": frozenset({"even"}), "alpha": frozenset({"even"}), "beta": frozenset()},
    {name: f"http://home/#template-{name}" for name in ("own", "alpha", "beta")},
)
"""``own`` and ``alpha`` may use the context, ``beta`` may not; ``gone`` is no template here."""
CALLERS = {
    "home": Caller(kind="home"),
    "program": Caller(kind="program"),
    "own": Caller(kind="template", name="own"),
    "alpha": Caller(kind="template", name="alpha"),
    "beta": Caller(kind="template", name="beta"),
    "shared": Caller(kind="template"),
    "site": Caller(kind="site", name="alpha"),  # type: ignore[arg-type]
}
NOBODYS = "-"
"""In the place of an owner: nobody has answered, or a program opened it."""

#                     home   program own    alpha  beta   shared
TABLE = {
    ("even", "asked"): ("saue", "saue", "saue", "saue", "", "saue"),
    ("even", NOBODYS): ("sae", "saue", "a", "a", "", "a"),
    ("even", ""): ("saue", "saue", "a", "a", "", "saue"),
    ("even", "own"): ("sae", "saue", "saue", "a", "", "a"),
    ("even", "alpha"): ("sae", "saue", "a", "saue", "", "a"),
    ("even", "beta"): ("sae", "saue", "saue", "saue", "", "saue"),
    ("alpha", "asked"): ("saue", "saue", "", "saue", "", "saue"),
    ("alpha", NOBODYS): ("sae", "saue", "", "a", "", "a"),
    ("alpha", ""): ("saue", "saue", "", "a", "", "saue"),
    ("alpha", "own"): ("sae", "saue", "saue", "a", "", "a"),
    ("alpha", "alpha"): ("sae", "saue", "", "saue", "", "a"),
    ("alpha", "beta"): ("sae", "saue", "", "a", "saue", "a"),
    ("", "asked"): ("saue", "saue", "", "", "", "saue"),
    ("", NOBODYS): ("sae", "saue", "", "", "", "a"),
    ("", ""): ("saue", "saue", "", "", "", "saue"),
    ("", "own"): ("sae", "saue", "saue", "", "", "a"),
    ("", "alpha"): ("sae", "saue", "", "saue", "", "a"),
    ("", "beta"): ("sae", "saue", "", "", "saue", "a"),
}
"""By what is asked for (the context, else the template that asks) and whose the channel is.

What ``beta`` opened while it might use the context is there for those that may use it now.
"""
AGREED = (Phase.ASKING, Phase.JOINING, Phase.OPEN, Phase.CLOSED)
LIVING = (Phase.ASKED, Phase.ASKING, Phase.JOINING, Phase.OPEN)


@dataclass(frozen=True)
class Facts:
    """A channel: what it is about (a context, else an app), its phase and its owner."""

    about: str
    phase: Phase
    owner: str

    def told(self, who: str) -> str:
        """The letters of the table."""
        row = TABLE[self.about, "asked" if self.phase is Phase.ASKED else self.owner]
        return dict(zip(CALLERS, (*row, ""), strict=True))[who]

    def code(self, who: str, letter: str) -> str:
        """What a door says that needs that right."""
        if letter in self.told(who):
            return ""
        concerns = self.phase is Phase.ASKED or self.owner == who
        needs = who == "beta" and self.about == "even" and concerns
        return "permission_needed" if needs else "unknown_channel"


def every_channel() -> list[Facts]:
    """Each row of the table in each phase that it stands for."""
    found = []
    for about, owner in TABLE:
        phases = (Phase.ASKED,) if owner == "asked" else AGREED
        found += [Facts(about, phase, owner.replace("asked", NOBODYS)) for phase in phases]
    return found


class Desk:
    """An engine with one channel, a page of the caller, and the endpoints; no network, no disk."""

    def __init__(self, facts: Facts, who: str, rights: Rights = RIGHTS) -> None:
        registry = Registry()
        registry.add(compile_context("even", EVEN))
        core = Core(
            me="alice",
            registry=registry,
            limits=NodeLimits(),
            random=random.Random(1),
            authorize=lambda request: None,
            is_discovered=lambda peer: True,
            label_of=lambda peer: peer,
            rights=rights,
        )
        self.engine, self.core, self.caller = Engine(core), core, CALLERS[who]
        hosted = facts.phase in (Phase.ASKING, Phase.OPEN)
        named = facts.about == "even"
        asked = OpenRequest(
            channel=ID,
            context="even" if named else "",
            opener="alice" if hosted else "bob",
            peers=("alice", "bob") if hosted else ("bob", "alice"),
            app="" if named else facts.about,
        )
        context = core.context_of(asked.context)
        assert context is not None
        channel = begin(core, context, asked)
        assert isinstance(channel, Channel)
        channel.phase, channel.expires_at = facts.phase, 10**13
        channel.owner = None if facts.owner == NOBODYS else facts.owner
        self.channel = core.channels[ID] = channel
        core.note("node", "planted", ID)
        # What the bridge is to endpoints and sessions.
        self.sinks: dict[str, Any] = {}
        self.cuts: dict[str, Any] = {}
        self.frames: list[dict[str, Any]] = []
        self.session = PageSession(self, self.caller, {}, Turns())  # type: ignore[arg-type]

    def step(self) -> None:
        self.engine.settle()
        for effect in self.engine.take():
            if isinstance(effect, Frame) and effect.page in self.sinks:
                self.sinks[effect.page](effect.data, effect.newest)
        self.frames += [json.loads(data) for data in self.session.take()]

    flush = step

    def drop_frames(self, page: str) -> None:
        """Nothing waits here."""

    async def stored(self, channel: str = "") -> None:
        self.step()

    async def changed(self, channel: str, seconds: float) -> None:
        self.channel.phase = Phase.OPEN  # the host has welcomed us

    async def call(self, method: str, path: str, **body: Any) -> httpx.Response:
        """Call an endpoint as the caller."""

        async def as_caller(scope: Any, receive: Any, send: Any) -> None:
            scope[CALLER] = self.caller
            await APPLICATION(scope, receive, send)

        CURRENT[:] = [self]
        transport = httpx.ASGITransport(app=as_caller)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as http:
            return await http.request(method, f"/api/{path}", json=body or None)

    def page(self, **subscribe: Any) -> None:
        """Open the caller's page, and let it follow what it may."""
        self.session.open()
        self.frame({"type": "subscribe", **subscribe})

    def frame(self, body: dict[str, Any]) -> None:
        """A frame of the page."""
        self.session.frame(json.dumps(body))
        self.step()

    def about(self, *kinds: str) -> str:
        """What the page was told of the channel: nothing that refuses, and one of these kinds."""
        told = [one for one in self.frames if one.get("channel") == ID and one["type"] in kinds]
        return "" if told else "unknown_channel"

    def refused(self) -> str:
        """The refusal among the frames, if it is one of the two that stand for rights."""
        codes = [str(one.get("code")) for one in self.frames if one["type"] in ("error", "refused")]
        return next((code for code in codes if code in REFUSALS), "")


CURRENT: list[Desk] = []


def _application() -> Any:
    """The endpoints, made once: they ask for the desk of whoever calls."""
    handlers = [one for route in routes(lambda: CURRENT[-1]) for one in route.handlers]  # type: ignore[arg-type,return-value]
    router = Router("/api", route_handlers=handlers)
    return Litestar([router], exception_handlers=EXCEPTION_HANDLERS, openapi_config=None)


APPLICATION = _application()
REFUSALS = ("unknown_channel", "permission_needed")
SAY = {"type": "say"}


def endpoint(method: str, path: str, **body: Any) -> Callable[[Desk], Awaitable[str]]:
    async def door(desk: Desk) -> str:
        code = (await desk.call(method, path, **body)).json()
        found = code.get("code", "") if isinstance(code, dict) else ""
        return found if found in REFUSALS else ""

    return door


def listed(path: str) -> Callable[[Desk], Awaitable[str]]:
    async def door(desk: Desk) -> str:
        return "" if ID in (await desk.call("GET", path)).text else "unknown_channel"

    return door


def framed(kind: str, **body: Any) -> Callable[[Desk], Awaitable[str]]:
    async def door(desk: Desk) -> str:
        desk.page(channels=[])
        desk.frame({"type": kind, "channel": ID, **body})
        return desk.refused()

    return door


async def subscribed(desk: Desk) -> str:
    desk.page(channels=[ID])
    return desk.refused()


async def told_of_the_request(desk: Desk) -> str:
    desk.page()
    return desk.about("incoming")


async def told_of_its_end(desk: Desk) -> str:
    desk.page()
    incoming.tell_ended(desk.core, desk.channel, "cancelled")
    desk.step()
    return desk.about("incoming_ended")


async def told_the_state(desk: Desk) -> str:
    desk.page()
    desk.frames.clear()
    pages.tell_state(desk.core, desk.channel)
    desk.step()
    return desk.about("state")


async def told_a_message(desk: Desk) -> str:
    desk.page()
    desk.channel.log.append(Entry(1, 1, "m-1", "bob", 1, "msg", b"1"))
    pages.tell_entries(desk.core, desk.channel)
    desk.step()
    return desk.about("message")


async def told_what_runs(desk: Desk) -> str:
    desk.page(running={"visible": True})
    rows = [row for one in desk.frames if one["type"] == "running" for row in one["rows"]]
    return "" if [row for row in rows if row["channelId"] == ID] else "unknown_channel"


Door = tuple[str, Callable[[Desk], Awaitable[str]], tuple[Phase, ...]]
DOORS: dict[str, Door] = {
    "GET channels": ("s", listed("channels"), (Phase.ASKED, *AGREED)),
    "GET running": ("s", listed("running"), LIVING),
    "GET trace": ("s", listed("trace"), (Phase.ASKED, *AGREED)),
    "GET history": ("u", endpoint("GET", f"history?channel={ID}"), (Phase.ASKED, *AGREED)),
    "GET pending": ("u", endpoint("GET", f"pending?channel={ID}"), (Phase.ASKED, *AGREED)),
    "GET snapshot": ("u", endpoint("GET", f"snapshot?channel={ID}"), (Phase.ASKED, *AGREED)),
    "POST accept": ("a", endpoint("POST", "accept", channelId=ID), (Phase.ASKED, *AGREED)),
    "POST decline": ("a", endpoint("POST", "decline", channelId=ID), (Phase.ASKED, *AGREED)),
    "POST dismiss": ("a", endpoint("POST", "dismiss", channelId=ID), (Phase.ASKED, *AGREED)),
    "POST send": ("u", endpoint("POST", "send", channelId=ID, data=SAY), (Phase.ASKED, *AGREED)),
    "POST close": ("e", endpoint("POST", "close", channelId=ID), (Phase.ASKED, *AGREED)),
    "subscribe": ("u", subscribed, AGREED),
    "send": ("u", framed("send", data=SAY, id="p-1"), (Phase.ASKED, *AGREED)),
    "shown": ("a", framed("shown"), (Phase.ASKED, *AGREED)),
    "signal": ("u", framed("signal", data=SAY), (Phase.ASKED, *AGREED)),
    "snapshot": ("u", framed("snapshot"), (Phase.ASKED, *AGREED)),
    "close": ("e", framed("close"), (Phase.ASKED, *AGREED)),
    "incoming": ("a", told_of_the_request, (Phase.ASKED,)),
    "incoming_ended": ("a", told_of_its_end, (Phase.ASKED,)),
    "state": ("u", told_the_state, AGREED),
    "message": ("u", told_a_message, (Phase.OPEN,)),
    "running": ("s", told_what_runs, LIVING),
}
"""Each door: the right that it needs, what goes through it, and the phases it is there for."""
LISTS = {"GET channels", "GET running", "GET trace", "incoming", "incoming_ended", "state"}
LISTS |= {"message", "running"}
"""Where nothing is refused, but what is not there is not told."""


@pytest.mark.parametrize("name", DOORS)
async def test_each_door_lets_in_whom_the_table_names(name: str) -> None:
    letter, door, phases = DOORS[name]
    wrong = []
    for facts, who in itertools.product(every_channel(), CALLERS):
        if facts.phase not in phases:
            continue
        found = await door(Desk(facts, who))
        expected = facts.code(who, letter)
        if name in LISTS and expected:
            expected = "unknown_channel"
        if found != expected:
            wrong.append((who, facts, found, expected))
    assert wrong == []


@pytest.mark.parametrize("who", CALLERS)
@pytest.mark.parametrize("about", ["even", "alpha", ""])
async def test_a_missed_request_is_for_those_whom_the_request_was_for(about: str, who: str) -> None:
    desk = Desk(Facts(about, Phase.ASKED, NOBODYS), who)
    asked = "a" in Facts(about, Phase.ASKED, NOBODYS).told(who)
    desk.page()
    finish(desk.core, desk.channel, "expired")
    desk.step()
    assert (desk.about("missed") == "") is asked
    again = desk.frames.copy()
    desk.frames.clear()
    desk.page()
    assert [one for one in desk.frames if one["type"] == "missed"] == [
        one for one in again if one["type"] == "missed"
    ]
    rows = (await desk.call("GET", "channels")).json()
    assert [row.get("missedAt") for row in rows] == ([desk.channel.asked_at] if asked else [])
    refused = (await desk.call("POST", "dismiss", channelId=ID)).json().get("code", "")
    assert (refused == "") is asked
    assert desk.channel.missed is not asked
    assert (desk.about("missed_ended") == "") is asked


def test_every_endpoint_and_frame_is_a_door_here() -> None:
    """A new one fails here until the table says whom it is for; rooms have one of their own,
    and the Inspector is for home and programs alone."""
    rooms = {"POST join", "POST leave", "POST sendTo", "GET rooms", "GET transcript"}
    inspector = {f"GET inspector/{name}" for name in ("logs", "decisions", "replay", "test")}
    elsewhere = {"POST request", "GET contexts", "connect", "events", "POST frames", "ack"}
    paths = {
        f"{next(iter(one.http_methods))} {path[1:]}" if hasattr(one, "http_methods") else path[1:]
        for route in routes(lambda: CURRENT[-1])  # type: ignore[arg-type,return-value]
        for one in route.handlers
        for path in one.paths
    }
    assert (
        paths | set(frames._FRAMES)
        == {name for name in DOORS if name not in LISTS or name.startswith("GET")}
        | elsewhere
        | inspector
        | rooms
    )


@pytest.mark.parametrize("who", CALLERS)
@pytest.mark.parametrize("context", ["even", "even_1", "", "odd"])
async def test_who_may_ask_for_what(who: str, context: str) -> None:
    desk = Desk(Facts("", Phase.CLOSED, NOBODYS), who)
    body = (await desk.call("POST", "request", peerId="carol", context=context)).json()
    expected = ""
    if context == "odd":
        expected = "unknown_context"
    elif who == "site" or (who == "beta" and context):
        expected = "permission_needed"
    assert body.get("code", "") == expected
    if who == "beta" and expected == "permission_needed":
        assert body["permission"] == "context:even"
        assert body["home"] == "http://home/#template-beta"
    if not expected:
        channel = desk.core.channels[body["channelId"]]
        template = desk.caller.name if desk.caller.kind == "template" else ""
        assert channel.request.app == ("" if context else template)
        assert channel.owner == (None if who == "program" else desk.caller.name)
        served = [row["name"] for row in (await desk.call("GET", "contexts")).json()]
        assert served == ([] if who == "beta" else ["even"])


@pytest.mark.parametrize(
    ("who", "context", "app", "told"),
    [
        ("program", "", "ping", "ping"),
        ("home", "", "ping", "ping"),
        ("alpha", "", "ping", "alpha"),
        ("program", "even", "ping", None),
        ("program", "", "Ping", None),
        ("program", "", "home", None),
        ("program", "", "a" * 64, None),
    ],
)
async def test_a_program_may_say_which_template_it_means(
    who: str, context: str, app: str, told: str | None
) -> None:
    desk = Desk(Facts("", Phase.CLOSED, NOBODYS), who)
    answer = await desk.call("POST", "request", peerId="carol", context=context, app=app)
    if told is None:
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_app")
        assert answer.json()["pointer"] == "/app"
    else:
        assert answer.json()["app"] == told


@pytest.mark.parametrize(
    ("about", "who", "template", "owner"),
    [
        ("alpha", "home", "", "alpha"),
        ("alpha", "program", "", "alpha"),
        ("alpha", "home", "beta", None),
        ("alpha", "alpha", "", "alpha"),
        ("alpha", "alpha", "beta", "alpha"),
        ("", "home", "", ""),
        ("", "home", "beta", "beta"),
        ("", "home", "nobody", None),
        ("even", "home", "alpha", "alpha"),
        ("even", "home", "beta", None),
        ("even", "home", "", ""),
        ("even", "shared", "alpha", ""),
    ],
)
async def test_what_is_accepted_belongs_to_who_it_was_handed_to(
    about: str, who: str, template: str, owner: str | None
) -> None:
    desk = Desk(Facts(about, Phase.ASKED, NOBODYS), who)
    answer = await desk.call("POST", "accept", channelId=ID, template=template)
    if owner is None:
        assert (answer.status_code, answer.json()["code"]) == (409, "no_such_taker")
        assert desk.channel.phase is Phase.ASKED
    else:
        assert answer.status_code == 200, answer.text
        assert desk.channel.owner == owner


GRANTS = st.fixed_dictionaries({name: st.booleans() for name in ("own", "alpha", "beta")})


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([Facts("even", Phase.ASKED, NOBODYS), Facts("even", Phase.OPEN, "alpha")]),
    st.sampled_from(["own", "alpha", "beta", "home"]),
    st.lists(GRANTS, min_size=1, max_size=6),
)
def test_what_is_granted_and_revoked_holds_from_the_next_frame_on(
    facts: Facts, who: str, changes: list[dict[str, bool]]
) -> None:
    desk = Desk(facts, who, Rights())
    desk.page()
    seq, had = 0, desk.core.rights.allows(desk.caller, RIGHT[facts.phase], desk.channel)
    for given_to in changes:
        desk.frames.clear()
        contexts = {name: frozenset({"even"} if may else ()) for name, may in given_to.items()}
        desk.engine.set_rights(1, Rights(contexts))
        desk.step()
        has = desk.core.rights.allows(desk.caller, RIGHT[facts.phase], desk.channel)
        kinds = [one["type"] for one in desk.frames if one.get("channel") == ID]
        if facts.phase is Phase.ASKED:
            told = {True: ["incoming"], False: ["incoming_ended"]}
            assert kinds == (told[has] if has != had else [])
        else:
            assert kinds[:1] == (["state"] if has != had else [])
            seq += 1
            desk.channel.log.append(Entry(1, seq, f"m-{seq}", "bob", 1, "msg", b"%d" % seq))
            desk.frames.clear()
            pages.tell_entries(desk.core, desk.channel)
            desk.step()
            assert (desk.about("message") == "") == has
            link = Link(1, desk.channel, desk.channel.other, 1, 1, 1, 0, 0)
            signals.received(desk.core, link, Line(type="signal", group=ID, payload=raw(1)))
            receipts.tell_refused(desk.core, desk.channel, "gone-1", UNKNOWN)
            desk.step()
            assert (desk.about("signal"), desk.about("error")) == (
                ("", "") if has else (UNKNOWN.code, UNKNOWN.code)
            )
        had = has


RIGHT = {Phase.ASKED: Right.ANSWER, Phase.OPEN: Right.USE}


def test_a_pending_request_of_who_may_not_have_it_any_more_is_withdrawn() -> None:
    desk = Desk(Facts("even", Phase.ASKING, "alpha"), "alpha")
    desk.page()
    desk.engine.set_rights(1, Rights({"alpha": frozenset()}))
    desk.step()
    assert (desk.channel.phase, desk.channel.close_code) == (Phase.CLOSED, "cancelled")
    [state] = [one for one in desk.frames[1:] if one["type"] == "state" and one["final"]]
    assert state["code"] == "permission_needed"


def absent(context: str, owner: str) -> Desk:
    """A channel of a context that no plugin serves just now."""
    desk = Desk(Facts("", Phase.OPEN, owner), owner)
    desk.channel.request = replace(desk.channel.request, context=context)
    return desk


@pytest.mark.parametrize(
    ("context", "owner", "code"),
    [("even_1", "alpha", ""), ("even", "alpha", ""), ("evening", "alpha", "permission_needed"),
     ("even_1", "beta", "permission_needed"), ("odd_1", "alpha", "permission_needed")],
)  # fmt: skip
async def test_a_plugins_absence_gives_nobody_what_was_not_granted(
    context: str, owner: str, code: str
) -> None:
    desk = absent(context, owner)
    desk.core.rights = RIGHTS
    answer = await desk.call("GET", f"history?channel={ID}")
    assert answer.json().get("code", "") == code


def test_a_context_gives_nothing_to_the_page_of_another_plugin_that_it_names(
    tmp_path: Path,
) -> None:
    """Neither does a plugin's context become that of a template that it only claims."""
    brought = [
        Brought(template=Template(name="chess", title="Chess", folder=tmp_path), plugin="chess"),
        Brought(template=Template(name="evil", title="Evil", folder=tmp_path), plugin="evil"),
        Brought(template=Template(name="folder", title="Folder", folder=tmp_path)),
    ]
    registry = Registry()
    for plugin, name in (("chess", "chess"), ("evil", "bait")):
        kind = ContextType(name=name, version="1", title=name, messages={}, template="chess")
        registry.add(compile_context(plugin, kind))
    node: Any = SimpleNamespace(
        templates={one.template.name: one.template for one in brought},
        grants=Grants(tmp_path, brought, {"folder": frozenset({parse("context:chess")})}),
    )
    assert _rights(node, registry).contexts == {
        "chess": {"chess"},
        "evil": {"bait"},
        "folder": {"chess"},
    }
