# SPDX-License-Identifier: MIT
"""The planted faults that show before a node starts."""

from __future__ import annotations

from tests.planted.planting import Planted, field, hook

ROUTES = "goop_routes(self, node)"
CONTEXTS = "realtime_contexts(self, node)"
SCHEMA = "goop_config_schema(self)"
STREAMS = "goop_stream_handlers(self, node)"
MODULES = "goop_sdk_modules(self)"
TEMPLATES = "goop_templates(self)"

LOADING = [
    Planted("syntax_error", "SyntaxError", "def (  #!"),
    Planted("import_error", "nothing_of_that_name", "import nothing_of_that_name  #!"),
    Planted("raises", "ZeroDivisionError", "1 / 0  #!"),
    Planted("exits", "SystemExit: 3", "raise SystemExit(3)  #!"),
    Planted("interrupts", "KeyboardInterrupt", "raise KeyboardInterrupt  #!"),
    Planted("odd", "Odd", "raise Odd  #!"),
    Planted("silent", "whose text cannot be read", "raise Silent  #!"),
    Planted("recursion", "RecursionError", "def again(): again()  #!\nagain()"),
    Planted("no_plugin", "has no attribute 'Plugin'", "x = 1"),
    Planted("init_raises", "not today", "def f(): raise ValueError('not today')  #!\nPlugin = f"),
    Planted("init_wants", "missing 1 required", "class Plugin:\n    def __init__(self, x): pass"),
    Planted("none", "found None", "Plugin = None"),
    Planted("text", "found 'hello'", "Plugin = 'hello'"),
    Planted("async_factory", "an async function", "async def Plugin(): pass"),
    Planted(
        "attribute_raises",
        "no attribute for you",
        """
class Raises:
    def __get__(self, one, kind): raise RuntimeError("no attribute for you")  #!
class Plugin:
    thing = Raises()
""",
    ),
]

ANY_HOOK = [
    hook("hook_raises", "RuntimeError: boom", ROUTES, "raise RuntimeError('boom')  #!"),
    hook("late", "RuntimeError: late", ROUTES, "yield from ()\nraise RuntimeError('late')  #!"),
    hook("endless", "more than 10000 items", ROUTES, "return endless()"),
    hook("hook_exits", "SystemExit: 4", TEMPLATES, "sys.exit(4)  #!"),
    hook("hook_interrupts", "KeyboardInterrupt", MODULES, "raise KeyboardInterrupt  #!"),
    hook("hook_odd", "Odd", MODULES, "raise Odd  #!"),
    hook("hook_cancelled", "CancelledError", MODULES, "raise asyncio.CancelledError  #!"),
    hook(
        "hook_start_error",
        "not mine",
        MODULES,
        "from goop_node.config.model import StartError\nraise StartError(['not mine'])  #!",
    ),
    hook("misspelt", "did it mean goop_routes()?", "goop_rotues(self, node)", "return []"),
    hook("stranger", "no installed plugin declares", "other_things(self)", "return []"),
    hook("arguments", "does not fit the hooks", "goop_routes(self, knot)", "return []"),
    Planted(
        "async_hook",
        "hooks are synchronous",
        "class Plugin:\n    @hookimpl  #!\n    async def goop_routes(self, node): return []",
    ),
    Planted(
        "coroutine",
        "a coroutine",
        """
async def later(): return []
class Plugin:
    @hookimpl  #!
    def goop_routes(self, node): return later()
""",
    ),
    Planted(
        "wrapper",
        "hook wrapper",
        "class Plugin:\n    @hookimpl(wrapper=True)  #!\n"
        "    def goop_routes(self, node): return (yield)",
    ),
    Planted(
        "specs_raise",
        "no words",
        "class Plugin:\n    @hookimpl\n    def goop_add_hookspecs(self, pluginmanager):\n"
        "        raise RuntimeError('no words')  #!",
    ),
    Planted(
        "static",
        "RuntimeError: static",
        """
class Plugin:
    @hookimpl
    @staticmethod
    def goop_routes(node): raise RuntimeError("static")  #!
""",
    ),
    Planted(
        "class_method",
        "found 5, expected Template",
        """
class Plugin:
    @hookimpl
    @classmethod
    def goop_templates(cls): return 5
""",
    ),
    hook(
        "specs_taken",
        "declared already",
        "goop_add_hookspecs(self, pluginmanager)",
        "from goop_node import hookspecs\npluginmanager.add_hookspecs(hookspecs)  #!",
    ),
    hook(
        "specs_kinds",
        "KINDS: found 'veto'",
        "goop_add_hookspecs(self, pluginmanager)",
        "pluginmanager.add_hookspecs(types.SimpleNamespace(KINDS='veto'))  #!",
    ),
]

