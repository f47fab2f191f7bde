"""How programs in Go speak, plain, with gin and with fiber."""

from __future__ import annotations

from createos_nb.simulator.traffic.log_templates.template import LogTemplate

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
GO = LogTemplate(
    start=((300, "INFO", "starting server"),),
    listen="listening on [::]:{port}",
    access="{method} {path} {status} {ms}ms {size}",
    failure=_GO_FAILURE,
    trace=("main.(*Server).handle(0xc0001a2000)  [{method} {path}]", "\t/app/handlers.go:64 +0x1b3"),
    end=("exit status 2",),
    full="heap in use {used} MB, {percent} % of {limit} MB",
    default=_GO_DEFAULT,
)
GIN = LogTemplate(
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
FIBER = LogTemplate(
    start=((500, "INFO", " ┌─ Fiber v2.52.5"),),
    listen=" └─ http://0.0.0.0:{port}",
    access="{date} | {status} | {ms}ms | {client} | {method} | {path} | -",
    failure=_GO_FAILURE,
    trace=("\t/app/handlers.go:64  [{method} {path}]",),
    end=GO.end,
    full=GO.full,
    default=_GO_DEFAULT,
)
