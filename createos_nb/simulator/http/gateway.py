"""The gateway: what answers at the addresses of environments, deployments and domains.

A static upload is served from its files; anything else answers as its live deployment behaves. Every request is
recorded, so that it counts in analytics and logs. What sleeps answers 503 to everybody until somebody wakes it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.envelope import SIMULATED, Headers, Response, encode
from createos_nb.simulator.http.mcp_project import answer_mcp, serves_mcp
from createos_nb.simulator.http.static_files import Site
from createos_nb.simulator.platform import lifecycle, name_servers, serving
from createos_nb.simulator.platform.deployments import host_of
from createos_nb.simulator.platform.logs import alone
from createos_nb.simulator.state import Deployment, Domain, Environment, Project
from createos_nb.simulator.times import SECOND
from createos_nb.simulator.traffic import Answer, Cause, Page, Traffic
from createos_nb.simulator.traffic.runtime_logs import REASONS

if TYPE_CHECKING:
    from collections.abc import Mapping

UNKNOWN: Final = ("x-createos-gateway", "unknown-host")
"""What tells a name that nobody could look up from an address where nothing is live."""
_BODYLESS: Final = frozenset({204, 304})
_SITES: Final = 16
_LONGEST_PATH: Final = 2_000


class GatewayRequest(NamedTuple):
    """One request to an address.

    Attributes:
        method: of HTTP.
        host: of the address, without its port.
        path: as in the request line, without the query.
        headers: by their name in lower case.
        prefix: what stands before the path where the address is served under another host's path.
        body: all of it.
    """

    method: str
    host: str
    path: str
    headers: Mapping[str, str]
    prefix: str = ""
    body: bytes = b""


class TimedResponse(NamedTuple):
    """A response and the milliseconds that it took."""

    response: Response
    ms: int


class Target(NamedTuple):
    """The project, environment and deployment that an address leads to."""

    project: Project
    environment: Environment | None
    deployment: Deployment | None


class Gateway:
    """Answers at the addresses of one world; the world's lock is held by who asks."""

    def __init__(self, context: WorldContext) -> None:
        self._context = context
        #: By deployment: the archive of its upload, and the site that it is.
        self._sites: OrderedDict[str, tuple[bytes, Site | None]] = OrderedDict()

    def owns(self, host: str) -> bool:
        """Return whether requests to a host come here: any name that the platform gives, and every domain."""
        return self._is_given(host) or self._domain(host) is not None

    def resolves(self, host: str) -> bool:
        """Return whether the name leads here: a domain without a DNS record, or with another's, can't be requested."""
        if self._is_given(host):
            return True
        named = self._domain(host)
        if named is None:
            return False
        domain = named[1]
        if domain.status in serving.ROUTED:
            return name_servers.leads_here(self._context, domain)
        return 0 < domain.resolves_at <= self._context.state.now

    def addresses(self) -> list[str]:
        """Hosts of all environments and active domains, sorted."""
        hosts = set(self._context.hosts)
        for project in self._context.state.projects.values():
            hosts.update(domain.name for domain in project.domains.values() if domain.status in serving.ROUTED)
            own = project.name.lower() + self._zone
            if own not in hosts and project.status == "active" and self._newest(project) is not None:
                hosts.add(own)
        return sorted(hosts)

    def find(self, host: str) -> Target | None:
        """Return what a host leads to, or None where nobody has it."""
        context = self._context
        label = host.removesuffix(self._zone)
        known = context.hosts.get(host)
        if known is not None:
            project = context.state.projects[known[0]]
            environment = project.environments[known[1]]
            if environment.deployment or project.name.lower() != label:
                return self._through(project, environment)
            # Its first environment has the project's own address, which answers for what is live all the same.
            newest = self._newest(project)
            return self._through(project, environment) if newest is None else self._alone(project, newest)
        if label != host:
            return self._own(label, host)
        named = self._domain(host)
        if named is None or named[1].status not in serving.ROUTED:
            return None
        project, domain = named
        return self._through(project, project.environments.get(domain.environment))

    def _domain(self, host: str) -> tuple[Project, Domain] | None:
        for project in self._context.state.projects.values():
            for domain in project.domains.values():
                if domain.name == host:
                    return project, domain
        return None

    def _through(self, project: Project, environment: Environment | None) -> Target:
        if environment is None:
            return Target(project, None, None)
        return Target(project, environment, self._context.deployments(project).get(environment.deployment))

    @property
    def _zone(self) -> str:
        return f".{self._context.state.settings.base_domain}"

    def _is_given(self, host: str) -> bool:
        """Whether the platform gives such an address; one of an older world may have another base domain."""
        return host.endswith(self._zone) or host in self._context.hosts

    def _own(self, label: str, host: str) -> Target | None:
        """A deployment's own address, or a project's: that answers as soon as one of its deployments is live."""
        context = self._context
        projects = [project for project in context.state.projects.values() if project.status != "deleted"]
        for project in projects:
            if project.name.lower() == label[:-9]:
                for deployment in context.deployments(project).values():
                    if host_of(context, project, deployment) == host:
                        return self._alone(project, deployment)
        for project in projects:
            if project.name.lower() == label:
                newest = self._newest(project)
                return Target(project, None, None) if newest is None else self._alone(project, newest)
        return None

    def _newest(self, project: Project) -> Deployment | None:
        """The newest deployment that is live; where there is none, the newest that may come to be."""
        newest = list(reversed(self._context.deployments(project).values()))
        for statuses in (serving.LIVE, {"sleeping"} | lifecycle.UNFINISHED):
            for deployment in newest:
                if deployment.status in statuses:
                    return deployment
        return None

    def _alone(self, project: Project, deployment: Deployment) -> Target:
        """A deployment by itself; where it is live in an environment, the request counts there."""
        serves = (e for e in project.environments.values() if e.deployment == deployment.id)
        return Target(project, next(serves, None), deployment)

    def answer(self, request: GatewayRequest) -> TimedResponse:
        """Return what a request gets."""
        target = self.find(request.host)
        if target is None:
            headers = () if self.resolves(request.host) else (UNKNOWN,)
            named = self._domain(request.host)
            why = "there is no such address" if named is None else f"the status of this domain is {named[1].status}"
            return _respond(request, Message(404, why, headers=headers), 1)
        traffic = self._traffic(target)
        if traffic is None:
            return _respond(request, self._nothing(target, request.host), 2)
        return self._serve(target, traffic, request)

    # --- answers ------------------------------------------------------------------------------------------------------

    def _traffic(self, target: Target) -> Traffic | None:
        if target.environment is not None:
            return self._context.traffic_of(target.environment)
        deployment = target.deployment
        if deployment is None or deployment.status not in serving.LIVE or target.project.status != "active":
            return None
        return alone(self._context, target.project, deployment)

    def _nothing(self, target: Target, host: str) -> Message:
        """The answer of an address that is no environment's, where nothing runs."""
        if target.project.status != "active":
            return Message(404, f"the project is {target.project.status}")
        if target.deployment is None:
            routed = self._domain(host) is not None
            return Message(404, "the domain is routed to no environment" if routed else "no deployment is live here")
        if target.deployment.status == "sleeping":
            return Message(503, SLEEPS)
        if target.deployment.status in lifecycle.UNFINISHED:
            why = f"the deployment is not ready: {target.deployment.status}"
            return Message(503, why, headers=self._until_awake(target.deployment))
        return Message(404, f"the deployment is not live: {target.deployment.status}")

    def _until_awake(self, deployment: Deployment | None) -> Headers:
        """Return when to come again, where a deployment is waking up."""
        if deployment is None or deployment.status != "deploying" or not deployment.live_at:
            return ()
        ready = deployment.launched_at + self._context.state.settings.waking * SECOND
        return (("retry-after", str(max(-(-(ready - self._context.state.now) // SECOND), 1))),)

    def _serve(self, target: Target, traffic: Traffic, request: GatewayRequest) -> TimedResponse:
        context = self._context
        now = context.state.now
        path = request.path[:_LONGEST_PATH] if request.path.startswith("/") else "/"
        site = self._site(target)
        pages = None
        if site is not None or serves_mcp(target.deployment, target.environment, path):
            pages = (Page(path=path, method="GET" if request.method == "HEAD" else request.method, ms=4),)
        # How many came before tells apart the requests of one second.
        got = traffic.answer(now // SECOND, request.method, path, len(traffic.recorded), pages)
        response = self._reply(target, got, traffic, site, request, path)
        traffic.recorded.add(
            now,
            request.method,
            path,
            response.status,
            ms=got.ms,
            size=0 if request.method == "HEAD" else len(response.body),
            client="127.0.0.1",
            agent=request.headers.get("user-agent", "")[:300],
            cause=got.cause,
        )
        for attempt in got.calls:
            attempt.record()
        return TimedResponse(_timed(response, got.ms), got.ms)

    def _reply(
        self, target: Target, got: Answer, traffic: Traffic, site: Site | None, request: GatewayRequest, path: str
    ) -> Response:
        version = _version(target.deployment) if got.segment is not None and target.deployment is not None else ()
        if got.cause is Cause.SERVED and serves_mcp(target.deployment, target.environment, path):
            reply = answer_mcp(target.project, target.deployment, request.method, request.headers, request.body)
            return Response(reply.status, (*reply.headers, *version), reply.body)
        if site is not None and got.cause is Cause.SERVED:
            answer = site.find(request.method, request.path, request.headers)
            headers = tuple((n, request.prefix + v if n == "location" else v) for n, v in answer.headers)
            return Response(answer.status, (*headers, *version, SIMULATED), answer.body)
        headers = version
        if got.status in (301, 302, 303, 307, 308):
            headers += (("location", f"{request.prefix}/"),)
        elif got.cause is Cause.ASLEEP:
            headers += self._until_awake(target.deployment)
        elif got.status == 405:
            headers += (("allow", ", ".join(_methods(traffic, self._context.state.now // SECOND, path))),)
        message = Message.of(got, target, headers)
        response = page(request.headers, message, request.host, path)
        return response if got.status not in _BODYLESS else Response(got.status, response.headers[1:], b"")

    def _site(self, target: Target) -> Site | None:
        """The static site of an upload, if it is one."""
        deployment = target.deployment
        if target.project.type != "upload" or deployment is None:
            return None
        upload = self._context.state.uploads.get(deployment.upload)
        if upload is None:
            return None
        known = self._sites.get(deployment.id)
        if known is None or known[0] is not upload.archive:
            while len(self._sites) >= _SITES:
                self._sites.popitem(last=False)
            known = self._sites[deployment.id] = upload.archive, Site.of(upload.archive, deployment.settings)
        self._sites.move_to_end(deployment.id)
        return known[1]


def _respond(request: GatewayRequest, message: Message, ms: int) -> TimedResponse:
    return TimedResponse(_timed(page(request.headers, message, request.host, request.path), ms), ms)


def _timed(response: Response, ms: int) -> Response:
    return Response(response.status, (*response.headers, ("server-timing", f"app;dur={ms}")), response.body)


def _version(deployment: Deployment) -> Headers:
    return (("x-createos-version", str(deployment.version)), ("x-createos-deployment", deployment.id))


def _methods(traffic: Traffic, second: int, path: str) -> list[str]:
    """The methods that a path takes."""
    profile = traffic.timeline.profile_at(second)[1]
    methods = {page.method for page in profile.pages if page.path == path} if profile is not None else {"GET"}
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


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


class Message(NamedTuple):
    """The content of an answer: a status, a sentence, facts for programs and further headers."""

    status: int
    sentence: str
    facts: Mapping[str, Any] = {}
    headers: Headers = ()

    @classmethod
    def of(cls, got: Answer, target: Target, headers: Headers) -> Message:
        """Return what the traffic engine says that a request got."""
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
    answer = {
        Cause.NOTHING_LIVE: "no deployment is live here",
        Cause.ASLEEP: SLEEPS,
        Cause.DOWN: f"connect to port {port}: connection refused",
        Cause.THROTTLED: "no answer within 30 s",
        Cause.OUT_OF_MEMORY: "connection reset by the app",
        Cause.COLD: "not ready: caches are cold",
        Cause.FAILED: f"the app failed: {got.note}" if got.note else "the app failed",
        Cause.CALL_FAILED: f"the app failed: {got.note}",
        Cause.INCIDENT: f"the app failed: {got.note}" if got.note else "the app failed",
    }.get(got.cause)
    if answer is not None:
        return answer
    version = f" version {target.deployment.version}" if target.deployment is not None else ""
    where = f" in {target.environment.name}" if target.environment is not None else ""
    return f"{target.project.name}{version}{where} answered"


def page(headers_sent: Mapping[str, str], message: Message, host: str, path: str) -> Response:
    """A page for who asks for HTML, JSON for others."""
    status, sentence, facts, headers = message
    reason = REASONS.get(status, "")
    if "text/html" in headers_sent.get("accept", ""):
        text = _PAGE.format(status=status, reason=reason, sentence=escape(sentence), where=escape(host + path))
        return Response(
            status, (("content-type", "text/html; charset=utf-8"), *_SAFE, *headers, SIMULATED), text.encode()
        )
    body = encode({"status": status, "message": sentence, "host": host, "path": path, **facts, "simulated": True})
    return Response(status, (("content-type", "application/json"), *headers, SIMULATED), body)


def listing(hosts: list[str], prefix: str) -> Response:
    """A page with a link to each address."""
    rows = "".join(f'<li><a href="{prefix}{escape(host)}/">{escape(host)}</a></li>\n' for host in hosts)
    headers = (("content-type", "text/html; charset=utf-8"), *_SAFE, SIMULATED)
    return Response(200, headers, _LIST.format(rows=rows).encode())
