"""What practices are held against: the account, its projects and environments, each list read once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from createos_nb.client.name_resolution import names_or_ids
from createos_nb.client.shared_reads import sharing
from createos_nb.diagnostics.evidence.failed_builds import FailedBuild, failed_builds
from createos_nb.diagnostics.evidence.log_signals import Signals
from createos_nb.diagnostics.evidence.reader import Reader
from createos_nb.errors import UnknownName
from createos_nb.redaction import Secret

if TYPE_CHECKING:
    from createos_nb.client.client import Client

#: How far back requests are read, and, in seconds, the log where requests fail.
_DAY: Final = "-24h"
_LOG_SECONDS: Final = 900
#: So many of the newest deployments of a project are read: one page.
NEWEST: Final = 20


class AccountEvidence:
    """What is known of an account: read several at a time, each list once.

    One request for the projects (for each twenty), one for the apps, one for the keys, two for each active project (its
    environments, its newest deployments) and one for each environment where something is live (its requests).

    Args:
        client: An open client.
        projects: Only this project, or these; the keys of the account are then not read.

    Raises:
        UnknownName: There is no such project.
        CreateOSError: The projects can't be read at all.
    """

    def __init__(self, client: Client, projects: str | Sequence[str] | None = None) -> None:
        self.client = client
        self.reader = Reader()
        with sharing():  # frames hold dots in place of values: both come from one answer
            self.rows = client.projects.list()
            variables = _variables(client.session.rows("ListProjects"))
        self.is_whole = projects is None
        wanted = self.rows if projects is None else _selected(self.rows, projects)
        self.now = client.now
        active = wanted["status"] == "active"
        self.skipped = {str(row.unique_name): str(row.status) for row in wanted[~active].itertuples()}
        self.projects = [
            ProjectEvidence(self, row, variables.get(str(row["id"]), {})) for _, row in wanted[active].iterrows()
        ]
        first: list[Callable[[], Any]] = [lambda: self.apps]
        first += [lambda: self.keys] if self.is_whole else []
        for project in self.projects:
            first += [project.read_environments, project.read_deployments]
        self._run(first)
        self._run([environment.read_traffic for environment in self.environments if environment.is_live])

    @property
    def missing(self) -> dict[str, str]:
        """Return what could not be read, by name, with the reason."""
        return self.reader.missing

    @property
    def environments(self) -> Iterator[EnvironmentEvidence]:
        """Return the environments of all projects that could be read."""
        for project in self.projects:
            yield from project.environments or ()

    @cached_property
    def apps(self) -> pd.DataFrame | None:
        """Return the apps of the account; None where they can't be read."""
        return self.reader.read("apps", self.client.apps.list)

    @cached_property
    def keys(self) -> pd.DataFrame | None:
        """Return the API keys of the account; None where they can't be read."""
        return self.reader.read("API keys", self.client.api_keys.list)

    def _run(self, reads: Sequence[Callable[[], Any]]) -> None:
        for _ in self.client.session.map_concurrently(lambda read: read(), reads):
            pass


class ProjectEvidence:
    """What is known of an active project; `environments` and `deployments` are None where they can't be read.

    `variables` are the run-time variables of the project by name.
    """

    def __init__(self, account: AccountEvidence, row: pd.Series, variables: dict[str, Secret]) -> None:
        self.account, self.row, self.variables = account, row, variables
        self.client, self.now = account.client, account.now
        self.id, self.name = str(row["id"]), str(row["unique_name"])
        self.environments: list[EnvironmentEvidence] | None = None
        self.deployments: pd.DataFrame | None = None
        self._builds: dict[str, list[FailedBuild]] = {}

    @property
    def where(self) -> str:
        """Return the name of the project."""
        return self.name

    @property
    def has_older(self) -> bool:
        """Return whether the project has more deployments than were read."""
        if self.deployments is None:
            return True
        return int(self.deployments.attrs.get("total", NEWEST + 1)) > len(self.deployments)

    def read_environments(self) -> None:
        """Read the environments."""
        found = self.account.reader.read(f"environments of {self.name}", self._environments)
        if found is not None:
            rows, variables = found
            self.environments = [
                EnvironmentEvidence(self, row, variables.get(str(row["id"]), {})) for _, row in rows.iterrows()
            ]

    def _environments(self) -> tuple[pd.DataFrame, dict[str, dict[str, Secret]]]:
        with sharing():  # frames hold dots in place of values: both come from one answer
            rows = self.client.environments.list(self.id)
            return rows, _variables(self.client.session.rows("ListProjectEnvironments", project_id=self.id))

    def read_deployments(self) -> None:
        """Read the newest deployments."""
        self.deployments = self.account.reader.read(
            f"deployments of {self.name}", lambda: self.client.deployments.list(self.id, limit=NEWEST)
        )

    def unhealthy_builds(self, branch: Any, live: pd.Series | None) -> list[FailedBuild]:
        """Return the newest deployment of a branch, where its health check has failed, with its build log."""
        if self.deployments is None:
            return []
        key = f"{branch} {None if live is None else live['id']}"
        if key not in self._builds:
            found = failed_builds(self.deployments, branch, live, self._lines)
            self._builds[key] = [one for one in found if one.row["status"] == "error"]
        return self._builds[key]

    def _lines(self, row: pd.Series) -> pd.DataFrame | None:
        if row["status"] != "error" or self.row["type"] == "image":
            return None  # it failed before it was started, or has no build log
        return self.account.reader.read(
            f"build log of {self.name} v{row['version_number']}",
            lambda: self.client.deployments.build_logs(self.id, str(row["id"])),
        )


