"""How programs speak: what each runtime and framework writes when it starts, serves, fails and ends.

A cause is written "kind:detail", as in "missing-variable:DATABASE_URL". Kinds that every runtime has words for:

| kind | detail |
| --- | --- |
| missing-variable | name of the variable |
| missing-module | name of the module or package |
| connection-refused | host:port that does not answer |
| timeout | what did not answer in time |
| port-in-use | port |
| out-of-memory | (none) |
| error | the text of the error |

A cause without one of these kinds is taken as the text of an error.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Voice:
    """What a kind of program writes; every text is a template for `str.format`.

    Attributes:
        start: lines while it starts: (thousandths of the time that it takes, level, text).
        listen: the line that says that it listens, with {port}.
        access: the line of a request: {method} {path} {status} {reason} {ms} {size} {client} {agent} {clock} {date}.
        failure: lines of an error by kind, with {detail}.
        trace: lines that follow those of an error while a request is served, with {method} {path}.
        end: the last lines of a program that an error ended; {version} of the runtime.
        full: the line of a program that has filled {percent} of its memory limit {limit} (MB); {used} MB.
        default: text of an error of which no cause is known, by status.
    """

    start: tuple[tuple[int, str, str], ...]
    listen: str
    access: str
    failure: dict[str, tuple[str, ...]] = field(hash=False)
    trace: tuple[str, ...] = ()
    end: tuple[str, ...] = ()
    full: str = "memory {percent} % of {limit} MB ({used} MB)"
    default: dict[int, str] = field(default_factory=dict, hash=False)


_NODE_FAILURE = {
    "missing-variable": (
        "Error: Missing required environment variable {detail}",
        "    at required (/app/src/config.js:14:11)",
        "    at Object.<anonymous> (/app/src/server.js:6:18)",
    ),
    "missing-module": (
        "Error: Cannot find module '{detail}'",
        "Require stack:",
        "- /app/src/server.js",
        "    at Module._resolveFilename (node:internal/modules/cjs/loader:1225:15)",
        "  code: 'MODULE_NOT_FOUND'",
    ),
    "connection-refused": (
        "Error: connect ECONNREFUSED {detail}",
        "    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1607:16)",
    ),
    "timeout": (
        "Error: timeout of 5000ms exceeded: {detail}",
        "    at Timeout._onTimeout (/app/src/upstream.js:41:19)",
    ),
    "port-in-use": (
        "Error: listen EADDRINUSE: address already in use 0.0.0.0:{detail}",
        "    at Server.setupListenHandle [as _listen2] (node:net:1817:16)",
    ),
    "out-of-memory": (
        "<--- Last few GCs --->",
        "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
    ),
    "error": ("{detail}",),
}
_NODE_DEFAULT = {
    500: "TypeError: Cannot read properties of undefined (reading 'id')",
    502: "Error: upstream answered 502",
    503: "Error: service unavailable, too many pending requests",
    504: "Error: upstream did not answer in time",
}
NODE = Voice(
    start=(
        (100, "INFO", "> app@1.0.0 start"),
        (150, "INFO", "> node src/server.js"),
        (700, "INFO", "configuration loaded, NODE_ENV=production"),
    ),
    listen="listening on 0.0.0.0:{port}",
    access="{method} {path} {status} {ms} ms - {size}",
    failure=_NODE_FAILURE,
    trace=(
        "    at handler (/app/src/routes.js:87:22)  [{method} {path}]",
        "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
    ),
    end=("Node.js v{version}",),
    full="heap used {used} MB, {percent} % of the container's {limit} MB",
    default=_NODE_DEFAULT,
)
NEXT = Voice(
    start=((100, "INFO", "> next start"), (400, "INFO", "  ▲ Next.js 15.1.0"), (700, "INFO", " ✓ Starting...")),
    listen=" ✓ Ready on http://0.0.0.0:{port}",
    access=" {method} {path} {status} in {ms}ms",
    failure=_NODE_FAILURE,
    trace=(
        "    at async Page (/app/.next/server/app/page.js:1:4711)  [{method} {path}]",
        "  digest: '2183094711'",
    ),
    end=("Node.js v{version}",),
    full=NODE.full,
    default=_NODE_DEFAULT,
)
BUN = Voice(
    start=((150, "INFO", "$ bun run src/server.ts"), (700, "INFO", "configuration loaded")),
    listen="Started server: http://0.0.0.0:{port}",
    access="{method} {path} {status} {ms}ms",
    failure={
        **_NODE_FAILURE,
        "missing-module": ('error: Cannot find module "{detail}" from "/app/src/server.ts"',),
        "port-in-use": ("error: Failed to start server. Is port {detail} in use?", ' code: "EADDRINUSE"'),
        "out-of-memory": ("panic: out of memory", "oh no: Bun has crashed."),
    },
    trace=("      at fetch (/app/src/server.ts:52:17)  [{method} {path}]",),
    end=("Bun v{version} (Linux x64)",),
    full=NODE.full,
    default=_NODE_DEFAULT,
)

_PYTHON_FAILURE = {
    "missing-variable": (
        "Traceback (most recent call last):",
        '  File "/app/settings.py", line 9, in <module>',
        '    value = os.environ["{detail}"]',
        "KeyError: '{detail}'",
    ),
    "missing-module": (
        "Traceback (most recent call last):",
        '  File "/app/main.py", line 3, in <module>',
        "    import {detail}",
        "ModuleNotFoundError: No module named '{detail}'",
    ),
    "connection-refused": (
        "Traceback (most recent call last):",
        '  File "/app/store.py", line 31, in connect',
        "    raise ConnectionRefusedError(errno, message)",
        "ConnectionRefusedError: [Errno 111] Connection refused: {detail}",
    ),
    "timeout": (
        "Traceback (most recent call last):",
        '  File "/app/upstream.py", line 24, in fetch',
        "    raise TimeoutError(name)",
        "TimeoutError: {detail}",
    ),
    "port-in-use": ("ERROR:    [Errno 98] error while attempting to bind on address ('0.0.0.0', {detail})",),
    "out-of-memory": (
        "Traceback (most recent call last):",
        '  File "/app/main.py", line 88, in load',
        "    rows = source.read()",
        "MemoryError",
    ),
    "error": (
        "Traceback (most recent call last):",
        '  File "/app/main.py", line 57, in handle',
        "    return answer(request)",
        "{detail}",
    ),
}
_PYTHON_DEFAULT = {
    500: "AttributeError: 'NoneType' object has no attribute 'id'",
    502: "RuntimeError: upstream answered 502",
    503: "RuntimeError: pool is exhausted",
    504: "TimeoutError: upstream did not answer in time",
}
UVICORN = Voice(
    start=(
        (200, "INFO", "INFO:     Started server process [1]"),
        (300, "INFO", "INFO:     Waiting for application startup."),
        (900, "INFO", "INFO:     Application startup complete."),
    ),
    listen="INFO:     Uvicorn running on http://0.0.0.0:{port} (Press CTRL+C to quit)",
    access='INFO:     {client}:0 - "{method} {path} HTTP/1.1" {status} {reason}',
    failure=_PYTHON_FAILURE,
    trace=("ERROR:    Exception in ASGI application  [{method} {path}]",),
    end=("ERROR:    Application startup failed. Exiting.",),
    full="WARNING:  resident memory {used} MB, {percent} % of {limit} MB",
    default=_PYTHON_DEFAULT,
)
GUNICORN = Voice(
    start=(
        (150, "INFO", "[1] [INFO] Starting gunicorn 23.0.0"),
        (900, "INFO", "[7] [INFO] Booting worker with pid: 7"),
    ),
    listen="[1] [INFO] Listening at: http://0.0.0.0:{port} (1)",
    access='{client} - - [{clock}] "{method} {path} HTTP/1.1" {status} {size} "-" "{agent}"',
    failure=_PYTHON_FAILURE,
    trace=("[7] [ERROR] Exception on {path} [{method}]",),
    end=("[1] [ERROR] Worker failed to boot.", "[1] [INFO] Shutting down: Master"),
    full="[7] [WARNING] resident memory {used} MB, {percent} % of {limit} MB",
    default=_PYTHON_DEFAULT,
)

_GO_FAILURE = {
    "missing-variable": (
        "panic: environment variable {detail} is not set",
        "goroutine 1 [running]:",
        "main.mustEnv(...)",
        "\t/app/config.go:21",
        "main.main()",
        "\t/app/main.go:18 +0x8d",
    ),
    "missing-module": ('panic: plugin.Open("{detail}"): cannot open shared object file: No such file or directory',),
    "connection-refused": ("dial tcp {detail}: connect: connection refused",),
    "timeout": ("context deadline exceeded (Client.Timeout exceeded while awaiting headers): {detail}",),
    "port-in-use": ("listen tcp 0.0.0.0:{detail}: bind: address already in use",),
    "out-of-memory": ("fatal error: runtime: out of memory", "runtime stack:", "runtime.throw({{0xa1c0d2, 0x16}})"),
    "error": ("{detail}",),
}
_GO_DEFAULT = {
    500: "runtime error: invalid memory address or nil pointer dereference",
    502: "upstream answered 502",
    503: "connection pool exhausted",
    504: "context deadline exceeded",
}
GO = Voice(
    start=((300, "INFO", "starting server"),),
    listen="listening on [::]:{port}",
    access="{method} {path} {status} {ms}ms {size}",
    failure=_GO_FAILURE,
    trace=("main.(*Server).handle(0xc0001a2000)  [{method} {path}]", "\t/app/handlers.go:64 +0x1b3"),
    end=("exit status 2",),
    full="heap in use {used} MB, {percent} % of {limit} MB",
    default=_GO_DEFAULT,
)
GIN = Voice(
    start=(
        (300, "INFO", '[GIN-debug] [WARNING] Running in "release" mode.'),
        (800, "INFO", "[GIN-debug] Environment variable PORT is used"),
    ),
    listen="[GIN-debug] Listening and serving HTTP on :{port}",
    access='[GIN] {date} | {status} | {ms:>9}ms | {client:>15} | {method:<7} "{path}"',
    failure=_GO_FAILURE,
    trace=("[Recovery] panic recovered:  [{method} {path}]", "\t/app/handlers.go:64 (0x7f2a11)"),
    end=GO.end,
    full=GO.full,
    default=_GO_DEFAULT,
)
FIBER = Voice(
    start=((500, "INFO", " ┌─ Fiber v2.52.5"),),
    listen=" └─ http://0.0.0.0:{port}",
    access="{date} | {status} | {ms}ms | {client} | {method} | {path} | -",
    failure=_GO_FAILURE,
    trace=("\t/app/handlers.go:64  [{method} {path}]",),
    end=GO.end,
    full=GO.full,
    default=_GO_DEFAULT,
)
RUST = Voice(
    start=((600, "INFO", "starting 2 workers"),),
    listen='starting service: "actix-web-service-0.0.0.0:{port}", workers: 2, listening on: 0.0.0.0:{port}',
    access='{client} "{method} {path} HTTP/1.1" {status} {size} "-" "{agent}" 0.{ms:03}',
    failure={
        "missing-variable": (
            "thread 'main' panicked at src/config.rs:17:38:",
            "{detail} must be set: NotPresent",
        ),
        "missing-module": ("error while loading shared libraries: {detail}: cannot open shared object file",),
        "connection-refused": (
            "thread 'main' panicked at src/store.rs:22:10:",
            'Os {{ code: 111, kind: ConnectionRefused, message: "Connection refused" }} ({detail})',
        ),
        "timeout": ("error sending request for url ({detail}): operation timed out",),
        "port-in-use": ('Error: Os {{ code: 98, kind: AddrInUse, message: "Address already in use" }} ({detail})',),
        "out-of-memory": ("memory allocation of 67108864 bytes failed",),
        "error": ("thread 'actix-rt|worker-0' panicked at src/handlers.rs:58:30:", "{detail}"),
    },
    trace=("note: run with `RUST_BACKTRACE=1` to display a backtrace  [{method} {path}]",),
    end=("note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",),
    full="resident memory {used} MB, {percent} % of {limit} MB",
    default={
        500: "called `Option::unwrap()` on a `None` value",
        502: "upstream answered 502",
        503: "pool timed out while waiting for an open connection",
        504: "operation timed out",
    },
)
NGINX = Voice(
    start=(
        (200, "INFO", "/docker-entrypoint.sh: Configuration complete; ready for start up"),
        (700, "INFO", "[notice] 1#1: nginx/1.27.3"),
        (800, "INFO", "[notice] 1#1: start worker processes"),
    ),
    listen="[notice] 1#1: listening on 0.0.0.0:{port}",
    access='{client} - - [{clock}] "{method} {path} HTTP/1.1" {status} {size} "-" "{agent}"',
    failure={
        "missing-variable": ('[emerg] 1#1: unknown "{detail}" variable',),
        "missing-module": (
            '[emerg] 1#1: dlopen() "/etc/nginx/modules/{detail}.so" failed (No such file or directory)',
        ),
        "connection-refused": ("[error] 29#29: connect() failed (111: Connection refused) to {detail}",),
        "timeout": ("[error] 29#29: upstream timed out (110: Connection timed out): {detail}",),
        "port-in-use": ("[emerg] 1#1: bind() to 0.0.0.0:{detail} failed (98: Address already in use)",),
        "out-of-memory": ("[alert] 1#1: worker process 29 exited on signal 9",),
        "error": ("[error] 29#29: {detail}",),
    },
    trace=('[error] 29#29: while sending to client, request: "{method} {path} HTTP/1.1"',),
    end=("[emerg] 1#1: exiting",),
    full="[warn] 1#1: resident memory {used} MB, {percent} % of {limit} MB",
    default={
        500: 'rewrite or internal redirection cycle while internally redirecting to "/index.html"',
        502: "upstream prematurely closed connection",
        503: "limiting requests, excess: 20.480",
        504: "upstream timed out",
    },
)

_FRAMEWORKS = {
    "nextjs": NEXT,
    "fastapi": UVICORN,
    "flask": GUNICORN,
    "django": GUNICORN,
    "gin": GIN,
    "fiber": FIBER,
    "actix": RUST,
    "reactjs-spa": NGINX,
    "vuejs-spa": NGINX,
}
_RUNTIMES = {
    "node": NODE,
    "bun": BUN,
    "python": UVICORN,
    "golang": GO,
    "go": GO,
    "rust": RUST,
    "static": NGINX,
    "build-ai": NODE,
}


_IMAGES = (("nginx", NGINX), ("httpd", NGINX), ("python", GUNICORN), ("node", NODE), ("bun", BUN), ("rust", RUST))
_RELEASES = {
    "node:18": "18.20.5",
    "node:20": "20.18.1",
    "node:22": "22.12.0",
    "bun:1.1": "1.1.38",
    "bun:1.3": "1.3.1",
}


def voice(runtime: str, framework: str = "") -> Voice:
    """How a runtime (as "node:20") with a framework speaks.

    A container image ("image:ghcr.io/org/app:v1") speaks as its name suggests, like Go if it suggests nothing; what is
    in no table speaks like Node.
    """
    family, _, tag = runtime.partition(":")
    if family == "image":
        return next((speaker for name, speaker in _IMAGES if name in tag), GO)
    if family == "static":
        return NGINX
    special = _FRAMEWORKS.get(framework)
    if family == "bun" and special is NEXT:
        return BUN
    return special or _RUNTIMES.get(family, NODE)


def ending(speaker: Voice, runtime: str) -> tuple[str, ...]:
    """The last lines of a program that an error ended."""
    version = _RELEASES.get(runtime) or runtime.partition(":")[2] or "20.18.1"
    return tuple(line.replace("{version}", version) for line in speaker.end)


def failure(speaker: Voice, cause: str, status: int = 500) -> tuple[str, ...]:
    """The lines of an error with this cause; without one, of an error that suits the status."""
    kind, _, detail = cause.partition(":")
    if kind not in speaker.failure:
        kind, detail = "error", cause or speaker.default.get(status, speaker.default[500])
    return tuple(line.format(detail=detail) for line in speaker.failure[kind])
