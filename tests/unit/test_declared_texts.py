# SPDX-License-Identifier: MIT
"""Every text that a plugin may give through a hook: refused, or shown escaped on a line of its own.

The list is made from the hooks' own annotations, so that a new field is in it.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import pytest

import goop_node.hookspecs
import goop_realtime.hookspecs
from goop_node.cli.init import example
from goop_node.config.values import Mistake
from goop_node.escaping import escaped
from goop_node.plugins.contributions import _module_name, _template_name
from goop_node.plugins.crossings import Misfit, fit
from goop_node.plugins.environment import Candidate
from goop_node.templates.permissions import parse_all
from goop_node.types import JSON, JsonSchema, Refusal, SdkModule, Template, TemplateFlaw
from goop_realtime.contexts.channel_session import ChannelSession
from goop_realtime.contexts.plugin_code import terms_of
from goop_realtime.contexts.registry import compile_context
from goop_realtime.types import ContextType, NoRules, OpenRequest, Summary

UNSEEN = ("a\nb", "a\u2028b", "a\u202eb", "a\x1b[2Jb", "a" * 10_001)
REQUEST = OpenRequest(channel="rt-1", context="c", opener="a", peers=("a", "b"))
CONTEXT = ContextType(name="c", version="1", title="C", messages={})


def texts(kind: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Every text in a ``kind``, with its declared type; also of what functions in it return."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        if JSON not in arguments[1:]:
            inner = arguments[0]
            yield from [(where, kind)] if inner is str else texts(inner, where)
    elif kind is str:
        yield where, kind
    elif is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind, include_extras=True)
        for one in fields(kind):
            yield from texts(hints[one.name], f"{kind.__name__}.{one.name}")
    elif origin in (Union, types.UnionType):
        for one in arguments:
            yield from texts(one, where)
    elif origin is Mapping and kind == JsonSchema:
        return  # what is quoted of it is JSON
    elif origin is Callable:
        yield from texts(arguments[1], f"{where}()")
    else:
        for one in arguments:
            yield from texts(one, where)


def every_text() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for module in (goop_node.hookspecs, goop_realtime.hookspecs):
        for name, hook in vars(module).items():
            if name.startswith(("goop_", "realtime_")) and callable(hook):
                gives = get_type_hints(hook, include_extras=True)["return"]
                found.update(texts(gives, name))
    # What functions of a context may give besides what their annotations say.
    found.update(texts(Summary, ""))
    found.update(texts(Refusal, ""))
    return found


def _failed(*told: object, **more: object) -> Any:
    raise AssertionError(f"the plugin is named: {told}")


def _summary(text: str) -> str:
    kind = replace(CONTEXT, summary=lambda session, peer: Summary(text=text))
    session = ChannelSession(compile_context("p", kind), NoRules(), REQUEST, _failed)
    found = session.summary("a")
    assert isinstance(found, Summary)
    return found.text


def _terms(text: str) -> str:
    kind = replace(CONTEXT, terms=lambda request: text)
    return terms_of(compile_context("p", kind), REQUEST, _failed)


def _refusal(**fields: Any) -> Refusal:
    refusal: Refusal = fit(Refusal(**{"code": "x", "reason": "x", **fields}), Refusal, "it")
    return refusal


def _flaw(**fields: Any) -> TemplateFlaw:
    flaw = TemplateFlaw(**{"template": "x", "pointer": "", "words": "x", **fields})
    fitted: TemplateFlaw = fit(flaw, TemplateFlaw, "it")
    return fitted


ELSEWHERE: dict[str, Callable[[str], object]] = {
    "SdkModule.name": lambda text: _module_name(SdkModule(name=text, path=Path(__file__))),
    "Template.name": lambda text: _template_name(
        Path("/nowhere"), Template(name=text, title="T", folder=Path(__file__).parent)
    ),
    "Template.permissions": lambda text: parse_all({text}),
    "ContextType.name": lambda text: compile_context("p", replace(CONTEXT, name=text)),
}
"""What code refuses that the declared type lets through."""
SHOWN: dict[str, Callable[[str], str]] = {
    "Summary.text": _summary,
    "ContextType.terms()": _terms,
    "Refusal.reason": lambda text: _refusal(reason=text).reason,
    "Refusal.pointer": lambda text: _refusal(pointer=f"/{text}").pointer,
    "Refusal.more": lambda text: _refusal(more={"key": text}).more["key"],
    "TemplateFlaw.pointer": lambda text: _flaw(pointer=f"/{text}").pointer,
    "TemplateFlaw.words": lambda text: _flaw(words=text).words,
}
"""What may quote others: it is shown, and the plugin is not to blame."""


def test_the_list_knows_every_text() -> None:
    known = set(every_text())
    assert set(ELSEWHERE) | set(SHOWN) <= known
    assert {"Template.title", "ContextType.title", "ContextType.version"} <= known


def crosses(name: str, text: str) -> None:
    fit(text, every_text()[name], name)
    ELSEWHERE[name](text)


@pytest.mark.parametrize("name", sorted(every_text()))
@pytest.mark.parametrize("text", UNSEEN, ids=["newline", "separator", "turned", "control", "long"])
def test_a_text_that_a_plugin_gives_stays_on_its_line(name: str, text: str) -> None:
    if name in SHOWN:
        shown = SHOWN[name](text)
        assert shown == escaped(shown)
        assert 0 < len(shown) <= 1000
    else:
        with pytest.raises((Misfit, ValueError, Mistake)):
            crosses(name, text)


def test_a_schema_of_settings_writes_comments_alone() -> None:
    class Plugin:
        @goop_node.hookspecs.hookimpl
        def goop_config_schema(self) -> Any:
            settings = {"a\nb = 1": {"default": "x\ny", "description": "1\n2\u202e\x85z"}}
            return {"type": "object", "properties": settings}

    text = example([Candidate(name="p", load=lambda: Plugin())])
    ours = text[text.index("[plugins.p]") :].splitlines()
    assert ours[1:] == ['# "a\\nb = 1" = "x\\ny"  # 1 2\\u202e z']
