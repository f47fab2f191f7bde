"""Worlds that are made up from templates: their ground truth is visible, and what it calls for puts things right."""

from __future__ import annotations

import inspect
import re
import statistics
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb import runbooks
from createos_nb.causes import CAUSES
from createos_nb.errors import IncompleteWarning, InvalidInput, UnknownName
from createos_nb.simulator import fault_scenario, fault_world, faults, open_world, scenario_toml
from createos_nb.simulator.scenario import faults as folder
from createos_nb.simulator.scenario.drafts import fault as templates
from createos_nb.simulator.scenario.schema import CauseSection, Scenario
from createos_nb.simulator.times import duration
from createos_nb.simulator.world.snapshot import dump_state

NAMES: list[str] = faults()["name"].tolist()
#: Runbooks that put an environment, or a build, right at once.
MENDING = ("assign", "rollback", "scale", "set_variables", "settings", "wake")


@pytest.fixture(autouse=True)
def _journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / "journals"))


def truth_of(scenario: Scenario) -> Any:
    assert scenario.ground_truth is not None
    return scenario.ground_truth


def moment(scenario: Scenario, when: str) -> pd.Timestamp:
    return pd.Timestamp(scenario.start) + pd.Timedelta(duration(when), "us")


# --- what there is ----------------------------------------------------------------------------------------------------


def test_every_cause_has_a_template_and_some_worlds_are_healthy() -> None:
    table = faults()
    assert set(table["cause"].dropna()) == set(CAUSES)
    assert table["cause"].isna().sum() >= 3
    assert table["name"].is_unique
    assert (table["shows"].str.len() > 20).all()
    assert table.groupby("cause")["faint"].any()["bad_release"]


def test_the_page_lists_every_template_and_no_other() -> None:
    page = Path(createos_nb.__file__).parents[1] / "docs" / "fault-worlds.md"
    table = page.read_text(encoding="utf-8").partition("## Templates")[2].partition("## The truth")[0]
    named = set(re.findall(r"`(\w+)`", table))
    assert named >= set(NAMES)
    assert named - set(NAMES) <= set(CAUSES)


