"""A world to ask, and somebody who asks it by the names of operations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from createos_nb.contract import OPERATIONS
from createos_nb.simulator import World, open_world

EMPTY = """
title = "Nothing yet"
shows = "An account in which nothing has been made."
start = 2026-03-02T09:00:00Z

[[users]]
username = "marlow"
display = "Marlow Ashdown"
email = "marlow@juniper-goods.example.com"

[[users]]
username = "tamsin"
display = "Tamsin Okafor"
email = "tamsin@juniper-goods.example.com"

[[github]]
username = "juniper-goods"
installation = 51830274
owner = 88412067

[[github.repositories]]
id = 640118273
name = "storefront"
branches = ["staging", "feature/one"]
files = ["package.json", "apps/web/package.json", "apps/web/server.js"]

[[github]]
username = "juniper-labs"
installation = 51902266
owner = 99120384
connected = false
"""


#: Without a framework, a Dockerfile or Build AI, a new vcs project names all three.
COMMANDS = {"installCommand": "npm ci", "buildCommand": "npm run build", "runCommand": "npm start"}


class Api:
    """Asks a world by the names of operations; ids of the path come first, in their order."""

    def __init__(self, world: World, key: str | None = None) -> None:
        self.world, self.key = world, world.key if key is None else key

    def raw(
        self, name: str, /, *ids: str, body: Any = None, content: bytes = b"", headers: Any = None, **query: Any
    ) -> Any:
        """The whole answer."""
        operation = OPERATIONS[name]
        path = operation.path
        for one in ids:
            start, end = path.index("{"), path.index("}")
            path = path[:start] + str(one) + path[end + 1 :]
        sent = {"content-type": "application/json", **(headers or {})}
        if self.key:
            sent["x-api-key"] = self.key
        if body is not None:
            content = json.dumps(body).encode()
        text = urlencode({key.replace("_", "-"): value for key, value in query.items()})
        return self.world.handle(operation.method, path, text, sent, content)

    def __call__(self, name: str, /, *ids: str, **given: Any) -> Any:
        """The payload of a success."""
        status, _, answered = self.raw(name, *ids, **given)
        whole = json.loads(answered)
        assert status == OPERATIONS[name].success, f"{name}: {status} {answered[:300]!r}"
        if self.world.dialect == "production":
            assert whole["status"] == "success"
            return whole["data"]
        if not OPERATIONS[name].enveloped:
            return whole
        assert whole["success"] is True
        return whole["data"]

    def refused(self, name: str, /, *ids: str, **given: Any) -> tuple[int, str]:
        """Status and reason of a refusal."""
        status, _, answered = self.raw(name, *ids, **given)
        whole = json.loads(answered)
        assert status >= 400, f"{name} was not refused: {answered[:300]!r}"
        if self.world.dialect == "production":
            assert whole["status"] == "fail"
            assert whole["data"] == whole["message"]
        else:
            assert whole == {"success": False, "message": whole["message"]}
        return status, whole["message"]

    # --- finding and making -------------------------------------------------------------------------------------------

    def project(self, name: str) -> str:
        """Id of a project by its name."""
        return next(one.id for one in self.world.state.projects.values() if one.name == name)

    def environment(self, project: str, name: str) -> str:
        """Id of an environment by its name."""
        found = self.world.state.projects[project].environments.values()
        return next(one.id for one in found if one.name == name)

    def version(self, project: str, version: int) -> str:
        """Id of a deployment by its version."""
        found = self.world.deployments(self.world.state.projects[project]).values()
        return next(one.id for one in found if one.version == version)

    def status(self, project: str, deployment: str) -> str:
        """Status of a deployment."""
        return str(self("GetDeployment", project, deployment)["status"])

    def vcs(self, name: str = "shop", **settings: Any) -> str:
        """A new vcs project."""
        made = self(
            "CreateProject",
            body={
                "uniqueName": name,
                "displayName": name.capitalize(),
                "type": "vcs",
                "source": {
                    "vcsName": "github",
                    "vcsInstallationId": "51830274",
                    "vcsRepoId": str(settings.pop("repository", 640118273)),
                },
                "settings": {"runtime": "node:20", "port": 3000, **COMMANDS, **settings},
            },
        )
        return str(made["id"])

    def image(self, name: str = "gate") -> str:
        """A new image project."""
        body = {"uniqueName": name, "displayName": name.capitalize(), "type": "image", "settings": {"port": 8080}}
        return str(self("CreateProject", body=body)["id"])

    def upload(self, name: str = "page") -> str:
        """A new upload project."""
        settings = {"runtime": "static", "port": 80}
        body = {"uniqueName": name, "displayName": name.capitalize(), "type": "upload", "settings": settings}
        return str(self("CreateProject", body=body)["id"])

    def make_environment(self, project: str, name: str = "production", **facts: Any) -> str:
        """A new environment."""
        body = {
            "uniqueName": name,
            "displayName": name.capitalize(),
            "description": "Where it serves",
            "resources": {"cpu": 200, "memory": 500, "replicas": 1},
            "settings": {"runEnvs": {}},
            **facts,
        }
        return str(self("CreateProjectEnvironment", project, body=body)["id"])

    def deployed_image(self, project: str, image: str = "nginx:1.27") -> str:
        """A new deployment of an image that runs."""
        made = str(self("CreateDeployment", project, body={"image": image})["id"])
        self.world.advance(60)
        assert self.status(project, made) == "deployed"
        return made


@pytest.fixture(params=["production", "documented"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Each dialect."""
    return str(request.param)


@pytest.fixture(scope="session")
def make_api() -> type[Api]:
    """What makes somebody who asks a world."""
    return Api


@pytest.fixture
def shop() -> Api:
    """The healthy shop."""
    return Api(open_world("storefront"))


@pytest.fixture
def empty_file(tmp_path: Path) -> Path:
    """A scenario in which nothing has been made."""
    path = tmp_path / "empty.toml"
    path.write_text(EMPTY, encoding="utf-8")
    return path


@pytest.fixture
def empty(empty_file: Path) -> Api:
    """An account in which nothing has been made."""
    return Api(open_world(empty_file))
