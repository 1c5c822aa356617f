# SPDX-License-Identifier: MIT
"""Lines of channels, 1.1.0 and 1.0.0: every type, every field with the extremes of its type."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from goop_realtime.model.wire import SHAPES, Line
from tests.hostile.structs import Known, hostile, object_of, spoilt

IDS = [json.dumps(f"x-{n}") for n in range(6)]
CONTEXTS = ['""', '"chess"', '"video"', '"chess_x"', '"nobody"']
SMALL = [str(n) for n in range(6)]
CONTROL = ("invite", "decline", "cancel", "exists", "poke", "gone", "close")
"""What comes on a stream of its own; everything else belongs to a joined one."""
OLD_TYPES = (
    "join",
    "welcome",
    "members",
    "msg",
    "state",
    "leave",
    "close",
    "ping",
    "pong",
    "error",
)
MOVES = {"uci": ['"e2e4"', '"e7e5"', '"e1h1"', '"a7a8q"'], "ply": ["0", "1", "2"]}
"""What makes sense in a game, as JSON texts."""


def known(rng: random.Random, groups: list[str]) -> Known:
    """What fits into the fields of a line about one of those channels."""
    found = [json.dumps(group) for group in groups]
    return {
        "group": found,
        "id": [*IDS, *found],
        "epoch": [*SMALL, str(rng.randrange(2**53))],
        "seq": SMALL,
        "from": ['""', '"bob"', f'"{"1" * 52}"'],
        "kind": ['""', '"close"'],
        "stage": ['"node"', '"page"', '"written"', '"open"', '"none"', '""'],
        "code": ['"cancelled"', '"timeout"', '"x"', '""'],
        "context": CONTEXTS,
        "hash": ['""', '"0123456789abcdef"'],
        "timeout": ["1", "1000", "60000"],
        "app": ['""', '"alpha"'],
        "at": [f"[{rng.choice(SMALL)},{rng.choice(SMALL)}]", "1700000000000"],
        "have": ["null", f"[1,{rng.choice(SMALL)}]"],
        "last": [f"[1,{rng.choice(SMALL)}]"],
    }


def line(rng: random.Random, groups: list[str], kinds: tuple[str, ...] = tuple(SHAPES)) -> bytes:
    """A line of one of those types, without its end."""
    kind = rng.choice(kinds)
    shape = SHAPES[kind]
    about = known(rng, groups)
    given = {"type": json.dumps(kind)}
    if shape.payload is not None and rng.random() < 0.9:
        given["payload"] = object_of(rng, shape.payload, about)
    given |= {
        name: rng.choice(about[name]) for name in ("group", *shape.needs) if rng.random() < 0.95
    }
    if shape.stages and rng.random() < 0.9:
        given["stage"] = json.dumps(rng.choice(shape.stages))
    return spoilt(rng, object_of(rng, Line, about, **given)).replace(b"\n", b"")


def message(rng: random.Random, schema: Mapping[str, Any]) -> str:
    """A message by the schema of its type, nearly, as a JSON text."""
    fields = {}
    for name, about in schema.get("properties", {}).items():
        if "const" in about:
            fields[name] = json.dumps(about["const"])
        elif "enum" in about and rng.random() < 0.7:
            fields[name] = json.dumps(rng.choice(about["enum"]))
        elif name in MOVES and rng.random() < 0.7:
            fields[name] = rng.choice(MOVES[name])
        elif rng.random() < 0.9:
            fields[name] = hostile(rng)
    return f"{{{','.join(f'{json.dumps(name)}:{value}' for name, value in fields.items())}}}"


def talk(
    rng: random.Random, group: str, schemas: Sequence[Mapping[str, Any]] = (), *, hosts: bool
) -> Iterator[bytes]:
    """What one side says on a joined stream, from its first line on, with the lines' ends.

    The first is most often right, so that the others are heard. Messages are of those schemas.
    """
    first = {"type": "join", "group": group, "payload": {"page": "open"}}
    if hosts:
        first = {"type": "welcome", "group": group, "epoch": 1, "payload": {"page": "open"}}
    yield (json.dumps(first).encode() if rng.random() < 0.9 else line(rng, [group])) + b"\n"
    at = 1
    for _ in range(rng.choice([1, 5, 30])):
        if rng.random() < 0.5:
            entry = {"type": "msg", "group": group, "id": f"x-{at}", "at": 1}
            if hosts:
                entry |= {"epoch": 1, "seq": at, "from": "1" * 52}
            at += 1
            payload = message(rng, rng.choice(schemas)) if schemas else f'{{"n":{at}}}'
            text = f'{json.dumps(entry)[:-1]},"payload":{payload}}}'
            yield text.encode("utf-8", "surrogatepass") + b"\n"
        else:
            yield line(rng, [group]) + b"\n"


def old_talk(rng: random.Random, group: str, *, hosts: bool) -> Iterator[bytes]:
    """The same on a stream of 1.0.0."""
    first = {"type": "welcome" if hosts else "join", "group": group, "payload": {"members": []}}
    yield (json.dumps(first).encode() if rng.random() < 0.9 else old_line(rng, group)) + b"\n"
    for _ in range(rng.choice([1, 5, 30])):
        yield old_line(rng, group) + b"\n"


def old_line(rng: random.Random, group: str) -> bytes:
    """A line of the group protocol 1.0.0, without its end."""
    fields = {
        "type": json.dumps(rng.choice(OLD_TYPES)),
        "group": json.dumps(group),
        "from": rng.choice(['""', '"bob"']),
        "payload": rng.choice(
            [
                hostile(rng),
                json.dumps({"t": "msg", "id": f"x-{rng.randrange(9)}", "data": 1}),
                f'{{"code":{hostile(rng)},"members":[{hostile(rng)}]}}',
                f'{{"members":[{{"peer_id":{hostile(rng)},"joined_at":{hostile(rng)}}}]}}',
            ]
        ),
    }
    return _spoilt_object(rng, fields)


def old_invite(rng: random.Random, group: str, host: str) -> bytes:
    """An invitation of 1.0.0, without its end."""
    return _spoilt_object(
        rng,
        {
            "group_id": json.dumps(group),
            "group_name": json.dumps(f"rt:{group}"),
            "host_peer_id": json.dumps(host),
            "app_type": rng.choice(['"realtime"', '""', '"chat"']),
            "volatile": rng.choice(["true", "false"]),
        },
    )


def _spoilt_object(rng: random.Random, fields: dict[str, str]) -> bytes:
    if rng.random() < 0.3:
        fields[rng.choice(list(fields))] = hostile(rng)
    if rng.random() < 0.1:
        del fields[rng.choice(list(fields))]
    names = [name.upper() if rng.random() < 0.1 else name for name in fields]
    items = (
        f"{json.dumps(name)}:{value}" for name, value in zip(names, fields.values(), strict=True)
    )
    return spoilt(rng, f"{{{','.join(items)}}}").replace(b"\n", b"")
