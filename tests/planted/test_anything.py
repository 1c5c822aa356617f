# SPDX-License-Identifier: MIT
"""Whatever a plugin gives, in any place: it fits or is a failure, and nothing is raised."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import functools
import math
import re
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goop_node import hookspecs
from goop_node.config.model import NodeConfig
from goop_node.escaping import escaped
from goop_node.hookspecs import hookimpl
from goop_node.node import Node
from goop_node.plugins import interrupts
from goop_node.plugins.calls import Calls
from goop_node.plugins.contained import Failed, asked, contained
from goop_node.plugins.crossings import fit
from goop_node.plugins.environment import Candidate
from goop_node.plugins.loader import Plugins
from goop_node.plugins.plain_json import plain_json
from goop_node.types import JsonValue, Route, SdkModule, StreamHandler, Template
from goop_realtime.contexts.channel_session import ChannelSession, PluginFailure
from goop_realtime.contexts.plugin_code import initial_state_of, open_session, tell_opened, terms_of
from goop_realtime.contexts.registry import Context, compile_context
from goop_realtime.model.jsonio import decode, encode
from goop_realtime.plugin import RealtimePlugin
from goop_realtime.types import (
    Applied,
    ContextType,
    Limits,
    Message,
    NoRules,
    OpenRequest,
    Refusal,
    Snapshot,
    Summary,
)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
ANYTHING = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow], database=None
)


class Evil:
    """Everything that can be asked of it raises."""

    def _raise(self, *arguments: object) -> Any:
        raise RuntimeError("evil")

    __eq__ = __lt__ = __len__ = __iter__ = __call__ = __bool__ = _raise
    __str__ = __repr__ = __getitem__ = __contains__ = __int__ = __float__ = _raise
    __hash__ = None  # type: ignore[assignment]

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("evil")


class EvilDict(dict[str, Any]):
    """A mapping whose contents cannot be read."""

    def items(self) -> Any:
        raise RuntimeError("evil")


class Odd(BaseException):
    """No ``Exception``."""


def deep(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


async def _later(*arguments: object) -> None: ...


def _cycle() -> Any:
    value: dict[str, Any] = {}
    value["again"] = value
    return value


RAISED = (ValueError("no"), SystemExit(3), KeyboardInterrupt(), Odd(), asyncio.CancelledError())


def _raises(error: BaseException) -> Callable[..., Any]:
    def raising(*arguments: object) -> Any:
        raise error

    return raising


FUNCTIONS: list[Callable[..., Any]] = [
    *(_raises(error) for error in RAISED),
    lambda *arguments: None,
    lambda: None,
    _later,
    lambda *arguments: (yield),
    functools.partial(_later, 1),
    asyncio.sleep,
    print.__class__,
    len,
]
ODD: list[Callable[[], Any]] = [
    Evil,
    EvilDict,
    object,
    _cycle,
    functools.partial(deep, 100),
    functools.partial(deep, 5000),
    lambda: _later(),
    lambda: (number for number in range(10**9)),
    lambda: iter([1, 2]),
    lambda: datetime.datetime(2000, 1, 1),
    lambda: types.SimpleNamespace(name="x"),
    lambda: types.MappingProxyType({"type": "object"}),
    lambda: Path("x"),
    lambda: Evil,
    lambda: ContextType,
    lambda: Limits(rate=0),
    lambda: Route(handlers=["x"]),
    lambda: StreamHandler(protocol="/x", handle=len),
    lambda: Template(name="x", title="x", folder=Path("x")),
    lambda: SdkModule(name="x", path=Path("x")),
    lambda: Refusal(code="no", reason="no"),
    lambda: Refusal(code=7, reason=None),  # type: ignore[arg-type]
    lambda: NoRules(),
    lambda: ContextType(name="x", version="1", title="x", messages={}),
    lambda: ContextType(name=1, version=2, title=3, messages=4),  # type: ignore[arg-type]
    *((lambda function=function: function) for function in FUNCTIONS),
]
NUMBERS = [0, -1, 2**53, 2**63, 10**400, math.nan, math.inf, -0.0, 1e308, True, "\ud800", "\0", b""]


class Makes:
    """Stands for an odd value, which is made when it is needed: some print badly, some once."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __repr__(self) -> str:
        return f"ODD[{self.number}]()"


recipes = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(NUMBERS)
    | st.integers(0, len(ODD) - 1).map(Makes),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=3)
        | inner.map(lambda one: (one,))
    ),
    max_leaves=5,
)
"""JSON, nearly JSON, and what no plugin should give."""
functions = st.integers(0, len(FUNCTIONS) - 1) | recipes.map(lambda recipe: [recipe])
"""The number of one of ``FUNCTIONS``, or a list with what a function returns."""


