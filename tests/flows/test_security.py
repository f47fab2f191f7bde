"""The documentation's flows: API keys from their making to their end, and scans before something is live."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import createos_nb
from createos_nb import diagnostics, plans, runbooks
from createos_nb.client.client import Client
from createos_nb.errors import Unauthorized
from createos_nb.plans import CheckFailed, gates
from tests.flows.acting import applied, live, status_of

LEAST = gates.scan(max_severity="medium")


def opens(client: Any, key: str) -> bool:
    """Whether a key opens the account now."""
    try:
        other = Client(api_key=key, base_url=client.base_url, transport=client.world.transport())
        other.account.current_user()
    except Unauthorized:
        return False
    return True


def expiring(client: Any) -> list[str]:
    """The keys whose expiry is not as it should be."""
    found = diagnostics.best_practices(client, exceptions=False)
    return found.loc[(found["code"] == "key_expiry") & ~found["held"].fillna(True), "where"].tolist()


# --- keys -------------------------------------------------------------------------------------------------------------


def test_key_that_ends_soon_is_found_and_rotated_and_the_old_one_is_refused(client: Any, tmp_path: Path) -> None:
    file = tmp_path / "nightly.key"
    old = client.api_keys.create(name="nightly", expiry_at="+10d")["secret"].reveal()
    assert expiring(client) == ["key ci-deployments", "key nightly"]
    receipt = applied(runbooks.rotate_key(client, "nightly", file=file))
    new = file.read_text().strip()
    assert (opens(client, new), opens(client, old)) == (True, False)
    assert expiring(client) == ["key ci-deployments"]
    assert not any(key in receipt.journal.read_text() for key in (old, new))
    row = client.api_keys.list().set_index("name").loc["nightly-2"]
    assert (row["expired_at"] - client.now).days in (89, 90)


def test_key_that_has_ended_opens_nothing_and_the_new_one_goes_on() -> None:
    client = createos_nb.simulate("empty")
    old = client.api_keys.create(name="nightly", expiry_at="+10d")["secret"].reveal()
    client.world.advance("9d")
    assert opens(client, old)
    receipt = applied(runbooks.rotate_key(client, "nightly", expiry_at="+30d"))
    new = receipt.issued["secret"].reveal()
    client.world.advance("2d")
    assert (opens(client, old), opens(client, new)) == (False, True)
    client.world.advance("30d")
    assert not opens(client, new)


# --- scans ------------------------------------------------------------------------------------------------------------


def with_scans(client: Any) -> None:
    """Switch the scans of the gateway on, as the practice says."""
    found = diagnostics.best_practices(client, "edge-gateway", exceptions=False).set_index("code")
    assert not found["held"]["security_scan"]
    assert "enabled_security_scan=True" in found["fix"]["security_scan"]
    client.projects.update("edge-gateway", display_name="Edge gateway", enabled_security_scan=True)
    found = diagnostics.best_practices(client, "edge-gateway", exceptions=False).set_index("code")
    assert found["held"]["security_scan"]


def test_scan_as_a_gate_stops_what_is_worse_and_what_was_live_stays(client: Any) -> None:
    with_scans(client)
    before = live(client, "edge-gateway", "staging")["id"]
    plan = runbooks.deploy(client, "edge-gateway", image="nginx:1.27", environment="staging", gate=LEAST)
    with pytest.raises(CheckFailed, match="1 critical, 1 high, 2 medium: at most medium passes") as stopped:
        plan.apply(confirm=plan.confirmation, reason="a flow of the documentation")
    assert stopped.value.result == "FAIL"
    assert live(client, "edge-gateway", "staging")["id"] == before
    made = client.deployments.list("edge-gateway").iloc[0]
    assert (made["source_image"], made["state"]) == ("nginx:1.27", "deployed")
    found = client.security.findings("edge-gateway", made["id"])
    assert {"critical", "high"} <= set(found["severity"].str.lower())
    client.world.advance("1h")
    with pytest.raises(CheckFailed):  # it is no better an hour later
        plans.resume(stopped.value.journal, client)
    assert live(client, "edge-gateway", "staging")["id"] == before


def test_scan_as_a_gate_lets_pass_what_has_no_more_than_medium_findings(client: Any) -> None:
    with_scans(client)
    plan = runbooks.deploy(client, "edge-gateway", image="nginx:1.27-alpine", environment="staging", gate=LEAST)
    assert [step.what.split()[0] for step in plan.steps] == ["deploy", "scan", "check", "assign"]
    applied(plan)
    made = live(client, "edge-gateway", "staging")
    assert made["source_image"] == "nginx:1.27-alpine"
    assert status_of(client, "edge-gateway", "staging") == 200
    found = client.security.findings("edge-gateway", made["id"])
    assert set(found["severity"].str.lower()) == {"medium", "low"}
    scans = client.fleet.scans(projects="edge-gateway").set_index("environment")
    assert (scans["scan"]["staging"], scans["medium"]["staging"], scans["high"]["staging"]) == ("successful", 1, 0)
