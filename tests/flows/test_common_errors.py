"""The documentation's flows: each common error from its symptom to where it is gone, and the edge cases."""

from __future__ import annotations

import pytest

import createos_nb
from createos_nb import plans, runbooks
from createos_nb.errors import InvalidInput, QuotaExceeded
from createos_nb.plans import PreconditionFailed
from tests.flows.acting import applied, error_percentage, live, status_of


def test_error_build_failed_its_log_says_why_and_the_next_push_is_built() -> None:
    client = createos_nb.simulate("build-broken")
    log = client.deployments.build_logs("storefront", 3)
    assert log["text"].str.contains("TypeError").any()
    client.world.advance("1h")  # somebody pushes what is corrected
    newest = client.deployments.list("storefront").iloc[0]
    assert (newest["version_number"] > 4, newest["state"]) == (True, "deployed")


def test_error_wrong_repository_id_fails_the_build_and_a_launch_finds_the_right_one() -> None:
    client = createos_nb.simulate("build-broken")
    assert client.deployments.list("prototype")["state"].tolist() == ["failed"]
    plan = runbooks.launch(client, "prototype-2", repository="juniper-goods/prototype")
    applied(plan)
    assert status_of(client, "prototype-2") == 200


def test_error_runtime_crash_its_log_names_the_variable_and_setting_it_ends_it() -> None:
    client = createos_nb.simulate("crash-loop")
    assert live(client, "storefront")["status"] == "crashing"
    log = client.environments.logs("storefront", "production", start="-5min", search="PAYMENTS_URL")
    assert not log.empty
    applied(runbooks.set_variables(client, "storefront", "production", {"PAYMENTS_URL": "https://payments"}))
    client.world.advance("15min")
    assert live(client, "storefront")["state"] == "deployed"
    assert error_percentage(client, "storefront") < 1


def test_error_health_check_fails_until_the_port_is_the_one_the_app_listens_on() -> None:
    client = createos_nb.simulate("wrong-port")
    assert client.deployments.list("mailer")["state"].iloc[0] == "failed"
    applied(runbooks.settings(client, "mailer", port=8025, redeploy=True))
    assert client.deployments.list("mailer")["state"].iloc[0] == "deployed"


def test_error_502_of_a_killed_app_ends_with_more_memory() -> None:
    client = createos_nb.simulate("oom")
    assert error_percentage(client, "storefront") > 5
    log = client.environments.logs("storefront", "production", start="-5min", search="OOMKilled")
    assert not log.empty
    applied(runbooks.scale(client, "storefront", "production", memory=1024))
    client.world.advance("20min")
    assert error_percentage(client, "storefront") < 1


def test_error_domain_pending_is_waited_for_until_its_record_has_spread() -> None:
    client = createos_nb.simulate("dns-pending")
    shop = "shop.juniper-goods.example.net"
    plan = runbooks.route_domain(client, "storefront", shop, "production")
    with pytest.raises(plans.TakesTooLong, match="48 hours") as caught:
        plan.apply(confirm=plan.confirmation, reason="the shop opens")
    client.world.advance("7h")
    assert plans.resume(caught.value.journal, client).checks.result == "PASS"
    assert client.domains.list("storefront").set_index("name").loc[shop, "status"] == "active"


def test_error_quota_exceeded_ends_when_what_is_unused_is_deleted() -> None:
    client = createos_nb.simulate("quota-full")
    image = {"image": "nginx:1.27", "settings": {"port": 80}}
    with pytest.raises(PreconditionFailed, match="delete what is unused"):
        runbooks.launch(client, "gift-cards", **image).apply()
    with pytest.raises(QuotaExceeded):
        client.projects.create(unique_name="gift-cards", display_name="Gift cards", type="image", settings={"port": 80})
    applied(runbooks.delete(client, "trial-one"))
    applied(runbooks.launch(client, "gift-cards", **image))
    assert status_of(client, "gift-cards") == 200


def test_error_deployment_sleeping_is_woken() -> None:
    client = createos_nb.simulate("sleepy")
    assert error_percentage(client, "reports", start="-30min") == 100
    applied(runbooks.wake(client, "reports"))
    assert live(client, "reports")["state"] == "deployed"
    assert status_of(client, "reports") == 200


def test_edge_high_load_is_met_with_three_replicas_and_no_more() -> None:
    client = createos_nb.simulate("flash-crowd")
    applied(runbooks.scale(client, "storefront", "production", replicas=3))
    with pytest.raises(InvalidInput, match="replicas"):
        runbooks.scale(client, "storefront", "production", replicas=4)
    assert client.analytics.rpm("storefront", "production", start="-1h")["peak"] > 0


def test_edge_monorepo_the_folder_is_that_of_the_file_tree() -> None:
    client = createos_nb.simulate("monorepo")
    log = client.deployments.build_logs("orders-api", 3)
    assert log["text"].str.contains("it is in: /apps/orders").any()
    applied(
        runbooks.settings(
            client,
            "orders-api",
            directory_path="apps/orders",
            redeploy=True,
            deployment=3,
            environment="production",
        )
    )
    assert live(client, "orders-api")["version_number"] == 4
    paths = client.analytics.top_hit_paths("orders-api", "production", start="-1h")["path"]
    assert status_of(client, "orders-api", path=paths.iloc[0]) == 200


def test_edge_private_package_needs_a_token_among_the_build_variables() -> None:
    client = createos_nb.simulate("private-package")
    failed = client.deployments.list("storefront").iloc[0]
    assert failed["state"] == "failed"
    plan = runbooks.settings(
        client,
        "storefront",
        build_vars={"NPM_TOKEN": "npm_0123456789"},
        redeploy=True,
        deployment=str(failed["version_number"]),
    )
    receipt = applied(plan)
    assert client.deployments.list("storefront").iloc[0]["state"] == "deployed"
    assert "npm_0123456789" not in receipt.journal.read_text()


def test_edge_long_build_is_replaced_by_a_prebuilt_image() -> None:
    client = createos_nb.simulate("slow-build")
    log = client.deployments.build_logs("recommendations", 2)
    assert log["text"].str.contains("15 minutes|900", regex=True).any()
    started = client.clock.now()
    applied(runbooks.launch(client, "gifts-ready", image="ghcr.io/juniper-goods/gifts:v1", settings={"port": 8000}))
    assert client.clock.now() - started < 900
    assert status_of(client, "gifts-ready") == 200
