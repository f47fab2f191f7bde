"""Other environments of the account: whether they fail in the same minutes, or are what an app asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from createos_nb.diagnostics.evidence.onset import Stretch, stretches
from createos_nb.errors import CreateOSError

if TYPE_CHECKING:
    from createos_nb.client.client import Client

#: So many other projects are looked at: two requests each.
MOST: Final = 6


@dataclass(frozen=True)
class Neighbor:
    """An environment of another project.

    Attributes:
        project: its project's unique name.
        environment: its unique name.
        hosts: the names under which it is asked.
        stretch: when more of its requests failed than usual; None if at no time.
        requests: how many requests it had in the window.
        live: whether a deployment is live there.
    """

    project: str
    environment: str
    hosts: frozenset[str]
    stretch: Stretch | None
    requests: int
    live: bool

    @property
    def where(self) -> str:
        """Return "project/environment"."""
        return f"{self.project}/{self.environment}"


@dataclass(frozen=True)
class Neighbors:
    """The environments of other projects that were looked at.

    Attributes:
        found: the environments.
        looked_at: how many projects.
        of: how many other active projects there are.
        failed: those that could not be read, and why.
    """

    found: tuple[Neighbor, ...]
    looked_at: int
    of: int
    failed: dict[str, str]

    def since(self, moment: pd.Timestamp, within: pd.Timedelta) -> list[Neighbor]:
        """Return those that began to fail at a moment, give or take a while."""
        return [
            neighbor
            for neighbor in self.found
            if neighbor.stretch is not None and abs(neighbor.stretch.start - moment) <= within
        ]

    def asked_as(self, host: str) -> Neighbor | None:
        """Return the one that is asked under the name of a host, such as one that a log names."""
        name = host.split("://")[-1].split("/")[0].split(":")[0].lower()
        for neighbor in self.found:
            if name in neighbor.hosts or name in (neighbor.project, f"{neighbor.project}.internal"):
                return neighbor
        return None


def read_neighbors(
    client: Client, projects: pd.DataFrame, own: pd.Series, start: pd.Timestamp, named: str = ""
) -> Neighbors:
    """Read other projects of the account: those that the log names first, then those of the same app.

    Args:
        client: An open client.
        projects: All projects.
        own: Row of the project that is diagnosed.
        start: Where the window begins; it ends now.
        named: Texts of the log in which projects may be named.

    Returns:
        What was found.
    """
    others = projects[(projects["id"] != own["id"]) & (projects["status"] == "active")]
    is_named = others["unique_name"].map(lambda name: isinstance(name, str) and name.lower() in named.lower())
    same_app = others["app_id"].eq(own["app_id"]).fillna(False) if pd.notna(own["app_id"]) else is_named & False
    order = others.assign(_named=is_named.astype(bool), _app=same_app.astype(bool)).sort_values(
        ["_named", "_app", "updated_at"], ascending=False, kind="stable"
    )
    chosen = list(order.head(MOST)[["unique_name", "id"]].itertuples(index=False))
    failed: dict[str, str] = {}
    found: list[Neighbor] = []

    def environments(row: Any) -> pd.DataFrame | CreateOSError:
        try:
            return client.environments.list(row.id)
        except CreateOSError as error:
            return error

    places: list[tuple[Any, pd.Series]] = []
    for row, frame in zip(chosen, client.session.map_concurrently(environments, chosen), strict=True):
        if isinstance(frame, CreateOSError):
            failed[row.unique_name] = str(frame).split("\n", 1)[0]
        else:
            # one environment of each: the one with domains, else the first, is what others ask
            ranked = frame.assign(_domains=frame["extra_custom_domains"].map(_count)).sort_values(
                "_domains", ascending=False, kind="stable"
            )
            places += [(row, environment) for _, environment in ranked.head(1).iterrows()]

    def series(place: tuple[Any, pd.Series]) -> pd.DataFrame | CreateOSError:
        try:
            return client.analytics.requests_over_time(place[0].id, place[1]["id"], start=start)
        except CreateOSError as error:
            return error

    for (row, environment), traffic in zip(places, client.session.map_concurrently(series, places), strict=True):
        if isinstance(traffic, CreateOSError):
            failed[f"{row.unique_name}/{environment['unique_name']}"] = str(traffic).split("\n", 1)[0]
            continue
        parts = stretches(traffic, "status_5xx", most=1)
        found.append(
            Neighbor(
                str(row.unique_name),
                str(environment["unique_name"]),
                _hosts(environment),
                parts[0] if parts else None,
                int(traffic["count"].fillna(0).sum()),
                isinstance(environment["project_deployment_id"], str),
            )
        )
    return Neighbors(tuple(found), len(chosen), len(others), failed)


def _count(domains: Any) -> int:
    return len(domains) if isinstance(domains, (list, tuple)) else 0


def _hosts(environment: pd.Series) -> frozenset[str]:
    domains = environment["extra_custom_domains"]
    names = [environment["endpoint"], *(domains if isinstance(domains, (list, tuple)) else ())]
    return frozenset(
        name.split("://")[-1].split("/")[0].split(":")[0].lower() for name in names if isinstance(name, str)
    )
