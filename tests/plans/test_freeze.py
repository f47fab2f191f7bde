"""Freezes: what they refuse and let pass, for whom, until when, and what becomes of auto-promotion."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pytest

from createos_nb import plans, runbooks
from createos_nb.client.client import Client
from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.plans import Cancelled, Plan, PreconditionFailed
from createos_nb.simulator import open_world, serve
from tests.plans.cases import apply


def frozen(client: Client, scope: Any = "storefront/production", **more: Any) -> plans.Receipt:
    return apply(plans.freeze(client, **{"until": None, "reason": "the sale", "scope": scope} | more))


def scaled(client: Client, environment: str = "production", project: str = "storefront") -> Plan:
    cpu = 400 if project == "storefront" else 300
    return runbooks.scale(client, project, environment, cpu=cpu)


def files(folder: Path) -> list[Path]:
    return sorted((folder / "freezes").iterdir())


# --- what is refused --------------------------------------------------------------------------------------------------


def test_a_plan_says_who_froze_until_when_why_and_what_to_type(client: Client) -> None:
    frozen(client, until="2026-03-02T18:00:00Z")
    plan = scaled(client)
    text = repr(plan)
    for part in ("storefront/production is not frozen", client.whoami(), "until 2026-03-02T18:00:00Z", "the sale"):
        assert part in text
    assert f"plan.apply(confirm={plan.digest!r}, reason=…, override_freeze=…)" in text
    with pytest.raises(PreconditionFailed, match="override_freeze='why'"):
        apply(plan)


def test_a_freeze_between_plan_and_apply_is_seen(client: Client, world: Any, tools: Any) -> None:
    transport = tools.Between(world.transport())
    plan = scaled(tools.client_of(world, transport))
    assert not plan.frozen
    frozen(client)
    with pytest.raises(PreconditionFailed, match="the sale"):
        apply(plan)
    assert not transport.writes


def test_a_plan_that_runs_goes_on(client: Client, world: Any, tools: Any) -> None:
    def freeze(event: plans.Event) -> None:
        if event.phase == "done" and event.step == 1:
            frozen(tools.client_of(world), "orders-api")

    receipt = apply(runbooks.rollback(client, "orders-api", "production"), on_event=freeze)
    assert receipt.finished
    assert plans.freezes(client)["state"].tolist() == ["in force"]


def test_a_rollback_passes_for_a_reason_that_journal_and_receipt_keep(client: Client) -> None:
    frozen(client)
    plan = runbooks.rollback(client, "storefront", "production")
    with pytest.raises(PreconditionFailed):
        apply(plan)
    assert apply(plan, dry_run=True, override_freeze="an incident").dry_run
    receipt = apply(plan, override_freeze="an incident: checkouts fail")
    assert receipt.checks.result == "PASS"
    assert "because: an incident: checkouts fail" in repr(receipt)
    assert "storefront/production is not frozen" in receipt.warnings[0]
    assert "overridden" in plans.Journal(receipt.journal).frame()["event"].tolist()
    assert "because: an incident" in repr(plans.receipt_from(plans.Journal(receipt.journal), client))


def test_other_preconditions_are_not_overridden(client: Client) -> None:
    plan = runbooks.delete(client, "storefront", deployment=17)
    frozen(client)
    with pytest.raises(PreconditionFailed, match="live nowhere") as failed:
        apply(plan, override_freeze="why")
    assert "not frozen" not in str(failed.value)


@pytest.mark.parametrize("reason", ["", "  "])
def test_an_override_has_a_reason(client: Client, reason: str) -> None:
    with pytest.raises(InvalidInput, match="override_freeze"):
        apply(scaled(client), override_freeze=reason)


@pytest.mark.parametrize(
    ("scope", "refused"),
    [
        (None, {"production", "staging", "other"}),
        ("storefront", {"production", "staging"}),
        ("storefront/production", {"production"}),
        (["storefront/staging", "orders-api"], {"staging", "other"}),
    ],
)
def test_a_scope_is_an_account_projects_or_environments(client: Client, scope: Any, refused: set[str]) -> None:
    frozen(client, scope)
    made = {
        "production": scaled(client),
        "staging": scaled(client, "staging"),
        "other": scaled(client, "production", "orders-api"),
    }
    assert {name for name, plan in made.items() if plan.frozen} == refused


def test_what_reaches_a_frozen_environment_from_outside_is_refused(client: Client) -> None:
    frozen(client)
    assert runbooks.delete(client, "storefront").frozen  # the environment goes with its project
    assert not runbooks.delete(client, "orders-api").frozen


def test_a_key_is_of_the_account(client: Client) -> None:
    frozen(client, "storefront")
    assert not runbooks.revoke_key(client, "ci-deployments").frozen
    frozen(client, None)
    assert runbooks.revoke_key(client, "ci-deployments").frozen


def test_what_is_frozen_is_looked_up_without_a_request(client: Client, world: Any, tools: Any) -> None:
    def requests() -> int:
        transport = tools.Between(world.fork().transport())
        far = tools.client_of(world, transport)
        plan = scaled(far)
        with pytest.raises(PreconditionFailed) if plan.frozen else open(__file__):
            apply(plan, dry_run=True)
        return len(transport.sent)

    before = requests()
    frozen(client)
    assert requests() == before


# --- for whom, and until when -----------------------------------------------------------------------------------------


def test_it_ends_by_the_clock_of_the_platform(client: Client, world: Any) -> None:
    frozen(client, until="+1h")
    world.advance("59min")
    assert scaled(client).frozen
    world.advance("2min")
    plan = scaled(client)
    assert not plan.frozen
    assert apply(plan).finished
    assert plans.freezes(client)["state"].tolist() == ["ended"]


@pytest.mark.parametrize("until", ["-1h", "2020-01-01T00:00:00Z", 0])
def test_an_end_in_the_past_is_refused(client: Client, until: Any) -> None:
    with pytest.raises(InvalidInput):
        frozen(client, until=until)


def test_what_is_wrong_is_said(client: Client) -> None:
    with pytest.raises(InvalidInput, match="reason="):
        frozen(client, reason=" ")
    for scope in ("/production", "storefront/", [], ""):
        with pytest.raises(InvalidInput, match="scope"):
            frozen(client, scope)
    with pytest.raises(UnknownName, match="storefronk"):
        frozen(client, "storefronk")
    with pytest.raises(UnknownName, match="prod"):
        frozen(client, "storefront/prod")
    with pytest.raises(InvalidInput, match="no freeze 'nonesuch'"):
        plans.lift_freeze(client, "nonesuch")


def test_another_world_in_the_same_folder_is_not_frozen(client: Client, tools: Any) -> None:
    frozen(client, None)
    assert not scaled(tools.client_of(open_world("storefront"))).frozen


def test_a_fork_is_frozen_by_its_past_and_lifts_for_itself(client: Client, world: Any, tools: Any) -> None:
    early = tools.client_of(world.fork())
    world.advance("1s")
    frozen(client)
    world.advance("1s")
    late = tools.client_of(world.fork())
    assert not scaled(early).frozen
    assert scaled(late).frozen
    apply(plans.lift_freeze(late))
    assert not scaled(late).frozen
    assert scaled(client).frozen


_CHILD = """
import sys
import createos_nb
client = createos_nb.Client(api_key=sys.argv[2], base_url=sys.argv[1])
plan = createos_nb.plans.freeze(client, until=None, reason="from another process", scope="storefront")
print(plan.apply().finished)
"""


def test_two_processes_that_share_the_folder(journals: Path) -> None:
    with serve(open_world("storefront"), speed=0) as served:
        client = Client(api_key=served.key, base_url=served.url)
        plan = scaled(client)
        assert not plan.frozen
        child = subprocess.run(
            [sys.executable, "-c", _CHILD, served.url, served.key], capture_output=True, text=True, check=True
        )
        assert child.stdout.split() == ["True"]
        with pytest.raises(PreconditionFailed, match="from another process"):
            apply(plan)
        apply(plans.lift_freeze(client))
        assert not scaled(client).frozen
        assert journals.is_dir()


def test_another_account_of_the_same_platform_is_not_frozen(client: Client, world: Any) -> None:
    other = Client(api_key=world.key_of("tamsin"), base_url=world.base_url, transport=world.transport(), world=world)
    frozen(client, None)
    assert other.whoami() != client.whoami()
    assert plans.freezes(other).empty
    assert len(plans.freezes(client)) == 1


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["cut off", "edited", "newer", "no text"])
def test_a_damaged_file_freezes_everything_and_says_so(client: Client, journals: Path, damage: str) -> None:
    frozen(client, "orders-api")
    (path,) = files(journals)
    content = path.read_bytes()
    if damage == "cut off":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "edited":
        path.write_bytes(content.replace(b"the sale", b"the salt"))
    elif damage == "newer":
        path.write_text(json.dumps({**json.loads(content), "format": 2}))
    else:
        path.write_bytes(b"\xff\xfe\x00")
    assert plans.freezes(client)["state"].tolist() == ["damaged"]
    plan = scaled(client)
    assert path.name in repr(plan)
    with pytest.raises(PreconditionFailed, match="move the file away"):
        apply(plan)
    with pytest.raises(InvalidInput, match="move it away"):
        plans.lift_freeze(client)
    assert apply(plan, override_freeze="it was mine").finished
    path.unlink()
    assert plans.freezes(client).empty


def test_a_folder_that_can_not_be_listed_freezes_everything(client: Client, journals: Path) -> None:
    journals.mkdir()
    (journals / "freezes").write_text("no folder")
    with pytest.raises(PreconditionFailed, match="can't be read"):
        apply(scaled(client))


def test_a_freeze_that_can_not_be_written_says_so(client: Client, journals: Path) -> None:
    plan = plans.freeze(client, until=None, reason="the sale")
    journals.mkdir()
    (journals / "freezes").write_text("no folder")
    with pytest.raises(plans.PlanError, match="freezes"):
        apply(plan)


# --- runs that were cut off -------------------------------------------------------------------------------------------


def stopped(client: Client, **more: Any) -> Any:
    cancel = threading.Event()
    with pytest.raises(Cancelled) as cancelled:
        apply(
            runbooks.rollback(client, "orders-api", "production"),
            cancel=cancel,
            on_event=lambda event: event.phase == "done" and cancel.set(),
            **more,
        )
    return cancelled.value


def test_a_run_is_not_resumed_or_undone_during_a_freeze_without_a_reason(client: Client) -> None:
    error = stopped(client)
    frozen(client, "orders-api")
    with pytest.raises(PreconditionFailed, match="orders-api is not frozen"):
        plans.resume(error.journal, client)
    with pytest.raises(PreconditionFailed, match="orders-api is not frozen"):
        apply(runbooks.rollback(client, "orders-api", "production"))  # the notebook is run again
    with pytest.raises(PreconditionFailed, match="orders-api is not frozen"):
        apply(error.undo)
    rest = plans.resumption(error.journal, client)
    assert rest.frozen
    receipt = rest.apply(confirm=rest.confirmation, reason="why", override_freeze="half a rollback is worse")
    assert receipt.checks.result == "PASS"
    assert "half a rollback is worse" in receipt.warnings[0]
    undo = receipt.undo()
    assert undo.frozen
    assert apply(undo, override_freeze="it was the wrong one").checks.result == "PASS"


def test_what_a_run_was_let_pass_it_passes_when_it_is_resumed(client: Client) -> None:
    frozen(client, "orders-api")
    error = stopped(client, override_freeze="an incident")
    assert not plans.resumption(error.journal, client).frozen
    assert plans.resume(error.journal, client).finished
    assert plans.Journal(error.journal).frame()["event"].tolist().count("overridden") == 1


# --- auto-promotion ---------------------------------------------------------------------------------------------------


def promoting(client: Client) -> set[str]:
    rows = client.fleet.environments()
    return {f"{row.project}/{row.unique_name}" for row in rows.itertuples() if row.is_auto_promote_enabled}


def test_lifting_restores_exactly_what_the_freeze_has_switched_off(client: Client) -> None:
    before = promoting(client)
    assert {"orders-api/production"} < before
    frozen(client, None, hold_auto_promotion=True, allow_description_change=True)
    assert promoting(client) == set()
    held = set(plans.freezes(client)["held"].iloc[0].split(", "))
    assert held == before
    lift = plans.lift_freeze(client)
    assert not lift.frozen
    apply(lift)
    assert promoting(client) == before
    assert plans.freezes(client).empty


def test_what_somebody_else_holds_stays_held(client: Client, world: Any, tools: Any) -> None:
    plan = plans.freeze(client, until=None, reason="the sale", scope="orders-api", hold_auto_promotion=True)
    apply(runbooks.hold(tools.client_of(world), "orders-api", "production"))
    apply(plan)
    assert "orders-api/production" not in plans.freezes(client)["held"].iloc[0]
    lift = plans.lift_freeze(client)
    assert "the freeze was not seen to switch it off" in " ".join(lift.warnings)
    apply(lift)
    assert "orders-api/production" not in promoting(client)


def test_the_undo_of_a_freeze_lifts_it(client: Client) -> None:
    before = promoting(client)
    receipt = frozen(client, "orders-api", hold_auto_promotion=True)
    undo = receipt.undo()
    assert not undo.frozen
    apply(undo)
    assert promoting(client) == before
    assert plans.freezes(client).empty


def test_a_freeze_that_has_ended_says_what_it_still_holds(client: Client, world: Any) -> None:
    frozen(client, "orders-api", until="+1h", hold_auto_promotion=True)
    world.advance("2h")
    plan = runbooks.rollback(client, "orders-api", "production")
    assert not plan.frozen
    assert "still held by it" in " ".join(plan.warnings)
    apply(plans.lift_freeze(client))
    assert "orders-api/production" in promoting(client)


def test_a_second_run_of_a_freeze_has_nothing_to_do(client: Client) -> None:
    frozen(client, "orders-api", hold_auto_promotion=True)
    again = plans.freeze(client, until=None, reason="the sale", scope="orders-api", hold_auto_promotion=True)
    assert again.steps == []
    assert plans.lift_freeze(client, "orders-api").steps
    frozen(client)
    with pytest.raises(InvalidInput, match="several freezes"):
        plans.lift_freeze(client)


def test_one_freeze_does_not_lift_what_another_one_freezes(client: Client) -> None:
    frozen(client, "orders-api", hold_auto_promotion=True)
    frozen(client, "orders-api/production", reason="an audit")
    lift = plans.lift_freeze(client, "orders-api")
    assert lift.frozen
    with pytest.raises(PreconditionFailed, match="an audit"):
        apply(lift)


@pytest.mark.parametrize("scope", [5, {"storefront": "production"}, pd.DataFrame({"id": ["storefront"]}), [None], b"x"])
def test_a_scope_that_is_none_is_refused_and_not_guessed(client: Client, scope: Any) -> None:
    """Of a dict the keys alone would freeze more than was meant."""
    with pytest.raises(InvalidInput, match="scope= names projects or environments"):
        plans.freeze(client, until="+1h", reason="the sale", scope=scope)


@pytest.mark.parametrize("reason", [None, 5])
def test_a_reason_is_a_text(client: Client, reason: Any) -> None:
    with pytest.raises(InvalidInput, match="reason= says why, in words"):
        plans.freeze(client, until="+1h", reason=reason)
    scale = runbooks.scale(client, "storefront", "staging", replicas=2)
    with pytest.raises(InvalidInput, match="override_freeze= is a text, not True"):
        scale.apply(override_freeze=cast("str", True))
    with pytest.raises(InvalidInput, match="reason= is a text, not 5"):
        scale.apply(reason=cast("str", 5))
