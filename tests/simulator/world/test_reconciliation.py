"""Whatever is done to a world, and whatever window is asked for: every figure and the log agree, and the past stays."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from createos_nb.simulator import open_world
from createos_nb.simulator.traffic import Traffic

PREFIX = "GetProjectEnvironmentAnalytics"
LIVE = "deployed", "crashing"

#: What somebody does, each with two numbers that say to what and how much.
DEEDS = (
    "wait", "second", "push", "assign", "resize", "wake", "sleep", "behave", "visitors", "crowd", "outage", "end",
    "job", "pause", "resume", "reschedule", "ask", "remove", "make", "suspend", "again", "fork", "keep", "port",
)  # fmt: skip
deeds = st.tuples(st.sampled_from(DEEDS), st.integers(0, 10**6), st.integers(0, 10**6))
windows = st.tuples(st.integers(0, 10**6), st.integers(1, 40_000), st.sampled_from([1, 30, 60, 300, 3600]))
BEHAVIORS: tuple[dict[str, Any], ...] = (
    {},
    {"errors": [{"status": 500, "share": 0.2}, {"status": 404, "share": 0.3, "path": "/*"}]},
    {"crash_after": 45},
    {"crash_after": 0},
    {"memory": 400, "leak": 900, "slow_start": 60, "slow_start_errors": 0.5},
    {"memory": 900},
    {"memory": 100, "memory_per_rpm": 40},
    {"cpu_ms": 4000},
    {"listens": 9999},
)


class Life:
    """A world, and somebody who does things to it."""

    def __init__(self, api: type[Any], folder: Path) -> None:
        self.make = api
        self.api = api(open_world("storefront", idle="6h", longest_window=10**9, log_lines=10**6))
        self.folder = folder
        self.known: list[tuple[str, str, int, int, Any]] = []

    @property
    def world(self) -> Any:
        return self.api.world

    @property
    def now(self) -> int:
        return int(self.world.state.now // 1_000_000)

    def some(self, rows: Any, n: int) -> Any:
        found = list(rows)
        return found[n % len(found)] if found else None

    def do(self, deed: str, a: int, b: int) -> None:
        """One deed; what the platform refuses then is no matter here."""
        api, state = self.api, self.world.state
        project = self.some([one for one in state.projects.values() if one.status != "deleted"], a)
        there = self.some(project.environments.values(), b)
        deployment = self.some(self.world.deployments(project).values(), b)
        active = project.status == "active"
        where = f"{project.name}/{there.name}" if there is not None else ""
        if deed == "wait":
            self.world.advance(1 + b % 5000)
        elif deed == "second":
            self.world.advance(0.001 * (1 + b % 3000))
        elif deed == "push" and active and project.type == "image":
            self.world.push(project.name, image=f"nginx:{b}", behavior=self.some(BEHAVIORS, b))
        elif deed == "push" and active and project.type == "vcs":
            self.world.push(project.name, self.some(("main", "staging"), b), behavior=self.some(BEHAVIORS, b))
        elif deed == "assign" and there is not None and deployment is not None:
            body = {"deploymentId": deployment.id}
            api.raw("AssignDeploymentToProjectEnvironment", project.id, there.id, body=body)
        elif deed == "resize" and there is not None:
            body = {"cpu": 200 + b % 301, "memory": 500 + b % 525, "replicas": 1 + b % 3}
            api.raw("UpdateProjectEnvironmentResources", project.id, there.id, body=body)
        elif deed == "wake" and deployment is not None:
            api.raw("WakeupDeployment", project.id, deployment.id)
        elif deed == "sleep":
            self.world.advance("7h")
        elif deed == "behave" and deployment is not None:
            self.world.set_behavior(project.name, deployment.version, self.some(BEHAVIORS, a) or {"slow": 2})
        elif deed == "visitors" and there is not None:
            self.world.traffic(project.name, there.name, rpm=b % 200)
        elif deed == "crowd" and where:
            self.world.incident(where, rate=b % 7, ramp=b % 300, fade=b % 200, lasts=1 + b % 4000)
        elif deed == "outage" and where:
            self.world.incident(where, failing=[{"status": 503, "share": 0.4}], start=f"+{b % 900}s", stolen=0.5)
        elif deed == "end" and state.incidents:
            self.world.end_incident(self.some(state.incidents, b)[0].name)
        elif deed == "job" and there is not None:
            body = {"environmentId": there.id, "name": f"job-{b}", "schedule": "*/3 * * * *", "type": "http"}
            api.raw("CreateCronjob", project.id, body={**body, "settings": {"path": f"/job/{b % 3}", "method": "GET"}})
        elif deed in ("pause", "resume", "reschedule") and project.cronjobs:
            job = self.some(project.cronjobs, b)
            if deed == "reschedule":
                body = {"name": f"job-{b}", "schedule": f"*/{1 + b % 9} * * * *"}
                api.raw("UpdateCronjob", project.id, job, body=body)
            else:
                api.raw("SuspendCronjob" if deed == "pause" else "UnsuspendCronjob", project.id, job)
        elif deed == "ask" and there is not None:
            with httpx.Client(transport=self.world.transport()) as outside:
                outside.request(self.some(("GET", "POST", "HEAD"), b), f"https://{there.host}/probe/{b % 4}?x=1")
        elif deed == "remove" and there is not None and len(project.environments) > 1:
            api.raw("DeleteProjectEnvironment", project.id, there.id)
        elif deed == "make" and active:
            body = {
                "uniqueName": f"env-{b}", "displayName": "Another", "description": "One more",
                "settings": {"runEnvs": {}}, "resources": {"cpu": 200, "memory": 500, "replicas": 1},
            }  # fmt: skip
            api.raw(
                "CreateProjectEnvironment",
                project.id,
                body=body | ({"branch": "main"} if project.type == "vcs" else {}),
            )
        elif deed in ("suspend", "again"):
            api.raw("SuspendProject" if deed == "suspend" else "UnsuspendProject", project.id)
        elif deed == "fork":
            before = self.world
            self.api = self.make(before.fork())
            assert self.figures(before) == self.figures(self.world)
        elif deed == "keep":
            self.world.save(self.folder / "kept")
            before = self.figures(self.world)
            self.api = self.make(open_world("storefront").load(self.folder / "kept"))
            assert self.figures(self.world) == before
        elif deed == "port" and active:
            body = {**project.settings, "port": 1024 + b % 3}
            api.raw("UpdateProjectSettings", project.id, body=body)

    def figures(self, world: Any) -> Any:
        """Totals of all environments in the last two hours, and the journal."""
        now = world.state.now // 1_000_000
        found = [
            world.traffic_of(one).totals(now - 7200, now)
            for project in world.state.projects.values()
            for one in project.environments.values()
        ]
        return now, found, len(world.state.journal)

    def look(self, a: int, length: int, width: int) -> None:
        """Ask for everything about a window of some environment, and hold it against everything else."""
        places = [
            (project, one)
            for project in self.world.state.projects.values()
            if project.status == "active"
            for one in project.environments.values()
        ]
        project, environment = self.some(places, a)
        end = self.now - (a % 3) * (a % 7000)
        start = end - length
        self.world.state.settings = self.settings(width)
        single = self.agree(project.id, environment.id, start, end, width)
        if end <= self.now:
            self.known.append((project.id, environment.id, start, end, single))
        if end == self.now and length < 4000:
            self.log(project, environment, length)
        traffic: Traffic = self.world.traffic_of(environment)
        events = traffic.events(start, end)
        assert len(events) == single["overallRequests"]["total"]
        paths = Counter(events.path)
        assert sorted(paths.items(), key=lambda one: (-one[1], one[0]))[:10] == [
            (row["path"], row["count"]) for row in single["topHitPaths"]
        ]

    def settings(self, width: int) -> Any:
        from createos_nb.simulator.settings import settled

        return settled({"bucket": width}, self.world.state.settings)

    def agree(self, project: str, environment: str, start: int, end: int, width: int) -> Any:
        there, window = (project, environment), {"start": start, "end": end}
        whole = self.api(PREFIX, *there, **window)
        buckets = self.api(PREFIX + "RequestsOverTime", *there, **window)
        totals = whole["overallRequests"]
        codes = {row["status"]: row["count"] for row in whole["requestDistribution"]}
        assert sum(row["count"] for row in buckets) == totals["total"] == sum(codes.values())
        assert [row["timestamp"] % width for row in buckets] == [0] * len(buckets)
        assert len(buckets) == -(-end // width) - start // width
        for field, key, first in (
            ("status2xx", "success", "2"),
            ("status4xx", "client", "4"),
            ("status5xx", "server", "5"),
        ):
            count = sum(row[field] for row in buckets)
            assert count == totals[key] == sum(n for code, n in codes.items() if code[0] == first)
        if len(whole["topHitPaths"]) < 10:
            assert sum(row["count"] for row in whole["topHitPaths"]) == totals["total"]
        if len(whole["topErrorPaths"]) < 10:
            assert sum(row["count"] for row in whole["topErrorPaths"]) == totals["client"] + totals["server"]
        for name in ("OverallRequests", "RPM", "RequestDistribution", "TopHitPaths", "TopErrorPaths"):
            assert (
                self.api(PREFIX + name, *there, **window)
                == whole[name[0].lower() + name[1:] if name != "RPM" else "rpm"]
            )
        halves = [
            self.api(PREFIX + "OverallRequests", *there, start=x, end=y)
            for x, y in ((start, (start + end) // 2), ((start + end) // 2, end))
            if x < y
        ]
        assert {key: sum(half[key] for half in halves) for key in totals} == totals
        assert whole["rpm"]["average"] == pytest.approx(totals["total"] * 60 / (end - start))
        return whole

    def log(self, project: Any, environment: Any, length: int) -> None:
        live = self.world.deployments(project).get(environment.deployment)
        if live is None or live.status not in LIVE:
            return
        lines = self.api("GetProjectEnvironmentLogs", project.id, environment.id, since_seconds=length).splitlines()
        traffic = self.world.traffic_of(environment)
        events = traffic.events(self.now - length, self.now)
        for (method, path), count in Counter(zip(events.method, events.path, strict=True)).items():
            # Runtimes put other things between the two: nothing, quotes, bars.
            line = re.compile(rf'{method}[ "|]+{re.escape(path)}["| ]')
            assert sum(line.search(one) is not None for one in lines) >= count, (method, path)

    def look_back(self) -> None:
        """What was known of the past is still so."""
        for project, environment, start, end, before in self.known:
            here = self.world.state.projects.get(project)
            if here is None or here.status != "active" or environment not in here.environments:
                continue
            assert self.api(PREFIX, project, environment, start=start, end=end) == before


@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(deeds, windows), min_size=8, max_size=24))
def test_zero_differences(steps: list[Any], make_api: type[Any], tmp_path: Path) -> None:
    life = Life(make_api, tmp_path)
    for deed, window in steps:
        life.do(*deed)
        life.look(*window)
    life.look_back()


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(deeds, windows), min_size=8, max_size=60))
def test_zero_differences_at_length(steps: list[Any], make_api: type[Any], tmp_path: Path) -> None:
    life = Life(make_api, tmp_path)
    for deed, window in steps:
        life.do(*deed)
        life.look(*window)
    life.look_back()