SETTINGS = [
    hook("schema_true", "found True, expected a mapping", SCHEMA, "return True"),
    hook("schema_list", "found a list", SCHEMA, "return [{}]"),
    hook("schema_text", "found 'object'", SCHEMA, "return 'object'"),
    hook("schema_invalid", "is no valid schema", SCHEMA, "return {'type': 'nonsense'}"),
    hook("schema_deep", "at most 32 levels", SCHEMA, "return deep(3000)"),
    hook("schema_cycle", "at most 32 levels", SCHEMA, "s = {}\ns['not'] = s\nreturn s"),
    hook(
        "schema_default",
        "the default of x",
        SCHEMA,
        "return {'properties': {'x': {'type': 'integer', 'default': 'no'}}}",
    ),
    hook(
        "schema_pattern",
        "is no valid schema",
        SCHEMA,
        "return {'properties': {'x': {'pattern': '('}}}",
    ),
    hook("schema_nan", "a finite number", SCHEMA, "return {'const': math.nan}"),
    hook("schema_keys", "an int as a key", SCHEMA, "return {'properties': {1: {}}}"),
    hook("schema_loop", "cannot be used", SCHEMA, "return {'$ref': '#'}"),
    hook("schema_remote", "cannot be used", SCHEMA, "return {'$ref': 'http://127.0.0.1:1/'}"),
]

ENDPOINTS = [
    hook("route_text", "found '/x', expected Route", ROUTES, "return ['/x']"),
    hook("route_mapping", "expected Route", ROUTES, "return {'handlers': []}"),
    hook("route_none", "handlers: found None", ROUTES, "return [Route(handlers=None)]"),
    hook("route_plain", "a Litestar handler", ROUTES, "return [Route(handlers=[nothing])]"),
    hook("route_class", "a Litestar handler", ROUTES, "return [Route(handlers=[Controller])]"),
    Planted(
        "route_twice",
        "GET /x has two handlers",
        """
@get("/x", sync_to_thread=False)
def one() -> int: return 1
@get("/x", sync_to_thread=False)
def other() -> int: return 1
class Plugin:
    @hookimpl  #!
    def goop_routes(self, node): return [Route(handlers=[one]), Route(handlers=[other])]
""",
    ),
    Planted(
        "route_unannotated",
        "return",
        """
@get("/x", sync_to_thread=False)
def here():
    return 1
class Plugin:
    @hookimpl  #!
    def goop_routes(self, node): return [Route(handlers=[here])]
""",
    ),
    Planted(
        "route_parameter",
        "goop_routes()",
        """
@get("/{x:nonsense}", sync_to_thread=False)
def here(x: int) -> int: return 1
class Plugin:
    @hookimpl  #!
    def goop_routes(self, node): return [Route(handlers=[here])]
""",
    ),
    Planted(
        "peers",
        "/api/peers is the node's own",
        """
@get("/", sync_to_thread=False)
def here() -> int: return 1
class Plugin:
    @hookimpl  #!
    def goop_routes(self, node): return [Route(handlers=[here])]
""",
    ),
    hook("route_callers", "callers", ROUTES, "return [Route(handlers=[], callers='home')]  #!"),
]