class Kitchen:
    """Makes values of recipes, and closes the coroutines among them in the end."""

    def __init__(self) -> None:
        self._made: list[Any] = []

    def __enter__(self) -> Kitchen:
        return self

    def __exit__(self, *error: object) -> None:
        for coroutine in self._made:
            coroutine.close()

    def value(self, recipe: Any) -> Any:
        """The value of a recipe."""
        if isinstance(recipe, Makes):
            made = ODD[recipe.number]()
            if type(made) is types.CoroutineType:
                self._made.append(made)
            return made
        if isinstance(recipe, (list, tuple)):
            return type(recipe)(self.value(one) for one in recipe)
        if isinstance(recipe, dict):
            return {key: self.value(one) for key, one in recipe.items()}
        return recipe

    def function(self, recipe: int | list[Any]) -> Callable[..., Any]:
        """The function of a recipe."""
        if isinstance(recipe, int):
            return FUNCTIONS[recipe]
        return lambda *arguments: self.value(recipe[0])


REQUEST = OpenRequest(channel="c", context="x", opener="a", peers=("a", "b"), params={"p": [1]})
MESSAGE = Message(sender="a", data={"type": "x"}, id="m-1", sent_at_ms=0)
ROW = Applied(request=REQUEST, epoch=1, seq=1, message=MESSAGE)


class Told:
    """Takes failures as a core does."""

    def __init__(self) -> None:
        self.failures: list[str] = []

    def __call__(self, context: Context, doing: str, *more: Any) -> PluginFailure:
        self.failures.append(doing)
        return PluginFailure(reason="failed")


@pytest.fixture(autouse=True)
def _as_a_command() -> Any:
    with interrupts.interruptible():
        yield


@ANYTHING
@given(recipes)
def test_what_passes_as_json_is_json_and_a_copy(recipe: Any) -> None:
    with Kitchen() as kitchen:
        value = kitchen.value(recipe)
        found = asked(lambda: value, JsonValue, "the value")
        if not isinstance(found, Failed):
            assert decode(encode(found)) == found
            assert plain_json(found) == found
            assert found is not value or not isinstance(value, (dict, list))


HOOKS = sorted(set(hookspecs.KINDS) - {"goop_add_hookspecs"})
OBSERVED: dict[str, dict[str, Any]] = {
    "goop_peer_changed": {"event": None},
    "goop_template_forgotten": {"template": "whiteboard"},
}
"""The hooks whose results mean nothing, with what they are told besides the node."""


def calls_of(plugin: object) -> Calls:
    """The calls of a node with this plugin and realtime."""
    candidates = [
        Candidate(name="odd", load=lambda: plugin),
        Candidate(name="realtime", load=lambda: RealtimePlugin),
    ]
    config = NodeConfig(data=Path("nowhere"), plugins={"odd": {}, "realtime": {}})
    return Calls(Plugins(config, candidates))


@pytest.mark.parametrize("hook", [*HOOKS, "realtime_contexts", "realtime_authorize_open"])
@settings(ANYTHING, max_examples=25)
@given(recipe=recipes)
def test_any_result_of_any_hook(hook: str, recipe: Any) -> None:
    with Kitchen() as kitchen:
        value = kitchen.value(recipe)
        calls = calls_of(type("Plugin", (), {hook: hookimpl(lambda self: value)}))
        if hook == "realtime_authorize_open":
            calls.veto(hook, node=None, request=REQUEST)
        elif hook in OBSERVED:
            calls.notify(hook, node=None, **OBSERVED[hook])
        else:
            calls.collect(hook, node=None)


@settings(ANYTHING, max_examples=30)
@given(recipe=recipes, hook=st.sampled_from(HOOKS))
def test_a_node_is_there_whatever_a_hook_gives(recipe: Any, hook: str) -> None:
    with Kitchen() as kitchen:
        value = kitchen.value(recipe)
        plugin = type("Plugin", (), {hook: hookimpl(lambda self: value)})
        candidates = [Candidate(name="odd", load=lambda: plugin)]
        node = Node(NodeConfig(data=Path("nowhere"), plugins={"odd": {}}), candidates)
        assert [one.name for one in node.plugin_status()] == ["odd"]


GOOD = ContextType(name="x", version="1", title="X", messages={})


@pytest.mark.parametrize("field", [one.name for one in dataclasses.fields(ContextType)])
@settings(ANYTHING, max_examples=25)
@given(recipe=recipes)
def test_any_value_in_any_field_of_a_context(field: str, recipe: Any) -> None:
    with Kitchen() as kitchen:
        kind = dataclasses.replace(GOOD, **{field: kitchen.value(recipe)})
        found = contained(lambda: compile_context("odd", fit(kind, ContextType, "ContextType")))
        if isinstance(found, Failed):
            return
        type_ = found.type
        encode(
            [type_.name, type_.title, type_.template, type_.version, type_.messages, type_.params]
        )
        found.check_message({"type": "x"})
        assert 0 < type_.limits.rate < math.inf


