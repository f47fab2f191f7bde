"""What tests of webhooks have in common: an endpoint, what a receiver takes, and the deliveries."""

from __future__ import annotations

import json
from typing import Any

from createos_nb.simulator import World
from createos_nb.simulator.webhook_receiver import WebhookRequest

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
