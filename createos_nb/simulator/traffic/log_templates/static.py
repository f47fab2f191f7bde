"""How the server of static files speaks."""

from __future__ import annotations

from createos_nb.simulator.traffic.log_templates.template import LogTemplate

NGINX = LogTemplate(
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
