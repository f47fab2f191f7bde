"""Domains: records to create, adding and checking at once, routing and deleting by plans."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import createos_nb
from createos_nb import panels
from createos_nb.errors import InvalidInput, ReadOnlyError
from createos_nb.panels.domains import domains_of, records_of

WHOLESALE = "wholesale.juniper-goods.example.com"
PENDING = "shop.juniper-goods.example.net"


@pytest.fixture(autouse=True)
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / "journals"))


@pytest.fixture
def client() -> Any:
    return createos_nb.simulate()


def test_records_are_those_of_domains_that_wait_for_them(client: Any) -> None:
    """A TXT and an A record for each; none for those that are active."""
    found = records_of(client.domains.list("storefront"))
    assert found.columns.tolist() == ["domain", "type", "name", "value"]
    mine = found[found["domain"] == PENDING]
    assert mine["type"].tolist() == ["TXT", "A"]
    assert mine["name"].tolist() == ["_createos", "@"]
    assert mine["value"].iloc[0].startswith("createos-verify=")
    assert WHOLESALE not in found["domain"].tolist()


def test_a_project_without_domains_has_no_records(client: Any) -> None:
    found = records_of(client.domains.list("landing-pages").iloc[:0])
    assert len(found) == 0
    assert found.columns.tolist() == ["domain", "type", "name", "value"]


def test_domains_tell_the_environment_by_name(client: Any) -> None:
    domains, environments = client.domains.list("storefront"), client.environments.list("storefront")
    found = domains_of(domains, environments).set_index("domain")["routed_to"]
    assert found[WHOLESALE] == "blue"
    assert found[PENDING] == "nothing"
    rest = environments[environments["unique_name"] != "blue"]
    assert domains_of(domains, rest).set_index("domain")["routed_to"][WHOLESALE] == "a deleted environment"


def test_a_domain_is_routed_by_a_plan_and_back(client: Any) -> None:
    panel = panels.domains(client, "storefront")
    panel.params = {"chosen": WHOLESALE, "environment": "green", "reason": "the new side", "confirm": "blue"}
    receipt = panel.run()
    assert receipt.finished
    assert panel.listed.set_index("domain")["routed_to"][WHOLESALE] == "green"
    panel.form.undo_button.click()
    assert panel.wait(20)
    panel.params = {"reason": "no", "confirm": "green"}
    panel.run()
    assert panel.listed.set_index("domain")["routed_to"][WHOLESALE] == "blue"


def test_a_pending_domain_is_not_routed(client: Any) -> None:
    """The plan says what is not so, and the button stays off."""
    panel = panels.domains(client, "storefront")
    panel.params = {"chosen": PENDING, "environment": "green"}
    panel.review()
    assert panel.wait(20)
    assert "is active" in panel.form.document.value
    panel.params = {"reason": "r", "confirm": "green"}
    assert panel.form.apply_button.disabled


def test_a_domain_is_added_and_its_records_shown(client: Any) -> None:
    panel = panels.domains(client, "storefront")
    panel.params = {"new_domain": "new.example.com", "new_environment": "staging"}
    panel.add()
    assert panel.wait(20)
    row = panel.listed.set_index("domain").loc["new.example.com"]
    assert row["state"] == "pending"
    assert row["routed_to"] == "staging"
    rows = [one["cells"] for one in panel._records.rows]
    assert [cells[1:3] for cells in rows if cells[0] == "new.example.com"] == [["TXT", "_createos"], ["A", "@"]]
    assert panel.params["new_domain"] == ""


def test_a_check_says_what_the_platform_says(client: Any) -> None:
    panel = panels.domains(client, "storefront")
    assert panel._check_button.disabled
    panel.params["chosen"] = PENDING
    before = panel.listed.set_index("domain")["failed_checks"][PENDING]
    panel.check()
    assert panel.wait(20)
    assert panel.last_error is None
    assert "its DNS records were not found" in panel._view.status.value
    assert panel.listed.set_index("domain")["failed_checks"][PENDING] == before + 1
    client.world.advance("2d")
    panel.check()
    assert panel.wait(20)
    assert "its DNS records were found" in panel._view.status.value
    assert panel.listed.set_index("domain")["state"][PENDING] == "issuing"


def test_a_domain_is_deleted_by_its_typed_name(client: Any) -> None:
    panel = panels.domains(client, "storefront")
    panel.params = {"chosen": WHOLESALE, "action": "delete"}
    panel.review()
    assert panel.wait(20)
    assert panel.form.confirmation.description == f"Type {WHOLESALE} to confirm"
    assert panel.form.apply_button.description == "Delete"
    panel.params = {"reason": "r", "confirm": "blue"}
    assert panel.form.apply_button.disabled
    panel.params["confirm"] = WHOLESALE
    panel.run()
    assert WHOLESALE not in panel.listed["domain"].tolist()
    assert panel.params["chosen"] == ""


def test_what_is_refused_is_said(client: Any) -> None:
    panel = panels.domains(client, "storefront")
    panel.params["new_domain"] = "no host name"
    panel.add()
    assert panel.wait(20)
    assert "host name" in panel._view.error.value
    assert panel.params["new_domain"] == "no host name"
    with pytest.raises(InvalidInput, match="choose a domain"):
        panel.run()
    with pytest.raises(InvalidInput, match=WHOLESALE):
        panel.params["chosen"] = "other.example.com"


def test_a_client_that_only_reads_adds_nothing(client: Any) -> None:
    panel = panels.domains(createos_nb.simulate(client.world, read_only=True), "storefront")
    panel.params["new_domain"] = "new.example.com"
    panel.add()
    assert panel.wait(20)
    assert isinstance(panel.last_error, ReadOnlyError)
