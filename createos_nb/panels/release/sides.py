"""The environments of a project as sides of its domains: who serves, what is live, and the traffic of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from createos_nb import analysis
from createos_nb.panels.assign import known
from createos_nb.panels.release.lanes import Lane

if TYPE_CHECKING:
    from createos_nb.client.client import Client

#: Points of a sparkline.
_POINTS: Final = 30


@dataclass
class ProjectSides:
    """The environments of a blue-green pair, as the platform reports them."""

    client: Client
    project: str
    project_type: str
    environments: pd.DataFrame
    deployments: pd.DataFrame
    #: Active domains, and the environment that each is routed to.
    domains: dict[str, str]
    traffic: dict[str, pd.DataFrame]

    def sides(self, names: list[str], domain: str) -> pd.DataFrame:
        """Return a row a side: side, serves, version, state, per_minute, error_percentage, requests, errors (lists)."""
        rows = []
        deployments: dict[Any, dict[Any, Any]] = {row["id"]: row for row in self.deployments.to_dict("records")}
        for name in names:
            environment = self.environments[self.environments["unique_name"] == name]
            exists = bool(len(environment))
            live = deployments.get(environment["project_deployment_id"].iloc[0], {}) if exists else {}
            traffic = self._traffic(name) if exists else None
            summary = analysis.summary(traffic) if traffic is not None and len(traffic) else None
            version = f"v{live['version_number']}" if live else "nothing is live" if exists else "to be created"
            rows.append(
                {
                    "side": name,
                    "serves": domain if self.domains.get(domain) == name else "",
                    "version": version,
                    "state": known(live.get("status")),
                    "per_minute": None if summary is None else summary["rpm_average"],
                    "error_percentage": None if summary is None else summary["server_error_percentage"],
                    "requests": downsample(traffic, "count"),
                    "errors": downsample(traffic, "status_5xx"),
                }
            )
        columns = ["side", "serves", "version", "state", "per_minute", "error_percentage", "requests", "errors"]
        frame = pd.DataFrame(rows, columns=columns)
        return frame.astype({"per_minute": "Float64", "error_percentage": "Float64"})

    def lanes(self, names: list[str], domain: str) -> list[Lane]:
        """Return a lane a side."""
        deployments: dict[Any, dict[Any, Any]] = {row["id"]: row for row in self.deployments.to_dict("records")}
        lanes = []
        for row in self.sides(names, domain).to_dict("records"):
            environment = self.environments[self.environments["unique_name"] == row["side"]]
            exists = bool(len(environment))
            live = deployments.get(environment["project_deployment_id"].iloc[0], {}) if exists else {}
            about = known(live.get("source_commit_message")).split("\n")[0]
            if row["state"] and row["state"] != "deployed":
                about = f"{row['state']} · {about}" if about else str(row["state"])
            traffic = self._traffic(row["side"]) if exists else None
            lanes.append(Lane(row["side"], row["version"], bool(row["serves"]), traffic, about))
        return lanes

    def _traffic(self, name: str) -> pd.DataFrame:
        if name not in self.traffic:
            self.traffic[name] = self.client.analytics.requests_over_time(self.project, name, start="-1h")
        return self.traffic[name]


def read(client: Client, project: str) -> ProjectSides:
    """Read a project and its sides. Raises what the client raises."""
    environments = client.environments.list(project)
    names = dict(zip(environments["id"], environments["unique_name"], strict=True))
    domains = client.domains.list(project)
    routed = {
        str(row["name"]): str(names[row["environment_id"]])
        for row in domains.to_dict("records")
        if row["status"] == "active" and row["environment_id"] in names
    }
    project_type = str(client.projects.get(project)["type"])
    # domains whose side is called blue or green come first
    routed = dict(sorted(routed.items(), key=lambda item: (item[1] not in ("blue", "green"), item[0])))
    return ProjectSides(client, project, project_type, environments, client.deployments.list(project), routed, {})


def downsample(traffic: pd.DataFrame | None, column: str, points: int = _POINTS) -> list[float | None]:
    """Return a column of traffic as at most so many sums, oldest first; None where there is no data."""
    if traffic is None or not len(traffic):
        return []
    width = -(-len(traffic) // points)
    sums = traffic[column].reset_index(drop=True).groupby(lambda position: position // width).sum(min_count=1)
    return [None if pd.isna(value) else float(value) for value in sums]
