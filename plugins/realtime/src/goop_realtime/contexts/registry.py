# SPDX-License-Identifier: MIT
"""The registry of contexts: which names and versions exist, and what judges their messages."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from goop_node.types import JsonSchema, JsonValue
from goop_node.versions import A_VERSION, Version, version_of
from goop_realtime.contexts.kinds import Kind
from goop_realtime.contexts.validator import ContextError, Validator
from goop_realtime.model.contract import Contract, Offer
from goop_realtime.model.jsonio import encode
from goop_realtime.model.wire import MAX_CONTEXT, MAX_TYPES
from goop_realtime.types import ContextType, Limits, MessageType, Refusal

FOLDER = "template:"
"""What stands in a plugin's place, before the template's name, where a folder brings a context."""
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
PARAMS_BYTES = 4096


@dataclass(frozen=True, kw_only=True)
class Context:
    """A registered context type with its validators, the plugin it came from and its hash."""

    type: ContextType
    plugin: str
    """Or ``template:NAME`` where that template's folder declares it."""
    hash: str
    messages: Mapping[str, Validator]
    params: Validator | None
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    """The types of messages that have a ``MessageType``."""
    served: bool = True
    """False where no plugin serves it now, and only channels of it are left."""

    @property
    def contract(self) -> Contract:
        """What is stored with a channel."""
        kind = self.type
        return Contract(
            name=kind.name,
            plugin=self.plugin,
            version=kind.version,
            hash=self.hash,
            reshaped=kind.upgrade is not None,
            suspended_seconds=-(-kind.limits.suspended_ms // 1000),
        )

    @property
    def name(self) -> str:
        """The type's name."""
        return self.type.name

    @property
    def folder(self) -> str:
        """The template whose folder declares it; ``""`` for a plugin's."""
        return self.plugin.removeprefix(FOLDER) if self.plugin.startswith(FOLDER) else ""

    @property
    def key(self) -> str:
        """What only one registered context may have: ``chess 1``, a name and a major version."""
        return f"{self.type.name} {self.version.major}"

    @property
    def version(self) -> Version:
        """The type's version; 0.0 of what is no registered context."""
        return version_of(self.type.version) or Version(0, 0)

    def goes_with(self, said: Offer) -> bool:
        """Whether a node that said so of the context can take part together with this one.

        One that tells no ``types`` knows nothing of versions: then all has to be the same.
        """
        if said.types is None:
            return said.hash is None or said.hash == self.hash
        theirs = version_of(said.version)
        return theirs is not None and theirs.major == self.version.major

    @property
    def page(self) -> str | None:
        """The place that this context's invitations lead to, such as ``/chess/``."""
        return f"/{self.type.template}/" if self.type.template else None

    def kind_of(self, data: JsonValue) -> Kind | None:
        """What is particular about a message; ``None`` for one like everything else."""
        kind = data.get("type") if isinstance(data, dict) else None
        return self.kinds.get(kind) if isinstance(kind, str) else None

    def check_message(self, data: JsonValue, delivery: str = "ordered") -> Refusal | None:
        """Judge a message by the schema that its ``type`` selects, and whether such travel so."""
        kind = data.get("type") if isinstance(data, dict) else None
        if not isinstance(kind, str):
            return Refusal(
                code="invalid_message",
                reason=f'{self.type.name} messages are objects with a "type"',
                pointer="/type",
            )
        validator = self.messages.get(kind)
        if validator is None:
            known = ", ".join(sorted(self.messages))
            return Refusal(
                code="unknown_type",
                reason=f"{self.type.name} has no message {kind[:40]!r}; it has {known}",
                pointer="/type",
            )
        found = self.kinds.get(kind)
        usual = "ordered" if found is None else found.delivery
        if usual != delivery:
            reason = f"messages {kind[:40]!r} of {self.type.name} are {usual}, not {delivery}"
            return Refusal(code="unknown_type", reason=reason, pointer="/type")
        return validator.check(data)

    def check_params(self, params: JsonValue) -> Refusal | None:
        """Judge what an opener proposes."""
        if params is None:
            return None
        if len(encode(params)) > PARAMS_BYTES:
            return Refusal(code="too_large", reason=f"params exceed {PARAMS_BYTES} bytes")
        if self.params is None:
            who = self.type.name or "a channel without a context"
            return Refusal(code="invalid_params", reason=f"{who} takes no params")
        found = self.params.check(params)
        if found is None:
            return None
        return Refusal(code="invalid_params", reason=found.reason, pointer=found.pointer)


def compile_context(plugin: str, kind: ContextType) -> Context:
    """Check and compile ``kind``. Raises ``ContextError``."""
    if not NAME.fullmatch(kind.name):
        raise ContextError(
            f"context name {kind.name!r}: expected a lower-case word of [a-z0-9_], "
            "at most 64 characters"
        )
    version = version_of(kind.version)
    if version is None:
        raise ContextError(f"context {kind.name}: its version is {kind.version!r}, not {A_VERSION}")
    if len(kind.messages) > MAX_TYPES:
        raise ContextError(f"context {kind.name}: more than {MAX_TYPES} types of messages")
    schemas = {name: schema_of(one) for name, one in sorted(kind.messages.items())}
    types = {name: one for name, one in kind.messages.items() if isinstance(one, MessageType)}
    contract: dict[str, Any] = {"messages": schemas, "params": kind.params}
    classes = {name: told for name, one in types.items() if (told := _class_of(one))}
    if classes:
        contract["classes"] = classes
    if version.major > 1:
        contract["major"] = version.major  # other rules, maybe by the same schemas
    return Context(
        type=kind,
        plugin=plugin,
        hash=hashlib.sha256(_canonical(contract)).hexdigest()[:16],
        messages={
            name: Validator(schema, where=f"context {kind.name}, message {name}")
            for name, schema in schemas.items()
        },
        kinds={name: Kind(name, one) for name, one in types.items()},
        params=None
        if kind.params is None
        else Validator(kind.params, where=f"context {kind.name}, params"),
    )


def schema_of(declared: MessageType | JsonSchema) -> JsonSchema:
    """The JSON Schema of messages, however a context declares them."""
    return dict(declared.schema if isinstance(declared, MessageType) else declared)


def _class_of(declared: MessageType) -> dict[str, JsonValue]:
    """What the contract says of a type beside its schema; nothing of one like everything else."""
    told: dict[str, JsonValue] = {
        "delivery": declared.delivery,
        "key": declared.key,
        "maxBytes": declared.max_bytes,
        "rate": declared.rate,
    }
    usual = ("ordered", "", None, None)
    return {} if tuple(told.values()) == usual else told


def unserved(contract: Contract) -> Context:
    """What stands for a context that no plugin serves now."""
    limits = Limits(suspended_ms=contract.suspended_seconds * 1000)
    kind = ContextType(
        name=contract.name,
        version=contract.version,
        title=contract.name,
        messages={},
        limits=limits,
    )
    return Context(
        type=kind, plugin=contract.plugin, hash="", messages={}, params=None, served=False
    )


def _canonical(value: JsonValue) -> bytes:
    if isinstance(value, Mapping):
        parts = (encode(key) + b":" + _canonical(value[key]) for key in sorted(value))
        return b"{" + b",".join(parts) + b"}"
    if isinstance(value, (list, tuple)):
        return b"[" + b",".join(_canonical(part) for part in value) + b"]"
    return encode(value)


class Registry:
    """Every context this node knows, found by exact name or ``name_<id>``.

    Of one name there may be several, of different major versions.
    """

    def __init__(self) -> None:
        self._contexts: dict[str, list[Context]] = {}
        """By name, the newest first."""
        self._missed: dict[str, Context] = {}

    def add(self, context: Context) -> None:
        """Register; a name taken by another plugin, or twice for a major, is a ``ContextError``."""
        name = context.type.name
        for taken in self._contexts.get(name, ()):
            if taken.plugin != context.plugin:
                raise ContextError(
                    f"context {name!r} is already registered by plugin {taken.plugin!r}"
                )
            if taken.version.major == context.version.major:
                both = " and ".join(sorted((taken.type.version, context.type.version)))
                raise ContextError(
                    f"context {name!r} is registered as {both}; one for each major version"
                )
        same = [*self._contexts.get(name, ()), context]
        self._contexts[name] = sorted(same, key=lambda one: one.version, reverse=True)

    def set_folders(self, contexts: Iterable[Context]) -> None:
        """Have these of templates' folders, and no others; channels that are open keep theirs."""
        plugins = {name: found for name, found in self._contexts.items() if not found[0].folder}
        self._contexts = {one.name: [one] for one in contexts} | plugins

    def all(self) -> list[Context]:
        """The newest version of every context, sorted by name."""
        return [self._contexts[name][0] for name in sorted(self._contexts)]

    def miss(self, contract: Contract) -> Context:
        """Channels have a context that is not served here: it still has a name and an owner."""
        context = self._missed[contract.name] = unserved(contract)
        return context

    def owned(self) -> list[Context]:
        """Every context that some plugin's own pages may use: those that are missed, too."""
        missed = (self._missed[name] for name in sorted(self._missed.keys() - self._contexts))
        return [*self.all(), *missed]

    def versions(self, name: str) -> list[Context]:
        """What serves ``name``: exactly, else the longest ``NAME_<id>``; the newest first."""
        if len(name) > MAX_CONTEXT:
            return []
        if name in self._contexts:
            return self._contexts[name]
        cut = len(name)
        while (cut := name.rfind("_", 0, cut)) > 0:
            found = self._contexts.get(name[:cut])
            if found is not None and _ID.fullmatch(name[cut + 1 :]):
                return found
        return []

    def find(self, name: str) -> Context | None:
        """The newest context that serves ``name``."""
        return next(iter(self.versions(name)), None)

    def going_on(self, name: str, since: Contract | None) -> Context | None:
        """The context that goes on with what went by ``since``: of the same major version, else
        the next newer one that can take its state over."""
        same = self.same_major(name, since)
        was = version_of(since.version) if since is not None else None
        if same is not None or was is None:
            return same
        found = self.versions(name)
        newer = [one for one in found if one.version > was and one.type.upgrade is not None]
        return newer[-1] if newer else None

    def same_major(self, name: str, since: Contract | None) -> Context | None:
        """What serves ``name`` by the major version of ``since``; where that says none, by any."""
        was = version_of(since.version) if since is not None else None
        for one in self.versions(name):
            if was is None or one.version.major == was.major:
                return one
        return None


PLAIN = Context(
    type=ContextType(name="", version="", title="", messages={}, limits=Limits()),
    plugin="",
    hash="",
    messages={},
    params=None,
)
"""No context at all: a plain channel, whose messages are any JSON."""