@ANYTHING
@given(open_=functions, initial_state=functions, on_open=functions, on_commit=functions)
def test_any_function_in_any_place(
    open_: Any, initial_state: Any, on_open: Any, on_commit: Any
) -> None:
    with Kitchen() as kitchen:
        kind = dataclasses.replace(
            GOOD,
            open_session=kitchen.function(open_),
            initial_state=kitchen.function(initial_state),
            on_open=kitchen.function(on_open),
            on_commit=kitchen.function(on_commit),
        )
        context = dataclasses.replace(compile_context("odd", GOOD), type=kind)
        told = Told()
        found = initial_state_of(context, REQUEST, told)
        assert isinstance(found, PluginFailure) or decode(encode(found)) == found
        snapshot = Snapshot(epoch=1, seq=1, state={"n": 1})
        session = open_session(context, REQUEST, snapshot, told)
        assert isinstance(session, ChannelSession | Refusal)
        tell_opened(context, REQUEST, told)
        if isinstance(session, ChannelSession):
            finish = session.tell_committed([ROW])
            if finish is not None:
                asyncio.run(finish())


@ANYTHING
@given(says=functions)
def test_any_summary(says: Any) -> None:
    with Kitchen() as kitchen:
        kind = dataclasses.replace(GOOD, summary=kitchen.function(says))
        context = dataclasses.replace(compile_context("odd", GOOD), type=kind)
        told = Told()
        mine = ChannelSession(context, NoRules(), REQUEST, told)
        found = mine.summary("a")
        assert isinstance(found, Summary | PluginFailure)
        assert told.failures == ["summary()"] * isinstance(found, PluginFailure)


@ANYTHING
@given(says=functions)
def test_any_terms(says: Any) -> None:
    with Kitchen() as kitchen:
        kind = dataclasses.replace(GOOD, terms=kitchen.function(says))
        context = dataclasses.replace(compile_context("odd", GOOD), type=kind)
        told = Told()
        found = terms_of(context, REQUEST, told)
        assert re.fullmatch("[^\x00-\x1f\x7f\u2028\u2029]{0,200}", found)
        assert told.failures in ([], ["terms()"])
        assert not (found and told.failures)


@ANYTHING
@given(text=st.text(max_size=300), waiting=st.booleans())
def test_a_summary_is_one_short_line(text: str, waiting: bool) -> None:
    kind = dataclasses.replace(GOOD, summary=lambda *_: Summary(text=text, waiting=waiting))
    context = compile_context("odd", kind)
    found = ChannelSession(context, NoRules(), REQUEST, Told()).summary("a")
    assert isinstance(found, Summary) == (text != "")
    if isinstance(found, Summary):
        assert (found.text, found.waiting) == (escaped(text)[:200], waiting)


@ANYTHING
@given(check=functions, apply=functions, snapshot=functions, view=functions)
def test_any_session(check: Any, apply: Any, snapshot: Any, view: Any) -> None:
    with Kitchen() as kitchen:
        session: Any = types.SimpleNamespace(
            check=kitchen.function(check),
            apply=kitchen.function(apply),
            snapshot=kitchen.function(snapshot),
            view=kitchen.function(view),
        )
        told = Told()
        mine = ChannelSession(compile_context("odd", GOOD), session, REQUEST, told)
        refusal = mine.check(MESSAGE)
        assert refusal is None or isinstance(refusal, Refusal)
        if refusal is not None:
            encode([refusal.code, refusal.reason, refusal.pointer])
        failure = mine.apply(MESSAGE)
        assert failure is None or isinstance(failure, PluginFailure)
        states = [mine.snapshot(), mine.view("alice")]
        for state in states:
            assert isinstance(state, PluginFailure) or decode(encode(state)) == state
        assert len(told.failures) == sum(
            isinstance(one, PluginFailure) for one in (refusal, failure, *states)
        )


class Unreadable(NoRules):
    """A Session whose optional functions cannot even be asked for."""

    @property
    def view(self) -> Any:
        raise ValueError("planted")

    @property
    def check_latest(self) -> Any:  # type: ignore[override]
        raise ValueError("planted")


def test_a_session_whose_functions_cannot_be_read() -> None:
    told = Told()
    mine = ChannelSession(compile_context("odd", GOOD), Unreadable(), REQUEST, told)
    assert isinstance(mine.view("alice"), PluginFailure)
    assert isinstance(mine.check_latest(MESSAGE, None), PluginFailure)
    assert len(told.failures) == 2


@ANYTHING
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=5,
    )
)
def test_what_a_peer_proposes_reaches_a_plugin_as_a_copy(value: Any) -> None:
    told, seen = Told(), []

    def opening(request: OpenRequest, snapshot: Snapshot | None) -> NoRules:
        assert snapshot is not None
        seen.extend([request.params, request.initial_state, snapshot.state])
        return NoRules()

    kind = dataclasses.replace(GOOD, open_session=opening)
    context = dataclasses.replace(compile_context("odd", GOOD), type=kind)
    request = dataclasses.replace(REQUEST, params=value, initial_state=value)
    found = open_session(context, request, Snapshot(epoch=1, seq=1, state=value), told)
    assert isinstance(found, ChannelSession)
    assert seen == [value] * 3
    assert not any(one is value and isinstance(one, (dict, list)) for one in seen)
    assert told.failures == []
