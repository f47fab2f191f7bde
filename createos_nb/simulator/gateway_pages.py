"""What the gateway says where no file is served: one sentence, as a page for browsers and as JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from createos_nb.simulator.answers import SIMULATED, Headers, Reply, encode
from createos_nb.simulator.traffic import Answer, Cause
from createos_nb.simulator.traffic.runtime_logs import REASONS

if TYPE_CHECKING:
    from createos_nb.simulator.gateway import Target

_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{status} {reason}</title>
<style>body {{ font: 16px/1.5 sans-serif; margin: 3rem auto; max-width: 40rem; color: #234 }}</style>
<h1>{status} {reason}</h1>
<p>{sentence}</p>
<p><small>{where} · simulated</small></p>
</html>
"""
_LIST: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Addresses</title>
<style>body {{ font: 16px/1.5 sans-serif; margin: 3rem auto; max-width: 40rem; color: #234 }}</style>
<h1>Addresses</h1>
<ul>
{rows}</ul>
<p><small>simulated</small></p>
</html>
"""
SLEEPS: Final = "the deployment sleeps until somebody wakes it"
#: Nothing here runs anything, and nothing is taken from elsewhere.
_SAFE: Final[Headers] = (
    ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'"),
    ("x-content-type-options", "nosniff"),
)


class Told(NamedTuple):
    """What is said: a status, a sentence, facts for programs and further headers."""

    status: int
    sentence: str
    facts: Mapping[str, Any] = {}
    headers: Headers = ()

    @classmethod
    def of(cls, got: Answer, target: Target, headers: Headers) -> Told:
        """What the traffic engine says that a request got."""
        facts: dict[str, Any] = {"project": target.project.name}
        if target.environment is not None:
            facts["environment"] = target.environment.name
        if target.deployment is not None and got.segment is not None:
            facts["version"] = target.deployment.version
        return cls(got.status, _sentence(got, target), facts, headers)


def _sentence(got: Answer, target: Target) -> str:
    if got.cause is Cause.ASLEEP and target.deployment is not None and target.deployment.status == "deploying":
        return "the deployment is waking up"
    port = got.segment.port if got.segment is not None else 0
    said = {
        Cause.NOTHING_LIVE: "no deployment is live here",
        Cause.ASLEEP: SLEEPS,
        Cause.DOWN: f"connect to port {port}: connection refused",
        Cause.THROTTLED: "no answer within 30 s",
        Cause.OUT_OF_MEMORY: "connection reset by the app",
        Cause.COLD: "not ready: caches are cold",
        Cause.FAILED: f"the app failed: {got.note}" if got.note else "the app failed",
        Cause.INCIDENT: f"the app failed: {got.note}" if got.note else "the app failed",
    }.get(got.cause)
    if said is not None:
        return said
    version = f" version {target.deployment.version}" if target.deployment is not None else ""
    where = f" in {target.environment.name}" if target.environment is not None else ""
    return f"{target.project.name}{version}{where} answered"


def page(asked: Mapping[str, str], told: Told, host: str, path: str) -> Reply:
    """A page for who asks for HTML, JSON for others."""
    status, sentence, facts, headers = told
    reason = REASONS.get(status, "")
    if "text/html" in asked.get("accept", ""):
        text = _PAGE.format(status=status, reason=reason, sentence=escape(sentence), where=escape(host + path))
        return Reply(status, (("content-type", "text/html; charset=utf-8"), *_SAFE, *headers, SIMULATED), text.encode())
    body = encode({"status": status, "message": sentence, "host": host, "path": path, **facts, "simulated": True})
    return Reply(status, (("content-type", "application/json"), *headers, SIMULATED), body)


def listing(hosts: list[str], prefix: str) -> Reply:
    """A page with a link to each address."""
    rows = "".join(f'<li><a href="{prefix}{escape(one)}/">{escape(one)}</a></li>\n' for one in hosts)
    headers = (("content-type", "text/html; charset=utf-8"), *_SAFE, SIMULATED)
    return Reply(200, headers, _LIST.format(rows=rows).encode())
