"""Somebody else changes what a plan changes, at each request boundary in turn: before the write it is refused, after it
reported.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from createos_nb import plans
from createos_nb.errors import CreateOSError
from createos_nb.plans import WorldMoved
from tests.plans.cases import CASES, Case, apply
from tests.plans.counts import count
from tests.plans.worlds import Between, client_of, is_write

CONTESTED = [case for case in CASES if case.other is not None]
#: What there is to contest ends with the write: whoever comes later is refused by the platform.
GONE_AFTERWARDS = {case.name for case in CASES if case.name.startswith("delete")}


@pytest.mark.parametrize("case", CONTESTED, ids=lambda case: case.name)
def test_a_second_writer_is_refused_before_and_reported_after(case: Case, origin: Any, tmp_path: Path) -> None:
    start = origin.fork()
    case.prepare(start)
    outcomes = []
    for boundary in range(400):
        outcome = contested(case, start.fork(), tmp_path / f"{boundary}.jsonl", boundary)
        if outcome == "over":
            break
        outcomes.append(outcome)
    counts = Counter(outcomes)
    count("a second writer came", case.name, counts)
    assert counts["lost"] == 0, outcomes
    if not case.merges:
        assert outcomes[0] in ("refused", "stopped", "nothing came of it")
        assert counts["refused"] + counts["stopped"] > 0, outcomes
        assert counts["reported"] + counts["stopped"] > 0 or case.name in GONE_AFTERWARDS, outcomes
    else:
        assert counts["merged"] > 0


def contested(case: Case, world: Any, journal: Path, boundary: int) -> str:
    """What becomes of a plan when somebody else writes before one of its requests."""
    transport = Between(world.transport())
    plan = case.make(client_of(world, transport))
    first = len(transport.sent)
    came: dict[str, bool] = {}

    def before(number: int, request: Any) -> None:
        if number != first + boundary or came:
            return
        try:
            case.other(client_of(world))
        except CreateOSError:
            came["changed something"] = False
        else:
            came["changed something"] = True

    transport.before = before
    try:
        receipt = apply(plan, journal)
    except (WorldMoved, plans.PreconditionFailed):
        return "refused" if not transport.writes else "lost"
    except plans.StepFailed as error:
        return "stopped" if error.journal == journal and error.not_done is not None else "lost"
    if not came:
        return "over"
    if not came["changed something"]:
        return "nothing came of it"
    if receipt.warnings:
        return "reported"
    if unseeable(transport, first + boundary):
        return "unseen"
    if case.merges:
        description = client_of(world).environments.get("orders-api", "production")["description"]
        return "merged" if description == "By somebody else" else "lost"
    return "lost"


def unseeable(transport: Between, boundary: int) -> bool:
    """It came between the last looks and a write, or among the last looks of all: no client could know of it."""
    coming = transport.sent[boundary : boundary + 3]
    return len(coming) < 3 or any(is_write(*one) for one in coming)
