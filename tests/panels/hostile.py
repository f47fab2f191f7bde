"""Worlds that mean ill: every text of the platform is markup or control sequences, every secret can be told."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import httpx

import createos_nb
from createos_nb.client.client import Client
from createos_nb.http.retry import RetryPolicy

#: What stands before every text that the platform gives, by kind.
TEXTS: Final = {
    "html": '<img src=x onerror="hostile()"><script>hostile()</script></td></table>&lt;b&gt;',
    "terminal": "\x1b[31m\x1b]0;hostile\x07\x08\x9b2J",
    "bidi": "‮txet⁦⁩\u2028",
    "long": "endless-" * 600,
    "dollar": "$\\href{javascript:hostile()}{x}$ {{hostile}} %s {0} ",
    "empty": "",
}
EVERYTHING: Final = "".join(TEXTS[kind] for kind in ("html", "terminal", "bidi", "dollar"))
#: What a person types as a secret.
TYPED: Final = "typed-secret-b1946ac92492d2347c6235b4d2611184"

#: Words that the client goes by, and secrets.
_KEPT: Final = frozenset(
    {
        "buildVars",
        "code",
        "color",
        "downloadUri",
        "email",
        "endpoint",
        "headers",
        "id",
        "interval",
        "method",
        "period",
        "port",
        "runEnvs",
        "schedule",
        "secret",
        "severity",
        "status",
        "timezone",
        "token",
        "type",
        "uploadUrl",
        "url",
        "username",
        "vcsName",
        "version",
    }
)
_PLAIN: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{40}|\d{4}-\d\d-\d\dT.*|[\d.]*|https?://.*")


class Spoiling(httpx.BaseTransport):
    """Puts a text before every text of the answers, and lets it pass unchanged where it comes back."""

    def __init__(self, inner: httpx.BaseTransport, text: str) -> None:
        self._inner, self._text = inner, text

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._inner.handle_request(request)
        content = answer.read()
        try:
            payload = json.loads(content)
        except ValueError:
            return httpx.Response(answer.status_code, headers=answer.headers, content=content)
        if answer.status_code < 400 and isinstance(payload, dict) and "data" in payload:
            payload["data"] = self._spoiled("", payload["data"])
        headers = [(name, value) for name, value in answer.headers.items() if name.lower() != "content-length"]
        return httpx.Response(answer.status_code, headers=headers, content=json.dumps(payload).encode())

    def _spoiled(self, key: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: item if name in _KEPT or name.endswith(("At", "Id")) else self._spoiled(name, item)
                for name, item in value.items()
            }
        if isinstance(value, list):
            return [self._spoiled(key, item) for item in value]
        if isinstance(value, str) and not _PLAIN.fullmatch(value):
            return "\n".join(self._text + line for line in value.split("\n"))
        return value


def world_of_secrets() -> tuple[Any, list[str]]:
    """A world, and all of its secrets: values of variables, keys, tokens, headers."""
    world = createos_nb.simulate().world
    secrets: list[str] = []

    def told(values: dict[str, str]) -> None:
        for name in values:
            secrets.append(f"secret-{len(secrets):03d}-5d41402abc4b2a76b9719d911017c592")
            values[name] = secrets[-1]

    for project in world.state.projects.values():
        for holder in (project, *project.deployments.values()):
            for field in ("runEnvs", "buildVars"):
                told(holder.settings.get(field) or {})
        for environment in project.environments.values():
            told(environment.variables)
        for job in project.cronjobs.values():
            told((job.settings or {}).get("headers") or {})
    forked = world.fork()
    secrets += [key.secret for key in forked.state.keys.values()]
    secrets += [one for user in forked.state.users.values() for one in (user.token, user.secret)]
    return forked, [*secrets, TYPED]


def client_of(world: Any, text: str = "", *, read_only: bool = False) -> Client:
    """A client of a world whose texts all begin with `text`."""
    return Client(
        api_key=world.key,
        base_url=world.base_url,
        transport=Spoiling(world.transport(), text),
        clock=world.clock,
        world=world,
        account=text + world.account,
        read_only=read_only,
        rate_limit=False,
        retry=RetryPolicy(random=world.jitter()),
    )


def unreachable(clock: Any) -> Client:
    """A client whose network is down."""

    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route to host", request=request)

    return Client(
        api_key="skp_0123456789abcdef",
        base_url="https://api.test",
        transport=httpx.MockTransport(down),
        clock=clock,
        retry=RetryPolicy(attempts=1, budget=0.0),
    )
