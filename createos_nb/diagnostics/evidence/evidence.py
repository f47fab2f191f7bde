"""The evidence of one diagnosis: read once, as little as is needed, several reads at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from createos_nb.diagnostics.evidence.changes import Change, changes_of
from createos_nb.diagnostics.evidence.failed_builds import FailedBuild, failed_builds
from createos_nb.diagnostics.evidence.log_signals import Signals
from createos_nb.diagnostics.evidence.logs import NO_LINES, Logs
from createos_nb.diagnostics.evidence.neighbors import Neighbors, read_neighbors
from createos_nb.diagnostics.evidence.reader import WINDOW, Reader
from createos_nb.diagnostics.evidence.requests import Requests
from createos_nb.errors import CreateOSError, NotFound, UnknownName

if TYPE_CHECKING:
    from createos_nb.client.client import Client

#: So many lines say what a quiet log is like.
_ENOUGH: Final = 50
_HOUR: Final = pd.Timedelta("1h")


class Evidence:
    """What is known of an account, of a project of it, or of one of the project's environments.

    Each part is read when a rule asks for it first, and once. A part that can't be read is None or empty, and stands in
    `missing` with the reason.

    Args:
        client: An open client.
        project: A project: its unique name or id; None for the account's keys and quotas alone.
        environment: An environment of it; None for the project's builds and domains.

    Raises:
        UnknownName: There is no such project or environment.
        CreateOSError: The projects can't be read at all.
    """

    def __init__(self, client: Client, project: str | None = None, environment: str | None = None) -> None:
        self.client = client
        self._reader = Reader()
        self.projects = client.projects.list()
        self._project = None if project is None else _row_of(self.projects, project, "project")
        self.now = client.now
        self._environment_name = environment
        first: list[Callable[[], Any]] = [lambda: self.quotas, lambda: self.keys]
        if self.is_active:
            # the environment's requests need its id: the list of environments is read on the way
            first += [
                lambda: self.deployments,
                lambda: self.domains,
                (lambda: self.environments) if environment is None else (lambda: self.traffic),
            ]
        for _ in client.session.map_concurrently(lambda read: read(), first):
            pass
        # a name that does not exist is told before anything else
        _ = self.environment

    @property
    def missing(self) -> dict[str, str]:
        """Return what could not be read, by name, with the reason."""
        return self._reader.missing

    # --- what it is about ---------------------------------------------------------------------------------------------

    @property
    def project(self) -> pd.Series:
        """Return the row of the project: there is one wherever a rule that is not of the account is asked."""
        assert self._project is not None
        return self._project

    @property
    def name(self) -> str:
        """Return the project's unique name, or "account"."""
        return "account" if self._project is None else str(self._project["unique_name"])

    @property
    def where(self) -> str:
        """Return "project/environment", or "project"."""
        return self.name if self.environment is None else f"{self.name}/{self.environment['unique_name']}"

    @property
    def is_active(self) -> bool:
        """Return whether the project is active: of others the platform shows nothing more."""
        return self._project is not None and bool(self._project["status"] == "active")

    @property
    def is_of_account(self) -> bool:
        """Return whether it is about the account alone."""
        return self._project is None

    @cached_property
    def environment(self) -> pd.Series | None:
        """Return the row of the environment; None for a whole project, or where it can't be read."""
        if self._environment_name is None or self.environments is None:
            return None
        return _row_of(self.environments, self._environment_name, "environment", f"project {self.name!r}")

    # --- resources ----------------------------------------------------------------------------------------------------

    @cached_property
    def environments(self) -> pd.DataFrame | None:
        """Return the environments of the project."""
        if not self.is_active:
            return None
        return self._reader.read("environments", lambda: self.client.environments.list(self.project["id"]))

    @cached_property
    def deployments(self) -> pd.DataFrame | None:
        """Return the newest twenty deployments of the project."""
        if not self.is_active:
            return None
        return self._reader.read("deployments", lambda: self.client.deployments.list(self.project["id"], limit=20))

    @cached_property
    def domains(self) -> pd.DataFrame | None:
        """Return the domains of the project."""
        if not self.is_active:
            return None
        return self._reader.read("domains", lambda: self.client.domains.list(self.project["id"]))

    @cached_property
    def quotas(self) -> pd.Series | None:
        """Return how many projects and keys the account has, and may have."""
        return self._reader.read("quotas", self.client.account.quotas)

    @cached_property
    def keys(self) -> pd.DataFrame | None:
        """Return the API keys of the account."""
        return self._reader.read("API keys", self.client.api_keys.list)

    @cached_property
    def live(self) -> pd.Series | None:
        """Return the live deployment of the environment; None if there is none."""
        if self.environment is None or not isinstance(self.environment["project_deployment_id"], str):
            return None
        ident = self.environment["project_deployment_id"]
        if self.deployments is not None:
            rows = self.deployments[self.deployments["id"] == ident]
            if len(rows):
                return rows.iloc[0]
        return self._reader.read("live deployment", lambda: self.client.deployments.get(self.project["id"], ident))

    @property
    def version(self) -> int | None:
        """Return the number of the live version."""
        return None if self.live is None or pd.isna(self.live["version_number"]) else int(self.live["version_number"])

    @cached_property
    def _earlier(self) -> pd.Series | None:
        if self.deployments is None or self.version is None:
            return None
        rows = self.deployments
        rows = rows[(rows["version_number"] < self.version) & rows["status"].isin(["deployed", "sleeping"])]
        return rows.sort_values("version_number").iloc[-1] if len(rows) else None

    @property
    def earlier(self) -> int | None:
        """Return the newest version before the live one that still runs or sleeps."""
        return None if self._earlier is None else int(self._earlier["version_number"])

    @cached_property
    def changes(self) -> list[Change]:
        """Return what was changed, newest first."""
        if self.environment is None:
            return []
        logs = self.logs
        newer = pd.NaT
        if self.deployments is not None and self.version is not None:
            newer = self.deployments.loc[self.deployments["version_number"] > self.version, "created_at"].min()
        return changes_of(
            self.project, self.environment, self.live, self._earlier, newer, logs.starts, logs.last_served
        )

    def built_before(self, moment: pd.Timestamp, within: pd.Timedelta) -> pd.Series | None:
        """Return the newest version that became ready in a while before a moment and may have been live then."""
        rows = self.deployments
        if rows is None or self.environment is None:
            return None
        branch = self.environment["branch"]
        if isinstance(branch, str) and branch:
            rows = rows[rows["source_branch"].isna() | (rows["source_branch"] == branch)]
        ready = rows["updated_at"].where(rows["status"] != "sleeping", rows["created_at"])
        rows = rows[
            rows["status"].isin(["deployed", "crashing", "sleeping"]) & (ready <= moment) & (ready >= moment - within)
        ]
        return rows.sort_values("version_number").iloc[-1] if len(rows) else None

    def version_before(self, version: int) -> int | None:
        """Return the newest version before another one that runs or sleeps."""
        rows = self.deployments
        if rows is None:
            return None
        older = rows[(rows["version_number"] < version) & rows["status"].isin(["deployed", "sleeping"])]
        return int(older["version_number"].max()) if len(older) else None

    # --- requests and logs of the environment -------------------------------------------------------------------------

    @cached_property
    def requests(self) -> Requests:
        """Return the requests of the environment: only where the diagnosis is about one."""
        assert self.environment is not None
        return Requests(
            self.client,
            self._reader,
            str(self.project["id"]),
            self.environment,
            lambda: None if self.live is None else self.live["updated_at"],
            self.now,
        )

    @property
    def traffic(self) -> pd.DataFrame | None:
        """Return the requests of the last 24 hours, by minutes; None without an environment."""
        return None if self.environment is None else self.requests.traffic

    @cached_property
    def logs(self) -> Logs:
        """Return the logs of the environment: only where the diagnosis is about one."""
        assert self.environment is not None
        return Logs(
            self.client,
            self._reader,
            str(self.project["id"]),
            self.environment,
            self.live,
            self._earlier,
            self.requests.since,
            self.now,
        )

    @property
    def signals(self) -> Signals:
        """Return what the log of the environment says since the errors began, or all of it; nothing without one."""
        return self.logs.signals if self.environment is not None else Signals(NO_LINES)

    @cached_property
    def earlier_log(self) -> pd.DataFrame | None:
        """Return the last lines of the version before, where it was replaced within 24 hours and still runs."""
        release = next((change for change in self.changes if change.kind == "release"), None)
        return None if release is None else self.logs.of_earlier(release.time)

    @cached_property
    def quiet(self) -> Signals:
        """Return what the log said before the errors began, or the version before said: nothing where none does."""
        since, before = self.requests.since, self.logs.before
        if before.read >= _ENOUGH or since is None or self.earlier_log is None:
            return before
        return Signals(self.earlier_log[self.earlier_log["time"] < since])

    @cached_property
    def scan(self) -> pd.DataFrame | None:
        """Return the findings of the scan of the live version; None where it is not scanned, or was not yet."""
        scanned = self.project["enabled_security_scan"]
        if self.live is None or pd.isna(scanned) or not scanned or self.live["status"] != "deployed":
            return None
        try:
            return self.client.security.findings(self.project["id"], str(self.live["id"]))
        except NotFound:
            return None  # no scan was made of it
        except CreateOSError as error:
            self._reader.missing["scan"] = str(error).split("\n", 1)[0]
            return None

    # --- builds -------------------------------------------------------------------------------------------------------

    @cached_property
    def failed_builds(self) -> list[FailedBuild]:
        """Return the newest deployment of each branch, or of the environment's branch, where it has failed."""
        if self.deployments is None:
            return []
        branch = None if self.environment is None else self.environment["branch"]
        return failed_builds(self.deployments, branch, self.live, self._build_lines)

    def in_repository(self, name: str, branch: Any) -> bool | None:
        """Return whether a file is in the project's directory on a branch: a request; None where it can't be read."""
        installation, repository = self.project["source_vcs_installation_id"], self.project["source_vcs_full_name"]
        if not all(isinstance(value, str) and value for value in (installation, repository, branch)):
            return None
        tree = self._reader.read(
            "file tree", lambda: self.client.github.content(installation, repository=repository, branch=branch)
        )
        folder = self.project["settings_directory_path"]
        path = f"{folder.strip('./')}/{name}".lstrip("/") if isinstance(folder, str) else name
        if tree is None:
            return None
        return bool((tree["path"] == path).any()) or (None if not tree.attrs.get("complete", True) else False)

    def _build_lines(self, row: pd.Series) -> pd.DataFrame | None:
        return self._reader.read(
            f"build log of version {int(row['version_number'])}",
            lambda: self.client.deployments.build_logs(self.project["id"], str(row["id"])),
        )

    # --- the rest of the account --------------------------------------------------------------------------------------

    @cached_property
    def neighbors(self) -> Neighbors:
        """Return environments of other projects, from two hours before the errors on."""
        start = (self.requests.since or self.now - _HOUR) - 2 * _HOUR
        named = " ".join(signal.detail for signal in self.signals.of("dependency"))
        start = max(start, self.now - WINDOW)
        neighbors = read_neighbors(self.client, self.projects, self.project, start, named)
        self._reader.missing |= {f"project {name}": reason for name, reason in neighbors.failed.items()}
        return neighbors


def _row_of(frame: pd.DataFrame, name: str, what: str, inside: str = "") -> pd.Series:
    matches = frame[(frame["unique_name"] == name) | (frame["id"] == name)]
    if matches.empty:
        known: Sequence[str] = [value for value in frame["unique_name"] if isinstance(value, str)]
        raise UnknownName(what, name, list(known), inside) if inside else UnknownName(what, name, list(known))
    return matches.iloc[0]
