"""What creating wants beyond the schema, in the production dialect; and the folder that a build begins in."""

from __future__ import annotations

from typing import Any

import pytest

import createos_nb
from createos_nb.contract.creation import NEVER_EMPTY, creation_problems
from createos_nb.simulator import open_world
from createos_nb.simulator.platform.runtimes import FRAMEWORKS

SOURCE = {"vcsName": "github", "vcsInstallationId": "51830274", "vcsRepoId": "640118273"}
COMMANDS = {"installCommand": "npm ci", "buildCommand": "npm run build", "runCommand": "npm start"}
NAMED = {"runtime": "node:20", "port": 3000, **COMMANDS}
FRAMED = {"framework": "nextjs", "port": 3000}


def without(settings: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in names}


def create(api: Any, settings: dict[str, Any]) -> tuple[int, str]:
    body = {"uniqueName": "late-shop", "displayName": "Late shop", "type": "vcs", "source": SOURCE}
    reply = api.raw("CreateProject", body={**body, "settings": settings})
    return reply.status, reply.body.decode()


REFUSED = [
    *(({**FRAMED, name: ""}, f"settings.{name} is empty: leave the field out") for name in NEVER_EMPTY),
    (without(FRAMED, "port"), "settings.port is required"),
    (without(NAMED, "runtime"), "settings.runtime or settings.framework is required"),
    ({"port": 3000, "useBuildAI": True}, "settings.runtime or settings.framework is required"),
    ({"port": 3000, "hasDockerfile": True}, "settings.runtime or settings.framework is required"),
    *((without(NAMED, name), f"settings.{name} is required") for name in COMMANDS),
    ({**without(NAMED, "runCommand"), "useBuildAI": False}, "settings.runCommand is required"),
    ({**NAMED, "buildCommand": None}, "settings.buildCommand is required"),
    ({**NAMED, "runtime": "static"}, "static is for upload projects only"),
    ({**FRAMED, "runtime": "static"}, "static is for upload projects only"),
]


@pytest.mark.parametrize(("settings", "reason"), REFUSED)
def test_the_production_dialect_refuses_and_says_what_to_change(
    empty: Any, settings: dict[str, Any], reason: str
) -> None:
    status, answer = create(empty, settings)
    assert status == 400
    assert reason in answer
    assert any(problem.startswith(reason) or reason in problem for problem in creation_problems(settings))
    assert empty("ListProjects")["data"] == []


@pytest.mark.parametrize(
    "settings",
    [
        NAMED,
        FRAMED,
        {**FRAMED, "runtime": "node:20"},
        {**FRAMED, "runtime": None},
        {**FRAMED, "installCommand": None, "buildDir": None},
        {"runtime": "node:20", "port": 3000, "useBuildAI": True},
        {"runtime": "build-ai", "port": 3000, "useBuildAI": True},
        {"runtime": "node:20", "port": 3000, "hasDockerfile": True},
    ],
)
def test_what_the_rules_want_is_taken_and_built(empty: Any, settings: dict[str, Any]) -> None:
    status, answer = create(empty, settings)
    assert status == 201, answer
    project = empty.project("late-shop")
    made = empty("TriggerLatestDeployment", project)["id"]
    empty.world.advance("15min")
    assert empty.status(project, made) == "deployed"


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        (without(NAMED, "buildCommand"), 201),
        ({**NAMED, "runCommand": ""}, 201),
        (without(NAMED, "port"), 201),
        ({"useBuildAI": True, "port": 3000}, 201),
        ({"runtime": "static", "port": 80}, 201),
        (FRAMED, 400),
    ],
)
def test_the_documented_dialect_stays_as_its_schemas_say(empty: Any, settings: dict[str, Any], status: int) -> None:
    empty.world.dialect = "documented"
    assert create(empty, settings)[0] == status


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_framework_alone_is_built_with_its_own_runtime(empty: Any, framework: str) -> None:
    settings = {"framework": framework, "port": 3000, "useBuildAI": True}
    assert create(empty, settings)[0] == 201
    project = empty.project("late-shop")
    made = empty("TriggerLatestDeployment", project)["id"]
    empty.world.advance("15min")
    log = " ".join(row["log"] for row in empty("GetBuildLogs", project, made))
    family = FRAMEWORKS[framework][0][0].partition(":")[0]
    assert {"node": "package.json", "python": "requirements.txt", "golang": "go.mod", "rust": "Cargo.toml"}[
        family
    ] in log


