"""What is not so must not be called PASS: a change that is undone behind a plan's back, figures that are missing."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest

import createos_nb
from createos_nb import diagnostics, runbooks
from createos_nb.checks import FAIL, NO_DATA, PASS
from createos_nb.cli.exit_codes import DONE
from createos_nb.cli.run import _code
from createos_nb.notebooks.execution import Failure
from createos_nb.plans import PlanError
from tests.attacks.tally import tally, times


@pytest.fixture(scope="module")
def origin() -> Any:
    """One opened world: each try has a fork of it."""
    return createos_nb.simulate("bad-release").world


def live(client: Any) -> int:
    place = client.environments.get("storefront", "production")
    return int(client.deployments.get("storefront", place["project_deployment_id"])["version_number"])


@pytest.mark.slow
def test_a_receipt_is_no_pass_where_somebody_has_changed_it_again(
    origin: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(11)
    promise = "receipt.verify() is PASS only if it is so"
    with tally("verification", "a second writer undoes a rollback, during it or after", promise) as kept:
        for number in range(times(30)):
            monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / str(number)))
            client = createos_nb.simulate(origin.fork())
            other = createos_nb.simulate(client.world)
            plan = runbooks.rollback(client, "storefront", "production")
            when = random.choice(["never", "after", "waiting", "done", "finished"])

            def undone(event: Any, other: Any = other, when: str = when) -> None:
                if event.phase == when:
                    other.environments.assign_deployment("storefront", "production", 4)
                    other.world.advance("30s")

            try:
                receipt = plan.apply(confirm=plan.confirmation, reason="a test", on_event=undone)
            except PlanError:
                kept.check(when != "never", f"{number}: refused although nobody interfered")
                continue
            if when == "after":
                undone_after = other.environments.assign_deployment
                undone_after("storefront", "production", 4)
                other.world.advance("30s")
            result, so = receipt.verify().result, live(client) == 3
            kept.check((result == PASS) == so, f"{number}: {when}: {result}, live is v{live(client)}")


def test_figures_that_are_missing_are_no_pass() -> None:
    draw = np.random.default_rng(12)
    promise = "NO DATA where a figure is missing, or nobody asked"
    with tally("verification", "effects with figures left out at random", promise) as kept:
        for _ in range(times(200)):
            requests = draw.integers(0, 4000, 3)
            errors = draw.binomial(requests, draw.choice([0.0, 0.01, 0.2], 3))
            frame = pd.DataFrame(
                {"requests": requests, "server_errors": errors, "lost": errors}, index=["before", "during", "after"]
            ).astype("Int64")
            row, column = draw.choice(["before", "during", "after"]), draw.choice(["requests", "server_errors", "lost"])
            frame.loc[row, column] = pd.NA if draw.random() < 0.5 or column != "requests" else 0
            if frame.loc[row, "requests"] is not pd.NA and frame.loc[row, "requests"] == 0:
                frame.loc[row, ["server_errors", "lost"]] = 0
            found = {
                ("during", "requests"): [diagnostics.none_lost(frame)],
                ("during", "lost"): [diagnostics.none_lost(frame)],
            }.get((row, column), [])
            if row != "during" and column != "lost":
                found = [diagnostics.errors_fell(frame), diagnostics.errors_not_risen(frame)]
            for one in found:
                kept.check(one.result == NO_DATA, f"{row}.{column}: {one}")


def test_shares_that_are_equal_are_seldom_called_better_or_worse() -> None:
    """At 95 %, and 2.5 % on the side that matters; five in a hundred leave room for chance."""
    draw = np.random.default_rng(13)
    with tally("verification", "two samples of one and the same share", "at most 5 % are told apart") as kept:
        for share in (0.002, 0.01, 0.05, 0.3):
            # of fewer, chance alone is more than 5 %
            wrong, tries = 0, max(times(120), 60)
            for _ in range(tries):
                requests = draw.integers(50, 5000, 2)
                errors = draw.binomial(requests, share)
                frame = pd.DataFrame({"requests": requests, "server_errors": errors}, index=["before", "after"]).astype(
                    "Int64"
                )
                wrong += diagnostics.errors_fell(frame).result == PASS
                kept.check(diagnostics.errors_not_risen(frame).result in (PASS, NO_DATA, FAIL))
            kept.check(wrong / tries <= 0.05, f"{share}: {wrong} of {tries} fell, and nothing had")
            worse = 0
            for _ in range(tries):
                errors = draw.binomial([4000, 4000], share)
                frame = pd.DataFrame(
                    {"requests": [4000, 4000], "server_errors": errors}, index=["before", "after"]
                ).astype("Int64")
                worse += diagnostics.errors_not_risen(frame).result == FAIL
            kept.check(worse / tries <= 0.05 + 0.02, f"{share}: {worse} of {tries} rose, and nothing had")


def test_whatever_a_cell_raises_is_never_done() -> None:
    kinds = [
        name
        for module in (createos_nb.errors, createos_nb.plans)
        for name, one in vars(module).items()
        if isinstance(one, type) and issubclass(one, Exception)
    ]
    with tally("verification", "a cell raises an error of the package, with and without a change", "never 0") as kept:
        for name in sorted({*kinds, "ValueError", "KeyError", "SystemExit", "DeadKernelError", "CellTimeoutError"}):
            for changed in (False, True):
                code = _code(Failure([name, "Exception"], ""), changed=changed)
                kept.check(
                    code != DONE and (not changed or code not in (2, 3) or name == "JournalBusy"), f"{name}: {code}"
                )
