"""Webhooks of a world: endpoints, and who is told of what."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import createos_nb
from createos_nb.simulator import open_world, platform
from createos_nb.simulator.webhook_events import ACTIONS, EVENTS
from createos_nb.simulator.world.snapshot import dump_state
from createos_nb.webhooks import verify
from tests.simulator.platform.webhook_calls import URL, deliveries, endpoint, taking, told

# --- what is told


def test_a_push_is_told_step_by_step_and_signed(shop: Any) -> None:
    made, taken = endpoint(shop), taking(shop.world)
    version = shop.world.push("storefront", "main", message="Free shipping")
    shop.world.advance("10min")
    project, environment = shop.world.find_environment("storefront/production")
    body = {"deploymentId": shop.version(project.id, version)}
    shop("AssignDeploymentToProjectEnvironment", project.id, environment.id, body=body)
    shop.world.advance(1)
    mine = [request for request in taken if json.loads(request.body)["versionNumber"] == version]
    assert told(mine) == [f"deployment.{step}" for step in ("create", "building", "deploying", "deployed", "assign")]
    for request in taken:
        assert request.url == URL
        assert request.headers["Content-Type"] == "application/json"
        assert verify(request.body, request.headers["X-Webhook-Signature"], made["secret"])
    body = json.loads(mine[4].body)
    (row,) = (row for row in deliveries(shop, made) if row["id"] == mine[4].delivery)
    assert body == {
        "id": row["id"],
        "endpointId": made["id"],
        "auditLogId": row["auditLogId"],
        "eventAction": "deployment.assign",
        "createdAt": row["createdAt"],
        "userId": project.user,
        "projectId": project.id,
        "projectName": "storefront",
        "environmentId": environment.id,
        "environmentName": "production",
        "deploymentId": shop.version(project.id, version),
        "versionNumber": version,
        "resourceId": None,
        "resourceName": None,
        "status": "deployed",
        "text": f"version {version} is live in production",
    }


def _variables(api: Any, project: str, there: str) -> None:
    api("UpdateProjectEnvironmentEnvironmentVariables", project, there, body={"runEnvs": {"TOKEN": "hush-hush"}})


def _resources(api: Any, project: str, there: str) -> None:
    api("UpdateProjectEnvironmentResources", project, there, body={"cpu": 300, "memory": 600, "replicas": 2})


def _assign(api: Any, project: str, there: str) -> None:
    api("AssignDeploymentToProjectEnvironment", project, there, body={"deploymentId": api.version(project, 15)})


def _domain(api: Any, project: str, there: str) -> None:
    made = api("CreateDomain", project, body={"name": "late.example.com"})["id"]
    api("RefreshDomain", project, made)
    api.world.advance("1d")
    api("RefreshDomain", project, made)
    api.world.advance("5min")
    api("UpdateDomainEnvironment", project, made, body={"environmentId": there})
    api("DeleteDomain", project, made)


def _scan(api: Any, project: str, there: str) -> None:
    api("UpdateProject", project, body={"displayName": "Storefront", "enabledSecurityScan": True})
    api("TriggerSecurityScan", project, api.version(project, 15))


def _failed_scan(api: Any, project: str, there: str) -> None:
    api("RetriggerSecurityScan", project, api.version(project, 17))


def _key(api: Any, project: str, there: str) -> None:
    made = api("CreateAPIKey", body={"name": "told-key", "expiryAt": "2027-01-01T00:00:00Z"})["id"]
    api("UpdateAPIKey", made, body={"name": "told-again"})
    api("RevokeAPIKey", made)


def _cronjob(api: Any, project: str, there: str) -> None:
    job = next(one for one in api.world.state.projects[project].cronjobs.values() if one.name == "refresh-stock")
    api("SuspendCronjob", project, job.id)
    api.world.advance("1min")
    api("UnsuspendCronjob", project, job.id)
    api("DeleteCronjob", project, job.id)


def _project(api: Any, project: str, there: str) -> None:
    api("UpdateProjectSettings", project, body={"port": 3001})
    api("SuspendProject", project)
    api.world.advance("1min")
    api("UnsuspendProject", project)
    api("DeleteProject", project)


@pytest.mark.parametrize(
    ("act", "prefix", "events"),
    [
        (_variables, "environment", ["update_variables"]),
        (_resources, "environment", ["update_resources"]),
        (_assign, "deployment", ["assign"]),
        (_domain, "domain", ["create", "verification_failed", "verified", "active", "update_environment", "delete"]),
        (_scan, "scan", ["create", "in_progress", "success"]),
        (_failed_scan, "scan", ["retrigger", "in_progress", "success"]),
        (_key, "api_key", ["create", "update", "revoke"]),
        (_cronjob, "cronjob", ["suspend", "unsuspend", "delete"]),
        (_project, "project", ["update_settings", "suspend", "unsuspend", "delete"]),
    ],
)
def test_what_happens_is_told(shop: Any, act: Callable[[Any, str, str], None], prefix: str, events: list[str]) -> None:
    names = [f"{prefix}.{name}" for name in events]
    made, taken = endpoint(shop, events=names), taking(shop.world)
    project = shop.project("storefront")
    act(shop, project, shop.environment(project, "production"))
    shop.world.advance("10min")
    # another push is under way in the shop: its own assignment is none of ours
    taken = [request for request in taken if b"development" not in request.body]
    assert told(taken) == names
    bodies = [json.loads(request.body) for request in taken]
    assert all(body["resourceId"] for body in bodies) == (prefix in ("domain", "scan", "api_key", "cronjob"))
    assert b"hush-hush" not in b"".join(request.body for request in taken)
    assert made["events"] == names


def test_every_word_of_the_journal_is_an_event_or_is_not_on_purpose() -> None:
    """A new `record` in the platform's rules is given an event, or stands here."""
    untold = {"app made", "app deleted", "template made", "template deleted", "template bought", "GitHub connected"}
    untold |= {
        "scan will fail",
        "DNS changed",
        "project suspended",
        "project deleted",
        "environment gone",
        "deployment gone",
    }
    untold |= {"deployment {status}", "deployment {how}", "template {template.status}"}  # told by its own word, or not
    folder = Path(platform.__file__).parent
    texts = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    words = set(re.findall(r'context\.record\(\s*f?"([^"]+)"', texts))
    assert len(words) > 30
    assert words - set(ACTIONS) == untold


