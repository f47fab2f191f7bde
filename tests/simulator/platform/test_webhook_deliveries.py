"""Deliveries of webhooks: how often each is attempted, what is kept meanwhile, and in copies of the world."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import createos_nb
from createos_nb.simulator import World, open_world
from createos_nb.simulator.webhook_receiver import WebhookRequest
from createos_nb.webhooks import verify
from tests.simulator.platform.webhook_calls import URL, deliveries, endpoint, taking, told

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
