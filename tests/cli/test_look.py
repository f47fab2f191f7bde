"""Commands that look: what they print, for people and programs, and how they end."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from createos_nb.cli import main
from createos_nb.simulator import open_world
from createos_nb.simulator.http.server import serve

WORLD = ("--scenario", "bad-release")


def answer(capsys: pytest.CaptureFixture[str], *words: str, ends: int = 0) -> Any:
    """The JSON that a command prints."""
    assert main([*words, "--json"]) == ends
    document = json.loads(capsys.readouterr().out)
    assert list(document)[:2] == ["schema", "complete"]
    assert list(document)[-1] == "rows"
    return document


def test_status_lists_those_in_trouble_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", *WORLD]) == 0
    head, first, second = capsys.readouterr().out.splitlines()
    assert head.split()[:4] == ["status", "project", "environment", "version"]
    assert first.startswith("degraded  storefront  production         4     5,957")
    assert second.startswith("unknown   storefront  staging            –")


def test_status_of_one_environment_is_a_card_for_people_and_the_same_row_for_programs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["status", "storefront", "production", *WORLD]) == 0
    assert capsys.readouterr().out.startswith("storefront/production: degraded: 130 of 5,957 requests failed")
    (row,) = answer(capsys, "status", "storefront", "production", *WORLD)["rows"]
    assert (row["status"], row["version"], row["requests"], row["app"]) == ("degraded", 4, 5957, None)
    assert row["changed_at"] == "2026-03-04T13:20:04Z"
    assert len(row["trend"]) > 10


def test_csv_has_what_json_has_but_lists(capsys: pytest.CaptureFixture[str]) -> None:
    rows = answer(capsys, "status", *WORLD)["rows"]
    assert main(["status", "--csv", *WORLD]) == 0
    table = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["requests"] for row in table] == ["5957", "0"]
    assert set(rows[0]) - set(table[0]) == {"trend", "error_trend"}
    assert table[1]["version"] == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("status", "storefrnt"), "there is no project 'storefrnt'; there is: storefront; did you mean storefront?"),
        (
            ("status", "storefront", "prod"),
            "there is no environment 'prod' in project storefront; there is: production",
        ),
        (("slo", "storefront", "prod", "--json"), "there is no environment 'prod' in project storefront"),
        (("slo", "--target", "0"), "--target is a share in percent, such as 99.9, not 0"),
        (("logs", "--follow"), "createos-nb logs PROJECT ENVIRONMENT --follow follows one environment"),
        (("logs", "--lasting", "1min"), "--lasting says how long to follow"),
        (("logs", "storefront", "production", "--level", "loud"), "no level"),
        (("verdict", "blue", "green"), "give both as PROJECT/ENVIRONMENT"),
        (("verdict", "storefront/production", "production"), "OLD and NEW are both production"),
        (("verdict", "a/b", "c/d"), "a/b and c/d are of two projects"),
        (("status", "--json", "--csv"), "give --json or --csv, not both"),
    ],
)
def test_what_can_not_be_is_told_with_what_to_do(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert main([*words, *WORLD]) == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.out == ""


def test_logs_are_lines_searched(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", "storefront", "production", "--level", "error", "--search", "SHIPPING", *WORLD]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 10
    assert all(line.startswith("2026-03-04 13:5") and "ERROR TypeError" in line for line in lines)
    assert main(["logs", "--since", "10s", *WORLD]) == 0
    assert " storefront/production INFO GET " in capsys.readouterr().out


def test_a_log_that_is_followed_is_an_object_a_line_and_ends_on_a_world_that_waits_for_nobody(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert (
        main(["logs", "storefront", "production", "-f", "--level", "warn", "--lasting", "10s", "--json", *WORLD]) == 0
    )
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {row["level"] for row in rows} <= {"warn", "error"}
    assert main(["logs", "storefront", "production", "-f", "--search", "no such line", *WORLD]) == 0
    assert capsys.readouterr().out == ""


def test_a_verdict_ends_with_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("verdict", "before", "storefront/production", "--since", "40min", *WORLD)
    (row,) = answer(capsys, *words, ends=5)["rows"]
    assert (row["decision"], row["old"], row["new"]) == ("rollback", "before", "production")
    assert row["evidence"] > row["boundary"] == 100
    assert main([*words[:4], "2min", *WORLD]) == 6


def test_an_objective_that_is_missed_ends_with_5(capsys: pytest.CaptureFixture[str]) -> None:
    document = answer(capsys, "slo", "--window", "1d", "--target", "99.9", *WORLD, ends=5)
    assert (document["target"], document["errors"]) == (0.999, ["5xx"])
    production, staging = document["rows"]
    assert (production["errors"], production["met"]) == (255, False)
    assert (staging["requests"], staging["achieved"]) == (0, None)
    assert main(["slo", "storefront", "production", "--target", "0.99", "--window", "1d", *WORLD]) == 0
    assert capsys.readouterr().out.startswith("SLO 99 % over 1d: 99.761 % of 106,814 requests")


def test_a_simulated_world_is_queried_by_a_history_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    query = "select environment, sum(status_5xx) as failed from requests group by all order by all"
    rows = answer(capsys, "sql", query, "--since", "1h", *WORLD)["rows"]
    assert rows == [{"environment": "production", "failed": 130}, {"environment": "staging", "failed": 0}]
    assert main(["sql", "selct 1", *WORLD]) == 2
    assert "Parser Error" in capsys.readouterr().err


def test_over_http_and_with_a_profile_it_is_the_same(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with serve(open_world("bad-release"), 0, 0) as place:
        monkeypatch.setattr("sys.stdin", io.StringIO(place.key))
        assert main(["login", "--profile", "work", "--base-url", place.url]) == 0
        assert place.key not in capsys.readouterr().out
        document = answer(capsys, "status", "--profile", "work")
        (who,) = answer(capsys, "whoami", "--profile", "work")["rows"]
    assert [row["status"] for row in document["rows"]] == ["degraded", "unknown"]
    assert (who["kind"], who["key_from"]) == ("SIMULATOR", "profile 'work'")
    monkeypatch.setenv("CREATEOS_NB_CONFIG", str(tmp_path / "none.toml"))
    assert main(["status"]) == 1
    assert "--scenario storefront works on a simulated platform, and needs no key." in capsys.readouterr().err
