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

PEER_CHANGED = [
    hook(f"peer_{name}", words, "goop_peer_changed(self, node, event)", f"{body}  #!", "faulty")
    for name, words, body in (
        ("raises", "ValueError: no", "raise ValueError('no')"),
        ("exits", "SystemExit: 13", "sys.exit(13)"),
    )
]
HANDLERS = [
    Planted(
        f"handler_{name}",
        words,
        f"""
def handle(stream): {body}  #!
class Plugin:
    @hookimpl
    def goop_stream_handlers(self, node):
        return [StreamHandler(protocol=f"/{{NAME}}", handle=handle)]
""",
        "faulty",
    )
    for name, words, body in (
        ("raises", "ValueError: no", "raise ValueError('no')"),
        ("exits", "SystemExit: 14", "sys.exit(14)"),
    )
]
ENDPOINTS = [
    Planted(
        f"endpoint_{name}",
        words,
        f"""
@get("/")
async def here() -> int: {body}  #!
class Plugin:
    @hookimpl
    def goop_routes(self, node): return [Route(handlers=[here])]
""",
        "faulty",
    )
    for name, words, body in (
        ("raises", "ValueError: no", "raise ValueError('no')"),
        ("exits", "SystemExit: 15", "sys.exit(15)"),
        ("interrupts", "KeyboardInterrupt", "raise KeyboardInterrupt"),
        ("odd", "Odd", "raise Odd"),
        ("cancels", "CancelledError", "raise asyncio.CancelledError"),
    )
]
TASK = Planted(
    "task",
    "ValueError: nobody waits",
    """
async def work(): raise ValueError("nobody waits")  #!
@get("/")
async def here() -> int:
    asyncio.create_task(work())
    return 1
class Plugin:
    @hookimpl
    def goop_routes(self, node): return [Route(handlers=[here])]
""",
    "faulty",
)
SOCKET = Planted(
    "socket",
    "ValueError: no",
    """
from litestar import WebSocket
@websocket("/")
async def here(socket: WebSocket) -> None:
    await socket.accept()
    raise ValueError("no")  #!
class Plugin:
    @hookimpl
    def goop_routes(self, node): return [Route(handlers=[here])]
""",
    "faulty",
)
VETO = Planted(
    "veto",
    "found False",
    """
class Plugin:
    @hookimpl  #!
    def realtime_authorize_open(self, node, request):
        request.params.clear() if request.params else None
        return False if request.context.startswith("zgood_") else None
""",
    "faulty",
)
CHANGES = Planted(
    "changes",
    "",
    """
class Session:
    def __init__(self, state): self.state, self.told = state, []
    def check(self, message): return None
    def apply(self, message): self.state["n"].append(message.data)
    def snapshot(self): return self.state
def start(request): return {"n": []}
def opened(request):
    request.initial_state["n"].append("opened")
def told(session, entries):
    session.told.append((entries[-1].message.data, session.state["n"][-1]))
class Plugin:
    @hookimpl
    def realtime_contexts(self, node):
        def begin(request, snapshot):
            return Session(snapshot.state if snapshot else request.initial_state)
        return [context(initial_state=start, open_session=begin, on_open=opened,
                        on_commit=told)]
""",
    "active",
)
SLOW = Planted(
    "slow",
    "",
    """
import time
class Session:
    def check(self, message): time.sleep(0.06)
    def apply(self, message): pass
    def snapshot(self): return None
class Plugin:
    @hookimpl
    def realtime_contexts(self, node):
        return [context(open_session=lambda request, snapshot: Session())]
""",
    "active",
)

ANSWERS = Planted(
    "answers",
    "an endpoint: ",
    """
import litestar
from litestar.response import Stream
def answer(**headers):
    return litestar.Response("x", headers=headers)
@get("/break", sync_to_thread=False)
def line_break() -> litestar.Response:
    return answer(name="a\\r\\nset-cookie: b")
@get("/name", sync_to_thread=False)
def bad_name() -> litestar.Response:
    return answer(**{"a b": "c"})
@get("/status", sync_to_thread=False)
def bad_status() -> litestar.Response:
    return litestar.Response("x", status_code=1000)
@get("/half")
async def half() -> Stream:
    async def parts():
        yield b"one"
        raise RuntimeError("half way")  #!
    return Stream(parts())
class Plugin:
    @hookimpl
    def goop_routes(self, node):
        return [Route(handlers=[line_break, bad_name, bad_status, half])]
""",
    "faulty",
)
SUBSCRIBERS = [
    Planted(
        f"hears_{name}",
        words,
        f"""
def heard(event): {body}  #!
class Plugin:
    @hookimpl
    @contextlib.asynccontextmanager
    async def goop_lifespan(self, node):
        end = node.peers.subscribe(heard)
        yield
        end()
""",
        "faulty",
    )
    for name, words, body in (
        ("raises", "ValueError: no", "raise ValueError('no')"),
        ("exits", "SystemExit: 3", "sys.exit(3)"),
    )
]
