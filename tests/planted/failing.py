# SPDX-License-Identifier: MIT
"""The planted faults that show only while nodes run."""

from __future__ import annotations

from tests.planted.planting import Planted, function, hook, session

LIFESPANS = [
    hook("life_text", "expected AbstractAsyncContextManager", "goop_lifespan(self, node)",
         "return 'x'"),
    hook("life_hook", "RuntimeError: no hook", "goop_lifespan(self, node)",
         "raise RuntimeError('no hook')  #!"),
    *(
        Planted(
            f"life_{name}",
            words,
            f"""
class Plugin:
    @hookimpl
    def goop_lifespan(self, node): return self.live()
    @contextlib.asynccontextmanager
    async def live(self):
        {body}  #!
        yield
""",
        )
        for name, words, body in (
            ("raises", "RuntimeError: no disk", "raise RuntimeError('no disk')"),
            ("exits", "SystemExit: 5", "sys.exit(5)"),
            ("interrupts", "KeyboardInterrupt", "raise KeyboardInterrupt"),
            ("cancelled", "CancelledError", "raise asyncio.CancelledError"),
            ("odd", "Odd", "raise Odd"),
        )
    ),
    Planted(
        "life_never",
        "generator didn't yield",
        """
class Plugin:
    @hookimpl
    def goop_lifespan(self, node): return self.live()
    @contextlib.asynccontextmanager
    async def live(self):
        if node_is_never_there: yield
node_is_never_there = False
""",
    ),
    Planted(
        "life_ends",
        "worker gave up",
        """
async def work(): raise RuntimeError("worker gave up")  #!
class Plugin:
    @hookimpl
    def goop_lifespan(self, node): return self.live()
    @contextlib.asynccontextmanager
    async def live(self):
        async with asyncio.TaskGroup() as group:
            group.create_task(work())
            yield
""",
        "faulty",
    ),
]  # fmt: skip

SESSIONS = [
    session(f"{method}_{name}", words, method, body)
    for method in ("check", "apply")
    for name, words, body in (
        ("raises", "ValueError: no", "raise ValueError('no')"),
        ("exits", "SystemExit: 6", "sys.exit(6)"),
        ("interrupts", "KeyboardInterrupt", "raise KeyboardInterrupt"),
        ("cancelled", "CancelledError", "raise asyncio.CancelledError"),
        ("silent", "cannot be read", "raise Silent"),
        ("coroutine", "a coroutine", "return asyncio.sleep(0)"),
    )
] + [
    session(f"check_{name}", words, "check", body)
    for name, words, body in (
        ("false", "found False", "return False"),
        ("true", "found True", "return True"),
        ("text", "found 'no'", "return 'no'"),
        ("dict", "found a dict", "return {'code': 'no'}"),
        ("class", "found a type", "return Refusal"),
        ("code", "code: found 5", "return Refusal(code=5, reason='')"),
        ("empty", "code: found a length of 0", "return Refusal(code='', reason='')"),
        ("form", "code: found", "return Refusal(code='\\u202e bad', reason='')"),
        ("pointer", "pointer: found", "return Refusal(code='no', reason='', pointer='n')"),
        ("reason", "reason: found None", "return Refusal(code='no', reason=None)"),
    )
]  # fmt: skip

OPENING = [
    function(f"open_{name}", words, "open_session", body)
    for name, words, body in (
        ("raises", "ValueError: no", "raise ValueError('no')"),
        ("exits", "SystemExit: 7", "sys.exit(7)"),
        ("nothing", "found None", "return None"),
        ("text", "found 'x'", "return 'x'"),
        ("coroutine", "a coroutine", "return asyncio.sleep(0)"),
        ("object", "expected Session or Refusal", "return object()"),
        ("part", "without apply()", "return types.SimpleNamespace(check=lambda message: None)"),
        ("arity", "takes 1 arguments",
         "return types.SimpleNamespace(check=lambda: 1, apply=nothing, snapshot=nothing)"),
        ("async", "an async function",
         "return types.SimpleNamespace(check=asyncio.sleep, apply=nothing, snapshot=nothing)"),
        ("evil", "no attributes", "return type('E', (), {'__getattribute__': "
         "lambda *a: exec(\"raise RuntimeError('no attributes')\")})()"),
    )
] + [
    function(f"initial_state_{name}", words, "initial_state", body)
    for name, words, body in (
        ("raises", "ValueError: no", "raise ValueError('no')"),
        ("exits", "SystemExit: 8", "sys.exit(8)"),
        ("nan", "a finite number", "return math.nan"),
        ("set", "found a set", "return {'moves': {1}}"),
        ("bytes", "found a bytes", "return b'x'"),
        ("keys", "an int as a key", "return {1: 1}"),
        ("number", "beyond 2^53", "return [2**53]"),
        ("deep", "at most 32 levels", "return deep(40)"),
        ("coroutine", "a coroutine", "return asyncio.sleep(0)"),
        ("object", "found an object", "return object()"),
    )
]  # fmt: skip

NEWS = [
    function(f"on_open_{name}", words, "on_open", body)
    for name, words, body in (
        ("raises", "ValueError: no", "raise ValueError('no')"),
        ("exits", "SystemExit: 9", "sys.exit(9)"),
        ("coroutine", "a coroutine", "return asyncio.sleep(0)"),
    )
] + [
    function(f"on_commit_{name}", words, "on_commit", body)
    for name, words, body in (
        ("raises", "ValueError: no", "raise ValueError('no')"),
        ("exits", "SystemExit: 10", "sys.exit(10)"),
        ("number", "found 5", "return 5"),
    )
] + [
    Planted(
        f"on_commit_later_{name}",
        words,
        f"""
async def later(session, entries): {body}  #!
class Plugin:
    @hookimpl
    def realtime_contexts(self, node): return [context(on_commit=later)]
""",
        "faulty",
    )
    for name, words, body in (
        ("raises", "ValueError: no", "raise ValueError('no')"),
        ("exits", "SystemExit: 11", "sys.exit(11)"),
        ("interrupts", "KeyboardInterrupt", "raise KeyboardInterrupt"),
    )
]  # fmt: skip

SNAPSHOTS = [
    session(f"snapshot_{name}", words, "snapshot", body)
    for name, words, body in (
        ("raises", "ValueError: no", "raise ValueError('no')"),
        ("exits", "SystemExit: 12", "sys.exit(12)"),
        ("set", "found a set", "return {1}"),
        ("nan", "a finite number", "return [math.inf]"),
        ("deep", "at most 32 levels", "return deep(3000)"),
        ("coroutine", "a coroutine", "return asyncio.sleep(0)"),
        ("object", "found an object", "return object()"),
    )
]
