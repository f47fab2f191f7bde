"""The state of an account as a plan reads it: each list is read once; another `Snapshot` reads anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from createos_nb.client.name_resolution import is_id
from createos_nb.errors import InvalidInput, NotFound, UnknownName

if TYPE_CHECKING:
    from createos_nb.client.client import Client

Row = dict[str, Any]


class Snapshot:
    """Rows as the wire gives them, secrets masked. Reads only."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._cache: dict[tuple[str, ...], Any] = {}

    # --- by id --------------------------------------------------------------------------------------------------------

    def project(self, project: str) -> Row:
        row: Row = self._read_once("GetProject", project_id=project)
        return row

    def existing_project(self, project: str) -> Row | None:
        """None where it is gone, or not of this account."""
        try:
            row = self.project(project)
        except NotFound:
            return None
        return None if row.get("status") == "deleted" else row

    def environments(self, project: str) -> list[Row]:
        rows: list[Row] = self._read_once("ListProjectEnvironments", project_id=project)
        return rows

    def environment(self, project: str, environment: str) -> Row | None:
        """None where it is gone."""
        return next((row for row in self.environments(project) if row.get("id") == environment), None)

    def domains(self, project: str) -> list[Row]:
        rows: list[Row] = self._read_once("ListDomains", project_id=project)
        return rows

    def domain(self, project: str, domain: str) -> Row | None:
        """None where it is gone."""
        return next((row for row in self.domains(project) if row.get("id") == domain), None)

    def cronjobs(self, project: str) -> list[Row]:
        rows: list[Row] = self._read_once("ListCronjobs", project_id=project)
        return rows

    def deployment(self, project: str, deployment: str) -> Row | None:
        """None where it is gone."""
        try:
            row: Row = self._read_once("GetDeployment", project_id=project, deployment_id=deployment)
        except NotFound:
            return None
        return row

    def deployments(self, project: str) -> list[Row]:
        """All of them, newest first."""
        key = ("deployments", project)
        if key not in self._cache:
            self._cache[key] = self._read_pages(project)
        rows: list[Row] = self._cache[key]
        return rows

    def newer_deployments(self, project: str, beyond: int = 0) -> list[Row]:
        """The deployments with a version above `beyond`, newest first; read anew each time."""
        newer: dict[str, Row] = {}
        offset = 0
        while True:
            page = self.client.call("ListDeployments", project_id=project, limit=20, offset=offset)["data"]
            rows = [row for row in page if (row.get("versionNumber") or 0) > beyond]
            for row in rows:
                newer.setdefault(row["id"], row)
            if len(rows) < len(page) or len(page) < 20 or not beyond:
                return list(newer.values())
            offset += 20

    def requests(self, project: str, environment: str, seconds: int = 600) -> Row:
        """Requests of the last minutes, in the platform's words: total, success (2xx), client (4xx), server (5xx)."""
        now = int(self.client.transport.now())  # the platform counts by its own clock
        row: Row = self._read_once(
            "GetProjectEnvironmentAnalyticsOverallRequests",
            project_id=project,
            environment_id=environment,
            start=now - seconds,
            end=now,
        )
        return row

    # --- of the account -----------------------------------------------------------------------------------------------

    def api_keys(self) -> list[Row]:
        try:
            rows: list[Row] = self._read_once("ListAPIKeys")
        except NotFound:  # so the platform says that there are none
            return []
        return rows

    def apps(self) -> list[Row]:
        rows: list[Row] = self._read_once("ListApps")
        return rows

    def template(self, template: str) -> Row | None:
        """None where it is gone."""
        try:
            row: Row = self._read_once("GetProjectTemplate", template_id=template)
        except NotFound:
            return None
        return None if row.get("status") == "deleted" else row

    def projects_left(self) -> int | None:
        """How many projects the account may still have; None where the platform does not say."""
        left = (self._read_once("GetQuotas").get("projects") or {}).get("remaining")
        return left if isinstance(left, int) else None

    def github_accounts(self) -> list[Row]:
        rows: list[Row] = self._read_once("ListConnectedGithubAccounts")
        return rows

    def repositories(self, installation: str) -> list[Row]:
        rows: list[Row] = self._read_once("ListGithubRepositories", installation_id=installation)
        return rows

    def branches(self, installation: str, repository: str) -> list[str]:
        """Names of all branches of a repository."""
        key = ("branches", installation, repository)
        if key not in self._cache:
            frame = self.client.github.branches(installation, repository=repository)
            self._cache[key] = [str(name) for name in frame["name"]]
        names: list[str] = self._cache[key]
        return names

    # --- by name ------------------------------------------------------------------------------------------------------

    def find_project(self, project: str, *, active: bool = True) -> Row:
        """A project by name or id. Raises `UnknownName`; with `active`, `InvalidInput` for one that is not."""
        identity = str(self.client.projects.get(project)["id"]) if not is_id(project) else project
        row = self.project(identity)
        if active and row.get("status") != "active":
            raise InvalidInput(f"project {row.get('uniqueName')} is {row.get('status')}: nothing can be changed in it")
        return row

    def find_environment(self, project: Row, environment: str) -> Row:
        """An environment by name or id. Raises `UnknownName`."""
        rows = self.environments(project["id"])
        for row in rows:
            if environment in (row.get("uniqueName"), row.get("id")):
                return row
        raise UnknownName(
            "environment", environment, [row["uniqueName"] for row in rows], f"project {project['uniqueName']!r}"
        )

    def find_domain(self, project: Row, domain: str) -> Row:
        """A domain by name or id. Raises `UnknownName`."""
        rows = self.domains(project["id"])
        for row in rows:
            if domain in (row.get("name"), row.get("id")):
                return row
        raise UnknownName("domain", domain, [row["name"] for row in rows], f"project {project['uniqueName']!r}")

    def find_deployment(self, project: Row, deployment: str | int) -> Row:
        """A deployment by version or id. Raises `UnknownName`."""
        text = str(deployment).removeprefix("v")
        rows = self.deployments(project["id"])
        for row in rows:
            if text in (str(row.get("versionNumber")), row.get("id")):
                return row
        raise UnknownName(
            "deployment", deployment, [row.get("versionNumber") for row in rows], f"project {project['uniqueName']!r}"
        )

    def _read_pages(self, project: str) -> list[Row]:
        ids = self.client.deployments.list(project)["id"]
        by_id: dict[str, Row] = {}
        # the frame is complete although rows move while pages are read; the rows are what the wire says of each
        for offset in range(0, len(ids) + 20, 20):
            page = self.client.call("ListDeployments", project_id=project, limit=20, offset=offset)["data"]
            by_id |= {row["id"]: row for row in page}
            if len(page) < 20:
                break
        for identity in ids:
            if identity not in by_id and (row := self.deployment(project, identity)) is not None:
                by_id[identity] = row
        return sorted(by_id.values(), key=lambda row: row.get("versionNumber") or 0, reverse=True)

    def _read_once(self, operation: str, **values: Any) -> Any:
        key = (operation, *map(str, values.values()))
        if key not in self._cache:
            self._cache[key] = self.client.call(operation, **values)
        return self._cache[key]


def version_of(row: Row | None) -> str:
    """Return a deployment as people call it: v17."""
    if row is None:
        return "none"
    return f"v{row['versionNumber']}" if row.get("versionNumber") else str(row.get("id"))
