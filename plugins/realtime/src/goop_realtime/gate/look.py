# SPDX-License-Identifier: MIT
"""The contexts of a plugin, each tried with logs that its author recorded, and others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from functools import lru_cache

from goop_node.findings import Finding, note, ok, wrong
from goop_node.gate.lone import LoneNode
from goop_node.gate.subject import Subject
from goop_node.plugins.blame import place_of_code
from goop_node.types import NodeApi
from goop_realtime.contexts.collected import authorizer_of, registry_of
from goop_realtime.contexts.keywords import slips
from goop_realtime.contexts.registry import Context, Registry, schema_of
from goop_realtime.contexts.slow_calls import SLOW_SECONDS
from goop_realtime.gate.comparing import elsewhere, leave, round_trip
from goop_realtime.gate.figures import figures
from goop_realtime.gate.folding import CHANNEL, Folded, Trial
from goop_realtime.gate.logs import (
    MADE,
    MADE_QUICKLY,
    PEOPLE,
    Makers,
    Script,
    of_no_context,
    recorded,
)
from goop_realtime.types import OpenRequest, open_freely

HOOKS = ("realtime_contexts", "realtime_authorize_open")


@lru_cache(maxsize=1)
def _registry(node: LoneNode) -> Registry:
    """What all plugins of the node bring, asked for once."""
    return registry_of(node.as_plugin("realtime"))


async def look(subject: Subject) -> AsyncIterator[Finding]:
    """Every context of the plugin, and whom it lets open a channel."""
    if not any(subject.node.code(subject.plugin, hook) for hook in HOOKS):
        return
    registry = _registry(subject.node)
    mine = sorted(one.name for one in registry.all() if one.plugin == subject.plugin)
    for one in of_no_context(subject.folder, mine) if mine and subject.first else ():
        yield one
    for context in registry.all():
        subject.beat()
        if context.plugin == subject.plugin:
            async for found in _context(subject, context):
                yield found
            for failure in subject.node.told(subject.plugin, context.name):
                yield failure
    before = subject.faults
    if subject.node.code(subject.plugin, "realtime_authorize_open") is not None:
        _ask_for_all(subject.api, registry)
        if subject.first and subject.faults == before:
            yield ok("opening", "it was asked about channels of every context")


def _ask_for_all(node: NodeApi, registry: Registry) -> None:
    authorize = authorizer_of(node)
    request = OpenRequest(channel=CHANNEL, context="", opener=PEOPLE[0], peers=PEOPLE[:2])
    for context in registry.all():
        authorize(replace(request, context=f"{context.name}_1"))


async def _context(subject: Subject, context: Context) -> AsyncIterator[Finding]:
    trial = Trial(context, subject.api)
    if not subject.first:
        for one in elsewhere(trial, subject.shared):
            yield one
        return
    for one in (*_mistyped(subject, context), *_undocumented(subject, context)):
        yield one
    scripts: list[Script] = []
    for told in recorded(subject.folder, context):
        if isinstance(told, Script):
            scripts.append(told)
        else:
            yield told
    makers = Makers(context, list(scripts))
    scripts += makers.scripts(MADE_QUICKLY if subject.quick else MADE)
    for kind in sorted(makers.unmade):
        words = f"no {kind} could be made of its schema, so none was tried"
        yield note(
            context.name,
            words,
            'give the schema "examples", or record a log with one: logs/NAME.json',
        )
    before, found = subject.faults, 0
    logs: list[Folded] = []
    for script in scripts:
        subject.beat()
        folded, wrongs = await trial.fold(script)
        for one in wrongs:
            found += 1
            yield one
        if folded is not None:
            logs.append(folded)
        if trial.slow:
            words = f"to check a message takes more than {1000 * SLOW_SECONDS:.0f} ms each time"
            do = "a node does nothing else meanwhile"
            yield wrong(context.name, words, do, place_of_code(trial.check))
            return
    if context.type.open_session is open_freely and subject.faults == before:
        yield ok(context.name, "it has no rules but its schemas")
        return
    leave(trial, logs, subject.shared)
    for folded in logs if subject.faults == before else ():
        subject.beat()
        for one in round_trip(trial, folded):
            found += 1
            yield one
        if found:
            break
    if subject.faults != before:
        return
    subject.beat()
    if not found and not logs:
        words = "no channel of it could be opened: open_session() refuses every one"
        yield note(context.name, words, "record a log with params that it takes")
    elif not found:
        yield _came_to(context, logs)
    for one in figures(trial, logs, quick=subject.quick):
        yield one


def _came_to(context: Context, logs: list[Folded]) -> Finding:
    """How much was tried, and what was never let through."""
    steps = [step for log in logs for step in log.steps]
    passed = [step for step in steps if not step.verdict]
    kinds = {
        step.entry.data.get("type")
        for step in passed
        if hasattr(step.entry, "data") and isinstance(step.entry.data, dict)
    }
    never = sorted(context.type.messages.keys() - kinds)
    refused = sum(len(log.unfit) for log in logs) + len(steps) - len(passed)
    words = f"{len(logs)} logs, {len(passed)} entries and {refused} refusals"
    if never:
        do = "record a log with them: a file in the package's folder logs/"
        return note(context.name, f"{words}; never accepted: {', '.join(never)}", do)
    return ok(context.name, f"{words}: the same state from every snapshot")


def _mistyped(subject: Subject, context: Context) -> Iterator[Finding]:
    """Keywords that judge nothing, because they are none."""
    schemas = {kind: schema_of(one) for kind, one in sorted(context.type.messages.items())}
    code = subject.node.code(subject.plugin, "realtime_contexts")
    for where, schema in (*schemas.items(), ("params", context.type.params or {})):
        for pointer, found, meant in slips(schema):
            words = f"the schema of {where} has {found} at {pointer}, which is no keyword"
            do = f"write {meant}, or a word that is not taken for it"
            yield wrong(context.name, words, do, place_of_code(code))


def _undocumented(subject: Subject, context: Context) -> Iterator[Finding]:
    """Types of messages of which neither the README nor a ``description`` says a word."""
    silent = [
        kind
        for kind, declared in sorted(context.type.messages.items())
        if kind not in subject.readme and not schema_of(declared).get("description")
    ]
    if silent:
        code = subject.node.code(subject.plugin, "realtime_contexts")
        words = f"nothing says what messages of the types {', '.join(silent)} are"
        do = 'name them in the README, or give their schemas a "description"'
        yield note(context.name, words, do, place_of_code(code))
