"""The gateway: what answers at the addresses of environments, deployments and domains.

A static upload is served from its files; anything else answers as its live deployment behaves. Every request is
recorded, so that it counts in analytics and logs. What sleeps answers 503 to everybody until somebody wakes it.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final, NamedTuple

from createos_nb.simulator import lifecycle, live
from createos_nb.simulator.answers import SIMULATED, Headers, Reply
from createos_nb.simulator.deployments import host_of
from createos_nb.simulator.gateway_pages import SLEEPS, Told, page
from createos_nb.simulator.logs import alone
from createos_nb.simulator.moments import SECOND
from createos_nb.simulator.state import Deployment, Domain, Environment, Project
from createos_nb.simulator.static_files import Site
from createos_nb.simulator.traffic import Answer, Cause, Page, Traffic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from createos_nb.simulator.core import Core

ZONE: Final = ".createos.io"
"""What the addresses that the platform gives end in."""
UNKNOWN: Final = ("x-createos-gateway", "unknown-host")
"""What tells a name that nobody could look up from an address where nothing is live."""
_BODYLESS: Final = frozenset({204, 304})
_SITES: Final = 16
_LONGEST_PATH: Final = 2_000


class Asked(NamedTuple):
    """One request to an address.

    Attributes:
        method: of HTTP.
        host: of the address, without its port.
        path: as in the request line, without the query.
        headers: by their name in lower case.
        prefix: what stands before the path where the address is served under another host's path.
    """

    method: str
    host: str
    path: str
    headers: Mapping[str, str]
    prefix: str = ""


class Answered(NamedTuple):
    """An answer and the milliseconds that it took."""

    reply: Reply
    ms: int


class Target(NamedTuple):
    """What an address leads to."""

    project: Project
    environment: Environment | None
    deployment: Deployment | None


class Gateway:
    """Answers at the addresses of one world; the world's lock is held by who asks."""

    def __init__(self, world: Core) -> None:
        self._world = world
        #: By deployment: the archive of its upload, and the site that it is.
        self._sites: OrderedDict[str, tuple[bytes, Site | None]] = OrderedDict()

    def owns(self, host: str) -> bool:
        """Whether requests to a host come here: any name that the platform gives, and every domain."""
        return host.endswith(ZONE) or self._domain(host) is not None

    def resolves(self, host: str) -> bool:
        """Whether the name is known outside: a domain whose DNS record is missing can't be asked."""
        if host.endswith(ZONE):
            return True
        named = self._domain(host)
        if named is None:
            return False
        domain = named[1]
        return domain.status in live.ROUTED or 0 < domain.resolves_at <= self._world.state.now

    def addresses(self) -> list[str]:
        """Hosts of all environments and active domains, sorted."""
        hosts = set(self._world.hosts)
        for project in self._world.state.projects.values():
            hosts.update(domain.name for domain in project.domains.values() if domain.status in live.ROUTED)
        return sorted(hosts)

    def find(self, host: str) -> Target | None:
        """What a host leads to, or None where nobody has it."""
        world = self._world
        known = world.hosts.get(host)
        if known is not None:
            project = world.state.projects[known[0]]
            return self._through(project, project.environments[known[1]])
        label = host.removesuffix(ZONE)
        if label != host and label[-9:-8] == "-":
            return self._own(label, host)
        named = self._domain(host)
        if named is None or named[1].status not in live.ROUTED:
            return None
        project, domain = named
        return self._through(project, project.environments.get(domain.environment))

    def _domain(self, host: str) -> tuple[Project, Domain] | None:
        for project in self._world.state.projects.values():
            for domain in project.domains.values():
                if domain.name == host:
                    return project, domain
        return None

    def _through(self, project: Project, environment: Environment | None) -> Target:
        if environment is None:
            return Target(project, None, None)
        return Target(project, environment, self._world.deployments(project).get(environment.deployment))

    def _own(self, label: str, host: str) -> Target | None:
        """A deployment's own address; where it is live in an environment, the request counts there."""
        for project in self._world.state.projects.values():
            if project.status != "deleted" and project.name.lower() == label[:-9]:
                for one in self._world.deployments(project).values():
                    if host_of(project, one) == host:
                        serving = (e for e in project.environments.values() if e.deployment == one.id)
                        return Target(project, next(serving, None), one)
        return None

    def answer(self, asked: Asked) -> Answered:
        """What a request gets."""
        target = self.find(asked.host)
        if target is None:
            headers = () if self.resolves(asked.host) else (UNKNOWN,)
            named = self._domain(asked.host)
            why = "there is no such address" if named is None else f"the status of this domain is {named[1].status}"
            return _answered(asked, Told(404, why, headers=headers), 1)
        traffic = self._traffic(target)
        if traffic is None:
            return _answered(asked, self._nothing(target), 2)
        return self._serve(target, traffic, asked)

    # --- answers ------------------------------------------------------------------------------------------------------

    def _traffic(self, target: Target) -> Traffic | None:
        if target.environment is not None:
            return self._world.requests_of(target.environment)
        deployment = target.deployment
        if deployment is None or deployment.status not in live.LIVE or target.project.status != "active":
            return None
        return alone(self._world, target.project, deployment)

    def _nothing(self, target: Target) -> Told:
        """The answer of an address that is no environment's, where nothing runs."""
        if target.project.status != "active":
            return Told(404, f"the project is {target.project.status}")
        if target.deployment is None:
            return Told(404, "the domain is routed to no environment")
        if target.deployment.status == "sleeping":
            return Told(503, SLEEPS)
        if target.deployment.status in lifecycle.UNFINISHED:
            why = f"the deployment is not ready: {target.deployment.status}"
            return Told(503, why, headers=self._until_awake(target.deployment))
        return Told(404, f"the deployment is not live: {target.deployment.status}")

    def _until_awake(self, deployment: Deployment | None) -> Headers:
        """When to come again, where a deployment is waking up."""
        if deployment is None or deployment.status != "deploying" or not deployment.live_at:
            return ()
        ready = deployment.launched_at + self._world.state.settings.waking * SECOND
        return (("retry-after", str(max(-(-(ready - self._world.state.now) // SECOND), 1))),)

    def _serve(self, target: Target, traffic: Traffic, asked: Asked) -> Answered:
        world = self._world
        now = world.state.now
        path = asked.path[:_LONGEST_PATH] if asked.path.startswith("/") else "/"
        site = self._site(target)
        pages = None
        if site is not None:
            pages = (Page(path=path, method="GET" if asked.method == "HEAD" else asked.method, ms=4),)
        # How many came before tells apart the requests of one second.
        got = traffic.answer(now // SECOND, asked.method, path, len(traffic.recorded), pages)
        reply = self._reply(target, got, traffic, site, asked, path)
        traffic.recorded.add(
            now,
            asked.method,
            path,
            reply.status,
            ms=got.ms,
            size=0 if asked.method == "HEAD" else len(reply.body),
            client="127.0.0.1",
            agent=asked.headers.get("user-agent", "")[:300],
            cause=got.cause,
        )
        return Answered(_timed(reply, got.ms), got.ms)

    def _reply(
        self, target: Target, got: Answer, traffic: Traffic, site: Site | None, asked: Asked, path: str
    ) -> Reply:
        version = _version(target.deployment) if got.segment is not None and target.deployment is not None else ()
        if site is not None and got.cause is Cause.SERVED:
            found = site.find(asked.method, asked.path, asked.headers)
            headers = tuple((n, asked.prefix + v if n == "location" else v) for n, v in found.headers)
            return Reply(found.status, (*headers, *version, SIMULATED), found.body)
        headers = version
        if got.status in (301, 302, 303, 307, 308):
            headers += (("location", f"{asked.prefix}/"),)
        elif got.cause is Cause.ASLEEP:
            headers += self._until_awake(target.deployment)
        elif got.status == 405:
            headers += (("allow", ", ".join(_methods(traffic, self._world.state.now // SECOND, path))),)
        told = Told.of(got, target, headers)
        reply = page(asked.headers, told, asked.host, path)
        return reply if got.status not in _BODYLESS else Reply(got.status, reply.headers[1:], b"")

    def _site(self, target: Target) -> Site | None:
        """The static site of an upload, if it is one."""
        deployment = target.deployment
        if target.project.type != "upload" or deployment is None:
            return None
        upload = self._world.state.uploads.get(deployment.upload)
        if upload is None:
            return None
        known = self._sites.get(deployment.id)
        if known is None or known[0] is not upload.archive:
            while len(self._sites) >= _SITES:
                self._sites.popitem(last=False)
            known = self._sites[deployment.id] = upload.archive, Site.of(upload.archive, deployment.settings)
        self._sites.move_to_end(deployment.id)
        return known[1]


def _answered(asked: Asked, told: Told, ms: int) -> Answered:
    return Answered(_timed(page(asked.headers, told, asked.host, asked.path), ms), ms)


def _timed(reply: Reply, ms: int) -> Reply:
    return Reply(reply.status, (*reply.headers, ("server-timing", f"app;dur={ms}")), reply.body)


def _version(deployment: Deployment) -> Headers:
    return (("x-createos-version", str(deployment.version)), ("x-createos-deployment", deployment.id))


def _methods(traffic: Traffic, second: int, path: str) -> list[str]:
    """The methods that a path takes."""
    profile = traffic.timeline.profile_at(second)[1]
    methods = {one.method for one in profile.pages if one.path == path} if profile is not None else {"GET"}
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))
