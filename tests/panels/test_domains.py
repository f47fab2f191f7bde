"""Domains: records to create and what is there of them; adding, routing and deleting by plans."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import createos_nb
from createos_nb import panels, plans
from createos_nb.errors import InvalidInput, MissingExtra, ReadOnlyError, TransportError
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


def test_a_pending_domain_is_verified_and_routed_once_its_records_are_set(client: Any) -> None:
    panel = panels.domains(client, "storefront")
    panel.params = {"chosen": PENDING, "environment": "green"}
    panel.review()
    assert panel.wait(20)
    assert "it waits for its DNS records" in panel.form.document.value
    panel.params = {"reason": "the shop opens", "confirm": "green"}
    with pytest.raises(plans.TakesTooLong, match="there is no such name"):
        panel.run()
    assert panel.listed.set_index("domain")["state"][PENDING] == "pending"
    client.world.set_dns(PENDING)
    panel.params = {"reason": "the shop opens", "confirm": "green"}
    assert panel.run().finished
    assert panel.listed.set_index("domain").loc[PENDING, ["state", "routed_to"]].tolist() == ["active", "green"]


def test_a_domain_stays_where_it_is_routed_unless_another_environment_is_chosen(client: Any) -> None:
    panel = panels.domains(client, "storefront")
    panel.params["chosen"] = WHOLESALE
    panel.review()
    assert panel.wait(20)
    assert panel.plan.steps == []


def test_a_domain_is_added_by_a_plan_its_records_shown_and_its_undo_deletes_it(client: Any) -> None:
    panel = panels.domains(client, "storefront")
    panel.params = {"action": "add", "new_domain": "new.example.com", "new_environment": "staging"}
    panel.review()
    assert panel.wait(20)
    assert panel.plan.title == "add domain new.example.com to storefront"
    assert "new.example.com" not in client.domains.list("storefront")["name"].tolist()
    assert panel.form.apply_button.description == "Add"
    panel.params["reason"] = "a new shop"
    receipt = panel.run()
    assert (receipt.reason, receipt.checks.result) == ("a new shop", "PASS")
    row = panel.listed.set_index("domain").loc["new.example.com"]
    assert row[["state", "routed_to"]].tolist() == ["pending", "staging"]
    rows = [one["cells"] for one in panel._records.rows]
    assert [cells[1:3] for cells in rows if cells[0] == "new.example.com"] == [["TXT", "_createos"], ["A", "@"]]
    assert panel.params["new_domain"] == ""
    panel.form.undo_button.click()
    assert panel.wait(20)
    panel.params = {"reason": "not yet", "confirm": "new.example.com"}
    panel.run()
    assert "new.example.com" not in panel.listed["domain"].tolist()


def test_a_check_shows_what_is_there_and_changes_nothing(client: Any) -> None:
    reader = createos_nb.simulate(client.world, read_only=True)
    panel = panels.domains(reader, "storefront")
    assert panel._verify_button.disabled
    panel.params["chosen"] = PENDING
    before = panel.listed.set_index("domain")["failed_checks"][PENDING]
    client.world.set_dns_record(PENDING, "A", ["198.51.100.7"])
    client.world.set_dns_record(PENDING, "TXT", outcome="timeout")
    panel.check()
    assert panel.wait(20)
    assert panel.last_error is None
    assert f"{PENDING}: TXT not known, A wrong" in panel._view.status.value
    cells = {(row["cells"][0], row["cells"][1]): row["cells"] for row in panel._records.rows}
    assert cells[PENDING, "A"][4:6] == ["198.51.100.7", "wrong"]
    assert cells[PENDING, "TXT"][5] == "unknown"
    assert "198.51.100.7" not in str(cells[PENDING, "TXT"])
    assert client.domains.list("storefront").set_index("name")["failed_verification_count"][PENDING] == before


def watched(client: Any, domain: str = PENDING) -> Any:
    panel = panels.domains(client, "storefront")
    panel.params["chosen"] = domain
    return panel


def waited(holds: Callable[[], Any]) -> bool:
    """Wait for what another thread does."""
    return any(holds() or time.sleep(0.01) for _ in range(1000))


def asked(client: Any, since: int) -> list[str]:
    return list(client.log()["operation"].iloc[since:])


def test_records_are_looked_for_until_they_are_there_with_count_and_time(client: Any) -> None:
    client.world.set_dns(PENDING, after="3min")
    panel = watched(client)
    before, lines = len(client.log()), []
    panel._watch_line.observe(lambda change: lines.append(change["new"]), "value")
    panel.verify()
    assert panel._stop_button.layout.display == ""
    assert waited(lambda: not panel._watch.running)
    look = panel._watch.look
    assert (look.state, look.text) == ("found", "TXT set, A set")
    assert 2 < look.looks < 10
    assert asked(client, before) == ["ListDomains"] * look.looks  # one request each, and no write
    assert re.search(r"look 2 of at most 20, TXT \w+, A \w+; the next in \d+ s", "".join(lines))
    assert "createos-seconds" in lines[1]
    assert f"The DNS records of {PENDING} are found, after {look.looks} looks in " in panel._watch_line.value
    assert panel._stop_button.layout.display == "none"
    assert [row["cells"][5] for row in panel._records.rows if row["cells"][0] == PENDING] == ["set", "set"]
    assert panel.last_error is None


def test_looking_ends_where_its_budget_of_requests_is_used_up(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("createos_nb.panels.domain_watch.MOST_LOOKS", 5)
    panel = watched(client)
    before = len(client.log())
    panel.verify()
    assert waited(lambda: not panel._watch.running)
    assert (panel._watch.look.state, panel._watch.look.looks) == ("used up", 5)
    assert len(asked(client, before)) == 5
    assert "are not there after 5 looks in" in panel._watch_line.value
    assert "Verify now goes on" in panel._watch_line.value


@pytest.mark.parametrize("how", ["button", "close", "hidden", "apply"])
def test_looking_stops_when_somebody_stops_it_or_the_panel_is_gone(client: Any, how: str) -> None:
    panel = watched(client)
    panel.verify()
    assert waited(lambda: panel._watch.look is not None)
    if how == "button":
        panel._stop_button.click()
        assert "Stopped after" in panel._watch_line.value
        assert "Nothing was changed" in panel._watch_line.value
    elif how == "close":
        panel.close()
    elif how == "hidden":
        panel._on_view_count({"old": 1, "new": 0})
    else:
        panel.params["action"] = "add"
        panel.params = {"new_domain": "new.example.com", "reason": "a new shop"}
        panel.run()
    assert not panel._watch.running
    looks = panel._watch.look.looks
    time.sleep(0.1)
    assert panel._watch.look.looks - looks <= (how == "hidden")  # one may have been on its way
    if how == "hidden":
        panel._on_view_count({"old": 0, "new": 1})
        assert panel._watch.running
        assert waited(lambda: panel._watch.look.looks > looks)  # and goes on counting
        panel.stop_verifying()


def test_nothing_is_left_to_wait_for_where_a_domain_is_active(client: Any) -> None:
    panel = watched(client, WHOLESALE)
    before = len(client.log())
    panel.verify()
    assert waited(lambda: not panel._watch.running)
    assert f"{WHOLESALE}: it is active" in panel._watch_line.value
    assert len(asked(client, before)) == 1


def test_a_platform_that_does_not_answer_is_asked_again_later(client: Any) -> None:
    client.world.set_dns(PENDING)
    panel = watched(client)
    lines: list[str] = []
    panel._watch_line.observe(lambda change: lines.append(change["new"]), "value")
    listed, failures = client.domains.list, iter([TransportError("no answer")] * 2)

    def refused(*args: Any, **options: Any) -> Any:
        for failure in failures:
            raise failure
        return listed(*args, **options)

    client.domains.list = refused
    panel.verify()
    assert waited(lambda: not panel._watch.running)
    assert "not known: no answer" in "".join(lines)
    assert (panel._watch.look.state, panel._watch.look.looks) == ("found", 3)


def test_without_the_extra_the_platform_alone_decides_and_the_plan_says_for_what_it_waits(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = panels.domains(client, "storefront")
    panel.params = {"chosen": PENDING, "environment": "green"}

    def missing(*_: Any) -> None:
        raise MissingExtra("looking DNS records up needs dnspython")

    monkeypatch.setattr("createos_nb.runbooks.domains.look_up", missing)
    panel.review()
    assert panel.wait(20)
    assert [step.what.split()[0] for step in panel.plan.steps] == ["verify", "route", "send"]
    assert "set these DNS records: TXT _createos" in panel.plan.warnings[0]


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
    with pytest.raises(InvalidInput, match="choose a domain"):
        panel.run()
    with pytest.raises(InvalidInput, match=WHOLESALE):
        panel.params["chosen"] = "other.example.com"
    panel.params["action"] = "add"
    with pytest.raises(InvalidInput, match="name the new domain"):
        panel.run()
    panel.params["new_domain"] = "no host name"
    panel.review()
    assert panel.wait(20)
    assert "host name" in panel._view.error.value
    assert panel.params["new_domain"] == "no host name"


def test_a_client_that_only_reads_adds_nothing(client: Any) -> None:
    panel = panels.domains(createos_nb.simulate(client.world, read_only=True), "storefront")
    panel.params = {"action": "add", "new_domain": "new.example.com"}
    with pytest.raises(ReadOnlyError):
        panel.run()
    assert "new.example.com" not in client.domains.list("storefront")["name"].tolist()