def test_a_file_that_is_added_is_found_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = '''
from createos_nb.simulator.scenario.drafts.fault import fault

@fault(None, faint=False)
def nothing_at_all(draft):
    """Nothing is there that could be wrong."""
    draft.app()
'''
    (tmp_path / "an_added_one.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(folder, "__path__", [*folder.__path__, str(tmp_path)])
    templates.all_faults.cache_clear()
    try:
        assert "nothing_at_all" in faults()["name"].tolist()
        assert truth_of(fault_scenario("nothing_at_all", seed=1)).healthy
    finally:
        templates._KNOWN.pop("nothing_at_all")
        templates.all_faults.cache_clear()


def test_what_can_not_be_is_refused() -> None:
    with pytest.raises(UnknownName, match="capacity"):
        fault_scenario("capasity")
    with pytest.raises(UnknownName):
        fault_scenario("capacity", also="nothing")
    with pytest.raises(InvalidInput, match="healthy"):
        fault_scenario("healthy", also="capacity")
    with pytest.raises(InvalidInput, match='"clear" or "faint"'):
        fault_scenario("capacity", difficulty="hard")  # type: ignore[arg-type]  # the point of the test


# --- the same, and another --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bad_release_one_path", "internal_dependency", "monorepo_path"])
def test_the_same_arguments_give_the_same_bytes_and_another_seed_others(name: str) -> None:
    first, again, other = (fault_world(name, seed=seed, decoy=True) for seed in (3, 3, 4))
    assert dump_state(first) == dump_state(again)
    assert dump_state(first) != dump_state(other)
    assert scenario_toml(fault_scenario(name, seed=3)) == scenario_toml(fault_scenario(name, seed=3))


def test_seeds_differ_in_what_an_engineer_would_see() -> None:
    made = [fault_scenario("bad_release_all_paths", seed=seed) for seed in range(60)]
    assert len({scenario.projects[0].name for scenario in made}) > 6
    assert len({scenario.projects[0].environments[0].name for scenario in made}) > 2
    assert len({str(scenario.projects[0].settings) for scenario in made}) > 8
    assert {scenario.projects[0].type for scenario in made} == {"vcs", "image", "upload"}
    assert len({scenario.start.hour for scenario in made}) > 8
    assert len({truth_of(scenario).began for scenario in made}) > 15
    assert len({len(scenario.projects) for scenario in made}) >= 3
    assert {truth_of(scenario).facts["difficulty"] for scenario in made} == {"clear", "faint"}


def test_a_scenario_can_be_kept_as_a_file(tmp_path: Path) -> None:
    scenario = fault_scenario("wrong_port", seed=5)
    path = tmp_path / f"{scenario.name}.toml"
    path.write_text(scenario_toml(scenario), encoding="utf-8")
    kept, made = open_world(path, seed=5), fault_world("wrong_port", seed=5)
    assert dump_state(kept) == dump_state(made)
    row = createos_nb.scenarios(path, answers=True).iloc[-1]
    assert (row["causes"], row["healthy"]) == ("wrong_port", False)


# --- the truth shows --------------------------------------------------------------------------------------------------


@pytest.mark.grid(16)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_claimed_shows_in_the_api(name: str) -> None:
    for seed, decoy, difficulty in ((1, False, "clear"), (2, True, "faint")):
        scenario = fault_scenario(name, seed=seed, decoy=decoy, difficulty=difficulty)  # type: ignore[arg-type]  # both are
        claims = createos_nb.check_scenario(scenario, seed=seed)
        broken = claims[~claims["holds"]]
        assert broken.empty, broken[["what", "where", "expected", "found"]].to_string()
        truth = truth_of(scenario)
        assert truth.healthy == (truth.causes == [])
        expected = faults().set_index("name").loc[name]
        assert truth.healthy == pd.isna(expected["cause"])
        if not truth.healthy:
            assert truth.causes[0].cause == expected["cause"] or name == "internal_dependency"
        assert truth.facts["difficulty"] == ("faint" if difficulty == "faint" and expected["faint"] else "clear")


@pytest.mark.parametrize(
    ("first", "second"),
    [("bad_release_one_path", "domain_pending"), ("capacity", "key_expired"), ("external_dependency_shared", "asleep")],
)
def test_two_causes_show_both(first: str, second: str) -> None:
    scenario = fault_scenario(first, seed=6, also=second)
    words = {cause.cause for cause in truth_of(scenario).causes}
    table = faults().set_index("name")["cause"]
    assert words == {table[first], table[second]}
    assert createos_nb.check_scenario(scenario, seed=6)["holds"].all()


def test_trouble_and_its_second_cause_may_be_in_one_project() -> None:
    shared = [
        len(fault_scenario("bad_release_one_path", seed=seed, also="build_failed_code").ground_truth.where)  # type: ignore[union-attr]  # there is one
        for seed in range(12)
    ]
    projects = [
        {cause.where.partition("/")[0] for cause in truth_of(scenario).causes}
        for scenario in (fault_scenario("bad_release_one_path", seed=n, also="build_failed_code") for n in range(12))
    ]
    assert {len(names) for names in projects} == {1, 2}
    assert set(shared) == {2}


@pytest.mark.slow
def test_a_release_that_is_slow_shows_in_the_durations_of_the_log() -> None:
    scenario = fault_scenario("bad_release_slow", seed=8)
    truth = truth_of(scenario)
    world = fault_world("bad_release_slow", seed=8)
    project, environment = truth.where[0].split("/")
    client = createos_nb.simulate(world)
    began = moment(scenario, truth.began)
    with pytest.warns(IncompleteWarning):
        lines = client.environments.logs(project, environment, start="-24h")
    taken = lines.assign(ms=[_milliseconds(text) for text in lines["text"]]).dropna(subset=["ms"])
    before, since = taken[taken["time"] < began]["ms"], taken[taken["time"] >= began]["ms"]
    assert len(since) > 50
    if len(before) > 50:
        assert since.median() > 2 * before.median()
    else:
        usual = statistics.median(page["ms"] for page in scenario.profiles[project]["pages"])
        assert since.median() > 2 * usual


def _milliseconds(text: str) -> float | None:
    found = re.search(r"\s(\d+) ?ms\b", text) or re.search(r" 0\.(\d{3})$", text)
    return float(found[1]) if found else None


def test_a_suspended_project_and_an_expired_key_show_in_their_rows() -> None:
    client = createos_nb.simulate(fault_world("suspended", seed=3))
    where = truth_of(fault_scenario("suspended", seed=3)).where[0]
    assert client.projects.list().set_index("unique_name").loc[where, "status"] == "suspended"
    scenario = fault_scenario("key_expired", seed=3)
    cause = truth_of(scenario).causes[0]
    client = createos_nb.simulate(fault_world("key_expired", seed=3))
    keys = client.api_keys.list().set_index("name")
    expiry = keys.loc[cause.where, "expired_at"]
    assert abs(expiry - moment(scenario, cause.began)) < pd.Timedelta("1s")
    assert expiry < client.now


@pytest.mark.parametrize("name", ["asleep", "runtime_crash", "wrong_port", "bad_release_all_paths"])
def test_trouble_begins_when_it_is_said_to(name: str) -> None:
    scenario = fault_scenario(name, seed=9)
    cause = truth_of(scenario).causes[0]
    project = cause.where.partition("/")[0]
    events = fault_world(name, seed=9).events()
    what = ("deployment sleeping",) if name == "asleep" else ("deployment assigned", "deployment promoted by itself")
    mine = events[(events["project"] == project) & (events["version"] == cause.version) & events["what"].isin(what)]
    assert abs(mine["time"].iloc[-1] - moment(scenario, cause.began)) < pd.Timedelta(
        "15min" if name == "asleep" else "3min"
    )


# --- decoys -----------------------------------------------------------------------------------------------------------


def test_a_decoy_is_innocent_and_stands_minutes_before() -> None:
    seen = set()
    for seed in range(8):
        scenario = fault_scenario("external_dependency_alone", seed=seed, decoy=True, difficulty="clear")
        truth = truth_of(scenario)
        seen.add(truth.facts["decoy"])
        assert 2 <= truth.facts["decoy_minutes_before"] <= 10
        cause = truth.causes[0]
        assert cause.version is None
        if truth.facts["decoy"] == "release":
            world = fault_world("external_dependency_alone", seed=seed, decoy=True, difficulty="clear")
            events = world.events()
            live = events[events["text"].str.contains(f"version {truth.facts['blameless']} is live")]
            gap = moment(scenario, cause.began) - live["time"].iloc[-1]
            assert pd.Timedelta("1min") < gap < pd.Timedelta("11min")
    assert seen == {"release", "variables"}


# --- the cure ---------------------------------------------------------------------------------------------------------


@pytest.mark.grid(8)
@pytest.mark.parametrize("name", NAMES)
def test_the_runbook_that_it_calls_for_puts_it_right(name: str) -> None:
    scenario = fault_scenario(name, seed=1, decoy=True)
    causes: list[CauseSection] = truth_of(scenario).causes
    for cause in causes:
        taken = inspect.signature(getattr(runbooks, cause.runbook)).parameters if cause.runbook else {}
        assert set(cause.arguments) <= set(taken)
    mended = [cause for cause in causes if cause.runbook in MENDING]
    if not mended:
        assert not any("/" in cause.where and cause.runbook for cause in causes)
        return
    world = fault_world(name, seed=1, decoy=True)
    client = createos_nb.simulate(world)
    for cause in mended:
        project, _, environment = cause.where.partition("/")
        plan = _plan(client, cause, truth_of(scenario).facts)
        assert plan.apply(confirm=plan.confirmation, reason="what the ground truth calls for").checks.result == "PASS"
        if not environment:
            continue  # a build, which has succeeded now
        world.advance("25min")
        figures = client.analytics.overall_requests(project, environment, start=client.now - pd.Timedelta("15min"))
        assert figures["status_5xx"] <= 0.015 * figures["total"] + 1, figures
        assert cause.cause != "bad_release" or figures["status_4xx"] <= 0.3 * figures["total"]


def _plan(client: Any, cause: CauseSection, facts: dict[str, Any]) -> Any:
    project, _, environment = cause.where.partition("/")
    arguments = dict(cause.arguments)
    if cause.runbook == "wake":
        return runbooks.wake(client, project, environment=environment)
    if cause.runbook == "assign":
        return runbooks.assign(client, project, arguments["deployment"], environment)
    if cause.runbook == "set_variables":
        values = {name: facts.get("value_before", "a value") for name in arguments["variables"]}
        return runbooks.set_variables(client, project, environment, values)
    if cause.runbook == "settings":
        if "build_vars" in arguments:
            arguments["build_vars"] = dict.fromkeys(arguments["build_vars"], "a value")
        return runbooks.settings(client, project, redeploy=True, **arguments)
    return getattr(runbooks, cause.runbook)(client, project, environment, **arguments)
