"""The blue-green panel: two sides of one domain, one of which serves."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets
import pandas as pd

from createos_nb import analysis, runbooks
from createos_nb.checks import check
from createos_nb.errors import InvalidInput
from createos_nb.panels import markup
from createos_nb.panels.assigning import known
from createos_nb.panels.change import ChangePanel
from createos_nb.panels.grid import Grid
from createos_nb.panels.slider import Slider

if TYPE_CHECKING:
    from createos_nb.client import Client
    from createos_nb.plans import Plan

#: What is brought to the other side: nothing, or the newest commit of its branch; else a version.
_AS_IT_IS: Final = ""
_NEWEST: Final = "newest"
_SPARK: Final = 30


class BlueGreenPanel(ChangePanel):
    """Two sides with the traffic and the errors of each; the one that does not serve is tried, and takes over.

    Parameters: `domain`, `other` (the side to switch to), `version` ("" for what is there, "newest" for the newest
    commit, or such as "v12"), `paths` (asked for in the smoke test), `requests`, `seconds` and
    `allow_description_change` (of a version that is brought first), `live` (bool).
    """

    heading, verb = "Blue-green", "Switch"

    def __init__(self, client: Client, project: str) -> None:
        super().__init__(client, project)
        self._project = project
        self._found: Found | None = None
        self._served = ("", "")  # the domain, and who served it at the last look
        named = {"description_width": "auto"}
        self._domain = self._control(
            "domain",
            widgets.Dropdown(description="Domain", style=named, layout=widgets.Layout(width="30em", max_width="100%")),
        )
        self._other = self._control("other", widgets.Dropdown(description="Switch to", style=named))
        self._version = self._control(
            "version", widgets.Dropdown(description="With", options=[("what is there", _AS_IT_IS)], style=named)
        )
        self._paths = self._control(
            "paths", widgets.Text(value="/", description="Paths", placeholder="/ /health", style=named)
        )
        self._requests = self._control("requests", Slider(min=20, max=200, value=30, description="Requests", step=10))
        self._seconds = self._control(
            "seconds", Slider(min=30, max=900, value=120, step=30, description="Watched for", unit="s")
        )
        self._change = self._control(
            "allow_description_change",
            widgets.Checkbox(
                indent=False,
                description="A side's description may be changed, where the platform would not take it back",
            ),
        )
        self._live = self._control("live", widgets.Checkbox(description="Live", indent=False))
        self._refresh = self._button("Refresh", self.refresh, hint="Read again")
        self._smoke = self._button(
            "Smoke test", self._smoke_beside, hint="Ask the other side for each path, three times"
        )
        #: The two sides as they were last read.
        self.sides = pd.DataFrame()
        self._sides, self._asked_for = Grid("Sides"), Grid("Smoke test", height="14em")
        self._note = widgets.HTML()
        self._following = self._ticker(self._tick, every=10.0, most=60.0)
        tools, what = (
            widgets.HBox([self._refresh, self._live]),
            widgets.HBox([self._domain, self._other, self._version]),
        )
        ask = widgets.HBox([self._paths, self._smoke])
        self._gate = widgets.VBox([self._requests, self._seconds, self._change])
        for row in (tools, what, ask):
            row.add_class("createos-row")
        self._asked_for.layout.display = "none"
        self._build(tools, self._sides, self._note, what, ask, self._asked_for, self._gate, *self._form)
        self._when("live", self._follow)
        self._when("domain", self._fit)
        self._when("other", self._draw)
        self._when("version", self._explain)
        self._depends("domain", "other", "version", "paths", "requests", "seconds", "allow_description_change")
        self._explain()
        self._after(first=True)

    # --- what is so ---------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the sides again, beside the kernel."""
        self._say("reading …")
        self._after(first=True)

    def _after(self, first: bool = False) -> None:
        if self.client.clock.virtual:
            self._guarded(lambda: self._came_back(self._read(), first))
        else:
            self._beside(self._read, lambda found: self._came_back(found, first), lane="sides")

    def _read(self, cancel: threading.Event | None = None) -> Found:
        return read(self.client, self._project)

    def _came_back(self, found: Found, first: bool = False) -> None:
        with self._lock:
            if self.closed:
                return
            self._found = found
            offer(self._domain, [(name, name) for name in found.domains])
            self._fit()
            self._place()
            if first:
                self._say("")
                self._well()

    def _fit(self) -> None:
        """The sides and versions that there are for the chosen domain."""
        found = self._found
        if found is None:
            return
        domain, serving = self._domain.value or "", found.domains.get(self._domain.value or "", "")
        names = [str(name) for name in found.environments["unique_name"]]
        others = [name for name in names if name != serving]
        fresh = next((name for name in ("green", "blue") if name not in names), None) if len(names) == 1 else None
        options: list[tuple[str, Any]] = [("– choose –", None), *((name, name) for name in others)]
        if fresh and serving:
            options.append((f"{fresh} (to be made)", fresh))
        # after a switch the side that served is the one to go back to
        was = self._served[1] if self._served[0] == domain and self._served[1] != serving else None
        usual = {"blue": "green", "green": "blue"}.get(serving, others[0] if len(others) == 1 else fresh)
        again = self._served == (domain, serving)
        self._served = (domain, serving)
        offer(self._other, options, was or usual if (was or usual) in [*others, fresh] else None, keep=again)
        ready = found.deployments[found.deployments["status"].isin(["deployed", "sleeping"])]
        versions = [(f"v{row.version_number} ({row.status})", f"v{row.version_number}") for row in ready.itertuples()]
        newest = [("the newest commit of its branch", _NEWEST)] if found.kind == "vcs" else []
        offer(self._version, [("what is there", _AS_IT_IS), *newest, *versions], keep=again)
        self._draw()

    def _draw(self) -> None:
        found = self._found
        if found is None:
            return
        domain = self._domain.value or ""
        sides = [one for one in (found.domains.get(domain, ""), self._other.value or "") if one]
        table = self.sides = found.sides(sides, domain)
        kinds = {"state": "state", "requests": "spark", "errors": "spark"}
        labels = {"per_minute": "requests/min", "error_percentage": "server errors %", "requests": "last hour"}
        labels["errors"] = "errors, last hour"
        self._sides.show(table, kinds=kinds, labels=labels, key="side")
        if self.plan is None and self.receipt is None:
            self.frame = table
        self._explain()

    def _explain(self) -> None:
        bringing = self._version.value != _AS_IT_IS
        self._gate.layout.display = "" if bringing else "none"
        self._smoke.disabled = self._other.value is None
        found = self._found
        words = "not read yet"
        if found is not None and not found.domains:
            words = "no active domain is routed to an environment of this project: there is nothing to switch"
        elif found is not None and self._other.value is None:
            words = (
                f"{found.domains.get(self._domain.value or '', '')} serves {self._domain.value}: choose the other side"
            )
        elif found is not None and self._other.value not in set(found.environments["unique_name"]):
            self._smoke.disabled = True
            words = (
                "there is one environment only: a second one is made, "
                f"{self._other.value}, like the first; choose what it is given"
            )
        elif found is not None:
            serving = found.domains.get(self._domain.value or "", "")
            how = "be given the version, tried and watched, and then take over" if bringing else "take over as it is"
            words = f"{serving} serves {self._domain.value}; {self._other.value} would {how}"
        self._note.value = markup.block(words, "quiet")

    def _tick(self) -> bool:
        before = self.sides
        self._came_back(self._read())
        return not self.sides.equals(before)

    def _follow(self) -> None:
        if self._live.value:
            self._following.start()
        else:
            self._following.stop()

    # --- trying and switching -----------------------------------------------------------------------------------------

    def smoke(self) -> pd.DataFrame:
        """Ask the other side at its own address, each path three times: see `smoke_test`."""
        frame = smoke_test(self.client, self._project, self._side(), self._wanted_paths())
        self._smoked(frame)
        return frame

    def _smoke_beside(self) -> None:
        side, paths = self._side(), self._wanted_paths()
        self._say(f"asking {side} …")
        self._beside(lambda _: smoke_test(self.client, self._project, side, paths), self._smoked, lane="smoke")

    def _smoked(self, frame: pd.DataFrame) -> None:
        with self._lock:
            self._asked_for.show(frame, kinds={"ok": "state"})
            self._asked_for.layout.display = ""
            failed = int((frame["ok"] != "success").sum())
            figure = f"{failed} of {len(frame)} requests failed"
            found = check("smoke test", failed == 0 if len(frame) else None, figure)
            self._say(f"{found.claim}: {found.result}, {found.figure}")
            self._place()

    def _side(self) -> str:
        if self._other.value is None:
            raise InvalidInput("blue-green: choose the other side first")
        return str(self._other.value)

    def _wanted_paths(self) -> list[str]:
        paths: list[str] = self._paths.value.replace(",", " ").split()
        if not paths or any(not path.startswith("/") for path in paths):
            raise InvalidInput("blue-green: paths begin with a slash, such as / /health")
        return paths

    def _make(self) -> Plan:
        found, side = self._found, self._side()
        if found is None or not self._domain.value:
            raise InvalidInput("blue-green: no active domain is routed to an environment of this project")
        if self._version.value == _AS_IT_IS:
            if side not in set(found.environments["unique_name"]):
                raise InvalidInput(f"blue-green: {side} is to be made: choose the version that it is given")
            return runbooks.switch(self.client, self._project, self._domain.value, side)
        return runbooks.blue_green(
            self.client,
            self._project,
            self._domain.value,
            blue=found.domains[self._domain.value],
            green=side,
            version=None if self._version.value == _NEWEST else self._version.value,
            paths=self._wanted_paths(),
            requests=self._requests.value,
            seconds=float(self._seconds.value),
            allow_description_change=self._change.value,
        )


