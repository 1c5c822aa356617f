# SPDX-License-Identifier: MIT
"""The pages of hooks, and of the types that plugins and the node exchange."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from goop_node import hookspecs
from goop_realtime import hookspecs as realtime_hookspecs
from scripts.reference.markdown import MADE, UndocumentedError, prose, table

TYPES = (
    "goop_realtime",
    "goop_node.types",
    "goop_node.data.storage",
    "goop_node.commands",
    "goop_node.findings",
)
"""Modules whose exported classes plugins meet, in the order of the page."""
HOOKS: tuple[tuple[str, ModuleType], ...] = (
    ("The node's", hookspecs),
    ("The realtime plugin's", realtime_hookspecs),
)


def hooks_page() -> str:
    """Every hook: its arguments, its kind, what it is for."""
    parts = [
        "# Hooks\n",
        f"{MADE}\n",
        "A plugin implements those it needs: methods of its class with `@hookimpl`, found by "
        "their names. It may leave out arguments that it does not need. What happens where one "
        "raises, or gives something else than stands here, says its kind:\n",
        table(
            ("kind", "where an implementation raises"),
            (
                ("register", "the plugin is left out, with words"),
                ("veto", "what was asked for is refused, with `plugin_error`"),
                ("observe", "it is logged, and nothing else"),
            ),
        ),
    ]
    for title, module in HOOKS:
        parts.append(f"## {title} (`{module.__name__}`, version {module.HOOK_API})\n")
        for name in sorted(module.KINDS):
            hook = getattr(module, name)
            parts += [f"### `{name}`\n", f"`{name}{_signature(hook)}`\n"]
            text = prose(hook.__doc__, name)
            kind = module.KINDS[name]
            if not text.lower().startswith(f"{kind}:"):
                raise UndocumentedError(f"{name}: its docstring does not begin with its kind")
            parts.append(f"{text}\n")
    return "\n".join(parts)


def _signature(function: Any) -> str:
    text = str(inspect.signature(function))
    return re.sub(r"'([^']*)'", r"\1", text)


def types_page() -> str:
    """Every exported class: what it is, its fields, its methods."""
    parts = [
        "# Types\n",
        f"{MADE}\n",
        "What plugins hand to the node, and get from it. Values are frozen dataclasses, and copied "
        "at the border; protocols are what the node offers, or what a plugin is to be.\n",
    ]
    seen: set[str] = set()
    for module in TYPES:
        found = importlib.import_module(module)
        classes = [
            (name, one)
            for name in found.__all__
            if inspect.isclass(one := getattr(found, name)) and one.__qualname__ not in seen
        ]
        parts.append(f"## Of `{module}`\n")
        for name, one in sorted(classes):
            seen.add(one.__qualname__)
            parts += _class(name, one)
    return "\n".join(parts)


def _class(name: str, one: type) -> Iterator[str]:
    tree = ast.parse(inspect.cleandoc("\n" + inspect.getsource(one))).body[0]
    assert isinstance(tree, ast.ClassDef)
    text = prose(one.__doc__, name)
    yield f"### `{name}`\n"
    yield f"{text}\n"
    rows = list(_members(name, text, tree))
    if any(said for _, said in rows):
        yield table(("", ""), rows)
    elif rows:
        yield "".join(f"- {written}\n" for written, _ in rows)


def _members(name: str, text: str, tree: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """Each public field and method: how it is written, and what is said of it."""
    for index, node in enumerate(tree.body):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            field = node.target.id
            if field.startswith("_"):
                continue
            after = tree.body[index + 1] if index + 1 < len(tree.body) else None
            said = _text(after)
            if not said and not re.search(rf"`[^`]*\b{field}\b[^`]*`", text):
                raise UndocumentedError(f"{name}.{field} is nowhere explained")
            yield (
                f"`{field}: {_type(node.annotation)}{_default(node.value)}`",
                (prose(said, field) if said else ""),
            )
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name.startswith("_"):
                continue
            what = f"{name}.{node.name}"
            yield f"`{_written(node)}`", prose(ast.get_docstring(node), what)


def _text(node: ast.AST | None) -> str:
    value = node.value if isinstance(node, ast.Expr) else None
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def _type(node: ast.expr) -> str:
    """A type without what is only for the border that checks it."""

    class Bare(ast.NodeTransformer):
        def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
            self.generic_visit(node)
            if ast.unparse(node.value) == "Annotated" and isinstance(node.slice, ast.Tuple):
                return node.slice.elts[0]
            return node

    bare = Bare().visit(node)
    return ast.unparse(bare)


def _default(value: ast.expr | None) -> str:
    if value is None:
        return ""
    text = ast.unparse(value)
    made = re.fullmatch(r"field\(default_factory=(\w+)\)", text)
    return f" = {made[1]}()" if made else f" = {text}"


def _written(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    decorators = [ast.unparse(one) for one in node.decorator_list]
    if "property" in decorators:
        return f"{node.name}{result.replace(' -> ', ': ')}"
    arguments = ast.unparse(node.args).removeprefix("self, ").removeprefix("self")
    begin = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
    return f"{begin}{node.name}({arguments}){result}"
