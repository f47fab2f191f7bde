"""Webhooks of a world: who is told of what, signed how, how often, and what is kept meanwhile."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import createos_nb
from createos_nb.simulator import World, open_world, platform
from createos_nb.simulator.webhook_events import ACTIONS, EVENTS
from createos_nb.simulator.webhook_receiver import WebhookRequest
from createos_nb.simulator.world.snapshot import dump_state
from createos_nb.webhooks import verify

URL = "https://hooks.example.com/createos"


def told(requests: list[WebhookRequest]) -> list[str]:
    return [json.loads(request.body)["eventAction"] for request in requests]


def endpoint(api: Any, url: str = URL, events: list[str] | None = None) -> Any:
    return api("CreateWebhookEndpoint", body={"url": url, "events": events})


def taking(world: World) -> list[WebhookRequest]:
    """What a receiver takes from now on."""
    taken: list[WebhookRequest] = []
    world.on_webhook(taken.append)
    return taken


def deliveries(api: Any, made: Any) -> list[dict[str, Any]]:
    """Of an endpoint, oldest first."""
    found: list[dict[str, Any]] = api("GetWebhookEndpoint", made["id"])["deliveries"]
    return found[::-1]


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
    untold |= {"scan will fail", "project suspended", "project deleted", "environment gone", "deployment gone"}
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


# --- attempts


def test_without_a_receiver_nothing_is_attempted_and_all_is_kept(shop: Any) -> None:
    made = endpoint(shop, events=["deployment.create"])
    shop.world.push("storefront")
    shop.world.advance("2d")
    (row,) = deliveries(shop, made)
    assert (row["status"], row["attempts"], row["deliveredAt"]) == ("pending", 0, None)
    taken = taking(shop.world)
    assert taken == []
    shop.world.advance(1)
    assert told(taken) == ["deployment.create"]
    (row,) = deliveries(shop, made)
    assert (row["status"], row["attempts"], row["lastError"]) == ("delivered", 1, None)
    assert row["deliveredAt"] > row["createdAt"]


def _raises(request: WebhookRequest) -> None:
    raise ConnectionError("the line is down")


@pytest.mark.parametrize(
    ("receiver", "error"),
    [
        (_raises, "ConnectionError: the line is down"),
        (lambda request: False, "the receiver returned False"),
        (lambda request: 503, "HTTP 503"),
        (lambda request: 301, "HTTP 301"),
        (lambda request: "thanks", "the receiver returned a str, where None, True or a status of 2xx belongs"),
    ],
)
def test_what_fails_is_tried_again_ever_more_seldom_and_given_up(
    shop: Any, receiver: Callable[[WebhookRequest], object], error: str
) -> None:
    made = endpoint(shop, events=["deployment.create"])
    moments: list[int] = []
    bodies: set[bytes] = set()

    def fails(request: WebhookRequest) -> object:
        moments.append(shop.world.state.now // 1_000_000)
        bodies.add(request.body)
        return receiver(request)

    shop.world.on_webhook(fails)
    shop.world.push("storefront")
    shop.world.advance("2min")
    (row,) = deliveries(shop, made)
    assert (row["status"], row["attempts"], row["lastError"]) == ("pending", 3, error)
    assert shop("ListWebhookEndpoints")[0]["failureCount"] == 3
    shop.world.advance("3d")
    waits = [later - earlier for earlier, later in pairwise(moments)]
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]
    (row,) = deliveries(shop, made)
    assert (row["status"], row["attempts"], row["deliveredAt"]) == ("failed", 12, None)
    assert len(bodies) == 1
    assert shop("ListWebhookEndpoints")[0]["failureCount"] == 12
    shop.world.advance("30d")
    assert len(moments) == 12


def test_one_success_ends_the_count_of_failures(shop: Any) -> None:
    made = endpoint(shop, events=["deployment.create"])
    answers = iter([500, False, True])
    shop.world.on_webhook(lambda request: next(answers))
    shop.world.push("storefront")
    shop.world.advance("1h")
    (row,) = deliveries(shop, made)
    assert (row["status"], row["attempts"], row["lastError"]) == ("delivered", 3, None)
    assert shop("ListWebhookEndpoints")[0]["failureCount"] == 0


def test_the_settings_bound_the_attempts() -> None:
    world = open_world("storefront", webhook_attempts=2, webhook_backoff="5s", webhook_signature="sha256=hex")
    client = createos_nb.Client(api_key=world.key, transport=world.transport())
    secret = client.webhooks.create(url=URL, events=["deployment.create"])["secret"]
    seen: list[WebhookRequest] = []
    world.on_webhook(lambda request: bool(seen.append(request)))
    world.push("storefront")
    world.advance("1d")
    assert len(seen) == 2
    signature = seen[0].headers["X-Webhook-Signature"]
    assert verify(seen[0].body, signature, secret, scheme="sha256=hex")


def test_an_interrupted_receiver_gets_the_delivery_again(shop: Any) -> None:
    endpoint(shop, events=["deployment.create"])

    def interrupted(request: WebhookRequest) -> None:
        raise KeyboardInterrupt

    shop.world.on_webhook(interrupted)
    shop.world.push("storefront")
    with pytest.raises(KeyboardInterrupt):
        shop.world.advance("1min")
    taken: list[WebhookRequest] = []
    shop.world.webhook_receiver = taken.append
    shop.world.advance("1min")
    assert told(taken) == ["deployment.create"]


def test_a_receiver_may_use_the_client_and_delete_its_own_endpoint(shop: Any) -> None:
    made = endpoint(shop)
    shop.world.on_webhook(lambda request: shop("DeleteWebhookEndpoint", made["id"]) and None)
    shop.world.push("storefront")
    shop.world.advance("10min")
    assert shop("ListWebhookEndpoints") == []


def test_old_deliveries_are_forgotten_and_pending_ones_never(shop: Any) -> None:
    made = endpoint(shop, events=["environment.update_variables"])
    project = shop.project("storefront")
    there = shop.environment(project, "production")

    def change(times: int) -> None:
        for number in range(times):
            body = {"runEnvs": {"A": str(number)}}
            shop("UpdateProjectEnvironmentEnvironmentVariables", project, there, body=body)

    change(150)
    assert len(deliveries(shop, made)) == 150
    taking(shop.world)
    shop.world.advance(1)
    assert len(deliveries(shop, made)) == 100
    shop.world.on_webhook(None)
    change(150)
    assert [row["status"] for row in deliveries(shop, made)] == ["delivered"] * 100 + ["pending"] * 150


# --- suspended


def test_what_happens_while_suspended_is_kept_and_sent_after_resuming(shop: Any) -> None:
    made, taken = endpoint(shop, events=["deployment.create"]), taking(shop.world)
    shop("SuspendWebhookEndpoint", made["id"])
    assert shop.refused("SuspendWebhookEndpoint", made["id"])[0] == 422
    for _ in range(3):
        shop.world.push("storefront")
        shop.world.advance("1h")
    assert taken == []
    assert [row["status"] for row in deliveries(shop, made)] == ["pending"] * 3
    shop("ResumeWebhookEndpoint", made["id"])
    assert shop.refused("ResumeWebhookEndpoint", made["id"])[0] == 422
    shop.world.advance(1)
    versions = [json.loads(request.body)["versionNumber"] for request in taken]
    assert versions == sorted(versions)
    assert len(versions) == 3


def test_a_retry_waits_for_its_time_also_after_resuming(shop: Any) -> None:
    made = endpoint(shop, events=["deployment.create"])
    moments: list[int] = []
    shop.world.on_webhook(lambda request: bool(moments.append(shop.world.state.now)))
    shop.world.push("storefront")
    shop.world.advance(1)
    shop("SuspendWebhookEndpoint", made["id"])
    shop.world.advance(5)
    shop("ResumeWebhookEndpoint", made["id"])
    shop.world.advance("1min")
    assert [moment - moments[0] for moment in moments] == [0, 30_000_000]


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


# --- copies and determinism


def story(world: World, receiver: Callable[[WebhookRequest], object]) -> tuple[list[tuple[str, bytes]], Any]:
    client = createos_nb.Client(api_key=world.key, transport=world.transport(), clock=world.clock)
    client.webhooks.create(url=URL)
    sent: list[tuple[str, bytes]] = []

    def note(request: WebhookRequest) -> object:
        sent.append((request.delivery, request.body))
        return receiver(request)

    world.on_webhook(note)
    world.push("storefront")
    world.advance("20min")
    return sent, client.apps.create(name="After it")["id"]


def test_the_same_story_has_the_same_deliveries_and_the_receiver_changes_nothing_else() -> None:
    sent, after = story(open_world("storefront"), lambda request: None)
    again, after_again = story(open_world("storefront"), lambda request: None)
    assert (without_ids(again), after_again) == (without_ids(sent), after)
    failing, after_failures = story(open_world("storefront"), lambda request: False)
    assert after_failures == after
    assert {str(body) for body in without_ids(failing)} == {str(body) for body in without_ids(sent)}


def without_ids(sent: list[tuple[str, bytes]]) -> list[dict[str, Any]]:
    """The bodies without the ids of their deliveries."""
    return [{**json.loads(body), "id": None} for _, body in sent]


def test_no_other_delivery_has_its_id_after_a_reset_a_load_and_in_a_world_opened_anew(tmp_path: Path) -> None:
    """A receiver drops the ids that it has seen: where two were alike, it would lose an event."""
    world = open_world("storefront")
    saved = world.save(tmp_path / "monday.world")
    courses = [world, open_world("storefront"), world.fork(), open_world(saved)]
    stories = [story(one, lambda request: None)[0] for one in courses]
    stories.append(story(world.reset(), lambda request: None)[0])
    stories.append(story(world.load(saved), lambda request: None)[0])
    ids = [delivery for sent in stories for delivery, _ in sent]
    assert len(set(ids)) == len(ids) == 6 * len(stories[0]) > 0
    assert all(json.loads(body)["id"] == delivery for sent in stories for delivery, body in sent)


def test_a_delivery_that_waits_keeps_its_id_in_a_copy(tmp_path: Path) -> None:
    world = open_world("storefront")
    client = createos_nb.Client(api_key=world.key, transport=world.transport(), clock=world.clock)
    client.webhooks.create(url=URL)
    world.push("storefront")
    waiting = client.webhooks.deliveries(URL)["id"].to_list()
    sent: list[str] = []
    for copy in (world.fork(), open_world(world.save(tmp_path / "monday.world"))):
        copy.on_webhook(lambda request: sent.append(request.delivery))
        copy.advance("1s")
    assert sent == waiting * 2


def test_endpoints_of_others_leave_the_numbers_of_mine_alone() -> None:
    one, two = open_world("storefront"), open_world("storefront")
    clients = [createos_nb.Client(api_key=world.key, transport=world.transport()) for world in (one, two)]
    made = [client.webhooks.create(url=URL)["id"] for client in clients]
    assert made[0] == made[1]
    createos_nb.Client(api_key=two.key_of("tamsin"), transport=two.transport()).webhooks.create(url=URL)
    for world in (one, two):
        world.push("storefront")
    rows = [client.webhooks.deliveries(URL)["audit_log_id"].to_list() for client in clients]
    assert rows[0] == rows[1]


def test_deliveries_are_saved_loaded_forked_and_reset(tmp_path: Path, shop: Any, make_api: Any) -> None:
    made = endpoint(shop, events=["deployment.create"])
    shop.world.push("storefront")
    path = shop.world.save(tmp_path / "world")
    fork = shop.world.fork()
    taken = taking(shop.world)
    shop.world.advance("1min")
    assert told(taken) == ["deployment.create"]
    for copy in (open_world(path), fork):
        again = taking(copy)
        copy.advance("1min")
        assert again == taken
        assert [row["status"] for row in deliveries(make_api(copy), made)] == ["delivered"]
    taken.clear()
    shop.world.load(path)
    shop.world.advance("1min")
    assert told(taken) == ["deployment.create"], "the receiver stays when a world is loaded"
    shop.world.reset()
    assert shop("ListWebhookEndpoints") == []
    fork.advance("1d")
    assert len(taken) == 1, "what happens in a fork is told to its own receiver"