def test_every_event_can_be_subscribed_to_and_no_other(shop: Any) -> None:
    assert shop("ListWebhookActions") == list(EVENTS) == sorted(set(EVENTS))
    endpoint(shop, events=list(EVENTS))
    status, reason = shop.refused("CreateWebhookEndpoint", body={"url": URL, "events": ["deployment.explode"]})
    assert status == 400
    assert "'deployment.explode'" in reason
    assert "deployment.assign" in reason


@pytest.mark.parametrize("events", [None, []])
def test_no_events_are_all(shop: Any, events: list[str] | None) -> None:
    made, taken = endpoint(shop, events=events), taking(shop.world)
    shop.world.push("storefront")
    shop.world.advance("10min")
    assert made["events"] == events
    assert len(taken) >= 5


# --- accounts


def test_only_the_account_of_an_event_is_told(shop: Any, make_api: Any) -> None:
    other = make_api(shop.world, shop.world.key_of("tamsin"))
    mine, theirs, taken = endpoint(shop), endpoint(other), taking(shop.world)
    shop.world.push("storefront")
    other("CreateAPIKey", body={"name": "their-key", "expiryAt": "2027-01-01T00:00:00Z"})
    shop.world.advance("10min")
    users = {request.endpoint: {json.loads(request.body)["userId"]} for request in taken}
    assert users == {mine["id"]: {shop("GetCurrentUser")["id"]}, theirs["id"]: {other("GetCurrentUser")["id"]}}
    assert {name.split(".")[0] for name in told([one for one in taken if one.endpoint == theirs["id"]])} == {"api_key"}


def test_nobody_reads_or_changes_the_endpoints_of_another_account(shop: Any, make_api: Any) -> None:
    other = make_api(shop.world, shop.world.key_of("tamsin"))
    made = endpoint(shop)
    assert other("ListWebhookEndpoints") == []
    for name in ("GetWebhookEndpoint", "DeleteWebhookEndpoint", "SuspendWebhookEndpoint", "ResumeWebhookEndpoint"):
        assert other.refused(name, made["id"]) == (404, "webhook endpoint not found")
    assert len(shop("ListWebhookEndpoints")) == 1


