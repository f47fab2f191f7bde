"""Three operations of the platform need something from outside it: here it comes from the controls, over HTTP alone."""

from __future__ import annotations

from typing import Any


def test_a_github_account_is_connected_with_the_code_that_github_gives(steered: Any) -> None:
    account = next(row for row in steered("GET /github") if not row["connected_to"])
    before = steered.platform("GET", "/app-installations/github/accounts").json()["data"]
    body = {"code": "0" * 20, "installationId": account["installation_id"]}
    assert steered.platform("POST", "/app-installations/github", json=body).status_code == 400
    body["code"] = steered(f"GET /github/{account['username']}/code")
    assert steered.platform("POST", "/app-installations/github", json=body).is_success
    after = steered.platform("GET", "/app-installations/github/accounts").json()["data"]
    assert len(after) == len(before) + 1
    assert steered("GET /github")[-1]["connected_to"] == "marlow"


def test_a_project_is_transferred_to_a_second_account(steered: Any) -> None:
    project = steered.project("edge-gateway")
    token = steered.platform("GET", f"/projects/{project}/transfer-uri").json()["data"]["token"]
    second = next(row["username"] for row in steered("GET /accounts") if row["username"] != "marlow")
    key = steered(f"GET /accounts/{second}/key")
    assert steered.platform("GET", f"/projects/{project}", key).status_code in (403, 404)
    moved = steered.platform("GET", f"/projects/{project}/transfer?token={token}", key)
    assert moved.is_success, moved.text
    assert steered.platform("GET", f"/projects/{project}", key).is_success
    assert steered.platform("GET", f"/projects/{project}").status_code in (403, 404)


def test_a_scan_that_has_failed_is_run_again(steered: Any) -> None:
    project = steered.project("storefront")
    deployment = steered.deployment(project, 16)
    path = f"/projects/{project}/deployments/{deployment}/security-scans"

    def status() -> str:
        return str(steered.platform("GET", path).json()["data"]["status"])

    steered("POST /failing-scans", {"project": "storefront", "version": 16})
    assert steered.platform("POST", f"{path}/trigger").is_success
    assert steered.platform("POST", f"{path}/retrigger").status_code == 400  # it has not failed yet
    steered("POST /advance", {"by": "10min"})
    assert status() == "failed"
    assert steered.platform("POST", f"{path}/retrigger").is_success
    steered("POST /advance", {"by": "10min"})
    assert status() == "success"


def test_a_scan_that_runs_can_be_let_fail(steered: Any) -> None:
    project = steered.project("storefront")
    path = f"/projects/{project}/deployments/{steered.deployment(project, 16)}/security-scans"
    assert steered.platform("POST", f"{path}/trigger").is_success
    steered("POST /failing-scans", {"project": "storefront", "version": 16})
    steered("POST /advance", {"by": "10min"})
    assert steered.platform("GET", path).json()["data"]["status"] == "failed"


def test_a_domain_is_verified_once_its_record_is_found(steered: Any) -> None:
    project = steered.project("storefront")
    rows = steered.platform("GET", f"/projects/{project}/domains").json()["data"]
    domain = next(row for row in rows if row["status"] == "pending")
    path = f"/projects/{project}/domains/{domain['id']}"

    def refreshed() -> str:
        steered.platform("POST", f"{path}/refresh")
        steered("POST /advance", {"by": steered.running.world.state.settings.verifying})
        rows = steered.platform("GET", f"/projects/{project}/domains").json()["data"]
        return str(next(row["status"] for row in rows if row["id"] == domain["id"]))

    steered("POST /dns", {"domain": domain["name"], "found": False})
    steered("POST /advance", {"by": "30d"})
    assert refreshed() != "issuing"
    steered("POST /dns", {"domain": domain["name"], "after": "10min"})
    assert refreshed() != "issuing"
    steered("POST /advance", {"by": "10min"})
    assert refreshed() == "issuing"
