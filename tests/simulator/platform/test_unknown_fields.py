"""Fields that the contract does not declare: refused on every write, with their place and the nearest name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from createos_nb.contract import OPERATIONS
from createos_nb.simulator import World, open_world
from tests.simulator.conftest import Api

WRITES = sorted(name for name, one in OPERATIONS.items() if one.effect != "read")
WITH_BODY = sorted(name for name, one in OPERATIONS.items() if one.effect != "read" or one.at("body"))
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module", params=["production", "documented"])
def world(request: pytest.FixtureRequest) -> World:
    return open_world("storefront", dialect=request.param)


def path_ids(name: str) -> list[str]:
    return [NOBODY] * OPERATIONS[name].path.count("{")


@pytest.mark.parametrize("name", [name for name in WITH_BODY if not OPERATIONS[name].upload])
def test_every_write_refuses_an_unknown_field_of_its_body(name: str, world: World) -> None:
    status, message = Api(world).refused(name, *path_ids(name), body={"colourOfIt": 1})
    assert status == 400
    assert message.startswith("unknown field colourOfIt; ")


@pytest.mark.parametrize("name", WRITES)
def test_every_write_refuses_an_unknown_parameter_of_its_query(name: str, world: World) -> None:
    status, message = Api(world).refused(name, *path_ids(name), colour=1)
    assert status == 400
    assert message.startswith("query parameter colour is unknown; ")


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("CreateProject", {"display_name": "Shop"}, "unknown field display_name; did you mean displayName?"),
        (
            "CreateProject",
            {"type": "vcs", "settings": {"port": 80, "runComand": "a"}},
            "settings: unknown field runComand; did you mean runCommand or buildCommand or installCommand?",
        ),
        (
            "CreateProject",
            {"type": "image", "settings": {"port": 80, "framework": "a"}},
            "settings: unknown field framework at this type; it has: port, runEnvs",
        ),
        (
            "CreateProject",
            {"type": "image", "settings": {"port": 80}, "source": {"vcsName": "github"}},
            "source: unknown field vcsName at this type; it has none",
        ),
        (
            "CreateProjectEnvironment",
            {"resources": {"cpu": 200, "memory": 500, "replica": 1}},
            "resources: unknown field replica; did you mean replicas?",
        ),
        (
            "UploadDeploymentFiles",
            {"files": [{"path": "a", "content": "b"}, {"path": "a", "content": "b", "mode": 7}]},
            "files[1]: unknown field mode; it has: path, content",
        ),
        ("UpdateProjectSettings", {"prot": 80}, "unknown field prot; did you mean port?"),
    ],
)
def test_the_refusal_names_the_place_and_the_nearest(name: str, body: Any, words: str, world: World) -> None:
    assert Api(world).refused(name, *path_ids(name), body=body) == (400, words)


def test_a_setting_of_another_type_of_project_is_refused(shop: Any) -> None:
    project = shop.project("landing-pages")
    status, message = shop.refused("UpdateProjectSettings", project, body={"ignoreBranches": ["docs"]})
    assert (status, message[:60]) == (400, "unknown field ignoreBranches at this type; it has: buildComm")


@pytest.mark.parametrize("key", ["log_level", "logLevel", "x-y z", "runEnvs", "port", ""])
def test_keys_of_a_users_own_map_are_never_judged(key: str, shop: Any) -> None:
    project, own = shop.project("storefront"), {key: "1"}
    environment = shop.environment(project, "staging")
    shop("UpdateProjectEnvironmentEnvironmentVariables", project, environment, body={"runEnvs": own})
    shop("UpdateProjectSettings", project, body={"buildVars": own, "runEnvs": own, "buildFlags": own})
    settings = {"path": "/", "method": "GET", "headers": own}
    job = {"environmentId": environment, "name": "keys of one", "schedule": "@daily", "type": "http"}
    made = shop("CreateCronjob", project, body={**job, "settings": settings})["id"]
    assert shop("GetCronjob", project, made)["settings"]["headers"] == own


def test_a_read_passes_over_what_it_does_not_know(shop: Any) -> None:
    assert shop("ListProjects", colour=1)["pagination"]["total"] == 8


# --- what official clients send ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"  ", b"{}", b"null", b"[]"])
def test_a_write_without_fields_takes_every_form_of_an_empty_body(content: bytes, shop: Any) -> None:
    project = shop.project("storefront")
    answer = shop.raw("DeleteDeployment", project, shop.version(project, 3), content=content)
    assert answer[0] == 200


def test_an_empty_object_unlinks_a_domain_as_null_does(shop: Any) -> None:
    project = shop.project("storefront")
    for body in ({}, {"environmentId": None}):
        domain = next(one for one in shop("ListDomains", project) if one["status"] == "active")
        shop("UpdateDomainEnvironment", project, domain["id"], body={"environmentId": domain["environmentId"]})
        shop.world.advance("1min")
        shop("UpdateDomainEnvironment", project, domain["id"], body=body)
        shop.world.advance("1min")
        after = next(one for one in shop("ListDomains", project) if one["id"] == domain["id"])
        assert after["environmentId"] is None
        shop("UpdateDomainEnvironment", project, domain["id"], body={"environmentId": domain["environmentId"]})
        shop.world.advance("1min")


def test_the_branch_of_trigger_latest_may_stand_in_the_body(shop: Any) -> None:
    project = shop.project("storefront")
    shop.world.push("storefront", branch="develop")

    def triggered(**given: Any) -> str:
        answer = shop("TriggerLatestDeployment", project, **given)
        return "" if isinstance(answer, str) else shop("GetDeployment", project, answer["id"])["source"]["branch"]

    assert shop.refused("TriggerLatestDeployment", project, body={"branch": "no-such"})[0] == 404
    assert shop.refused("TriggerLatestDeployment", project, body={"branch": "main"}, branch="develop") == (
        400,
        "branch is given twice: develop in the query, main in the body",
    )
    assert shop.refused("TriggerLatestDeployment", project, body={"brunch": "main"}) == (
        400,
        "unknown field brunch; did you mean branch?",
    )
    assert triggered(body={"branch": ""}) in ("", "main")
    assert triggered(body={"branch": "main"}, branch="main") in ("", "main")


def test_a_world_that_ignores_unknown_fields_uses_what_it_knows() -> None:
    api = Api(open_world("storefront", unknown_fields="ignore"))
    body = {
        "uniqueName": "gift-cards",
        "displayName": "Gift cards",
        "type": "image",
        "region": "eu",
        "settings": {"port": 80, "gpu": 1, "runEnvs": {"gpu": "1"}},
    }
    made = api("CreateProject", body=body)["id"]
    assert api("GetProject", made)["settings"] == {"port": 80, "runEnvs": {"gpu": "1"}}
    status, _, answer = api.raw("CreateProject", body={**body, "uniqueName": "x"})
    assert (status, json.loads(answer)["data"][:10]) == (400, "uniqueName")
    assert api.raw("SuspendProject", made, body={"when": "now"}, colour=1)[0] == 200