STREAM_HANDLERS = [
    hook(f"stream_{name}", words, STREAMS, f"return [StreamHandler({fields})]")
    for name, words, fields in (
        ("identify", "is not libp2p's own", "protocol='/ipfs/id/1.0.0', handle=nothing"),
        ("slash", "a name such as", "protocol='x', handle=nothing"),
        ("number", "expected text", "protocol=7, handle=nothing"),
        ("arity", "takes 1 arguments", "protocol='/x', handle=lambda: None"),
        ("async", "an async function", "protocol='/x', handle=asyncio.sleep"),
        ("none", "expected a function", "protocol='/x', handle=None"),
        ("line", "at least 1", "protocol='/x', handle=nothing, max_line=0"),
        ("line_text", "a whole number", "protocol='/x', handle=nothing, max_line='9'"),
    )
]

FILES = [
    hook("script_missing", "there is no file", MODULES,
         "return [SdkModule(name='x.js', path=HERE / 'no')]"),
    hook("script_text", "expected Path", MODULES, "return [SdkModule(name='x.js', path='x.js')]"),
    hook("script_escape", "no name for a script", MODULES,
         "return [SdkModule(name='../x.js', path=Path(__file__))]"),
    hook("template_missing", "there is no folder", TEMPLATES,
         "return [Template(name='t', title='T', folder=HERE / 'no')]"),
    hook("template_data", "the node keeps its own files", TEMPLATES,
         "return [Template(name='t', title='T', folder=Path('/'))]"),
    hook("template_name", "cannot be a template's name", TEMPLATES,
         "return [Template(name='Not A Name', title='T', folder=HERE)]"),
    hook("template_title", "title: found None", TEMPLATES,
         "return [Template(name='t', title=None, folder=HERE)]"),
    hook("template_folder", "expected Path", TEMPLATES,
         "return [Template(name='t', title='T', folder='.')]"),
    hook("template_asks", "kamera", TEMPLATES,
         "return [Template(name='t', title='T', folder=HERE, permissions={'kamera'})]"),
    hook("template_asks_text", "permissions", TEMPLATES,
         "return [Template(name='t', title='T', folder=HERE, permissions='camera')]"),
]  # fmt: skip

CONTEXT_ITEMS = [
    hook("context_dict", "found a dict, expected ContextType", CONTEXTS, "return {'name': 'x'}"),
    hook("context_text", "found 'x', expected ContextType", CONTEXTS, "return ['x']"),
    hook("context_twice", "already brought", CONTEXTS, "return [context(), context()]"),
    hook("zz_taken", "already brought by plugin tally", "realtime_contexts(self, node)",
         "return [context(name='tally')]"),
    hook("context_raising", "no title", CONTEXTS, "class Sub(ContextType):\n"
         "    @property\n    def more(self): return 1\n"
         "    def __getattribute__(self, name):\n"
         "        if name == 'title': raise RuntimeError('no title')  #!\n"
         "        return super().__getattribute__(name)\n"
         "return [Sub(name=NAME, version='1', title='T', messages={})]"),
]  # fmt: skip

CONTEXT_FIELDS = [
    field(f"context_{name}", words, fields)
    for name, words, fields in (
        ("name", "context name 'No Name'", "name='No Name'"),
        ("name_number", "name: found 7", "name=7"),
        ("messages", "messages: found a list", "messages=['move']"),
        ("boolean", "expected MessageType or a mapping", "messages={'move': True}"),
        ("invalid", "not a JSON Schema", "messages={'move': {'type': 'nonsense'}}"),
        ("deep", "at most 32 levels", "messages={'move': deep(3000)}"),
        ("huge", "more than 200000 values", "messages={'move': {'enum': [0] * 300_000}}"),
        ("remote", "cannot be compiled", "messages={'m': {'$ref': 'http://127.0.0.1:1/'}}"),
        ("dialect", "$schema is", "messages={'m': {'$schema': 'http://json-schema.org/schema#'}}"),
        ("pattern", "regex", "messages={'m': {'pattern': '(a{1000}){1000}'}}"),
        ("set", "a set", "messages={'m': {'enum': {1}}}"),
        ("key", "an int as a key", "messages={'m': {'properties': {1: {}}}}"),
        ("surrogate", "surrogate", "title='\\ud800'"),
        ("version", "version: found 1", "version=1"),
        ("title", "title: found a length", "title='t' * 500"),
        ("title_lines", "one line of text", "title='a\\nb'"),
        ("template", "the name of a template", "template='/chess/'"),
        ("template_number", "template: found 3", "template=3"),
        ("params", "params", "params={'type': 'nonsense'}"),
        ("params_true", "params: found True", "params=True"),
        ("rate", "rate: found 0, expected more than 0", "limits=Limits(rate=0)"),
        ("rate_nan", "a finite number", "limits=Limits(rate=math.nan)"),
        ("burst", "burst: found True", "limits=Limits(burst=True)"),
        ("bytes", "message_bytes", "limits=Limits(message_bytes=10**9)"),
        ("forever", "suspended_ms", "limits=Limits(suspended_ms=2**70)"),
        ("limits", "limits: found a dict", "limits={'rate': 1}"),
        ("peers", "max_peers: found '2'", "max_peers='2'"),
        ("open_async", "an async function", "open_session=asyncio.sleep"),
        ("open_arity", "takes 2 arguments", "open_session=lambda request: None"),
        ("open_none", "open_session: found None", "open_session=None"),
        ("initial_state", "initial_state: found 5", "initial_state=5"),
        ("initial_state_yield", "a function with yield", "initial_state=lambda request: (yield)"),
        ("on_open_async", "an async function", "on_open=asyncio.sleep"),
        ("on_commit", "on_commit: found 'x'", "on_commit='x'"),
        ("on_commit_arity", "takes 2 arguments", "on_commit=lambda entries: None"),
    )
]

