"""The evidence of one diagnosis: read once, as little as is needed, several reads at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pandas as pd

from createos_nb.diagnostics.evidence.changes import Change, LastServed, changes_of
from createos_nb.diagnostics.evidence.failed_builds import FailedBuild, failed_builds
from createos_nb.diagnostics.evidence.log_signals import Signals, split_at
from createos_nb.diagnostics.evidence.neighbors import Neighbors, read_neighbors
from createos_nb.diagnostics.evidence.onset import Stretch, snapped, stretches
from createos_nb.diagnostics.evidence.trouble import lasting_errors, refused_paths, refused_visitors
from createos_nb.dtypes import TEXT
from createos_nb.errors import CreateOSError, UnknownName

if TYPE_CHECKING:
    from createos_nb.client.client import Client

Value = TypeVar("Value")

#: How far back requests are read: in buckets of a minute this is one request.
WINDOW: Final = pd.Timedelta("24h")
#: How far back the log of an environment without a known start of trouble is read.
LOG_WINDOW: Final = pd.Timedelta("12h")
#: So many lines say what a quiet log is like.
_ENOUGH: Final = 50
#: From so many lines on a log has a rhythm, so that its silence says something.
_RHYTHM: Final = 20
_MINUTE: Final = pd.Timedelta("1min")
_LEAD: Final = pd.Timedelta("30min")
_NOW: Final = pd.Timedelta("10min")
#: The part of the refused requests that has to fall on paths that were served before.
_REFUSED_SHARE: Final = 0.2


@dataclass(frozen=True)
class Rates:
    """Requests of a window by status.

    Attributes:
        requests: how many there were.
        statuses: how many by status.
    """

    requests: int
    statuses: dict[int, int]

    def share(self, *statuses: int) -> float:
        """Return the share of some statuses, 0 to 1; 0 without requests."""
        return sum(self.statuses.get(status, 0) for status in statuses) / self.requests if self.requests else 0.0

    @property
    def server_errors(self) -> int:
        """Return how many were answered with 5xx."""
        return sum(count for status, count in self.statuses.items() if status >= 500)


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
        self.missing: dict[str, str] = {}
        self._logs: dict[str, pd.DataFrame | None] = {}
        #: Paths on which visitors are refused (4xx) that were served before.
        self.refused = pd.DataFrame()
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
        return self._read("environments", lambda: self.client.environments.list(self.project["id"]))

    @cached_property
    def deployments(self) -> pd.DataFrame | None:
        """Return the newest twenty deployments of the project."""
        if not self.is_active:
            return None
        return self._read("deployments", lambda: self.client.deployments.list(self.project["id"], limit=20))

    @cached_property
    def domains(self) -> pd.DataFrame | None:
        """Return the domains of the project."""
        if not self.is_active:
            return None
        return self._read("domains", lambda: self.client.domains.list(self.project["id"]))

    @cached_property
    def quotas(self) -> pd.Series | None:
        """Return how many projects and keys the account has, and may have."""
        return self._read("quotas", self.client.account.quotas)

    @cached_property
    def keys(self) -> pd.DataFrame | None:
        """Return the API keys of the account."""
        return self._read("API keys", self.client.api_keys.list)

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
        return self._read("live deployment", lambda: self.client.deployments.get(self.project["id"], ident))

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
    def earlier_log(self) -> pd.DataFrame | None:
        """Return the last lines of the version before, where it was replaced within 24 hours and still runs."""
        release = next((change for change in self.changes if change.kind == "release"), None)
        if release is None or self._earlier is None or self._earlier["status"] != "deployed":
            return None
        lines = self._log_of(self._earlier, self.now - release.time + _LEAD)
        return None if lines is None or not len(lines) else lines[lines["time"] <= release.time]

    @cached_property
    def changes(self) -> list[Change]:
        """Return what was changed, newest first."""
        if self.environment is None:
            return []
        return changes_of(self.project, self.environment, self.live, self._earlier, self.starts, self._last_served)

    def _last_served(self) -> LastServed | None:
        """Return until when the version before the live one served: by its sleep, or by its log."""
        row, changed = self._earlier, self.environment["updated_at"] if self.environment is not None else pd.NaT
        if row is None:
            return LastServed(None)
        if pd.isna(changed):
            return None
        if row["status"] == "sleeping":
            # it fell asleep because nobody had asked for it: it did not serve then
            asleep = row["updated_at"]
            return LastServed(None) if pd.notna(asleep) and asleep < changed else None
        lines = self._log_of(row, self.now - changed + _LEAD)
        if lines is None:
            return None
        times = lines["time"].dropna().sort_values()
        if len(times) < _RHYTHM:
            return LastServed(None) if len(times) <= 1 else None
        usual = times.diff().quantile(0.9)
        last = times.iloc[-1]
        return LastServed(changed if changed - last <= max(_MINUTE, 5 * usual) else last)

    def _log_of(self, row: pd.Series, reach: pd.Timedelta) -> pd.DataFrame | None:
        """Return the runtime log of a version that is not live, read once; None where it is too long ago."""
        if reach > WINDOW:
            return None
        key = str(row["id"])
        if key not in self._logs:
            self._logs[key] = self._read(
                f"runtime log of version {int(row['version_number'])}",
                lambda: self.client.session.runtime_log(
                    self.project["id"], key, int(reach.total_seconds()), of="deployment"
                ),
            )
        return self._logs[key]

    # --- requests -----------------------------------------------------------------------------------------------------

    @cached_property
    def traffic(self) -> pd.DataFrame | None:
        """Return the requests of the last 24 hours, by minutes."""
        if self.environment is None:
            return None
        return self._read(
            "requests",
            lambda: self.client.analytics.requests_over_time(
                self.project["id"], self._environment_id, start=f"-{WINDOW / pd.Timedelta('1h'):g}h"
            ),
        )

    @property
    def _environment_id(self) -> str:
        assert self.environment is not None
        return str(self.environment["id"])

    @cached_property
    def errors(self) -> list[Stretch]:
        """Return the stretches of the last 24 hours in which more requests failed (5xx) than usual."""
        return [] if self.traffic is None else stretches(self.traffic, "status_5xx")

    @cached_property
    def trouble(self) -> Stretch | None:
        """Return the stretch of failing requests that goes on now, 5xx before 4xx; None if there is none."""
        if self.traffic is None or self.environment is None:
            return None
        ongoing = next((stretch for stretch in self.errors if stretch.ongoing), None)
        changes = [self.environment["updated_at"], None if self.live is None else self.live["updated_at"]]
        if ongoing is not None:
            return snapped(self.traffic, ongoing, changes)
        return lasting_errors(self.traffic, self.failing, changes, self._server_errors) or self._refused()

    def _refused(self) -> Stretch | None:
        """Return the stretch in which visitors are refused on paths that they were served on before."""
        assert self.traffic is not None
        assert self.environment is not None
        changed = self.environment["updated_at"]
        recent = pd.notna(changed) and self.traffic.index[0] < changed < self.now
        stretch = refused_visitors(self.traffic, changed if recent else None)
        if stretch is None:
            return None
        stretch = snapped(self.traffic, stretch, [changed])
        before = max(stretch.start - pd.Timedelta("2h"), self.traffic.index[0] - WINDOW)
        frames = [
            self._read("error paths", lambda: self._top("top_error_paths", stretch.start, self.now)),
            self._read("error paths", lambda: self._top("top_error_paths", before, stretch.start)),
            self._read("most requested paths", lambda: self._top("top_hit_paths", before, stretch.start)),
        ]
        if any(frame is None for frame in frames):
            return None
        self.refused = refused_paths(*(frame for frame in frames if frame is not None))
        share = int(self.refused["count"].sum()) / max(stretch.hits, 1)
        return stretch if share >= _REFUSED_SHARE else None

    def _top(self, what: str, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
        analytics = self.client.analytics
        read = analytics.top_error_paths if what == "top_error_paths" else analytics.top_hit_paths
        return read(self.project["id"], self._environment_id, start=start, end=end)

    def _server_errors(self, start: pd.Timestamp, end: pd.Timestamp) -> float | None:
        rates = self._rates(start, end)
        return rates.server_errors / rates.requests if rates is not None and rates.requests else None

    @cached_property
    def since(self) -> pd.Timestamp | None:
        """Return when requests began to fail; None if they do not, or if that is not known."""
        return None if self.trouble is None or self.trouble.before != self.trouble.before else self.trouble.start

    def requests(self, start: pd.Timestamp, end: pd.Timestamp) -> pd.Series:
        """Return the sums of the buckets of a stretch of time: `count`, `status_2xx`, …; zeros where there are none."""
        if self.traffic is None:
            return pd.Series(dtype="Int64")
        rows = self.traffic[(self.traffic.index >= start) & (self.traffic.index < end)]
        sums: pd.Series = rows.sum(numeric_only=True)
        return sums

    @cached_property
    def recent(self) -> pd.Series:
        """Return the requests of the last ten minutes."""
        return self.requests(self.now - _NOW, self.now + _NOW)

    @property
    def failing(self) -> float:
        """Return the share of the last ten minutes' requests that failed (5xx), 0 to 1; 0 without requests."""
        count = float(self.recent.get("count", 0))
        return float(self.recent["status_5xx"]) / count if count else 0.0

    @cached_property
    def statuses(self) -> Rates | None:
        """Return the requests by status since the errors began, or of the last hour."""
        return self._rates(self.since or self.now - pd.Timedelta("1h"), self.now)

    def _rates(self, start: pd.Timestamp, end: pd.Timestamp) -> Rates | None:
        frame = self._read(
            "statuses",
            lambda: self.client.analytics.request_distribution(
                self.project["id"], self._environment_id, start=start, end=end
            ),
        )
        if frame is None:
            return None
        statuses = pd.to_numeric(frame["status"], errors="coerce")
        counts = frame["count"].fillna(0)
        known = {int(status): int(count) for status, count in zip(statuses, counts, strict=True) if pd.notna(status)}
        return Rates(sum(known.values()), known)

    @cached_property
    def paths(self) -> pd.DataFrame | None:
        """Return the paths with most failures of the trouble's kind since it began, at most ten."""
        if self.is_refusing:
            return self.refused
        start = self.since or self.now - pd.Timedelta("1h")
        frame = self._read("error paths", lambda: self._top("top_error_paths", start, self.now))
        if frame is None:
            return None
        status = pd.to_numeric(frame["status"], errors="coerce")
        return frame[(status // 100 == 5).fillna(False)].reset_index(drop=True)

    @property
    def is_refusing(self) -> bool:
        """Return whether the trouble is one of 4xx."""
        return self.trouble is not None and self.trouble.column == "status_4xx"

    # --- logs ---------------------------------------------------------------------------------------------------------

    @cached_property
    def log(self) -> pd.DataFrame | None:
        """Return the runtime log of the environment: from before the errors on, or of the last twelve hours."""
        if self.live is None or str(self.live["status"]) not in ("deployed", "crashing"):
            return None
        reach = LOG_WINDOW if self.since is None else self.now - self.since + _LEAD
        seconds = int(min(reach, WINDOW).total_seconds())
        return self._read(
            "runtime log",
            lambda: self.client.session.runtime_log(self.project["id"], self._environment_id, seconds),
        )

    @cached_property
    def _signals(self) -> tuple[Signals, Signals]:
        lines = self.log if self.log is not None else _NO_LINES
        before, within = split_at(lines, self.since)
        return Signals(before), Signals(within)

    @cached_property
    def quiet(self) -> Signals:
        """Return what the log says before the errors began, or the version before said: nothing where none does."""
        if self._signals[0].read >= _ENOUGH or self.since is None or self.earlier_log is None:
            return self._signals[0]
        lines = self.earlier_log
        return Signals(lines[lines["time"] < self.since])

    @property
    def signals(self) -> Signals:
        """Return what the log says since the errors began, or all of it."""
        return self._signals[1]

    @cached_property
    def starts(self) -> pd.Series:
        """Return which versions the log says were started, by time."""
        starts: pd.Series = pd.concat([part.details("start") for part in self._signals])
        return starts

    # --- builds -------------------------------------------------------------------------------------------------------

    @cached_property
    def failed_builds(self) -> list[FailedBuild]:
        """Return the newest deployment of each branch, or of the environment's branch, where it has failed."""
        if self.deployments is None:
            return []
        branch = None if self.environment is None else self.environment["branch"]
        return failed_builds(self.deployments, branch, self.live, self._build_lines)

    def _build_lines(self, row: pd.Series) -> pd.DataFrame | None:
        return self._read(
            f"build log of version {int(row['version_number'])}",
            lambda: self.client.deployments.build_logs(self.project["id"], str(row["id"])),
        )

    # --- the rest of the account --------------------------------------------------------------------------------------

    @cached_property
    def usual(self) -> pd.Series | None:
        """Return the requests of the hour before now a week ago: sums, NA where nothing is known."""
        week = pd.Timedelta("7D")
        frame = self._read(
            "requests of last week",
            lambda: self.client.analytics.requests_over_time(
                self.project["id"],
                self._environment_id,
                start=self.now - week - pd.Timedelta("1h"),
                end=self.now - week,
            ),
        )
        if frame is None:
            return None
        sums: pd.Series = frame.sum(numeric_only=True, min_count=1)
        return sums

    @cached_property
    def neighbors(self) -> Neighbors:
        """Return environments of other projects, from two hours before the errors on."""
        start = (self.since or self.now - pd.Timedelta("1h")) - pd.Timedelta("2h")
        named = " ".join(signal.detail for signal in self.signals.of("dependency"))
        start = max(start, self.now - WINDOW)
        neighbors = read_neighbors(self.client, self.projects, self.project, start, named)
        self.missing |= {f"project {name}": reason for name, reason in neighbors.failed.items()}
        return neighbors

    def _read(self, what: str, read: Callable[[], Value]) -> Value | None:
        try:
            return read()
        except UnknownName:
            raise
        except CreateOSError as error:
            self.missing[what] = str(error).split("\n", 1)[0]
            return None


_NO_LINES: Final = pd.DataFrame(
    {
        "time": pd.Series([], dtype="datetime64[us, UTC]"),
        "level": pd.Series([], dtype=TEXT),
        "text": pd.Series([], dtype=TEXT),
    }
)


def _row_of(frame: pd.DataFrame, name: str, what: str, inside: str = "") -> pd.Series:
    matches = frame[(frame["unique_name"] == name) | (frame["id"] == name)]
    if matches.empty:
        known: Sequence[str] = [value for value in frame["unique_name"] if isinstance(value, str)]
        raise UnknownName(what, name, list(known), inside) if inside else UnknownName(what, name, list(known))
    return matches.iloc[0]
