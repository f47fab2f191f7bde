"""GitHub, apps, scans and templates."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from createos_nb.simulator.platform.github import code_of

LONG = "A text that is long enough for the marketplace, because it says what the template offers and to whom. " * 2

# --- GitHub -----------------------------------------------------------------------------------------------------------


def test_an_account_is_connected_with_the_code_of_its_browser(shop: Any) -> None:
    lab = next(account for account in shop.world.state.github if not account.user)
    body = {"code": "guessed", "installationId": lab.installation}
    assert shop.refused("InstallGithubApp", body=body)[0] == 400
    assert shop.refused("InstallGithubApp", body={**body, "installationId": 1})[0] == 404
    assert shop.refused("InstallGithubApp", body={**body, "installationId": "51902266"})[0] == 400
    body["code"] = code_of(shop.world, lab)
    shop("InstallGithubApp", body=body)
    assert shop.refused("InstallGithubApp", body=body)[0] == 409
    names = [row["username"] for row in shop("ListConnectedGithubAccounts")]
    assert names == ["juniper-goods", "marlow-ashdown", "juniper-labs"]
    assert shop("ListGithubInstallations") == shop("ListConnectedGithubAccounts")


def test_only_connected_accounts_show_their_repositories(shop: Any) -> None:
    assert [row["name"] for row in shop("ListGithubRepositories", "51830274")] == ["storefront", "services", "design"]
    assert shop.refused("ListGithubRepositories", "51902266")[0] == 404
    assert shop.refused("ListGithubRepositories", "juniper-goods")[0] == 400


def test_branches_come_in_pages_by_name(shop: Any) -> None:
    ask = ("ListGithubRepositoryBranches", "51830274")
    repository = {"repository": "juniper-goods/storefront"}
    everything = shop(*ask, **repository)
    names = [row["name"] for row in everything]
    assert names == ["develop", "feature/gift-cards", "fix/cart-rounding", "main", "release", "staging"]
    paged = [shop(*ask, **repository, page=page, per_page=4) for page in (1, 2, 3)]
    assert [len(rows) for rows in paged] == [4, 2, 0]
    assert [row for rows in paged for row in rows] == everything
    guarded = shop(*ask, **repository, protected="true")
    assert [row["name"] for row in guarded] == ["main", "release"]
    assert len(shop(*ask, **repository, protected="false")) == 4
    assert shop.refused(*ask)[0] == 400
    assert shop.refused(*ask, repository="juniper-goods/nothing")[0] == 404
    assert shop.refused(*ask, **repository, per_page=101)[0] == 400
    assert shop.refused(*ask, **repository, protected="maybe")[0] == 400


def test_the_tree_of_a_monorepo_shows_its_folders_and_a_folder_by_its_id(shop: Any) -> None:
    ask = ("GetGithubRepositoryContent", "51830274")
    body = {"repository": "juniper-goods/services", "branch": "main"}
    whole = shop(*ask, body=body)
    kinds = {one["path"]: one["type"] for one in whole["tree"]}
    assert kinds["apps"] == kinds["apps/orders"] == "tree"
    assert kinds["apps/orders/package.json"] == "blob"
    folder = next(one["sha"] for one in whole["tree"] if one["path"] == "apps/orders")
    inside = shop(*ask, body={**body, "treeSha": folder})
    assert [one["path"] for one in inside["tree"]] == ["package.json", "server.js"]
    assert shop(*ask, body={**body, "treeSha": whole["sha"]}) == whole
    assert shop.refused(*ask, body={**body, "treeSha": "0" * 40})[0] == 404
    assert shop.refused(*ask, body={**body, "branch": "nowhere"})[0] == 404
    assert whole["truncated"] is False


# --- apps -------------------------------------------------------------------------------------------------------------


def test_an_app_groups_projects_all_or_none(shop: Any) -> None:
    app = shop("CreateApp", body={"name": "Trials"})["id"]
    bot, nobody = shop.project("chat-bot"), "00000000-0000-4000-8000-000000000000"
    assert shop.refused("AddProjectsToApp", app, body={"projectIds": [bot, nobody]})[0] == 404
    assert shop("ListProjectsByApp", app)["pagination"]["total"] == 0
    shop("AddProjectsToApp", app, body={"projectIds": [bot]})
    assert [row["id"] for row in shop("ListProjectsByApp", app)["data"]] == [bot]
    assert shop("GetProject", bot)["appId"] == app
    shop("RemoveProjectsFromApp", app, body={"projectIds": [bot, shop.project("storefront")]})
    assert shop("GetProject", bot)["appId"] is None
    assert shop("GetProject", shop.project("storefront"))["appId"] not in (None, app)
    assert shop.refused("AddProjectsToApp", app, body={"projectIds": "all"})[0] == 400
    assert shop.refused("AddProjectsToApp", app, body={"projectIds": ["chat-bot"]})[0] == 400


def test_deleting_an_app_leaves_its_projects_and_services(shop: Any) -> None:
    app = next(row["id"] for row in shop("ListApps") if row["name"] == "Shop")
    services = shop("ListServicesByApp", app)["data"]
    assert [row["name"] for row in services] == ["orders-postgres", "session-redis"]
    shop("DeleteApp", app)
    assert shop("GetProject", shop.project("storefront"))["appId"] is None
    other = shop("CreateApp", body={"name": "Shop again"})["id"]
    ids = [row["id"] for row in services]
    shop("AddServicesToApp", other, body={"serviceIds": ids})
    assert shop("ListServicesByApp", other)["data"] == services
    shop("RemoveServicesFromApp", other, body={"serviceIds": ids[:1]})
    assert shop("ListServicesByApp", other, limit=1)["pagination"]["total"] == 1


def test_an_app_has_a_name_and_a_colour_and_there_is_a_quota(shop: Any) -> None:
    for body in ({"name": "x"}, {"name": "Fine", "color": "red"}, {"name": "Fine", "description": ""}, {}):
        assert shop.refused("CreateApp", body=body)[0] == 400
    for n in range(8):
        shop("CreateApp", body={"name": f"App {n}"})
    assert shop.refused("CreateApp", body={"name": "One too many"})[0] == 429


# --- scans ------------------------------------------------------------------------------------------------------------


def test_scanning_must_be_switched_on_first(shop: Any) -> None:
    project = shop.project("orders-api")
    there = project, shop.version(project, 4)
    assert shop.refused("GetSecurityScan", *there)[0] == 404
    assert shop.refused("TriggerSecurityScan", *there)[0] == 400
    shop("UpdateProject", project, body={"displayName": "Orders API", "enabledSecurityScan": True})
    shop("TriggerSecurityScan", *there)
    seen = []
    for _ in range(120):
        status = shop("GetSecurityScan", *there)["status"]
        if status not in seen:
            seen.append(status)
        shop.world.advance(1)
    assert seen == ["pending", "in_progress", "success"]


def test_only_a_failed_scan_is_run_again_and_only_a_good_one_has_a_report(shop: Any) -> None:
    project = shop.project("storefront")
    good, bad = (project, shop.version(project, 15)), (project, shop.version(project, 17))
    assert shop("GetSecurityScan", *bad)["status"] == "failed"
    assert shop("GetSecurityScan", *bad)["failedReason"]
    assert shop.refused("GetSecurityScanDownloadUri", *bad)[0] == 400
    assert shop.refused("RetriggerSecurityScan", *good)[0] == 400
    shop("RetriggerSecurityScan", *bad)
    assert shop.refused("TriggerSecurityScan", *bad)[0] == 400
    shop.world.advance("5min")
    assert shop("GetSecurityScan", *bad)["status"] == "success"
    report = shop("GetSecurityScan", *good)["parsedReport"]
    assert report["summary"] == {"critical": 1, "high": 1, "medium": 1, "low": 1, "total": 4}
    address = urlsplit(shop("GetSecurityScanDownloadUri", *good)["downloadUri"])
    assert json.loads(shop.world.handle("GET", address.path, address.query, {}, b"").body) == report


# --- templates --------------------------------------------------------------------------------------------------------


def offer(api: Any, **facts: Any) -> dict[str, Any]:
    project = api.project("storefront")
    texts = {"description": LONG, "overview": LONG, "useCases": LONG, "imageUri": "https://images.example.com/a.png"}
    maps = ("projectConfiguration", "environmentConfiguration", "buildResources", "deploymentResources")
    body = {"name": "Shop in a box", "projectId": project, "environmentId": api.environment(project, "production")}
    return {**body, **texts, **{key: {} for key in maps}, **facts}


def test_the_marketplace_shows_what_is_listed_and_finds_by_name_and_category(shop: Any) -> None:
    names = [row["name"] for row in shop("ListPublishedProjectTemplates")["templates"]]
    assert len(names) == 4
    assert "Storefront starter kit" not in names
    found = shop("ListPublishedProjectTemplates", name="AGENT")["templates"]
    assert [row["name"] for row in found] == ["Agent with tools and memory"]
    assert shop("ListPublishedProjectTemplates", categories="python,shop")["pagination"]["total"] == 3
    counts = shop("ListProjectTemplateCounts")
    assert counts["total"] == 4
    assert {"name": "python", "count": 2} in counts["categoryCounts"]


def test_a_template_goes_from_draft_through_review_into_the_marketplace(shop: Any) -> None:
    made = shop("CreateProjectTemplate", body=offer(shop))["id"]
    assert shop("GetProjectTemplate", made)["status"] == "draft"
    assert shop("UpdateProjectTemplateStatus", made) == {"status": "underReview"}
    assert shop.refused("UpdateProjectTemplateStatus", made)[0] == 422
    texts = {"description": LONG, "overview": LONG, "useCases": LONG, "imageUri": "x", "videoUrl": "y"}
    assert shop.refused("UpdateProjectTemplate", made, body={"name": "Shop in a box", **texts})[0] == 400
    shop.world.advance("3d")
    assert shop("GetProjectTemplate", made)["status"] == "listed"
    shop("DeleteProjectTemplate", made)
    assert shop.refused("GetProjectTemplate", made)[0] == 404


def test_what_no_template_is_made_of(shop: Any) -> None:
    for facts in ({"name": "too short"}, {"description": "short"}, {"amount": 5001}, {"categories": ["a"] * 6}):
        assert shop.refused("CreateProjectTemplate", body=offer(shop, **facts))[0] == 400
    bare = shop.make_environment(shop.project("storefront"), "bare", branch="main")
    assert shop.refused("CreateProjectTemplate", body=offer(shop, environmentId=bare))[0] == 422
    for n in range(4):
        shop("CreateProjectTemplate", body=offer(shop, name=f"Shop in box {n}"))
    assert shop.refused("CreateProjectTemplate", body=offer(shop))[0] == 429


def test_drafts_and_rejections_are_for_their_owner_only(shop: Any) -> None:
    mine = {row["name"]: row for row in shop("ListMyProjectTemplates")["templates"]}
    other = type(shop)(shop.world, shop.world.key_of("tamsin"))
    draft, turned_down = mine["Storefront starter kit"]["id"], mine["Landing page of a season"]["id"]
    assert other.refused("GetProjectTemplate", draft)[0] == 404
    assert other.refused("ListProjectTemplateRejections", turned_down)[0] == 404
    rows = shop("ListProjectTemplateRejections", turned_down)["rejections"]
    assert [row["rejectionReason"] for row in rows] == ["The overview does not say which licence the pictures have."]


def test_a_template_is_bought_once_and_deployed_through_github(shop: Any) -> None:
    offers = {row["name"]: row for row in shop("ListPublishedProjectTemplates")["templates"]}
    wanted = offers["MCP server in Node"]
    assert wanted["hasUserPurchased"] is False
    bought = shop("BuyProjectTemplate", wanted["id"])["id"]
    assert shop.refused("BuyProjectTemplate", wanted["id"])[0] == 422
    row = shop("GetProjectTemplate", wanted["id"])
    assert (row["hasUserPurchased"], row["templatePurchasedId"]) == (True, bought)
    assert shop("ListProjectTemplatePurchases", limit=50)["pagination"]["total"] == 2
    address = urlsplit(shop("DownloadProjectTemplate", bought)["downloadUri"])
    assert shop.world.handle("GET", address.path, address.query, {}, b"").body.startswith(b"PK")
    assert shop.refused("DeployProjectTemplateViaGithub", bought, body={"installationId": 1})[0] == 404
    shop("DeployProjectTemplateViaGithub", bought, body={"installationId": 51830274})
    shop.world.advance("1min")
    project = shop.project("mcp-server-in-node")
    assert shop("GetProject", project)["source"]["vcsFullName"] == "juniper-goods/mcp-server-in-node"
    made = shop("TriggerLatestDeployment", project)["id"]
    shop.world.advance("10min")
    assert shop.status(project, made) == "deployed"
    mine = shop("ListMyProjectTemplates")["templates"][0]["id"]
    assert shop.refused("BuyProjectTemplate", mine)[0] == 422
