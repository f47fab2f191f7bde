"""Lessons: every solution passes, every wrong way fails for its reason; answers, hints, harm, progress."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb import training
from createos_nb.checks import PASS
from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.process_lock import ProcessLock
from createos_nb.redaction import Secret
from createos_nb.training.curriculum import author
from createos_nb.training.curriculum.checking import Reading, look
from createos_nb.training.curriculum.facts import FACTS
from createos_nb.training.curriculum.files import built_in
from createos_nb.training.curriculum.harm import compare
from createos_nb.training.curriculum.lesson import Lesson
from createos_nb.training.curriculum.progress import ProgressStore
from createos_nb.training.curriculum.reader import read_lesson
from createos_nb.training.curriculum.schema import CheckSection, FactSection, WrongValue, WrongWay

NAMES = sorted(built_in())
#: So many wrong ways of each lesson are tried by default; the long version tries all.
_TRIED = 3


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / "journals"))
    monkeypatch.setenv("CREATEOS_NB_LESSONS", str(tmp_path / "lessons"))
    return tmp_path / "lessons"


def begin(name: str = "01-first-listing") -> Lesson:
    return training.lesson(name, keep=False)


# --- every lesson -----------------------------------------------------------------------------------------------------


def ways() -> list[Any]:
    found = []
    for name in NAMES:
        for number, way in enumerate(read_lesson(name).content.wrong):
            marks = [pytest.mark.slow] if number >= _TRIED else []
            found.append(pytest.param(name, way, id=f"{name}: {way.name}", marks=marks))
    return found


@pytest.mark.grid(2)
@pytest.mark.parametrize("name", NAMES)
def test_the_solution_passes_and_nothing_is_right_before_it(name: str) -> None:
    source = read_lesson(name)
    untouched = Lesson(source, None).check()
    assert not untouched.right
    assert not untouched.harmed
    assert all(reason for reason in untouched.missing.values())
    solution = author.try_solution(source)
    assert solution.result == PASS, solution


@pytest.mark.parametrize(("name", "way"), ways())
@pytest.mark.grid(2)
def test_a_wrong_way_fails_for_its_reason(name: str, way: WrongWay) -> None:
    tried = author.try_wrong_way(read_lesson(name), way)
    assert tried.result == PASS, tried


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_has_wrong_ways_with_reasons_and_hints(name: str) -> None:
    content = read_lesson(name).content
    assert len(content.wrong) >= 3
    assert all(way.harm or way.because for way in content.wrong)
    assert 10 <= content.minutes <= 20
    assert all(task.hints for task in content.tasks)


def test_an_author_is_told_when_a_claim_does_not_hold() -> None:
    source = read_lesson("01-first-listing")
    right = WrongWay(name="what is right", code='lesson.answer("projects", 8)', task="projects", because="number")
    assert author.try_wrong_way(source, right).figure == "the task projects is right"
    other = WrongWay(name="x", code='lesson.answer("projects", 9)', task="projects", because="environments")
    assert author.try_wrong_way(source, other).result == "FAIL"
    broken = WrongWay(name="x", code="1 / 0", task="projects", because="x")
    assert author.try_wrong_way(source, broken).figure == "ZeroDivisionError: division by zero"
    harmless = WrongWay(name="x", code="pass", harm="was deleted")
    assert author.try_wrong_way(source, harmless).figure == "nothing was harmed"


# --- answers and checks -----------------------------------------------------------------------------------------------


def test_answers_are_noted_and_told_nothing_of() -> None:
    lesson = begin()
    assert "noted" in repr(lesson.answer("projects", 13))
    assert repr(lesson.answer("live", ...)) == "live: put your answer in place of the dots"
    assert "in place of the dots" in repr(lesson.answer("live", [...]))
    assert lesson.answers().values.tolist() == [["projects", "13"]]
    assert lesson.tasks()["right"].sum() == 0
    lesson.answer("projects", len(lesson.client.projects.list()))
    assert "Next: Which version" in repr(lesson.check("projects"))
    report = lesson.check()
    assert 'lesson.hint("live")' in repr(report)
    assert report.right == ["projects"]
    assert not report.passed
    assert report.frame()["state"].tolist() == ["right", "missing", "missing", "missing"]
    assert lesson.tasks().set_index("task")["right"].to_dict()["projects"]


def test_an_answer_can_be_a_frames_value_a_text_or_a_list() -> None:
    lesson = begin()
    overview = lesson.client.fleet.overview().set_index(["project", "environment"])
    lesson.answer("live", overview.loc[("storefront", "production"), "version"])
    lesson.answer("asleep", " Chat-Bot ")
    assert lesson.check().right == ["live", "asleep"]
    lesson.answer("live", "v17")
    assert "live" in lesson.check().right
    lesson.answer("live", pd.Series([17]))
    assert "live" in lesson.check("live").missing
    with pytest.raises(InvalidInput, match="missing"):
        lesson.answer("live", pd.NA)
    with pytest.raises(InvalidInput, match="secret"):
        lesson.answer("live", Secret("sk_123"))
    with pytest.raises(UnknownName, match="did you mean projects"):
        lesson.answer("project", 8)


def check_of(**fields: Any) -> CheckSection:
    return CheckSection(answer="x", otherwise="no: {found}", **fields)


@pytest.mark.parametrize(
    ("fields", "right", "wrong"),
    [
        ({"equals": 6}, [6, 6.0, "6", "v6", "version 6"], [7, "six", True, None, [6]]),
        ({"equals": 99.5, "within": 0.01}, [99.5, "99.4 %", 100.0], [97, "much"]),
        ({"equals": True}, [True, "yes", "True"], [False, "no", "perhaps"]),
        ({"equals": "canary"}, ["canary", "Canary "], ["blue", 3]),
        ({"equals": ["a", "b"]}, [["b", "a"], ("a", "b")], [["a"], "a", ["a", "b", "c"]]),
        ({"one_of": [3, 4]}, [3, "4"], [5]),
        ({"at_least": 3}, [3, "4", 10.5], [2, "x", None]),
        ({"at_most": 3}, [3, 0], [3.1, None]),
        ({"contains": "KEY"}, [["KEY", "B"], "my KEY"], [["B"], None, 3]),
        ({"lacks": "KEY"}, [["B"], None, "b"], [["KEY"], "a KEY"]),
    ],
)
def test_what_is_compared(fields: dict[str, Any], right: list[Any], wrong: list[Any]) -> None:
    reading = Reading(createos_nb.simulate("empty"), [])
    for value in right:
        assert look(check_of(**fields), reading, {"x": value}).state == "right", value
    for value in wrong:
        assert look(check_of(**fields), reading, {"x": value}).state == "missing", value


def test_a_wrong_value_says_why() -> None:
    reading = Reading(createos_nb.simulate("empty"), [])
    check = check_of(
        equals=6, wrong=[WrongValue(below=6, because="{found} is too old"), WrongValue(equals=7, because="it")]
    )
    assert look(check, reading, {"x": 5}).reason == "5 is too old"
    assert look(check, reading, {"x": 7}).reason == "it"
    assert look(check, reading, {"x": 8}).reason == "no: 8"
    assert look(check, reading, {}).reason.startswith("there is no answer yet")


def test_what_can_not_be_read_is_unknown_and_not_missing() -> None:
    closed = createos_nb.simulate("storefront")
    closed.close()
    section = CheckSection(fact="projects", equals=8, otherwise="no")
    finding = look(section, Reading(closed, []), {})
    assert finding.state == "unknown"
    assert "could not be read" in finding.reason


def test_facts_of_what_is_not_there_are_none() -> None:
    client = createos_nb.simulate("empty")
    place = {"project": "nothing", "environment": "production"}
    arguments = {
        "field": "state",
        "variable": "X",
        "domain": "x.example.com",
        "name": "x",
        "title": "x",
        "target": 0.99,
        "start": "-1h",
        "search": "x",
        "value": "x",
        "since": "2026-01-01T00:00:00Z",
        **place,
    }
    for name, read in FACTS.items():
        wanted = [p.name for p in list(inspect.signature(read).parameters.values())[1:] if p.default is p.empty]
        value = read(client, **{one: arguments[one] for one in wanted})
        assert value is None or name in (
            "projects",
            "environments",
            "has_environment",
            "runs_of",
            "valid_keys",
            "hours_passed",
        ), name


def test_a_fact_is_read_once_a_round() -> None:
    client = createos_nb.simulate("storefront")
    reading = Reading(client, [])
    before = len(client.log())
    for _ in range(3):
        assert reading.value(FactSection(fact="projects")) == 8
    assert len(client.log()) == before + 1


# --- harm -------------------------------------------------------------------------------------------------------------


def test_harm_names_what_is_gone_or_other_and_not_what_may_change() -> None:
    before = {"a/b": {"live": 3, "replicas": 2}, "key ci": {"state": "there"}, "domain x": {"leads_to": "b"}}
    now = {"a/b": {"live": 4, "replicas": 1}, "domain x": {"leads_to": ""}, "a/new": {"live": 1}}
    assert compare(before, now, []) == [
        "a/b: live 3 → 4",
        "a/b: replicas 2 → 1",
        "key ci was revoked",
        "domain x: leads to b → nothing",
    ]
    assert compare(before, now, ["a/b.*", "key ci.gone", "domain *.leads_to"]) == []


def test_harm_is_told_and_takes_the_points() -> None:
    lesson = begin("05-rollback")
    plan = createos_nb.runbooks.rollback(lesson.client, "storefront", "production", diagnosis=False)
    plan.apply(confirm=plan.confirmation, reason="the checkout fails")
    assert lesson.check("rolled_back").points == 2
    lesson.client.environments.delete("storefront", "staging")
    lesson.wait("5min")
    report = lesson.check("rolled_back")
    assert report.right == ["rolled_back"]
    assert report.harmed == ["storefront/staging was deleted"]
    assert not report.passed
    assert report.points == 0
    assert report.frame()["state"].tolist() == ["right", "harmed"]
    assert "storefront/staging was deleted" in report._repr_html_()
    with pytest.raises(training.NotPassed, match="harmed: storefront/staging"):
        report.require()


# --- hints and progress -----------------------------------------------------------------------------------------------


def test_hints_come_one_at_a_time() -> None:
    lesson = begin()
    assert [lesson.hint("live").number for _ in range(4)] == [1, 2, 3, 3]
    assert lesson.hint().task == "How many projects are there?"
    lesson.answer("projects", 8)
    lesson.check()
    assert lesson.hint().task == "Which version of the storefront do its users see?"
    assert lesson.tasks().set_index("task").loc["live", ["hints", "left"]].tolist() == [3, 0]
    with pytest.raises(UnknownName, match="there is no task 'lives'"):
        lesson.hint("lives")


_FIRST = """
import createos_nb
from createos_nb import training
lesson = training.lesson("05-rollback")
lesson.answer("broken", 7)
lesson.hint("broken")
plan = createos_nb.runbooks.rollback(lesson.client, "storefront", "production", diagnosis=False)
plan.apply(confirm=plan.confirmation, reason="the checkout fails")
lesson.wait("40min")
"""


def test_a_lesson_is_taken_up_where_it_was(folder: Path) -> None:
    exec(_FIRST)
    taken_up_and_passed()


@pytest.mark.slow
def test_a_lesson_is_taken_up_by_another_process(folder: Path) -> None:
    # what moves the clock past the lesson is kept when the process ends
    code = _FIRST.replace("lesson.wait", "lesson.client.world.advance")
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
    taken_up_and_passed()


def taken_up_and_passed() -> None:
    table = training.lessons().set_index("lesson")
    assert table.loc["05-rollback", ["state", "right"]].tolist() == ["begun", 0]
    lesson = training.lesson("05-rollback")
    assert lesson.taken_up
    assert "taken up where it was" in repr(lesson)
    assert lesson.check().right == ["broken", "rolled_back", "held"]
    assert lesson.tasks().set_index("task").loc["broken", "hints"] == 1
    lesson.answer("who", 8)
    assert lesson.check().passed
    table = training.lessons().set_index("lesson")
    assert table.loc["05-rollback", ["state", "right"]].tolist() == ["passed", 4]
    assert table.loc["01-first-listing", "state"] == "new"
    assert not training.lesson("05-rollback", fresh=True).check().right


def test_nothing_is_kept_where_that_is_asked(folder: Path) -> None:
    begin().answer("projects", 8)
    assert not folder.exists()


def test_what_is_kept_of_another_world_or_damaged_is_not_gone_on_with(folder: Path) -> None:
    training.lesson("01-first-listing").answer("projects", 8)
    store = ProgressStore(folder / "01-first-listing")
    kept = store.read()
    assert kept is not None
    kept.digest = "another"
    store.write(kept)
    assert not training.lesson("01-first-listing").taken_up
    (store.folder / "progress.json").write_text("{", encoding="utf-8")
    assert training.lessons().set_index("lesson").loc["01-first-listing", "state"] == "unknown"
    with pytest.raises(InvalidInput, match="fresh=True begins anew"):
        training.lesson("01-first-listing")
    assert not training.lesson("01-first-listing", fresh=True).taken_up


def test_a_lesson_that_is_open_elsewhere_is_refused(folder: Path) -> None:
    (folder / "01-first-listing").mkdir(parents=True)
    other = ProcessLock(folder / "01-first-listing" / "lesson.lock")
    other.acquire("process 4711")
    with pytest.raises(InvalidInput, match=r"open in another kernel \(process 4711\)"):
        training.lesson("01-first-listing")
    assert begin().name == "01-first-listing"
    other.release()
    assert not training.lesson("01-first-listing").taken_up


def test_runs_are_remembered_when_their_journals_are_gone(folder: Path, tmp_path: Path) -> None:
    lesson = training.lesson("05-rollback")
    plan = createos_nb.runbooks.hold(lesson.client, "storefront", "production")
    plan.apply(confirm=plan.confirmation, reason="so")
    lesson.check()
    for journal in (tmp_path / "journals").glob("*.jsonl"):
        journal.unlink()
    kept = ProgressStore(folder / "05-rollback").read()
    assert kept is not None
    assert Reading(lesson.client, kept.runs).value(FactSection(fact="runs_of", of={"title": "hold"})) == 1


def test_a_client_of_another_world_is_refused() -> None:
    with pytest.raises(InvalidInput, match="needs the world storefront"):
        training.lesson("01-first-listing", keep=False, client=createos_nb.simulate("empty"))
    lesson = training.lesson("01-first-listing", keep=False, client=createos_nb.simulate("storefront"))
    assert lesson.check().missing.keys() == {"projects", "live", "asleep", "busiest"}


def test_a_report_is_read_as_checks_and_as_html() -> None:
    report = begin().check()
    bundle = report._repr_mimebundle_()
    assert bundle["application/vnd.createos-nb.checks+json"]["result"] == "FAIL"
    assert "missing" in bundle["text/html"]
    assert "nothing was harmed" in repr(report)


def test_lessons_are_found_by_name_number_and_path() -> None:
    table = training.lessons()
    assert table["lesson"].tolist() == NAMES
    assert begin("5").name == "05-rollback"
    assert begin(str(built_in()["05-rollback"])).name == "05-rollback"
    with pytest.raises(UnknownName, match="did you mean 05-rollback"):
        begin("06-rolback")