def test_settings_of_a_project_with_a_framework_alone_can_be_changed(empty: Any) -> None:
    create(empty, FRAMED)
    empty("UpdateProjectSettings", empty.project("late-shop"), body={"port": 4000})


@pytest.mark.parametrize("missing", ["displayName", "uniqueName", "description", "settings", "resources"])
def test_an_environment_needs_all_its_parts(empty: Any, missing: str) -> None:
    project = empty.image()
    body = {
        "uniqueName": "production",
        "displayName": "Production",
        "description": "Where it serves",
        "resources": {"cpu": 200, "memory": 500, "replicas": 1},
        "settings": {"runEnvs": {}},
    }
    status, reason = empty.refused("CreateProjectEnvironment", project, body=without(body, missing))
    assert status == 400
    assert missing in reason
    for part in body["resources"]:
        partial = {**body, "resources": without(body["resources"], part)}
        status, reason = empty.refused("CreateProjectEnvironment", project, body=partial)
        assert (status, f"resources.{part} is required" in reason) == (400, True), reason


def test_the_projects_of_every_scenario_could_be_created_today() -> None:
    for name in createos_nb.scenarios()["name"]:
        for project in open_world(name).state.projects.values():
            if project.type == "vcs":
                assert creation_problems(project.settings) == [], (name, project.name)


# --- where a build begins ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("top", [".", "./", "/", "", None, "absent"])
def test_the_top_of_a_repository_has_many_names(empty: Any, top: str | None) -> None:
    folder = {} if top == "absent" else {"directoryPath": top}
    assert create(empty, {**FRAMED, **folder})[0] == 201
    project = empty.project("late-shop")
    made = empty("TriggerLatestDeployment", project)["id"]
    empty.world.advance("15min")
    assert empty.status(project, made) == "deployed"
    assert "directory: /" in [row["log"] for row in empty("GetBuildLogs", project, made)]


@pytest.mark.parametrize("folder", ["apps/web", "./apps/web", "/apps/web/", "apps/./web"])
def test_a_folder_of_a_monorepo_has_many_spellings(empty: Any, folder: str) -> None:
    assert create(empty, {**FRAMED, "directoryPath": folder})[0] == 201
    project = empty.project("late-shop")
    made = empty("TriggerLatestDeployment", project)["id"]
    empty.world.advance("15min")
    assert empty.status(project, made) == "deployed"


def test_a_folder_that_is_not_there_fails_the_build(empty: Any) -> None:
    create(empty, {**FRAMED, "directoryPath": "apps/nowhere"})
    project = empty.project("late-shop")
    made = empty("TriggerLatestDeployment", project)["id"]
    empty.world.advance("15min")
    assert empty.status(project, made) == "build_error"


@pytest.mark.parametrize("top", [".", "./", "/", None])
def test_the_top_of_an_upload_has_many_names(empty: Any, top: str | None) -> None:
    settings = {"runtime": "static", "port": 80, "directoryPath": top}
    body = {"uniqueName": "page", "displayName": "Page", "type": "upload", "settings": settings}
    project = empty("CreateProject", body=body)["id"]
    made = empty("UploadDeploymentFiles", project, body={"files": [{"path": "index.html", "content": "hi"}]})["id"]
    empty.world.advance("15min")
    assert empty.status(project, made) == "deployed"
