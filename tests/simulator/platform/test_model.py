"""Random calls, right and wrong, against a small model of the lifecycle: no illegal state, no lost object."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from createos_nb.contract import OPERATIONS
from createos_nb.simulator import World, open_world

#: What can come directly after a status.
NEXT = {
    "queue": {"building", "deploying", "cancelled", "terminating"},
    "building": {"deploying", "build_error", "cancelled", "terminating"},
    "deploying": {"deployed", "error", "terminating"},
    "deployed": {"sleeping", "crashing", "terminating"},
    "crashing": {"terminating"},
    "sleeping": {"deploying", "terminating"},
    "build_error": {"terminating"},
    "error": {"terminating"},
    "cancelled": {"terminating"},
    "terminating": {"gone"},
    "gone": set(),
}
LIVE_LIMIT = 3


def reachable() -> dict[str, set[str]]:
    found = {status: {status} for status in NEXT}
    for _ in NEXT:
        for statuses in found.values():
            statuses |= {later for status in list(statuses) for later in NEXT[status]}
    return found


REACHABLE = reachable()


class Lifecycle(RuleBasedStateMachine):
    """Three projects of three kinds, each with two environments."""

    deployments = Bundle("deployments")

    def __init__(self) -> None:
        super().__init__()
        self.world: World = open_world("storefront", live_limit=LIVE_LIMIT, idle="2h")
        names = ("storefront", "edge-gateway", "landing-pages")
        self.projects = [one for one in self.world.state.projects.values() if one.name in names]
        self.seen: dict[str, str] = {}
        self.where: dict[str, str] = {}
        for project in self.projects:
            for identity in self.world.deployments(project):
                self.where[identity] = project.id
        self.look()

    def call(self, name: str, *ids: str, body: Any = None) -> tuple[int, Any]:

        path = OPERATIONS[name].path
        for one in ids:
            path = path[: path.index("{")] + one + path[path.index("}") + 1 :]
        content = b"" if body is None else json.dumps(body).encode()
        reply = self.world.handle(OPERATIONS[name].method, path, "", {"x-api-key": self.world.key}, content)
        return reply.status, json.loads(reply.body).get("data")

    def status(self, deployment: str) -> str:
        code, row = self.call("GetDeployment", self.where[deployment], deployment)
        return "gone" if code == 404 else str(row["status"])

    def look(self) -> None:
        """Every deployment is where it could have come to from where it was."""
        for deployment in self.where:
            now = self.status(deployment)
            before = self.seen.get(deployment)
            assert before is None or now in REACHABLE[before], f"{before} became {now}"
            self.seen[deployment] = now

    @rule(target=deployments, which=st.integers(0, 2), word=st.sampled_from(["one", "two"]))
    def deploy(self, which: int, word: str) -> str:
        project = self.projects[which]
        if project.type == "vcs":
            newest = next(reversed(self.world.deployments(project)))
            code, made = self.call("RetriggerDeployment", project.id, newest)
            if code == 422:
                assert self.status(newest) in ("queue", "building", "deploying", "terminating")
                return newest
        elif project.type == "image":
            code, made = self.call("CreateDeployment", project.id, body={"image": f"nginx:{word}"})
        else:
            files = [{"path": "index.html", "content": word}]
            code, made = self.call("UploadDeploymentFiles", project.id, body={"files": files})
        assert code == 200
        assert made["id"] not in self.where, "an id was given twice"
        self.where[made["id"]] = project.id
        self.seen[made["id"]] = "queue"
        return str(made["id"])

    @rule(deployment=deployments)
    def cancel(self, deployment: str) -> None:
        before = self.status(deployment)
        code, _ = self.call("CancelDeployment", self.where[deployment], deployment)
        assert code == {"queue": 200, "building": 200, "gone": 404}.get(before, 422)
        assert self.status(deployment) == ("cancelled" if code == 200 else before)

    @rule(deployment=deployments)
    def wake(self, deployment: str) -> None:
        before = self.status(deployment)
        code, _ = self.call("WakeupDeployment", self.where[deployment], deployment)
        assert code == {"sleeping": 200, "gone": 404}.get(before, 422)
        assert self.status(deployment) == ("deploying" if code == 200 else before)

    @rule(deployment=deployments)
    def delete(self, deployment: str) -> None:
        before = self.status(deployment)
        code, _ = self.call("DeleteDeployment", self.where[deployment], deployment)
        assert code == {"terminating": 422, "gone": 404}.get(before, 200)

    @rule(deployment=deployments, which=st.integers(0, 1))
    def assign(self, deployment: str, which: int) -> None:
        project = self.world.state.projects[self.where[deployment]]
        environment = list(project.environments)[which % len(project.environments)]
        before = self.status(deployment)
        body = {"deploymentId": deployment}
        code, _ = self.call("AssignDeploymentToProjectEnvironment", project.id, environment, body=body)
        assert code == {"deployed": 200, "gone": 404}.get(before, 422)
        rows = {row["id"]: row for row in self.call("ListProjectEnvironments", project.id)[1]}
        assert (rows[environment]["projectDeploymentId"] == deployment) or code != 200

    @rule(deployment=deployments)
    def read_logs(self, deployment: str) -> None:
        code, _ = self.call("GetDeploymentLogs", self.where[deployment], deployment)
        assert code == {"deployed": 200, "crashing": 200, "gone": 404}.get(self.status(deployment), 422)

    @rule(seconds=st.sampled_from([1, 5, 20, 60, 600, 7200]))
    def wait(self, seconds: int) -> None:
        before = {one: self.status(one) for one in self.where}
        self.world.advance(seconds)
        self.look()
        if seconds >= 60:
            assert not [one for one, was in before.items() if was == "terminating" and self.seen[one] != "gone"]
        if seconds >= 600:
            assert not [one for one, was in before.items() if was in ("queue", "building") and self.seen[one] == was]

    @invariant()
    def nobody_is_lost(self) -> None:
        """What is not gone stands in the list, once, newest first; and not more is live than may be."""
        for project in self.projects:
            listed: list[Any] = []
            while True:
                path = f"/v1/projects/{project.id}/deployments"
                query = f"limit=20&offset={len(listed)}"
                reply = self.world.handle("GET", path, query, {"x-api-key": self.world.key}, b"")

                rows = json.loads(reply.body)["data"]["data"]
                listed += rows
                if len(rows) < 20:
                    break
            mine = [one for one, where in self.where.items() if where == project.id and self.status(one) != "gone"]
            assert sorted(row["id"] for row in listed) == sorted(mine)
            versions = [row["versionNumber"] for row in listed]
            assert versions == sorted(versions, reverse=True)
            assert sum(row["status"] in ("deployed", "crashing") for row in listed) <= LIVE_LIMIT


TestLifecycle = Lifecycle.TestCase
TestLifecycle.settings = settings(
    max_examples=12, stateful_step_count=30, deadline=None, derandomize=True, database=None
)
