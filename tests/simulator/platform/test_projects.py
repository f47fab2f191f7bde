"""Projects: making, changing, suspending, deleting, handing over."""

from __future__ import annotations

from typing import Any

import pytest

from createos_nb.simulator import open_world

VCS = {"vcsName": "github", "vcsInstallationId": "51830274", "vcsRepoId": "640118273"}


def body(**facts: Any) -> dict[str, Any]:
    return {
        "uniqueName": "late-shop",
        "displayName": "Late shop",
        "type": "vcs",
        "source": VCS,
        "settings": {"runtime": "node:20", "framework": "nextjs", "port": 3000},
        **facts,
    }


def test_a_new_project_is_active_and_nothing_is_deployed(empty: Any) -> None:
    made = empty("CreateProject", body=body(description="Sold at night."))["id"]
    row = empty("GetProject", made)
    assert (row["status"], row["type"], row["description"]) == ("active", "vcs", "Sold at night.")
    assert row["source"] == {**VCS, "vcsFullName": "juniper-goods/storefront"}
    assert row["settings"]["framework"] == "nextjs"
    assert empty("ListDeployments", made)["data"] == []


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({"uniqueName": "api"}, 400),
        ({"uniqueName": "with space"}, 400),
        ({"displayName": "My Next.js Application"}, 400),
        ({"displayName": "under_score"}, 201),
        ({"description": "abc"}, 400),
        ({"type": "git"}, 400),
        ({"source": {}}, 400),
        ({"source": {"vcsName": "github"}}, 400),
        ({"source": {**VCS, "vcsName": "gitlab"}}, 400),
        ({"source": {**VCS, "vcsRepoId": 640118273}}, 400),
        ({"source": {**VCS, "vcsInstallationId": "1"}}, 404),
        ({"settings": {"port": 3000}}, 400),
        ({"settings": {"runtime": "node:8", "port": 3000}}, 400),
        ({"settings": {"framework": "nextjs", "port": 3000}}, 201),
        ({"settings": {"framework": "fastapi", "runtime": "node:20", "port": 8000}}, 400),
        ({"settings": {"framework": "rails", "runtime": "node:20", "port": 8000}}, 400),
        ({"settings": {"runtime": "node:20", "port": 65536}}, 400),
        ({"settings": {"runtime": "node:20", "port": "3000"}}, 400),
        ({"settings": {"runtime": "x" * 256, "port": 1}}, 400),
        ({"settings": {"useBuildAI": True, "runtime": "build-ai", "port": 3000}}, 201),
        ({"settings": {"hasDockerfile": True, "runtime": "node:20", "port": 3000}}, 201),
        ({"appId": "00000000-0000-4000-8000-000000000000"}, 404),
        ({"appId": "Shop"}, 400),
        ({"appId": None}, 201),
        ({"type": "image", "settings": {"port": 80}}, 400),
        ({"type": "image", "source": {}, "settings": {}}, 400),
        ({"type": "image", "source": {}, "settings": {"port": 80, "runtime": "node:20"}}, 400),
        ({"type": "image", "source": {}, "settings": {"port": 80}}, 201),
        ({"type": "upload", "source": {}, "settings": {"runtime": "static", "ignoreBranches": []}}, 400),
        ({"type": "upload", "source": {}, "settings": {"runtime": "static"}}, 201),
    ],
)
def test_what_a_project_may_be_made_of(empty: Any, facts: dict[str, Any], status: int) -> None:
    assert empty.raw("CreateProject", body=body(**facts)).status == status


def test_a_name_is_unique_on_the_platform_whatever_its_case(empty: Any) -> None:
    empty("CreateProject", body=body())
    assert empty.refused("CreateProject", body=body(uniqueName="Late-Shop"))[0] == 409
    assert empty("CheckProjectUniqueName", body={"uniqueName": "late-shop"}) == {"isAvailable": False}
    other = type(empty)(empty.world, empty.world.key_of("tamsin"))
    assert other("CheckProjectUniqueName", body={"uniqueName": "late-shop"}) == {"isAvailable": False}


