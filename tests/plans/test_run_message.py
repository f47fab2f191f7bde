"""The message of a run: what somebody who was asleep needs, and no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

import createos_nb
from createos_nb import Secret, plans, runbooks
from createos_nb.checks import Checks, check
from createos_nb.plans import Receipt


@pytest.fixture(autouse=True)
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / "journals"))


def scaled(client: createos_nb.Client, replicas: int = 2) -> Receipt:
    plan = runbooks.scale(client, "storefront", "staging", replicas=replicas)
    return plan.apply(confirm=plan.digest, reason="INC-7: the sale")


def test_it_says_what_where_why_who_when_and_what_next() -> None:
    client = createos_nb.simulate()
    receipt = scaled(client)
    message = receipt.message(receipt.verify())
    assert message.title == "scale storefront / staging: replicas 2: PASS"
    assert message.kind == "success"
    assert receipt.journal is not None
    assert message.body.splitlines() == [
        f"where: {client.where}",
        "why: INC-7: the sale",
        "who: marlow, 2026-03-02 09:00:00 UTC, 13 s",
        "changed:",
        "  storefront / staging: replicas 1 → 2",
        "verified: 2 of 2 checks pass",
        "  PASS it is still so now: read again",
        "watch: createos-nb diagnose storefront staging",
        f"undo: receipt.undo() plans it, from the journal {receipt.journal.name}",
    ]
    assert str(receipt.journal.parent) not in message.body


def test_it_costs_no_request() -> None:
    client = createos_nb.simulate()
    receipt = scaled(client)
    before = len(client.log())
    receipt.message()
    assert len(client.log()) == before


def test_what_does_not_pass_stands_first_and_decides() -> None:
    receipt = scaled(createos_nb.simulate())
    found = Checks(receipt.checks, check("it answers", None, "nobody asked"), check("errors fell", False, "4 %"))
    message = receipt.message(found)
    assert message.title.endswith(": FAIL")
    assert message.kind == "failure"
    lines = message.body.splitlines()
    start = lines.index("verified: 1 of 3 checks pass")
    assert lines[start + 1 : start + 3] == ["  FAIL errors fell: 4 %", "  NO DATA it answers: nobody asked"]
    assert receipt.message(Checks(found.others()[0])).kind == "warning"


def test_the_journal_knows_the_same_later() -> None:
    client = createos_nb.simulate()
    receipt = scaled(client)
    assert receipt.journal is not None
    later = plans.receipt_from(plans.Journal(receipt.journal), client)
    assert str(later.message()) == str(receipt.message())


def test_the_values_of_variables_are_not_in_it() -> None:
    client = createos_nb.simulate()
    before = client.environments.reveal_variables("edge-gateway", "production")["TOKEN"]
    plan = runbooks.set_variables(client, "edge-gateway", "production", {"TOKEN": Secret("an0ther-v4lue")})
    message = str(plan.apply(confirm=plan.digest, reason="leaked").message())
    assert "TOKEN" in message
    assert "an0ther-v4lue" not in message
    assert before not in message


def test_a_step_that_does_not_pass_is_named() -> None:
    client = createos_nb.simulate()
    plan = runbooks.scale(client, "storefront", "staging", replicas=2)
    message = plan.apply(confirm=plan.digest, reason="the sale", wait=False).message()
    assert message.title.endswith(": NO DATA")
    assert "  NO DATA scale staging: written" in message.body.splitlines()


def test_a_long_plan_is_a_few_lines() -> None:
    client = createos_nb.simulate()
    checks = Checks([check(f"claim {number}", True, "a figure " * 100) for number in range(30)])
    lines = scaled(client).message(checks).body.splitlines()
    assert "  … and 22 more" in lines
    assert len(lines) < 20
    assert max(map(len, lines)) < 200


def test_what_was_so_already_and_what_was_not_done_is_no_change() -> None:
    client = createos_nb.simulate()
    plan = runbooks.scale(client, "storefront", "staging", replicas=2)
    tried = plan.apply(dry_run=True).message()
    assert tried.title.endswith(": dry run, nothing was changed")
    assert "  nothing" in tried.body.splitlines()
    assert "undo" not in tried.body
    scaled(client)
    again = runbooks.scale(client, "storefront", "staging", replicas=2)
    assert "  nothing" in again.apply(reason="once more").message().body.splitlines()


def test_what_has_no_undo_says_so() -> None:
    client = createos_nb.simulate("dns-pending")
    plan = runbooks.delete(client, "storefront", domain="old-gifts.juniper-goods.example.org")
    receipt = plan.apply(confirm=plan.confirmation, reason="never used")
    assert "undo: it can't be undone" in receipt.message().body
    assert "watch: createos-nb diagnose storefront" in receipt.message().body.splitlines()
