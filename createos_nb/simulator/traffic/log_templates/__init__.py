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

from createos_nb.simulator.traffic.log_templates.go import FIBER, GIN, GO
from createos_nb.simulator.traffic.log_templates.javascript import BUN, NEXT, NODE
from createos_nb.simulator.traffic.log_templates.python import GUNICORN, UVICORN
from createos_nb.simulator.traffic.log_templates.rust import RUST
from createos_nb.simulator.traffic.log_templates.static import NGINX
from createos_nb.simulator.traffic.log_templates.template import LogTemplate

__all__ = ["FRAMEWORKS", "RUNTIMES", "LogTemplate", "ending", "failure", "template_for"]

FRAMEWORKS = {
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
RUNTIMES = {
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


def template_for(runtime: str, framework: str = "") -> LogTemplate:
    """Return how a runtime (as "node:20") with a framework speaks.

    A container image ("image:ghcr.io/org/app:v1") speaks as its name suggests, like Go if it suggests nothing; what is
    in no table speaks like Node.
    """
    family, _, tag = runtime.partition(":")
    if family == "image":
        return next((speaker for name, speaker in _IMAGES if name in tag), GO)
    if family == "static":
        return NGINX
    special = FRAMEWORKS.get(framework)
    if family == "bun" and special is NEXT:
        return BUN
    return special or RUNTIMES.get(family, NODE)


def ending(speaker: LogTemplate, runtime: str) -> tuple[str, ...]:
    """The last lines of a program that an error ended."""
    version = _RELEASES.get(runtime) or runtime.partition(":")[2] or "20.18.1"
    return tuple(line.replace("{version}", version) for line in speaker.end)


def failure(speaker: LogTemplate, cause: str, status: int = 500) -> tuple[str, ...]:
    """The lines of an error with this cause; without one, of an error that suits the status."""
    kind, _, detail = cause.partition(":")
    if kind not in speaker.failure:
        kind, detail = "error", cause or speaker.default.get(status, speaker.default[500])
    return tuple(line.format(detail=detail) for line in speaker.failure[kind])
