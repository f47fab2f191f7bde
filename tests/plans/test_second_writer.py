"""Somebody else changes what a plan changes, at each request boundary in turn: before the write it is refused, after it
reported.
"""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from createos_nb import plans
from createos_nb.errors import CreateOSError, RequestError
from createos_nb.plans import StalePlanError
from createos_nb.simulator.world.faults import Fault
from tests.plans.cases import CASES, Case, apply
from tests.plans.counts import count
from tests.plans.worlds import Between, client_of, is_write

CONTESTED = [case for case in CASES if case.other is not None]
#: What there is to contest ends with the write: whoever comes later is refused by the platform.
GONE_AFTERWARDS = {case.name for case in CASES if case.name.startswith("delete")}
#: Recipes are made of the steps of a launch: the long version contests them, too.
OFTEN = [pytest.param(case, marks=[pytest.mark.slow] if case.name.startswith("recipe") else []) for case in CONTESTED]
#: Of these every third boundary; the long version takes each.
LONG = ("blue-green", "canary", "canary-in-staging", "clean-up", "verify-and-route-domain", "deploy-scanned")
#: What a run that was stopped says of the other's change.
SAYS = re.compile("the plan is stale|read back otherwise|is gone|ended as|can't be found|refused")


@pytest.mark.grid(24)
@pytest.mark.parametrize("case", OFTEN, ids=lambda case: case.name)
def test_a_second_writer_is_refused_before_and_reported_after(case: Case, origin: Any, tmp_path: Path) -> None:
    start = origin.fork()
    case.prepare(start)
    outcomes = []
    for boundary in range(0, 400, 3 if case.name in LONG else 1):
        outcome = contested(case, start.fork(), tmp_path / f"{boundary}.jsonl", boundary)
        if outcome == "over":
            break
        outcomes.append(outcome)
    counts = Counter(outcomes)
    count("a second writer came", case.name, counts)
    lost = f"the other's change was neither refused nor reported; does `other` of the case make another one? {outcomes}"
    assert not any(outcome.startswith("lost") for outcome in outcomes), lost
    if not case.merges:
        assert outcomes[0] in ("refused", "stopped", "nothing came of it")
        assert counts["refused"] + counts["stopped"] > 0, outcomes
        assert counts["reported"] + counts["stopped"] > 0 or case.name in GONE_AFTERWARDS, outcomes
    else:
        assert counts["merged"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("case", CONTESTED, ids=lambda case: case.name)
def test_a_second_writer_is_not_missed_while_the_platform_is_at_fault(case: Case, origin: Any, tmp_path: Path) -> None:
    """One read in ten fails, and the answer to the first write is lost."""
    start = origin.fork()
    case.prepare(start)
    outcomes: Counter[str] = Counter()
    for boundary in range(400):
        here = start.fork()
        reads = Fault(what="error", operations=["read"], probability=0.1)
        lost = Fault(what="drop-after", operations=["write"], count=1)
        faults = here.faults(reads, lost, seed=boundary)
        outcome = contested(case, here, tmp_path / f"{boundary}.jsonl", boundary, faults)
        if outcome == "over":
            break
        outcomes[outcome] += 1
    count("a second writer came among faults", case.name, outcomes)
    assert outcomes["lost"] == 0, outcomes


def contested(case: Case, world: Any, journal: Path, boundary: int, faults: Any = None) -> str:
    """What becomes of a plan when somebody else writes before one of its requests."""
    transport = Between(world.transport())
    plan = case.make(client_of(world, transport))
    first = len(transport.sent)
    came: dict[str, bool] = {}

    def before(number: int, request: Any) -> None:
        if number != first + boundary or came:
            return
        if faults is not None:
            faults.stop()
        try:
            case.other(client_of(world))
        except CreateOSError:
            came["changed something"] = False
        else:
            came["changed something"] = True
        if faults is not None:
            faults.start()

    transport.before = before
    with faults or contextlib.nullcontext():
        try:
            receipt = apply(plan, journal)
        except (StalePlanError, plans.PreconditionFailed):
            return "refused" if not transport.writes else "lost"
        except plans.StepFailed as error:
            told = error.journal == journal and error.not_done is not None and SAYS.search(str(error))
            return "stopped" if told or faults is not None else f"lost: {error}"
        except RequestError:
            return "stopped"  # a read before the first write failed for good
    if not came:
        return "over"
    if not came["changed something"]:
        return "nothing came of it"
    if receipt.warnings:
        return "reported"
    if unseeable(transport, first + boundary, 3 if faults is None else 8):
        return "unseen"
    if case.merges:
        description = client_of(world).environments.get("orders-api", "production")["description"]
        return "merged" if description == "By somebody else" else "lost"
    return "lost"


def unseeable(transport: Between, boundary: int, near: int) -> bool:
    """It came between the last looks and a write, or among the last looks of all: no client could know of it."""
    coming = transport.sent[boundary : boundary + near]
    return len(coming) < near or any(is_write(*one) for one in coming)
