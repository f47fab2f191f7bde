"""Logs read over and over from a served world whose time passes, by a client that prints what has been added."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from createos_nb.simulator import open_world, serve
from tests.simulator.conftest import COMMANDS

DAY = 86_400
SOURCE = {"vcsName": "github", "vcsInstallationId": "51830274", "vcsRepoId": "640118273"}
PROJECT = {
    "uniqueName": "followed",
    "displayName": "Followed",
    "type": "vcs",
    "source": SOURCE,
    "settings": {"runtime": "node:20", "port": 3000, **COMMANDS},
}
ENVIRONMENT = {
    "uniqueName": "production",
    "displayName": "Production",
    "description": "Live",
    "branch": "main",
    "isAutoPromoteEnabled": True,
    "resources": {"cpu": 200, "memory": 500, "replicas": 2},
    "settings": {"runEnvs": {}},
}


class Followed:
    """One log, as it was read last: what is read next begins with it, and ends with a whole line."""

    def __init__(self, http: httpx.Client, path: str) -> None:
        self._http, self._path = http, path
        self.seen: Any = None
        self.grown = 0

    def read(self) -> None:
        answer = self._http.get(self._path, params={} if "build" in self._path else {"since-seconds": DAY})
        if answer.status_code == 422:
            assert self.seen is None, "what could be read once can be read on"
            return
        found = answer.json()["data"]
        if self.seen is not None:
            assert found[: len(self.seen)] == self.seen
            self.grown += len(found) > len(self.seen)
        assert not isinstance(found, str) or not found or found.endswith("\n")
        self.seen = found


@pytest.mark.parametrize("seed", [1, 2026])
def test_a_client_that_reads_again_sees_what_it_has_seen_and_more(seed: int) -> None:
    world = open_world("storefront", seed=seed, log_lines=1_000_000)
    with (
        serve(world, speed=120) as served,
        httpx.Client(base_url=served.url, headers={"X-Api-Key": served.key}, timeout=60) as http,
    ):

        def send(method: str, path: str, body: Any = None) -> Any:
            answer = http.request(method, path, json=body)
            assert answer.is_success, answer.text
            return answer.json()["data"]

        project = f"/v1/projects/{send('POST', '/v1/projects', PROJECT)['id']}"
        environment = f"{project}/environments/{send('POST', f'{project}/environments', ENVIRONMENT)['id']}"
        deployment = f"{project}/deployments/{send('POST', f'{project}/trigger-latest')['id']}"
        logs = [
            Followed(http, path)
            for path in (f"{deployment}/build-logs", f"{deployment}/deployment-logs", f"{environment}/logs")
        ]
        resized, until = False, time.monotonic() + 60
        while min(log.grown for log in logs) < 4:
            assert time.monotonic() < until, [log.grown for log in logs]
            for log in logs:
                log.read()
            if logs[2].seen and not resized:
                send("PUT", f"{environment}/resources", {"cpu": 500, "memory": 1024, "replicas": 3})
                world.traffic("followed", "production", rpm=300)
                resized = True
            time.sleep(0.05)
        assert "starting version 1" in logs[2].seen