OLD_NAMES = [
    Planted("old_import", "goop_realtime.Rejection is Refusal",
            "from goop_realtime import Rejection  #!"),
    *(
        hook(f"old_{old}", f"ContextType({old}=…) is ContextType({new}=…)", CONTEXTS,
             f"return [ContextType({old}=nothing)]  #!")
        for old, new in (
            ("base", "initial_state"),
            ("opened", "on_open"),
            ("applied", "on_commit"),
            ("page", "template"),
        )
    ),
]  # fmt: skip
"""What an author wrote against an earlier version."""

BEFORE_START = [
    *LOADING,
    *ANY_HOOK,
    *SETTINGS,
    *ENDPOINTS,
    *STREAM_HANDLERS,
    *FILES,
    *CONTEXT_ITEMS,
    *CONTEXT_FIELDS,
    *OLD_NAMES,
]
"""What ``goop check`` finds."""

HARMLESS = [
    Planted(
        "equal",
        "",
        """
class Plugin:
    def __eq__(self, other): raise RuntimeError("no comparison")
    def __hash__(self): raise RuntimeError("no hash")
    def __repr__(self): raise RuntimeError("no name")
    def __bool__(self): raise RuntimeError("no truth")
    @hookimpl
    def goop_sdk_modules(self): return None
""",
        "active",
    ),
    Planted(
        "property",
        "",
        """
class Plugin:
    @property
    def running(self): raise RuntimeError("not running")
    @hookimpl
    def goop_sdk_modules(self): return None
""",
        "active",
    ),
    Planted(
        "kinds",
        "",
        """
@hookspec
def kinds_things(node): pass
class Plugin:
    @hookimpl
    def goop_add_hookspecs(self, pluginmanager):
        kinds = {"goop_routes": "veto", "kinds_things": "observe"}
        pluginmanager.add_hookspecs(types.SimpleNamespace(kinds_things=kinds_things, KINDS=kinds))
""",
        "active",
    ),
]
"""What looks odd and hurts nobody, not even itself."""

WARNED = [
    Planted(
        "unmarked",
        "goop_routes() is named like a hook and has no @hookimpl",
        "class Plugin:\n    def goop_routes(self, node):  #!\n        return []",
        "active",
    ),
    Planted("hookless", "it has no hook", "class Plugin:  #!\n    pass", "active"),
    Planted(
        "first",
        "goop_routes() is marked tryfirst, which does nothing",
        "class Plugin:\n    @hookimpl(tryfirst=True)  #!\n"
        "    def goop_routes(self, node): return []",
        "active",
    ),
    Planted(
        "indexless",
        "index.html",
        """
class Plugin:
    @hookimpl
    def goop_templates(self): return [Template(name="t", title="T", folder=HERE)]
""",
        "active",
    ),
]
