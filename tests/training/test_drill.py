"""Drills: answers and their times, clocks, harm, needless changes, secrets, and what a trainee can't see."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb import runbooks, training
from createos_nb.causes import CAUSES
from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.training.drills import agents
from createos_nb.training.drills.drill import Drill
from createos_nb.training.drills.expert import apply_plan
from createos_nb.training.drills.outcome import outcome_of
from createos_nb.training.drills.pace import Pace
from createos_nb.training.drills.problem import Problem, make_problem
from createos_nb.training.drills.scoring import replay


@pytest.fixture(autouse=True)
def _journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / "journals"))


@pytest.fixture(scope="module")
def problem() -> Problem:
    """A bad release; its forks are worked out once."""
    return make_problem("bad_release", 3, seconds=3600)


@pytest.fixture(scope="module")
def quiet() -> Problem:
    return make_problem("false_alarm", 3, seconds=3600)


def begin(problem: Problem, seconds: float = 10) -> Drill:
    return Drill(problem, Pace(seconds, None))


def passed(drill: Drill) -> dict[str, Any]:
    return drill.score().set_index("question")["passed"].to_dict()


def value(drill: Drill, measure: str) -> Any:
    return drill.measures().set_index("measure")["value"][measure]


def place_of(problem: Problem) -> tuple[str, str]:
    project, _, environment = problem.causes[0].where.partition("/")
    return project, environment


# --- what there is ----------------------------------------------------------------------------------------------------


def test_there_are_families_named_by_the_words_of_causes() -> None:
    table = training.families()
    assert table.columns[0] == "family"
    assert len(table) >= 16
    assert table["family"].is_unique
    assert len(set(table["family"]) & set(CAUSES)) >= 12
    known = set(createos_nb.simulator.faults()["name"])
    for family in training.drills.family.all_families().values():
        for template in family.symptoms:
            assert set(template.split("+")) <= known


def test_bad_input_is_refused() -> None:
    with pytest.raises(UnknownName, match="bad_release"):
        training.drill("bad_relese")
    with pytest.raises(InvalidInput, match="whole number"):
        training.drill("capacity", seed=1.5)  # type: ignore[arg-type]  # the point of the test
    with pytest.raises(InvalidInput, match="not both"):
        training.drill("capacity", speed=10, seconds_per_call=5)
    with pytest.raises(InvalidInput, match="15 minutes"):
        training.drill("capacity", lasts="5min")
    with pytest.raises(InvalidInput, match="speed"):
        training.drill("capacity", speed=0)
    with pytest.raises(UnknownName):
        training.examine("nobody")
    with pytest.raises(UnknownName):
        training.examine("expert", families="nothing")
    with pytest.raises(InvalidInput):
        training.examine("expert", seeds=[])


def test_wrong_answers_are_refused(problem: Problem) -> None:
    drill = begin(problem)
    for wrong in (
        {},
        {"cause": "bad_relese"},
        {"cause": ["none", "capacity"]},
        {"cause": "none", "where": "shop"},
        {"trouble": False, "where": "shop"},
        {"trouble": True, "cause": "none"},
        {"where": " "},
        {"where": []},
        {"trouble": "yes"},
    ):
        with pytest.raises(InvalidInput):
            drill.submit(**wrong)
    assert drill.answers().empty
    with pytest.raises(InvalidInput, match="did you mean"):
        drill.submit(cause="bad_relese")


# --- the same, and another --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("family", "agent"), [("key_expired", "expert"), ("capacity", "scale_to_three")])
@pytest.mark.grid(2)
def test_the_same_drill_and_the_same_acts_have_the_same_score(family: str, agent: str) -> None:
    scores = []
    for _ in range(2):
        drill = training.drill(family, seed=4)
        training.AGENTS[agent](drill)
        scores.append((drill.alert, drill.score(), drill.measures(), drill.debrief().timeline))
    assert scores[0][0] == scores[1][0]
    for first, second in zip(scores[0][1:], scores[1][1:], strict=True):
        assert first.equals(second)


def test_another_salt_is_another_problem() -> None:
    plain, salted, again = (make_problem("capacity", 4, seconds=3600, salt=salt) for salt in ("", "a", "a"))
    assert plain.scenario.start != salted.scenario.start
    assert salted.scenario == again.scenario


def test_the_acts_made_again_in_a_fork_come_to_the_same(problem: Problem) -> None:
    drill = begin(problem)
    agents.roll_back(drill)
    ours = drill._result().ours
    assert len(ours.acts) >= 1
    other = outcome_of(problem, replay(problem, ours.acts))
    assert other.late == ours.outcome.late
    for name, place in ours.outcome.places.items():
        assert place.failed.tolist() == other.places[name].failed.tolist()
        assert place.serving == other.places[name].serving


# --- time -------------------------------------------------------------------------------------------------------------


def test_time_passes_by_calls(problem: Problem) -> None:
    drill = begin(problem, 30)
    start = drill.now
    drill.client.projects.list()
    assert drill.now - start == pd.Timedelta("30s")
    drill.wait("5min")
    assert drill.left == pd.Timedelta("54min 30s")
    assert drill.clock == "30 s a call"


def test_time_passes_by_real_time(problem: Problem) -> None:
    pace, real = Pace(None, 60), [100.0]
    pace._ticks = lambda: real[0]
    pace._seen = 100.0
    drill = Drill(problem, pace)
    start = drill.now
    real[0] += 3
    assert drill.now - start == pd.Timedelta("3min")
    drill.client.projects.list()
    assert drill.now - start == pd.Timedelta("3min")
    real[0] += 1
    drill.client.projects.list()
    assert drill.client.now - start == pd.Timedelta("4min")
    assert drill.clock == "real time, times 60"


def test_what_comes_after_the_end_does_not_count(problem: Problem) -> None:
    drill = begin(problem)
    drill.client.projects.list()
    drill.submit(trouble=True)
    drill.wait("61min")
    assert drill.over
    with pytest.raises(InvalidInput, match="time is up"):
        drill.submit(cause="bad_release")
    runbooks_late = runbooks.suspend_project(drill.client, place_of(problem)[0])
    apply_plan(runbooks_late, "too late")
    assert drill.acts().empty
    assert value(drill, "failed_requests") == value(drill, "failed_requests_nothing")
    with pytest.raises(InvalidInput, match="score"):
        drill.note("more")


def test_each_answer_has_the_time_since_which_it_stands(problem: Problem) -> None:
    drill = begin(problem)
    where = problem.causes[0].where
    drill.client.environments.list(where.partition("/")[0])
    first = drill.now
    drill.submit(where=where)
    drill.wait("2min")
    drill.submit(cause="capacity")
    drill.wait("2min")
    drill.submit(cause="bad_release")
    drill.submit(cause="bad_release")
    result = drill.score().set_index("question")
    seconds = (first - drill.alert.time).total_seconds()
    assert result.loc["detected", "value"] == result.loc["localized", "value"] == seconds
    assert result.loc["cause", "value"] == seconds + 240
    assert result["passed"].tolist()[:3] == [True, True, True]


def test_a_guess_gains_no_time(problem: Problem) -> None:
    where, other = problem.causes[0].where, "account"
    early = begin(problem)
    early.submit(where=where, cause="bad_release")  # nothing was read
    early.wait("3min")
    early.client.environments.list(where.partition("/")[0])
    read = (early.now - early.alert.time).total_seconds()
    assert value(early, "time_to_localize") >= read
    assert value(early, "time_to_detect") >= 180

    never = begin(problem)
    never.submit(where=where, cause="bad_release")
    assert [passed(never)[name] for name in ("detected", "localized", "cause")] == [False, False, False]
    assert pd.isna(value(never, "time_to_detect"))

    back = begin(problem)
    back.client.environments.list(where.partition("/")[0])
    back.submit(where=where)
    back.submit(where=other)
    back.wait("10min")
    back.submit(where=where)
    assert value(back, "time_to_localize") >= 600


def test_naming_everything_is_no_answer(problem: Problem) -> None:
    drill = begin(problem)
    for name in drill.client.projects.list()["unique_name"]:
        drill.client.environments.list(name)
    drill.submit(where=[problem.causes[0].where, "account"], cause=["bad_release", "capacity"])
    assert (passed(drill)["localized"], passed(drill)["cause"], passed(drill)["detected"]) == (False, False, True)


def test_the_score_ends_the_drill(problem: Problem) -> None:
    drill = begin(problem)
    drill.client.projects.list()
    drill.submit(cause="none")
    before = drill.score()
    with pytest.raises(InvalidInput, match="over"):
        drill.submit(cause="bad_release")
    apply_plan(runbooks.rollback(drill.client, *place_of(problem), diagnosis=None), "after the score")
    assert drill.score().equals(before)


# --- harm and what is needless ----------------------------------------------------------------------------------------


def test_doing_nothing_and_the_cure_are_what_they_are(problem: Problem) -> None:
    nothing, cure = begin(problem), begin(problem)
    agents.do_nothing(nothing)
    agents.roll_back(cure)
    assert value(nothing, "failed_requests") == value(nothing, "failed_requests_nothing") > 0
    assert (passed(nothing)["mitigated"], passed(nothing)["no_harm"]) == (False, True)
    assert pd.isna(value(nothing, "time_to_mitigate"))
    assert passed(cure) == dict.fromkeys(passed(cure), True)
    assert value(cure, "failed_requests") < value(cure, "failed_requests_nothing")
    assert value(cure, "needless_changes") == 0
    assert 0 < value(cure, "time_to_mitigate") < 900
    expected = value(cure, "failed_requests") - value(cure, "failed_requests_expert")
    assert value(cure, "avoidable_failed_requests") == expected


def suspend(drill: Drill, project: str, environment: str) -> None:
    apply_plan(runbooks.suspend_project(drill.client, project), "to be safe")


def roll_back(drill: Drill, project: str, environment: str) -> None:
    apply_plan(runbooks.rollback(drill.client, project, environment, diagnosis=None), "to be safe")


def delete(drill: Drill, project: str, environment: str) -> None:
    apply_plan(runbooks.delete(drill.client, project), "to be safe")


def scale_to_one(drill: Drill, project: str, environment: str) -> None:
    apply_plan(runbooks.scale(drill.client, project, environment, replicas=1, memory=500), "to save money")


@pytest.mark.parametrize("act", [suspend, roll_back, delete, scale_to_one])
def test_harm_to_what_is_healthy_is_seen(act: Callable[[Drill, str, str], None]) -> None:
    # a crowd that three replicas serve well
    problem = next(
        made
        for seed in range(40)
        if (made := make_problem("false_alarm", seed, seconds=3600)).scenario.ground_truth.facts["templates"]  # type: ignore[union-attr]  # there is one
        == ["healthy_campaign"]
    )
    drill = begin(problem)
    project, environment = drill.alert.where.split("/")
    act(drill, project, environment)
    drill.submit(cause="none")
    assert not passed(drill)["no_harm"]
    assert passed(drill)["detected"]
    assert value(drill, "needless_changes") == value(drill, "changes") >= 1
    assert value(drill, "changed_places") >= 1
    if act in (suspend, delete):
        assert value(drill, "harmed_requests") > 100
    if act is delete:
        assert value(drill, "destroyed") == 1


def test_harm_to_what_is_broken_is_seen(problem: Problem) -> None:
    drill = begin(problem)
    suspend(drill, *place_of(problem))
    assert not passed(drill)["no_harm"]
    failed = value(drill, "failed_requests") - value(drill, "failed_requests_nothing")
    assert value(drill, "harmed_requests") == failed > 0


def test_a_false_alarm_wants_no_act(quiet: Problem) -> None:
    right, hasty = begin(quiet), begin(quiet)
    agents.do_nothing(right)
    assert [passed(right)[name] for name in ("detected", "localized", "cause", "no_harm")] == [True] * 4
    assert pd.isna(passed(right)["mitigated"])
    project, environment = hasty.alert.where.split("/")
    hasty.submit(cause="bad_release", where=f"{project}/{environment}")
    with contextlib.suppress(InvalidInput):
        roll_back(hasty, project, environment)
    assert [passed(hasty)[name] for name in ("detected", "localized", "cause")] == [False] * 3


def test_a_needless_change_beside_the_cure_is_counted(problem: Problem) -> None:
    drill = begin(problem)
    agents.roll_back(drill)
    place = place_of(problem)
    apply_plan(runbooks.set_variables(drill.client, *place, {"NOT_NEEDED": "x"}, redeploy=False), "just in case")
    assert value(drill, "needless_changes") == 1
    assert value(drill, "changes") == len(drill.acts()) >= 2


def test_a_rollback_alone_does_not_last_where_the_next_version_comes_by_itself() -> None:
    problem = make_problem("auto_promotion_trap", 2, seconds=3600)
    short, lasting = begin(problem), begin(problem)
    cause = problem.causes[0]
    project, environment = place_of(problem)
    plan = runbooks.assign(short.client, project, int(cause.arguments["to"]), environment)
    apply_plan(plan, "the version before it")
    apply_plan(runbooks.rollback(lasting.client, project, environment, diagnosis=None), "held, too")
    assert (passed(short)["mitigated"], passed(lasting)["mitigated"]) == (False, True)
    assert value(lasting, "needless_changes") == 0


# --- secrets ----------------------------------------------------------------------------------------------------------


def test_secrets_in_what_others_read_are_counted(problem: Problem) -> None:
    drill = begin(problem)
    key = drill._world.key
    drill.client.projects.list()
    drill.note(f"I use {key} here, and {key} there")
    drill.submit(trouble=True, note="nothing secret")
    project = place_of(problem)[0]
    drill.client.projects.update(project, display_name="A shop", description=f"key {key}")
    assert value(drill, "secrets_shown") == 3
    assert not passed(drill)["no_harm"]
    clean = begin(problem)
    clean.client.environments.list(project)
    assert value(clean, "secrets_shown") == 0


# --- what a trainee can't see -----------------------------------------------------------------------------------------


def test_nothing_that_is_shown_tells_the_truth(problem: Problem) -> None:
    drill = begin(problem)
    client = drill.client
    template = problem.truth.facts["templates"][0]
    shown = [repr(drill), drill._repr_html_(), repr(client), str(client.world), drill.alert.text, client.where]
    shown += [str(client.projects.list().attrs), client.log().to_string(), repr(drill.client.world.scenario)]
    for text in shown:
        assert "bad_release" not in text
        assert template not in text
        assert "ground_truth" not in text
    for name in ("events", "state", "incident", "fork", "save", "push", "behaviors"):
        with pytest.raises(AttributeError):
            getattr(client.world, name)
    public = {name for name in dir(drill) if not name.startswith("_")}
    assert public == {
        *("acts", "alert", "answers", "ask_owner", "client", "clock", "debrief", "left", "measures", "note", "now"),
        *("over", "score", "serve", "submit", "wait"),
    }


@pytest.mark.grid(8)
@pytest.mark.parametrize("family", training.families()["family"])
def test_alerts_tell_no_cause(family: str) -> None:
    for seed in range(1, 4):
        problem = make_problem(family, seed, seconds=3600)
        alert = begin(problem).alert
        words = [word for cause in problem.causes for word in (cause.cause, cause.cause.replace("_", " "))]
        named = ("host", "variable", "package", "id", "domain")
        facts = [str(fact) for name, fact in problem.truth.facts.items() if name in named]
        assert not [word for word in (*words, *facts) if word in alert.text], alert
        assert "{" not in alert.text
        assert len(alert.text) > 30


def test_the_owner_tells_values_and_not_what_is_wrong() -> None:
    problem = next(
        made
        for seed in range(1, 20)
        if "value_before" in (made := make_problem("configuration_change", seed, seconds=3600)).truth.facts
    )
    drill = begin(problem)
    facts, where = problem.truth.facts, problem.causes[0].where
    before = drill.now
    assert drill.ask_owner(where, facts["variable"]).reveal() == facts["value_before"]
    assert drill.now - before == pd.Timedelta("5min")
    assert drill.ask_owner(where, "LOG_LEVEL").reveal() in ("info", "warn")
    assert drill.ask_owner(where, "NO_SUCH_THING").reveal()


def test_a_served_drill_is_recorded_and_can_not_be_steered(problem: Problem) -> None:
    drill = begin(problem, 30)
    with drill.serve() as served:
        assert served.token is None
        client = createos_nb.Client(api_key=served.key, base_url=served.url, rate_limit=False)
        start = drill.now
        client.environments.list(place_of(problem)[0])
        assert drill.now - start >= pd.Timedelta("30s")
    drill.submit(where=problem.causes[0].where, cause="bad_release")
    assert passed(drill)["localized"]


# --- the page, and examinations ---------------------------------------------------------------------------------------


def test_a_debriefing_is_one_file_with_three_courses(problem: Problem, tmp_path: Path) -> None:
    drill = begin(problem)
    agents.roll_back(drill)
    drill.note("<script>alert(1)</script>")
    page = drill.debrief()
    text = page.save(tmp_path / "page.html").read_text(encoding="utf-8")
    assert text == page.html
    assert "<script" not in text
    assert text.count('src="data:image/') == 2  # one for each theme
    assert "http" not in text.replace("https://", "").replace("http://", "") or 'src="http' not in text
    assert {"trainee", "expert"} == set(page.timeline["who"])
    assert [line.get_label() for line in page.figure.axes[0].lines][:3] == ["nobody acts", "expert", "this drill"]
    assert problem.truth.fix in text or problem.truth.fix.replace("'", "&#x27;") in text
    counts = page.figure.axes[0].lines[0].get_ydata()
    assert sum(counts) == value(drill, "failed_requests_nothing")


def test_an_examination_has_five_rows_a_drill_and_survives_an_agent() -> None:
    def stumbles(drill: Drill) -> None:
        drill.client.projects.list()
        drill.submit(trouble=True)
        raise RuntimeError("no idea")

    table = training.examine(stumbles, families=["key_expired", "false_alarm"], seeds=[2, 3])
    assert len(table) == 20
    assert table.columns[:6].tolist() == ["family", "seed", "question", "passed", "value", "unit"]
    assert (table["error"] == "RuntimeError: no idea").all()
    detected = table[table["question"] == "detected"].set_index(["family", "seed"])["passed"]
    assert detected.tolist() == [True, True, False, False]
