"""Each family: the right answer and the cure pass, and plausible wrong ones fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from createos_nb import training
from createos_nb.causes import CAUSES
from createos_nb.training.drills.drill import Drill
from createos_nb.training.drills.expert import apply_plan, can_be_mended, plans_for
from createos_nb.training.drills.pace import Pace
from createos_nb.training.drills.problem import Problem, make_problem

#: What people blame first.
_USUAL = ("bad_release", "capacity", "external_dependency")


@pytest.fixture(autouse=True)
def _journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / "journals"))


def begin(problem: Problem) -> Drill:
    drill = Drill(problem, Pace(5, None))
    drill.client.projects.list()
    for section in problem.scenario.projects:
        drill.client.environments.list(section.name)
    return drill


def passed(drill: Drill) -> dict[str, Any]:
    return drill.score().set_index("question")["passed"].to_dict()


@pytest.mark.grid(3)
@pytest.mark.parametrize("family", training.families()["family"])
def test_a_right_answer_passes_and_wrong_ones_do_not(family: str) -> None:
    problem = make_problem(family, 2, seconds=3600)
    causes = [cause.cause for cause in problem.roots]
    places = [cause.where or "account" for cause in problem.roots]

    right = begin(problem)
    for plan in plans_for(right.client, problem):
        apply_plan(plan, "known from the truth")
    if causes:
        right.submit(cause=causes, where=places)
    else:
        right.submit(cause="none")
    score = passed(right)
    assert [score[name] for name in ("detected", "localized", "cause", "no_harm")] == [True] * 4, right.measures()
    assert pd.isna(score["mitigated"]) if not can_be_mended(problem) else score["mitigated"]
    assert right.measures().set_index("measure")["value"]["needless_changes"] == 0

    wrong = [word for word in (*_USUAL, *CAUSES) if word not in causes][:2]
    for word in wrong:
        drill = begin(problem)
        drill.submit(cause=word, where=["nowhere/at-all"])
        score = passed(drill)
        assert score["cause"] is False
        assert score["localized"] is False
        assert score["detected"] is bool(causes)
        measured = drill._result()
        # a crowd or a neighbor may be gone by itself before the hour is over
        lasts = measured.nothing.outcome.late > measured.expert.outcome.late + 30 or measured.nothing.outcome.checks
        assert pd.isna(score["mitigated"]) or score["mitigated"] is not bool(lasts)
    asleep = begin(problem)
    asleep.submit(cause="none")
    score = passed(asleep)
    assert [score[name] for name in ("detected", "localized", "cause")] == [not causes] * 3
    assert score["no_harm"] is True


def test_what_follows_from_a_cause_need_not_be_named() -> None:
    for family in ("two_faults", "external_dependency"):
        problem = make_problem(family, 1, seconds=3600)
        drill = begin(problem)
        one = problem.roots[0]
        drill.submit(cause=one.cause, where=one.where)
        words = {cause.cause for cause in problem.roots}
        assert passed(drill)["cause"] is (len(words) == 1)