class EnvironmentEvidence:
    """What is known of an environment of an active project; `variables` are its run-time variables by name."""

    def __init__(self, project: ProjectEvidence, row: pd.Series, variables: dict[str, Secret]) -> None:
        self.project, self.row, self.variables = project, row, variables
        self.client, self.now = project.client, project.now
        self.id, self.name = str(row["id"]), str(row["unique_name"])
        #: Requests of the last 24 hours by bucket; None where nothing is live, or they can't be read.
        self.traffic: pd.DataFrame | None = None

    @property
    def where(self) -> str:
        """Return "project/environment"."""
        return f"{self.project.name}/{self.name}"

    @property
    def is_live(self) -> bool:
        """Return whether a deployment is assigned to it."""
        return isinstance(self.row["project_deployment_id"], str) and bool(self.row["project_deployment_id"])

    @property
    def siblings(self) -> list[EnvironmentEvidence]:
        """Return the other environments of its project."""
        return [one for one in self.project.environments or () if one.id != self.id]

    @cached_property
    def live(self) -> pd.Series | None:
        """Return the row of the live deployment: a request where it is older than those that were read."""
        if not self.is_live:
            return None
        ident = str(self.row["project_deployment_id"])
        if self.project.deployments is not None:
            rows = self.project.deployments
            found = rows[rows["id"] == ident]
            if len(found):
                return found.iloc[0]
        return self.project.account.reader.read(
            f"live deployment of {self.where}", lambda: self.client.deployments.get(self.project.id, ident)
        )

    @property
    def version(self) -> int | None:
        """Return the number of the live version; None where it is not known."""
        live = self.live
        return None if live is None or pd.isna(live["version_number"]) else int(live["version_number"])

    def read_traffic(self) -> None:
        """Read the requests of the last 24 hours."""
        self.traffic = self.project.account.reader.read(
            f"requests of {self.where}",
            lambda: self.client.analytics.requests_over_time(self.project.id, self.id, start=_DAY),
        )

    @property
    def requests_of_a_day(self) -> tuple[int, int] | None:
        """Return how many requests came in 24 hours, and how many ended with 5xx; None where that can't be read."""
        return None if self.traffic is None else self.requests_since(self.now - pd.Timedelta(days=1))

    def requests_since(self, moment: pd.Timestamp) -> tuple[int, int] | None:
        """Return how many requests came from a moment on, as far as 24 hours tell, and how many ended with 5xx."""
        if self.traffic is None:
            return None
        rows = self.traffic[self.traffic.index >= moment]
        return int(rows["count"].sum()), int(rows["status_5xx"].sum())

    @cached_property
    def signals(self) -> Signals | None:
        """Return what the log of the last quarter of an hour says: a request; None where it can't be read."""
        lines = self.project.account.reader.read(
            f"log of {self.where}",
            lambda: self.client.session.runtime_log(self.project.id, self.id, _LOG_SECONDS),
        )
        return None if lines is None else Signals(lines)


def _variables(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Secret]]:
    """Return the run-time variables of projects or environments by id and name, those without a value left out."""
    found: dict[str, dict[str, Secret]] = {}
    for row in rows:
        settings = row.get("settings")
        values = settings.get("runEnvs") if isinstance(settings, Mapping) else None
        if isinstance(values, Mapping):
            found[str(row.get("id"))] = {
                str(name): value for name, value in values.items() if isinstance(value, Secret) and value
            }
    return found


def _selected(rows: pd.DataFrame, projects: str | Sequence[str]) -> pd.DataFrame:
    wanted = names_or_ids("projects", projects)
    for name in wanted:
        if not ((rows["unique_name"] == name) | (rows["id"] == name)).any():
            raise UnknownName("project", name, list(rows["unique_name"]))
    return rows[rows["unique_name"].isin(wanted) | rows["id"].isin(wanted)]
