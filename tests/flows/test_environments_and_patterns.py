"""The documentation's flows: environments, a domain, analytics, and the patterns."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb import recipes, runbooks
from createos_nb.errors import InvalidInput
from tests.flows.acting import applied, error_percentage, live, status_of
from tests.plans.cases import AGENT, BOT, PYTHON, RAG, WHOLESALE, swarm

GIFTS = "gifts.juniper-goods.example.com"


# --- environments -----------------------------------------------------------------------------------------------------


def test_environments_hold_the_same_code_with_separate_variables(client: Any) -> None:
    for environment, level in (("staging", "debug"), ("development", "trace")):
        applied(runbooks.set_variables(client, "storefront", environment, {"LOG_LEVEL": level}, redeploy=False))
        applied(runbooks.assign(client, "storefront", 17, environment))
    levels = {
        environment: client.environments.reveal_variables("storefront", environment)["LOG_LEVEL"]
        for environment in ("production", "staging", "development")
    }
    assert len(set(levels.values())) == 3
    assert live(client, "storefront", "staging")["id"] == live(client, "storefront", "development")["id"]


def test_environments_auto_promotion_makes_a_successful_deployment_live(client: Any) -> None:
    before = live(client, "orders-api", "development")["version_number"]
    client.world.push("orders-api", "develop", message="A better order")
    client.world.advance("20min")
    after = live(client, "orders-api", "development")
    assert after["version_number"] > before
    assert after["source_branch"] == "develop"


def test_environments_variables_take_effect_at_the_next_deployment(client: Any) -> None:
    plan = runbooks.set_variables(client, "storefront", "staging", {"NEW": "1"}, redeploy=False)
    before = live(client, "storefront", "staging")["id"]
    applied(plan)
    assert live(client, "storefront", "staging")["id"] == before
    applied(runbooks.set_variables(client, "storefront", "staging", {"NEW": "2"}, redeploy=True))
    assert live(client, "storefront", "staging")["id"] != before


def test_environments_are_scaled_up_to_the_limits_and_not_beyond(client: Any) -> None:
    applied(runbooks.scale(client, "storefront", "production", replicas=3, cpu=500, memory=1024))
    row = client.environments.get("storefront", "production")
    assert (row["resources_replicas"], row["resources_cpu"], row["resources_memory"]) == (3, 500, 1024)
    for beyond in ({"replicas": 4}, {"cpu": 501}, {"memory": 1025}, {"cpu": 199}):
        with pytest.raises(InvalidInput, match=next(iter(beyond))):
            runbooks.scale(client, "storefront", "production", **beyond)


def test_environments_a_canary_has_an_address_of_its_own(client: Any) -> None:
    plan = runbooks.canary(client, "storefront", "production", version=15, stages=[(20, 30), (20, 60)])
    addresses = set(client.environments.list("storefront")["endpoint"])
    receipt = applied(plan)
    assert live(client, "storefront")["version_number"] == 15
    assert set(client.environments.list("storefront")["endpoint"]) > addresses
    assert receipt.finished


# --- a domain ---------------------------------------------------------------------------------------------------------


def test_domain_from_pending_over_its_records_to_active(client: Any) -> None:
    receipt = applied(runbooks.launch(client, "gift-cards", source={"index.html": "<h1>"}, domain=GIFTS))
    assert client.domains.list("gift-cards")["status"].tolist() == ["pending"]
    assert "TXT _createos" in receipt.frame()["note"].iloc[-1]
    client.world.set_dns(GIFTS)
    applied(receipt.follow_up("domain"))
    assert client.domains.list("gift-cards")["status"].tolist() == ["active"]
    assert client.probe(f"https://{GIFTS}")["status"] == 200


# --- analytics --------------------------------------------------------------------------------------------------------


def test_analytics_at_once_and_one_by_one_are_the_same(client: Any) -> None:
    window = {"start": "-1h", "end": client.now}
    at_once = client.analytics.overview("storefront", "production", **window)
    for name in at_once:
        one = getattr(client.analytics, name)("storefront", "production", **window)
        same = pd.testing.assert_frame_equal if isinstance(one, pd.DataFrame) else pd.testing.assert_series_equal
        same(at_once[name], one, check_freq=False)
    totals = client.analytics.overall_requests("storefront", "production", **window)
    assert len(client.analytics.top_hit_paths("storefront", "production", **window)) <= 10
    assert totals["total"] > 0


def test_analytics_trouble_is_found_from_the_percentage_to_the_path_and_the_minute() -> None:
    client = createos_nb.simulate("bad-release")
    where = ("storefront", "production")
    assert client.analytics.success_percentage(*where, start="-10min")["success_percentage"] < 98
    errors = client.analytics.top_error_paths(*where, start="-10min")
    assert errors["status"].iloc[0].startswith("5")
    over_time = client.analytics.requests_over_time(*where, start="-1h")
    failed = over_time["status_5xx"]
    assert failed.tail(10).sum() > failed.head(10).sum()
    assert client.analytics.rpm(*where, start="-1h")["peak"] > 0


# --- patterns ---------------------------------------------------------------------------------------------------------


def test_pattern_agent(client: Any) -> None:
    applied(recipes.agent(client, "shop-agent", source=PYTHON, variables=AGENT))
    assert client.projects.get("shop-agent")["settings_port"] == 8000
    assert status_of(client, "shop-agent") == 200


def test_pattern_mcp_server(client: Any) -> None:
    plan = recipes.mcp_server(client, "shop-tools", repository="juniper-goods/storefront")
    applied(plan)
    endpoint = client.environments.get("shop-tools", "production")["endpoint"]
    assert endpoint == "https://shop-tools.createos.nodeops.network"
    assert status_of(client, "shop-tools", path="/mcp") == 405  # it is there, and wants a message


def test_pattern_rag_service(client: Any) -> None:
    applied(recipes.rag_service(client, "shop-manuals", source=PYTHON, variables=RAG))
    assert status_of(client, "shop-manuals") == 200


def test_pattern_chat_bot(client: Any) -> None:
    applied(recipes.chat_bot(client, "shop-bot", image="my-discord-bot:v1.0.0", variables=BOT))
    assert live(client, "shop-bot")["source_image"] == "my-discord-bot:v1.0.0"
    assert status_of(client, "shop-bot") == 200


def test_pattern_multi_agent_system(client: Any) -> None:
    applied(swarm(client))
    assert len(client.apps.projects("Agent Swarm")) == 3
    addresses = client.environments.reveal_variables("gift-orchestrator", "production")
    for name in ("WORKER_RESEARCHER_URL", "WORKER_EXECUTOR_URL"):
        assert client.probe(addresses[name])["status"] == 200


def test_pattern_blue_green(client: Any) -> None:
    """The new version goes to green, is tested there, takes the domain, and blue stands by."""
    applied(runbooks.blue_green(client, "storefront", WHOLESALE, version=12, requests=20, seconds=40))
    assert live(client, "storefront", "green")["version_number"] == 12
    domains = client.domains.list("storefront").set_index("name")
    green = client.environments.get("storefront", "green")["id"]
    assert domains.loc[WHOLESALE, "environment_id"] == green
    assert status_of(client, "storefront", "blue") == 200
    applied(runbooks.route_domain(client, "storefront", WHOLESALE, "blue"))
    blue = client.environments.get("storefront", "blue")["id"]
    assert client.domains.list("storefront").set_index("name").loc[WHOLESALE, "environment_id"] == blue


def test_pattern_rollback_to_the_last_known_good() -> None:
    client = createos_nb.simulate("bad-release")
    assert error_percentage(client, "storefront") > 1
    applied(runbooks.rollback(client, "storefront", "production"))
    assert live(client, "storefront")["version_number"] == 3
    client.world.advance("15min")
    assert error_percentage(client, "storefront") < 1
