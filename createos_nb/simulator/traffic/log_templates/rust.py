"""How programs in Rust speak."""

from __future__ import annotations

from createos_nb.simulator.traffic.log_templates.template import LogTemplate

RUST = LogTemplate(
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