@dataclass
class Found:
    """What the platform says of a project and its sides."""

    client: Client
    project: str
    kind: str
    environments: pd.DataFrame
    deployments: pd.DataFrame
    #: Active domains, and the environment that each is routed to.
    domains: dict[str, str]
    traffic: dict[str, pd.DataFrame]

    def sides(self, names: list[str], domain: str) -> pd.DataFrame:
        """One row a side: side, serves, version, state, per_minute, error_percentage, requests and errors (lists)."""
        rows = []
        by_id: dict[Any, dict[Any, Any]] = {row["id"]: row for row in self.deployments.to_dict("records")}
        for name in names:
            place = self.environments[self.environments["unique_name"] == name]
            row = by_id.get(place["project_deployment_id"].iloc[0], {}) if len(place) else {}
            traffic = self._traffic(name) if len(place) else None
            summary = analysis.summary(traffic) if traffic is not None and len(traffic) else None
            rows.append(
                {
                    "side": name,
                    "serves": domain if self.domains.get(domain) == name else "",
                    "version": f"v{row['version_number']}"
                    if row
                    else "nothing is live"
                    if len(place)
                    else "to be made",
                    "state": known(row.get("status")),
                    "per_minute": None if summary is None else summary["rpm_average"],
                    "error_percentage": None if summary is None else summary["server_error_percentage"],
                    "requests": thinned(traffic, "count"),
                    "errors": thinned(traffic, "status_5xx"),
                }
            )
        columns = ["side", "serves", "version", "state", "per_minute", "error_percentage", "requests", "errors"]
        frame = pd.DataFrame(rows, columns=columns)
        return frame.astype({"per_minute": "Float64", "error_percentage": "Float64"})

    def _traffic(self, name: str) -> pd.DataFrame:
        if name not in self.traffic:
            self.traffic[name] = self.client.analytics.requests_over_time(self.project, name, start="-1h")
        return self.traffic[name]


