"""The scenarios of the project: each shows what it claims, and gives the same bytes everywhere."""

from __future__ import annotations

import inspect
import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb.errors import InvalidInput, QuotaExceeded
from createos_nb.simulator.scenario.reader import read_scenario

SCRIPT = Path(__file__).with_name("scripted_hour.py")
HOUR = runpy.run_path(str(SCRIPT))
NAMES: list[str] = HOUR["NAMES"]
#: Names that people open in notebooks and texts; a new file need not be added here.
ASKED_FOR = {
    "bad-release",
    "flash-crowd",
    "sleepy",
    "dns-pending",
    "quota-full",
    "build-broken",
    "crash-loop",
    "oom",
    "wrong-port",
    "noisy-neighbour",
    "shared-incident",
    "slow-leak",
    "auto-promote-trap",
    "slow-build",
    "private-package",
    "monorepo",
    "storefront",
    "fleet",
}

CAUSE = 'where = ["shop"]\n\n[[ground_truth.causes]]\ncause = "bad_release"\nwhere = "shop"\n'

FILE = """title = "A trial"
shows = "A shop."
start = 2026-03-04T14:00:00Z

[ground_truth]
healthy = true
where = ["shop"]

[[users]]
username = "marlow"
display = "Marlow Ashdown"
email = "marlow@juniper-goods.example.com"

[profiles.few]
rpm = 20

[[projects]]
name = "shop"
display = "Shop"
type = "image"
made = "-9d"
settings = { port = 80 }

[[projects.environments]]
name = "production"
display = "Production"
traffic = "few"

[[projects.history]]
at = "-2d"
do = "image"
image = "nginx:1.27"

[[projects.history]]
at = "-47h"
do = "assign"
version = 1
environment = "production"

"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "trial.toml"
    path.write_text(text, encoding="utf-8")
    return path


# --- what there is ----------------------------------------------------------------------------------------------------


def test_the_table_lists_every_scenario_with_its_truth() -> None:
    table = createos_nb.scenarios(answers=True)
    assert set(table["name"]) >= ASKED_FOR
    assert table["name"].is_monotonic_increasing
    assert (table["title"].str.len() > 10).all()
    assert (table["shows"].str.len() > 40).all()
    assert table["healthy"].notna().all()
    assert set(table.loc[table["healthy"], "name"]) & ASKED_FOR == {"storefront", "fleet"}
    broken = table[~table["healthy"]]
    for column in ("kind", "root_cause", "where", "fix"):
        assert (broken[column] != "").all(), column
    assert (broken["began"] < broken["start"]).all()
    assert (broken["expect"] >= 3).all()
    assert {str(kind) for kind in table.dtypes} == {"str", "boolean", "Int64", "datetime64[us, UTC]"}


def test_the_table_shows_no_answers_unless_asked() -> None:
    table = createos_nb.scenarios()
    assert table.columns.tolist() == ["name", "title", "start", "expect", "path"]
    assert table.attrs == createos_nb.scenarios(answers=True).attrs
    assert len(table) == len(createos_nb.scenarios(answers=True))


def test_a_file_of_ones_own_stands_in_the_table_and_works_the_same(tmp_path: Path) -> None:
    section = '[[expect]]\nat = "+1h"\nwhat = "It serves"\nwhere = "shop/production"\nlive = 1\nrpm = [5, 40]\n'
    path = written(tmp_path, FILE + section)
    row = createos_nb.scenarios(path, answers=True).iloc[-1]
    assert (row["name"], row["title"], row["where"], row["expect"]) == (str(path), "A trial", "shop", 1)
    found = createos_nb.check_scenario(path)
    assert found["holds"].tolist() == [True, True]
    assert found["time"].iloc[0].isoformat() == "2026-03-04T15:00:00+00:00"
    assert len(createos_nb.simulate(path).projects.list()) == 1


def test_a_file_without_truth_says_neither_yes_nor_no(tmp_path: Path) -> None:
    text = FILE.replace('[ground_truth]\nhealthy = true\nwhere = ["shop"]\n', "")
    assert (
        createos_nb.scenarios(written(tmp_path, text), answers=True)
        .iloc[-1][["healthy", "version", "began"]]
        .isna()
        .all()
    )


# --- claims -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(ASKED_FOR - {"fleet"}))
def test_a_scenario_shows_what_it_claims(name: str) -> None:
    found = createos_nb.check_scenario(name)
    wrong = found[~found["holds"]]
    assert len(found) >= 5
    assert wrong.empty, wrong.to_string()


@pytest.mark.parametrize("name", ["bad-release", "flash-crowd", "slow-leak"])
def test_what_a_scenario_claims_does_not_hang_on_the_seed(name: str) -> None:
    assert createos_nb.check_scenario(name, seed=23)["holds"].all()


def test_the_version_to_blame_and_the_good_one_are_versions_of_the_place() -> None:
    table = createos_nb.scenarios(answers=True)
    blamed: list[dict[str, Any]] = table[table["version"].notna()].to_dict("records")  # type: ignore[assignment]  # columns are texts
    for row in blamed:
        client = createos_nb.simulate(row["name"])
        versions = set(client.deployments.list(row["where"].split(",")[0].split("/")[0])["version_number"])
        assert row["version"] in versions, row["name"]
        if pd.notna(row["last_good"]):
            assert row["last_good"] in versions - {row["version"]}, row["name"]


def test_every_broken_scenario_says_its_causes_and_the_runbooks_that_take_such_arguments() -> None:
    table = createos_nb.scenarios(answers=True)
    assert (table["healthy"] == (table["causes"] == "")).all()
    for name in table["name"]:
        truth = read_scenario(name).scenario.ground_truth
        assert truth is not None
        for cause in truth.causes:
            if cause.runbook:
                taken = inspect.signature(getattr(createos_nb.runbooks, cause.runbook)).parameters
                assert set(cause.arguments) <= set(taken), name
            else:
                assert not cause.arguments, name


CLAIMS: dict[str, str] = {
    'where = "shop/production"\nlive = 2': "live",
    'where = "shop"\nversion = 1\nstatus = "crashing"': "status",
    'where = "shop"\nversion = 9\nstatus = "deployed"': "status",
    'where = "shop/production"\nrpm = [100, 200]': "rpm",
    'where = "shop/production"\nerrors = [3, 9]': "errors",
    'where = "shop/production"\ntop_error = "/checkout"': "top_error",
    'where = "shop/production"\nlog = "no such words"': "log",
    'where = "shop"\nversion = 1\nlog = "no such words"': "log",
    'quota = "projects"\nremaining = 0': "remaining",
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_false_claim_does_not_hold(tmp_path: Path, claim: str) -> None:
    path = written(tmp_path, FILE + f'[[expect]]\nat = "now"\nwhat = "A lie"\n{claim}\n')
    found = createos_nb.check_scenario(path)
    assert found["claim"].tolist() == [CLAIMS[claim]]
    assert not found["holds"].any(), found.to_string()


# --- the same bytes ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kept() -> dict[str, str]:
    digests: dict[str, str] = json.loads(HOUR["DIGESTS"].read_text(encoding="utf-8"))
    return digests


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.grid(2)
def test_a_scripted_hour_gives_the_bytes_that_are_kept(name: str, kept: dict[str, str]) -> None:
    """After a change of the simulator that was meant: `python tests/simulator/scenario/scripted_hour.py --write`."""
    assert name in kept, "keep them: .venv/bin/python tests/simulator/scenario/scripted_hour.py --write"
    assert HOUR["scripted_hour"](name) == kept[name]


@pytest.mark.slow
def test_another_hash_seed_and_no_vector_extensions_give_the_same_bytes(kept: dict[str, str]) -> None:
    import numpy as np

    features: Any = np.show_config(mode="dicts")
    dispatched = features["SIMD Extensions"].get("found", [])
    done = subprocess.run(
        [sys.executable, str(SCRIPT)],
        env={**os.environ, "PYTHONHASHSEED": "5", "NPY_DISABLE_CPU_FEATURES": " ".join(dispatched)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == kept


def test_another_seed_gives_other_bytes(kept: dict[str, str]) -> None:
    assert HOUR["scripted_hour"]("bad-release", 8) != kept["bad-release"]


# --- mistakes ---------------------------------------------------------------------------------------------------------

EXPECT = '[[expect]]\nat = "now"\nwhat = "It serves"\n'
MISTAKES: list[tuple[str, int, str]] = [
    (EXPECT, 1, "claims nothing; there is: live, status"),
    (EXPECT + 'where = "shop/nowhere"\nlive = 1\n', 4, "there is no environment"),
    (EXPECT + "live = 1\n", 1, "needs a where"),
    (EXPECT + 'where = "shop"\nlive = 1\n', 5, "expect[0].live: is read from an environment"),
    (EXPECT + 'where = "shop"\nstatus = "active"\n', 5, "give one of them"),
    (EXPECT + 'where = "shop"\nbuild_log = "x"\n', 5, "is that of a version"),
    (EXPECT + 'where = "shop/production"\nrpm = [3]\n', 5, "expect[0].rpm: Expected `array` of length >= 2"),
    (
        EXPECT + 'where = "shop/production"\nrpm = [3, 9]\nover = "soon"\n',
        6,
        "expect[0].over: duration='soon' is no length of time",
    ),
    (EXPECT + 'where = "shop/production"\nrpm = [3, 9]\nover = "10s"\n', 6, "at least a minute"),
    (EXPECT + 'quota = "apps"\nremaining = 1\n', 4, "expect[0].quota: Invalid enum value 'apps'"),
    (EXPECT + 'where = "shop/production"\nquota = "projects"\nlive = 1\n', 5, "belong together"),
    (EXPECT.replace("now", "-1h") + 'where = "shop/production"\nlive = 1\n', 5, "before the start can't be asked for"),
    (EXPECT.replace("now", "later") + 'where = "shop/production"\nlive = 1\n', 2, "expect[0].at: not a time"),
    (EXPECT + 'where = "shop/production"\nlife = 1\n', 5, "expect[0].life: unknown field"),
    (
        '[[incidents]]\nname = "a"\nstart = "-1h"\nstolen = 2\nenvironments = ["shop/production"]\n',
        4,
        "stolen of incident",
    ),
    ("[sources.odd]\nqueue = 3\nlistens = 70000\n", 3, "sources.odd.listens: listens is 0 to 65535"),
    ("[settings]\nwaking = 3\nidel = 3\n", 3, "settings.idel: a world has no setting 'idel'"),
    ('[settings]\nwaking = 3\nidle = "soon"\n', 3, "settings.idle: setting idle='soon' is no length of time"),
    ('[[projects.history]]\nat = "-1h"\ndo = "trgger"\n', 3, "there is no step 'trgger'; there is: push, trigger"),
    ('[[projcts]]\nname = "a"\n', 1, "projcts: unknown field; there is: title, shows"),
    ('[[projects.history]]\nat = "-1h"\ndo = "trigger"\nbranch = 3\n', 4, "Expected `str`"),
]


@pytest.mark.parametrize(("wrong", "line", "words"), MISTAKES)
def test_a_mistake_in_a_claim_is_shown_with_its_line_and_field(
    tmp_path: Path, wrong: str, line: int, words: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        createos_nb.simulate(written(tmp_path, FILE + wrong))
    assert f"line {FILE.count(chr(10)) + line}:" in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('where = ["shop"]', 'where = ["shopp"]', 7, "ground_truth.where: there is no project 'shopp'"),
        ('where = ["shop"]', 'began = "yesterday"', 7, "ground_truth.began: not a time"),
        ("healthy = true", "healthy = 1", 6, "ground_truth.healthy: Expected `bool`"),
        ("healthy = true\n", "", 5, "ground_truth: Object missing required field `healthy`"),
        ('where = ["shop"]', 'colour = "red"', 7, "ground_truth.colour: unknown field"),
        ('where = ["shop"]', 'cause = "a bug"', 7, "facts, causes; did you mean root_cause or causes?"),
        ('where = ["shop"]', CAUSE.replace("bad_release", "bad_luck"), 10, "causes[0].cause: Invalid enum value"),
        ('where = ["shop"]', CAUSE.replace('e = "shop"', 'e = "shed"'), 11, "causes[0].where: there is no project"),
        ('where = ["shop"]', CAUSE + 'began = "then"\n', 12, "causes[0].began: not a time"),
        ('where = ["shop"]', CAUSE + "version = 9\n", 12, "causes[0].version: project shop has no version 9"),
        ('where = ["shop"]', CAUSE.replace('e = "shop"', 'e = ""') + "version = 1\n", 12, "the cause is in no project"),
        ("[ground_truth]", "[truth]", 5, "name; did you mean ground_truth or start?"),
    ],
)
def test_a_mistake_in_the_truth_is_shown_with_its_line_and_field(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    assert old in FILE
    with pytest.raises(InvalidInput) as caught:
        createos_nb.simulate(written(tmp_path, FILE.replace(old, new)))
    assert f"line {line}:" in str(caught.value)
    assert words in str(caught.value)


# --- what the scenarios are good for ----------------------------------------------------------------------------------


def test_a_client_of_a_fork_and_one_of_its_origin_do_not_see_each_other() -> None:
    client = createos_nb.simulate("bad-release")
    other = createos_nb.simulate(client.world.fork())
    other.environments.assign_deployment("storefront", "production", 3)
    assert (live(client), live(other)) == (4, 3)
    assert other.simulated
    assert other.where == client.where


def test_only_assigning_the_version_before_is_undone_by_the_next_push_and_holding_promotion_lasts() -> None:
    client = createos_nb.simulate("auto-promote-trap")
    naive = createos_nb.simulate(client.world.fork())
    naive.environments.assign_deployment("storefront", "production", 6)
    naive.world.advance("30min")
    assert live(naive) == 8
    hold(client)
    client.environments.assign_deployment("storefront", "production", 6)
    client.world.advance("30min")
    assert live(client) == 6
    assert client.analytics.overall_requests("storefront", "production", start="-25min")["status_5xx"] < 10


def hold(client: createos_nb.Client) -> None:
    """Switch auto-promotion off: read, merge, send whole."""
    now = client.environments.get("storefront", "production")
    whole = {"display_name": now["display_name"], "description": now["description"], "branch": now["branch"]}
    client.environments.update("storefront", "production", **whole, is_auto_promote_enabled=False)


def live(client: createos_nb.Client) -> int:
    deployment = client.environments.get("storefront", "production")["project_deployment_id"]
    return int(client.deployments.get("storefront", deployment)["version_number"])


def test_a_full_quota_is_no_rate_limit_and_ends_when_something_unused_goes() -> None:
    client = createos_nb.simulate("quota-full")
    made: dict[str, Any] = {
        "unique_name": "spring-sale",
        "display_name": "Spring sale",
        "type": "upload",
        "settings": {"runtime": "static", "port": 80},
    }
    before = client.world.now
    with pytest.raises(QuotaExceeded):
        client.projects.create(**made)
    assert client.world.now == before
    client.projects.delete("trial-one")
    client.world.advance("5min")
    client.projects.create(**made)
    assert client.account.quotas()["projects_remaining"] == 0


def test_the_health_check_passes_once_the_port_is_that_of_the_app() -> None:
    client = createos_nb.simulate("wrong-port")
    client.projects.update_settings("mailer", port=8025)
    client.deployments.retrigger("mailer", 1, settings="project")
    client.world.advance("10min")
    assert client.deployments.get("mailer", 2)["status"] == "deployed"


def test_a_dockerfile_that_keeps_its_layers_makes_it_in_time() -> None:
    client = createos_nb.simulate("slow-build")
    client.projects.update_settings("recommendations", has_dockerfile=True)
    client.deployments.retrigger("recommendations", 2, settings="project")
    client.world.advance("15min")
    assert client.deployments.get("recommendations", 4)["status"] == "deployed"
