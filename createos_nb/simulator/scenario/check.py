"""Checks a scenario against its world: does the API show what the file expects?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from createos_nb.dtypes import TEXT
from createos_nb.simulator.scenario.builder import open_world
from createos_nb.simulator.scenario.expectations import claims_of
from createos_nb.simulator.scenario.reader import read_scenario
from createos_nb.simulator.times import SECOND, duration

if TYPE_CHECKING:
    import pandas as pd

    from createos_nb.simulator.scenario.schema import ExpectSection, Scenario
    from createos_nb.simulator.world.world import World


def check_scenario(scenario: str | Path | Scenario, *, seed: int = 7, **settings: Any) -> pd.DataFrame:
    """Open a scenario, let its time pass, and look for all that its `[[expect]]` sections claim, through the API.

    Nobody interferes meanwhile.

    Args:
        scenario: the name of a scenario, or the path of a file, or one that was made up.
        seed: of the world.
        settings: in place of the scenario's, see `WorldSettings`.

    Returns:
        A frame of one row for each claim, in order of time: `time` (UTC), `what` (the sentence of the file), `where`,
        `claim` (such as "errors"), `expected`, `found` (texts), `holds` (bool).

    Raises:
        InvalidInput: an unknown scenario, or a mistake in its file, with its line and field.

    Examples:
        >>> claims = createos_nb.check_scenario("bad-release")
        >>> len(claims), bool(claims["holds"].all())
        (11, True)
    """
    import pandas as pd

    source = read_scenario(scenario)
    world = open_world(scenario, seed=seed, **settings)
    api = _Api(world)
    rows: list[dict[str, Any]] = []
    timeline = [
        (source.moment(expectation.at, f"expect[{n}].at"), expectation)
        for n, expectation in enumerate(source.scenario.expect)
    ]
    for moment, expectation in sorted(timeline, key=lambda pair: pair[0]):
        world.move_to(moment)
        for claim in claims_of(expectation):
            expected = getattr(expectation, claim)
            shown = getattr(api, claim)(expectation, moment // SECOND)
            rows.append(
                {
                    "time": moment,
                    "what": expectation.what,
                    "where": expectation.where,
                    "claim": claim,
                    "expected": _text(expected),
                    "found": _shown(expected, shown),
                    "holds": _holds(claim, expected, shown),
                }
            )
    names = ["time", "what", "where", "claim", "expected", "found", "holds"]
    frame = pd.DataFrame(rows, columns=names)
    frame["time"] = pd.to_datetime(frame["time"].astype("int64"), unit="us", utc=True).astype("datetime64[us, UTC]")
    return frame.astype({**dict.fromkeys(names[1:-1], TEXT), "holds": "bool"})


def _holds(claim: str, expected: Any, shown: Any) -> bool:
    if claim in ("rpm", "errors", "client_errors"):
        return shown is not None and bool(expected[0] <= shown <= expected[1])
    if claim in ("build_log", "log"):
        return expected in shown
    return bool(expected == shown)


def _text(value: Any) -> str:
    return f"{value[0]:g} to {value[1]:g}" if isinstance(value, list) else str(value)


def _shown(expected: Any, shown: Any) -> str:
    if isinstance(shown, float):
        return f"{shown:.3g}"
    if isinstance(shown, str) and "\n" in shown:
        lines = shown.splitlines()
        return next((line for line in lines if str(expected) in line), f"{len(lines)} other lines")
    return "" if shown is None else str(shown)


class _Api:
    """The API of a world, asked for what claims are about; each claim's method has the claim's name."""

    def __init__(self, world: World) -> None:
        self._world = world

    def live(self, expectation: ExpectSection, now: int) -> int | None:
        project, environment = self._places(expectation)
        deployments = {deployment["id"]: deployment["versionNumber"] for deployment in self._deployments(project)}
        return deployments.get(environment["projectDeploymentId"])

    def status(self, expectation: ExpectSection, now: int) -> str:
        project, _ = self._places(expectation)
        if expectation.domain:
            domains = self._get(f"/v1/projects/{project['id']}/domains")
            return next((domain["status"] for domain in domains if domain["name"] == expectation.domain), "")
        return next((str(version["status"]) for version in self._versions(project, expectation)), "")

    def rpm(self, expectation: ExpectSection, now: int) -> float:
        return float(
            self._analytics(expectation, now)["overallRequests"]["total"] * 60 * SECOND / duration(expectation.over)
        )

    def errors(self, expectation: ExpectSection, now: int) -> float | None:
        return self._percent(expectation, now, "server")

    def client_errors(self, expectation: ExpectSection, now: int) -> float | None:
        return self._percent(expectation, now, "client")

    def top_error(self, expectation: ExpectSection, now: int) -> str:
        paths: dict[str, int] = {}
        for row in self._analytics(expectation, now)["topErrorPaths"]:
            paths[row["path"]] = paths.get(row["path"], 0) + row["count"]
        return max(paths, key=lambda path: paths[path], default="")

    def build_log(self, expectation: ExpectSection, now: int) -> str:
        project, _ = self._places(expectation)
        for version in self._versions(project, expectation):
            lines = self._get(f"/v1/projects/{project['id']}/deployments/{version['id']}/build-logs")
            return "\n".join(line["log"] for line in lines)
        return ""

    def log(self, expectation: ExpectSection, now: int) -> str:
        project, environment = self._places(expectation)
        since = f"since-seconds={duration(expectation.over) // SECOND}"
        paths = [f"environments/{environment['id']}/logs"] if environment else []
        if expectation.version is not None:
            paths = [f"deployments/{version['id']}/deployment-logs" for version in self._versions(project, expectation)]
        text = "".join(self._get(f"/v1/projects/{project['id']}/{path}", since, missing="") for path in paths)
        return text + "\n"

    def remaining(self, expectation: ExpectSection, now: int) -> int:
        return int(self._get("/v1/quotas")[expectation.quota]["remaining"])

    # --- asking -------------------------------------------------------------------------------------------------------

    def _get(self, path: str, query: str = "", missing: Any = None) -> Any:
        """Return what an answer holds; `missing` where the platform refuses, such as the logs of what does not run."""
        world = self._world
        reply = world.handle("GET", path, query, {"x-api-key": world.key}, b"")
        if reply.status != 200:
            if missing is not None:
                return missing
            raise LookupError(f"GET {path} answered {reply.status}: {reply.body.decode()}")
        payload = msgspec.json.decode(reply.body)
        return payload["data"] if isinstance(payload, dict) and "data" in payload else payload

    def _places(self, expectation: ExpectSection) -> tuple[dict[str, Any], dict[str, Any]]:
        name, _, environment = expectation.where.partition("/")
        project = next(project for project in self._pages("/v1/projects") if project["uniqueName"] == name)
        environments = self._get(f"/v1/projects/{project['id']}/environments") if environment else []
        return project, next((row for row in environments if row["uniqueName"] == environment), {})

    def _deployments(self, project: dict[str, Any]) -> list[dict[str, Any]]:
        return self._pages(f"/v1/projects/{project['id']}/deployments")

    def _versions(self, project: dict[str, Any], expectation: ExpectSection) -> list[dict[str, Any]]:
        return [
            deployment
            for deployment in self._deployments(project)
            if deployment["versionNumber"] == expectation.version
        ]

    def _percent(self, expectation: ExpectSection, now: int, of: str) -> float | None:
        overall = self._analytics(expectation, now)["overallRequests"]
        return float(100 * overall[of] / overall["total"]) if overall["total"] else None

    def _pages(self, path: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        while True:
            page = self._get(path, f"limit=20&offset={len(rows)}")
            rows += page["data"]
            if not page["data"] or len(rows) >= page["pagination"]["total"]:
                return rows

    def _analytics(self, expectation: ExpectSection, now: int) -> dict[str, Any]:
        project, environment = self._places(expectation)
        start = now - duration(expectation.over) // SECOND
        path = f"/v1/projects/{project['id']}/environments/{environment['id']}/analytics"
        figures: dict[str, Any] = self._get(path, f"start={start}&end={now}")
        return figures