def read(client: Client, project: str) -> Found:
    """What is so now. Raises what the client raises."""
    environments = client.environments.list(project)
    names = dict(zip(environments["id"], environments["unique_name"], strict=True))
    domains = client.domains.list(project)
    routed = {
        str(row["name"]): str(names[row["environment_id"]])
        for row in domains.to_dict("records")
        if row["status"] == "active" and row["environment_id"] in names
    }
    kind = str(client.projects.get(project)["type"])
    # domains whose side is called blue or green come first
    routed = dict(sorted(routed.items(), key=lambda one: (one[1] not in ("blue", "green"), one[0])))
    return Found(client, project, kind, environments, client.deployments.list(project), routed, {})


def smoke_test(client: Client, project: str, environment: str, paths: list[str], times: int = 3) -> pd.DataFrame:
    """Ask an environment at its own address, each path so often.

    Columns: path, ok (success, failed), status (Int64), version (str), ms (Float64), error (str). Raises
    `InvalidInput` where the environment has no address.
    """
    address = known(client.environments.get(project, environment)["endpoint"])
    if not address:
        raise InvalidInput(f"environment {environment} has no address to ask at")
    rows = []
    for path in paths * times:
        found = client.probe(address.rstrip("/") + path)
        rows.append(
            {
                "path": path,
                "ok": "success" if found["ok"] else "failed",
                "status": found["status"],
                "version": known(found["version"]),
                "ms": found["ms"],
                "error": known(found["error"]),
            }
        )
    frame = pd.DataFrame(rows, columns=["path", "ok", "status", "version", "ms", "error"])
    return frame.astype({"status": "Int64", "ms": "Float64"})


def thinned(traffic: pd.DataFrame | None, column: str, points: int = _SPARK) -> list[float | None]:
    """A column of traffic as at most so many sums, oldest first; None where there is no data."""
    if traffic is None or not len(traffic):
        return []
    width = -(-len(traffic) // points)
    sums = traffic[column].reset_index(drop=True).groupby(lambda place: place // width).sum(min_count=1)
    return [None if pd.isna(one) else float(one) for one in sums]


def offer(choice: Any, options: list[tuple[str, Any]], usual: Any = None, *, keep: bool = True) -> None:
    """Give a dropdown its options; what is chosen stays where it is still there and `keep` is set."""
    told = [(markup.label(words), value) for words, value in options]
    kept = choice.value if keep else None
    if list(choice.options) != told:
        choice.options = told
    values = [value for _, value in told]
    wanted = next((one for one in (kept, usual) if one is not None and one in values), values[0] if values else None)
    if choice.value != wanted:
        choice.value = wanted