def test_a_project_that_has_gone_to_somebody_else_is_told_to_them(shop: Any, make_api: Any) -> None:
    other = make_api(shop.world, shop.world.key_of("tamsin"))
    mine, theirs, taken = endpoint(shop), endpoint(other), taking(shop.world)
    project = shop.project("storefront")
    token = shop("GetProjectTransferUri", project)["token"]
    other("TransferProject", project, token=token)
    shop.world.push("storefront")
    shop.world.advance("1min")
    assert [request for request in taken if request.endpoint == mine["id"]] == []
    assert told([request for request in taken if request.endpoint == theirs["id"]])[:2] == [
        "project.transfer",
        "deployment.create",
    ]


# --- addresses, secrets, quotas


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "http://10.0.0.1/",
        "https://10.0.0.1/",
        "https://192.168.1.1/",
        "https://172.16.0.9/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[fd00::1]/",
        "https://[fe80::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[2002:a00:1::]/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://100.64.0.1/",
        "https://user:word@hooks.example.com/",
        "https://hooks.example.com/#part",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:99999/",
        "https:///path",
        "https://hooks.example.com/a b",
        "https://hooks.example.com\\@10.0.0.1/",
        "https://hööks.example.com/",
        "ftp://hooks.example.com/",
        "file:///etc/passwd",
        "hooks.example.com",
        "",
        "https://[::1",
        "https://hooks.example.com/" + "a" * 2048,
    ],
)
def test_addresses_that_are_refused(shop: Any, url: str) -> None:
    status, reason = shop.refused("CreateWebhookEndpoint", body={"url": url})
    assert status == 400
    assert reason.startswith("url ")
    assert shop("ListWebhookEndpoints") == []


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "https://203.0.114.7:8443/hook?token=1",
        "https://[2606:4700::1111]/",
        "http://127.0.0.1:8790/",
        "https://127.0.0.1/",
        "http://localhost:8790/",
        "http://[::1]:8790/",
    ],
)
def test_addresses_that_are_taken(shop: Any, url: str) -> None:
    assert endpoint(shop, url)["url"] == url


def test_the_secret_is_in_the_first_answer_alone(shop: Any) -> None:
    made = endpoint(shop)
    secret = made["secret"]
    assert re.fullmatch("whsec_[0-9a-f]{48}", secret)
    assert endpoint(shop)["secret"] != secret
    shop.world.on_webhook(lambda request: exec(f"raise ValueError('{secret}')"))
    shop.world.push("storefront")
    shop.world.advance("10min")
    (row, *_) = deliveries(shop, made)
    assert row["lastError"] == "ValueError: ••••••"
    answers = [shop.raw("ListWebhookEndpoints"), shop.raw("GetWebhookEndpoint", made["id"])]
    assert all(secret.encode() not in answer.body for answer in answers)
    assert secret.encode() not in dump_state(shop.world)
    assert secret not in repr(shop.world.state) + shop.world.events().to_csv()


def test_the_client_masks_the_secret_and_no_frame_holds_it() -> None:
    client = createos_nb.simulate()
    made = client.webhooks.create(url=URL)
    secret = made["secret"].reveal()
    client.world.push("storefront")
    client.world.advance("1min")
    shown = [made, client.webhooks.list(), client.webhooks.deliveries(URL), client.webhooks.get(URL), client.log()]
    for one in shown:
        as_json = one.to_json(default_handler=str, date_format="iso")
        assert secret not in repr(one) + as_json + one.to_csv() + str(one.attrs)
    assert "Secret" not in repr(client.webhooks.list())
    assert secret not in repr(client.call("CreateWebhookEndpoint", url=URL))
    assert secret not in repr(client.webhooks)


def test_an_account_has_a_limited_number_of_endpoints() -> None:
    world = open_world("storefront", webhook_endpoints=2)
    client = createos_nb.Client(api_key=world.key, transport=world.transport())
    client.webhooks.create(url=URL)
    client.webhooks.create(url=URL + "/2")
    with pytest.raises(createos_nb.RequestRefused, match="quota exceeded: 2 webhook endpoints"):
        client.webhooks.create(url=URL + "/3")


def test_an_address_serves_as_name_and_two_of_one_address_are_ambiguous() -> None:
    client = createos_nb.simulate()
    made = client.webhooks.create(url=URL)
    client.webhooks.suspend(URL)
    again = client.webhooks.create(url=URL)
    with pytest.raises(createos_nb.AmbiguousName, match=made["id"]):
        client.webhooks.resume(URL)
    client.webhooks.delete(again["id"])
    with pytest.raises(createos_nb.UnknownName, match=re.escape(URL)):
        client.webhooks.get("https://hooks.example.com/other")