def test_the_number_of_projects_is_a_quota_that_no_wait_mends(empty: Any, empty_file: Any) -> None:
    api = type(empty)(open_world(empty_file, projects=2))
    for n in range(2):
        api("CreateProject", body=body(uniqueName=f"shop-{n}"))
    assert api("GetQuotas")["projects"] == {"current": 2, "max": 2, "remaining": 0}
    status, headers, _ = api.raw("CreateProject", body=body())
    assert status == 429
    assert "retry-after" not in dict(headers)
    api("DeleteProject", api.project("shop-0"))
    api.world.advance("1min")
    assert api("GetQuotas")["projects"]["remaining"] == 1
    api("CreateProject", body=body())


def test_lists_can_be_narrowed_and_leave_deleted_ones_out(shop: Any) -> None:
    def names(**query: Any) -> set[str]:
        return {row["uniqueName"] for row in shop("ListProjects", limit=20, **query)["data"]}

    assert names(type="image") == {"edge-gateway", "chat-bot"}
    assert names(name="SHOP") == {"shop-assistant"}
    assert names(name="front") == {"storefront"}
    assert names(status="suspended") == {"winter-sale"}
    app = next(row["id"] for row in shop("ListApps") if row["name"] == "Back office")
    assert names(app=app) == {"chat-bot"}
    shop("DeleteProject", shop.project("chat-bot"))
    assert names(status="deleting") == {"chat-bot"}
    shop.world.advance("1min")
    assert "chat-bot" not in names()
    assert names(status="deleted") == {"chat-bot"}


def test_projects_come_newest_first(shop: Any) -> None:
    made = [row["createdAt"] for row in shop("ListProjects", limit=20)["data"]]
    assert made == sorted(made, reverse=True)


def test_settings_are_merged(shop: Any) -> None:
    project = shop.project("storefront")
    before = shop("GetProject", project)["settings"]
    shop("UpdateProjectSettings", project, body={"port": 4000})
    assert shop("GetProject", project)["settings"] == {**before, "port": 4000}


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("storefront", {"port": 0}),
        ("storefront", {"runtime": "cobol:60"}),
        ("storefront", {"buildVars": {"A": None}}),
        ("edge-gateway", {"runtime": "node:20"}),
        ("landing-pages", {"ignoreBranches": ["main"]}),
    ],
)
def test_settings_that_the_type_does_not_have_are_400(shop: Any, name: str, change: dict[str, Any]) -> None:
    project = shop.project(name)
    before = shop("GetProject", project)
    assert shop.refused("UpdateProjectSettings", project, body=change)[0] == 400
    assert shop("GetProject", project) == before


def test_a_new_port_counts_from_the_next_deployment_on(shop: Any) -> None:
    project = shop.project("storefront")
    shop("UpdateProjectSettings", project, body={"port": 4000})
    assert shop("GetDeployment", project, shop.version(project, 17))["settings"]["port"] == 3000
    made = shop("RetriggerDeployment", project, shop.version(project, 17), settings="project")["id"]
    assert shop("GetDeployment", project, made)["settings"]["port"] == 4000


def test_suspending_wants_an_active_project_and_resuming_a_suspended_one(shop: Any) -> None:
    project = shop.project("storefront")
    assert shop.refused("UnsuspendProject", project)[0] in (403, 404)
    shop("SuspendProject", project)
    assert shop("GetProject", project)["status"] == "suspending"
    shop.world.advance("1min")
    assert shop("GetProject", project)["status"] == "suspended"
    assert shop.refused("SuspendProject", project)[0] in (403, 404)
    shop("UnsuspendProject", project)
    assert shop("GetProject", project)["status"] == "active"


