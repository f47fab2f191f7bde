"""The state of an account as a plan reads it: each list is read once; another `Snapshot` reads anew.

What will be needed can be named beforehand, as `Query`s: `Snapshot.read_together` reads it all at the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, overload, runtime_checkable

from createos_nb.client.name_resolution import CacheHit
from createos_nb.contract import find
from createos_nb.contract.account import Quotas
from createos_nb.contract.analytics import OverallRequests
from createos_nb.contract.api_keys import ApiKey
from createos_nb.contract.apps import App
from createos_nb.contract.cronjobs import Cronjob
from createos_nb.contract.deployments import Deployment
from createos_nb.contract.domains import Domain
from createos_nb.contract.environments import Environment
from createos_nb.contract.github import GithubAccount, GithubRepository
from createos_nb.contract.projects import Project, SupportedType
from createos_nb.contract.row import Availability, Row
from createos_nb.contract.security import SecurityScan
from createos_nb.contract.template_rows import Template
from createos_nb.errors import CreateOSError, InvalidInput, InvalidResponse, NotFound, UnknownName
from createos_nb.frames.structs import struct_of, structs_of
from createos_nb.plans.queries import REQUESTS, Part, Query, key_of
from createos_nb.progress import reading_line

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.naming import DeploymentStatus, DomainStatus, EnvironmentStatus, ProjectStatus, TemplateStatus

R = TypeVar("R", bound=Row)
#: Deployments that the platform gives at once.
_PAGE: Final = 20
#: Seconds of an answer from which on it is said what is read.
SLOW: Final = 0.5


class Identified(Protocol):
    """A row of something that has an id."""

    id: str | None


class Named(Identified, Protocol):
    """A row of a project or an environment."""

    unique_name: str | None


@runtime_checkable
class WithStatus(Protocol):
    """A row of what has a status; apps and keys have none."""

    status: str | None


class Snapshot:
    """Rows as the contract declares them, secrets masked. Reads only.

    A value that is not what the contract declares is None in its row, and `unread` names it. What has no id can't be
    acted on: it is left out of the lists.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self._started = client.clock.tick()
        self._cache: dict[tuple[str, ...], Sequence[Row]] = {}
        self._branches: dict[tuple[str, str], list[str]] = {}
        self._unread: list[tuple[Row, tuple[str, ...]]] = []

    @property
    def age(self) -> float:
        """Seconds since it was begun."""
        return self.client.clock.tick() - self._started

    @cached_property
    def now(self) -> float:
        """The platform's time when it was first asked for, by its own clock: windows of traffic end there."""
        return self.client.transport.now()

    def read_together(self, queries: Iterable[Query]) -> None:
        """Read several things at the same time, so that what needs them need not wait for one after the other.

        What was read already is not read again. What fails is left to whoever needs it, who reads it once more and gets
        the error.
        """
        readers: Mapping[Part, Callable[..., object]] = {
            "project": self.project,
            "environments": self.environments,
            "domains": self.domains,
            "cronjobs": self.cronjobs,
            "deployments": self.deployments,
            "deployment": self.deployment,
            "requests": self.requests_between,
        }

        def read(query: Query) -> None:
            try:
                readers[query.part](*query.of)
            except CreateOSError:
                return

        new = [query for query in dict.fromkeys(queries) if not self._is_read(query)]
        if len(new) < 2:
            return  # one alone is read by whoever needs it
        parts = ", ".join(dict.fromkeys(query.part for query in new))
        with reading_line(parts, self.client.clock, slow=self.client.transport.log.last_duration > SLOW):
            for _ in self.client.session.map_concurrently(read, new):
                pass

    def _is_read(self, query: Query) -> bool:
        listed = key_of(Query("deployments", query.of[:1])) if query.part == "deployment" else None
        return key_of(query) in self._cache or listed in self._cache

    def recent(self, project: str, environment: str, seconds: int = 600) -> Query:
        """The requests of the last minutes, to be read beside other things."""
        return Query("requests", (project, environment, int(self.now) - seconds, int(self.now)))

    def unread(self, row: Row, fields: Sequence[str]) -> list[str]:
        """Those of some fields of the wire, or what is in them, that hold something else than the contract declares.

        For a step that sends the fields back whole: what could not be read would be lost.
        """
        unread = next((unread for known, unread in self._unread if known is row), ())
        return [path for path in unread if path.partition(".")[0] in fields]

    def promotes_itself(self, environment: Environment) -> bool | None:
        """Return whether an environment promotes new deployments by itself; None where its answer can't be read."""
        if self.unread(environment, ("isAutoPromoteEnabled",)):
            return None
        return bool(environment.is_auto_promote_enabled)

    # --- by id --------------------------------------------------------------------------------------------------------

    def project(self, project: str) -> Project:
        """Return a project by id."""
        row = self._read_once(Project, "GetProject", project_id=project)[0]
        row.id = row.id or project
        return row

    def projects(self) -> list[Project]:
        """All projects of the account."""
        key = ("ListProjects",)
        if key not in self._cache:
            self._cache[key] = self._read_list(Project, "ListProjects")
        return [row for row in self._cache[key] if isinstance(row, Project)]

    def existing_project(self, project: str) -> Project | None:
        """None where it is gone, or not of this account."""
        try:
            row = self.project(project)
        except NotFound:
            return None
        return None if in_status(row, "deleted") else row

    def environments(self, project: str) -> list[Environment]:
        """Return the environments of a project."""
        rows = self._read_once(Environment, "ListProjectEnvironments", project_id=project)
        return [row for row in rows if row.id]

    def environment(self, project: str, environment: str) -> Environment | None:
        """None where it is gone."""
        return next((row for row in self.environments(project) if row.id == environment), None)

    def domains(self, project: str) -> list[Domain]:
        """Return the domains of a project."""
        return [row for row in self._read_once(Domain, "ListDomains", project_id=project) if row.id]

    def domain(self, project: str, domain: str) -> Domain | None:
        """None where it is gone."""
        return next((row for row in self.domains(project) if row.id == domain), None)

    def cronjobs(self, project: str) -> list[Cronjob]:
        """Return the cron jobs of a project."""
        return [row for row in self._read_once(Cronjob, "ListCronjobs", project_id=project) if row.id]

    def deployment(self, project: str, deployment: str) -> Deployment | None:
        """None where it is gone."""
        for listed in self._cache.get(key_of(Query("deployments", (project,))), ()):
            if isinstance(listed, Deployment) and listed.id == deployment:
                return listed
        try:
            row = self._read_once(Deployment, "GetDeployment", project_id=project, deployment_id=deployment)[0]
        except NotFound:
            return None
        row.id = row.id or deployment
        return row

    def scan(self, project: str, deployment: str) -> SecurityScan | None:
        """The vulnerability scan of a deployment; None where there is none."""
        try:
            return self._read_once(SecurityScan, "GetSecurityScan", project_id=project, deployment_id=deployment)[0]
        except NotFound:
            return None

    def deployments(self, project: str) -> list[Deployment]:
        """All of them, newest first."""
        key = key_of(Query("deployments", (project,)))
        if key not in self._cache:
            deployments = self._read_list(Deployment, "ListDeployments", project_id=project)
            newest_first = sorted(deployments, key=lambda row: row.version_number or 0, reverse=True)
            self._cache[key] = [row for row in newest_first if row.id]
        return [row for row in self._cache[key] if isinstance(row, Deployment)]

    def newer_deployments(self, project: str, beyond: int = 0) -> list[Deployment]:
        """The deployments with a version above `beyond`, newest first; read anew each time."""
        newer: dict[str, Deployment] = {}
        offset = 0
        while True:
            page = self._page(project, offset)
            rows = [row for row in page if (row.version_number or 0) > beyond]
            for row in rows:
                if row.id:
                    newer.setdefault(row.id, row)
            if len(rows) < len(page) or len(page) < _PAGE or not beyond:
                return list(newer.values())
            offset += _PAGE

    def live_deployment(self, project: str, environment: Environment) -> Deployment | None:
        """The deployment that is live in an environment; None where nothing is, or it is gone."""
        live = environment.project_deployment_id
        return self.deployment(project, live) if live else None

    def requests(self, project: str, environment: str, seconds: int = 600) -> OverallRequests:
        """Requests of the last minutes by class of their status."""
        return self.requests_in(self.recent(project, environment, seconds))

    def requests_in(self, query: Query) -> OverallRequests:
        """Requests that a query means, by class of their status."""
        project, environment, start, end = query.of
        return self.requests_between(str(project), str(environment), int(start), int(end))

    def requests_between(self, project: str, environment: str, start: int, end: int) -> OverallRequests:
        """Requests of a window, in Unix seconds, by class of their status."""
        values: dict[str, str | int] = {"project_id": project, "environment_id": environment}
        return self._read_once(OverallRequests, REQUESTS, **values, start=start, end=end)[0]

    # --- of the account -----------------------------------------------------------------------------------------------

    def api_keys(self) -> list[ApiKey]:
        """Return the API keys of the account."""
        try:
            rows = self._read_once(ApiKey, "ListAPIKeys")
        except NotFound:  # so the platform says that there are none
            return []
        return [row for row in rows if row.id]

    def apps(self) -> list[App]:
        """Return the apps of the account."""
        return [row for row in self._read_once(App, "ListApps") if row.id]

    def template(self, template: str) -> Template | None:
        """None where it is gone."""
        try:
            row = self._read_once(Template, "GetProjectTemplate", template_id=template)[0]
        except NotFound:
            return None
        row.id = row.id or template
        return None if in_status(row, "deleted") else row

    def projects_left(self) -> int | None:
        """How many projects the account may still have; None where the platform does not say."""
        projects = self._read_once(Quotas, "GetQuotas")[0].projects
        return projects.remaining if projects is not None else None

    def keys_left(self) -> int | None:
        """How many API keys the account may still have; None where the platform does not say."""
        keys = self._read_once(Quotas, "GetQuotas")[0].api_keys
        return keys.remaining if keys is not None else None

    def is_project_name_free(self, name: str) -> bool | None:
        """Whether no project of anybody has a name; None where the platform does not say."""
        return self._read_once(Availability, "CheckProjectUniqueName", unique_name=name)[0].is_available

    def supported_types(self) -> list[SupportedType]:
        """Return the frameworks and runtimes that the platform builds."""
        return self._read_once(SupportedType, "GetSupportedProjectTypes")

    def github_accounts(self) -> list[GithubAccount]:
        """Return the GitHub accounts that are connected."""
        return self._read_once(GithubAccount, "ListConnectedGithubAccounts")

    def repositories(self, installation: str) -> list[GithubRepository]:
        """Return the repositories of a GitHub installation."""
        return self._read_once(GithubRepository, "ListGithubRepositories", installation_id=installation)

    def branches(self, installation: str, repository: str) -> list[str]:
        """Names of all branches of a repository."""
        key = (installation, repository)
        if key not in self._branches:
            frame = self.client.github.branches(installation, repository=repository)
            self._branches[key] = [str(name) for name in frame["name"]]
        return self._branches[key]

    # --- by name ------------------------------------------------------------------------------------------------------

    def find_project(self, project: str, *also: Part, active: bool = True) -> Project:
        """A project by name or id; `also`: what else of it is needed, read at the same time.

        Raises `UnknownName`; with `active`, `InvalidInput` for one that is not.
        """
        names, cache = self.client.session.names, CacheHit()
        # a plan names its account: who that is, is asked at the same time where it is not known yet
        identity, _ = self.client.session.map_concurrently(
            lambda ask: ask(), [lambda: names.id_of("project", project, cache=cache), self.client.whoami]
        )
        self.read_together(Query(part, (identity,)) for part in ("project", *also))
        try:
            row = self.project(identity)
        except NotFound:
            if not cache.hit:
                raise
            names.forget()  # that project is gone, and another one may have its name
            row = self.project(names.id_of("project", project))
        if active and not in_status(row, "active"):
            raise InvalidInput(f"project {name_of(row)} is {row.status}: nothing can be changed in it")
        return row

    def find_environment(self, project: Project, environment: str) -> Environment:
        """An environment by name or id. Raises `UnknownName`."""
        rows = self.environments(id_of(project))
        for row in rows:
            if environment in (row.unique_name, row.id):
                return row
        raise UnknownName("environment", environment, map(name_of, rows), f"project {name_of(project)!r}")

    def find_domain(self, project: Project, domain: str) -> Domain:
        """A domain by name or id. Raises `UnknownName`."""
        rows = self.domains(id_of(project))
        for row in rows:
            if domain in (row.name, row.id):
                return row
        names = [row.name or id_of(row) for row in rows]
        raise UnknownName("domain", domain, names, f"project {name_of(project)!r}")

    def find_deployment(self, project: Project, deployment: str | int) -> Deployment:
        """A deployment by version or id. Raises `UnknownName`."""
        text = str(deployment).removeprefix("v")
        rows = self.deployments(id_of(project))
        for row in rows:
            if text in (str(row.version_number), row.id):
                return row
        versions = [row.version_number for row in rows]
        raise UnknownName("deployment", deployment, versions, f"project {name_of(project)!r}")

    # --- reading ------------------------------------------------------------------------------------------------------

    def _page(self, project: str, offset: int) -> list[Deployment]:
        return self._read(Deployment, "ListDeployments", project_id=project, limit=_PAGE, offset=offset)

    def _read_list(self, of: type[R], operation: str, **values: str) -> list[R]:
        """Rows of a list, of all its pages."""
        rows = [struct_of(of, row) for row in self.client.session.rows(operation, **values)]
        self._unread += [(row, unread) for row, unread in rows if unread]
        return [row for row, _ in rows]

    def _read_once(self, of: type[R], operation: str, **values: str | int) -> list[R]:
        key = (operation, *map(str, values.values()))
        if key not in self._cache:
            self._cache[key] = self._read(of, operation, **values)
        return [row for row in self._cache[key] if isinstance(row, of)]

    def _read(self, of: type[R], operation: str, **values: str | int) -> list[R]:
        payload = self.client.call(operation, **dict[str, Any](values))
        rows = structs_of(find(operation), of, payload)
        self._unread += [(row, unread) for row, unread in rows if unread]
        return [row for row, _ in rows]


def id_of(row: Identified) -> str:
    """Return the id of a row. Raises `InvalidResponse` for a row without one: nothing can be done with it."""
    if not row.id:
        raise InvalidResponse(f"the platform gives a {type(row).__name__} without an id: nothing can be done with it")
    return row.id


def name_of(row: Named) -> str:
    """Return the unique name of a project or an environment, or else its id."""
    return row.unique_name or id_of(row)


def version_of(row: Deployment | None) -> str:
    """Return a deployment as people call it: v17."""
    if row is None:
        return "none"
    return f"v{row.version_number}" if row.version_number else str(row.id)


@overload
def in_status(row: Deployment, *statuses: DeploymentStatus) -> bool: ...
@overload
def in_status(row: Environment, *statuses: EnvironmentStatus) -> bool: ...
@overload
def in_status(row: Domain, *statuses: DomainStatus) -> bool: ...
@overload
def in_status(row: Project, *statuses: ProjectStatus) -> bool: ...
@overload
def in_status(row: Template, *statuses: TemplateStatus) -> bool: ...
def in_status(row: WithStatus, *statuses: str) -> bool:
    """Return whether a row has one of some statuses."""
    return row.status in statuses