def test_a_project_that_is_not_active_answers_422_to_nearly_everything(shop: Any) -> None:
    project = shop.project("winter-sale")
    assert shop("GetProject", project)["status"] == "suspended"
    for name in ("ListDeployments", "ListProjectEnvironments", "ListDomains"):
        assert shop.refused(name, project) == (422, "project is suspended")
    assert shop.refused("UploadDeploymentFiles", project, body={"files": []})[0] == 422


def test_a_suspended_project_serves_nobody(shop: Any) -> None:
    project = shop.project("storefront")
    there = project, shop.environment(project, "production")
    shop("SuspendProject", project)
    shop.world.advance("1h")
    shop("UnsuspendProject", project)
    codes = {row["status"] for row in shop("GetProjectEnvironmentAnalyticsRequestDistribution", *there)}
    assert codes == {"404"}
    shop.world.advance("1h")
    codes = {row["status"] for row in shop("GetProjectEnvironmentAnalyticsRequestDistribution", *there)}
    assert "200" in codes


def test_deleting_takes_a_while_takes_everything_along_and_frees_the_name(shop: Any) -> None:
    project = shop.project("storefront")
    shop("DeleteProject", project)
    assert shop("GetProject", project)["status"] == "deleting"
    assert shop.refused("DeleteProject", project)[0] == 400
    assert shop("CheckProjectUniqueName", body={"uniqueName": "storefront"}) == {"isAvailable": False}
    shop.world.advance("1min")
    assert shop.refused("GetProject", project)[0] == 404
    row = next(row for row in shop("ListProjects", status="deleted")["data"])
    assert (row["id"], row["status"]) == (project, "deleted")
    assert row["deletedAt"] == "2026-03-02T09:00:20.000Z"
    assert shop("CheckProjectUniqueName", body={"uniqueName": "storefront"}) == {"isAvailable": True}


# --- handing over -----------------------------------------------------------------------------------------------------


def test_a_transfer_moves_the_project_with_all_that_is_in_it(shop: Any) -> None:
    project = shop.project("storefront")
    other = type(shop)(shop.world, shop.world.key_of("tamsin"))
    environments = shop("ListProjectEnvironments", project)
    given = shop("GetProjectTransferUri", project)
    assert given["expiresAt"] == "2026-03-02T15:00:00.000Z"
    assert given["token"] in given["frontendUri"]
    other("TransferProject", project, token=given["token"])
    assert shop.refused("GetProject", project)[0] == 404
    row = other("GetProject", project)
    assert (row["appId"], row["userId"]) == (None, other("GetCurrentUser")["id"])
    assert other("ListProjectEnvironments", project) == environments
    history = other("ListProjectTransferHistory", project)
    assert [(one["fromUserId"], one["toUserId"]) for one in history] == [
        (shop("GetCurrentUser")["id"], other("GetCurrentUser")["id"])
    ]


def test_a_transfer_token_lives_six_hours_and_is_good_once(shop: Any) -> None:
    project = shop.project("storefront")
    other = type(shop)(shop.world, shop.world.key_of("tamsin"))
    late = shop("GetProjectTransferUri", project)["token"]
    shop.world.advance("6h")
    assert other.refused("TransferProject", project, token=late) == (400, "the transfer token has expired")
    assert other.refused("TransferProject", project, token="wrong") == (400, "invalid transfer token")
    assert other.refused("TransferProject", project)[0] == 400
    token = shop("GetProjectTransferUri", project)["token"]
    assert shop.refused("TransferProject", project, token=token)[0] == 400
    other("TransferProject", project, token=token)
    assert shop.refused("TransferProject", project, token=token)[0] == 400


def test_transfers_are_a_daily_quota(shop: Any) -> None:
    shop.world.state.settings = type(shop.world.state.settings)(transfers=1)
    other = type(shop)(shop.world, shop.world.key_of("tamsin"))
    projects = [shop.project(name) for name in ("storefront", "orders-api")]
    tokens = [shop("GetProjectTransferUri", project)["token"] for project in projects]
    other("TransferProject", projects[0], token=tokens[0])
    assert other.refused("TransferProject", projects[1], token=tokens[1])[0] == 429
