"""`createos-nb plan`, `apply`, `undo` and `runs`: what was reviewed is what is applied, and it is set back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import createos_nb
from createos_nb import runbooks
from createos_nb.cli import main
from createos_nb.cli.options import HERE
from createos_nb.cli.runs import journal_of
from createos_nb.simulator import open_world
from createos_nb.simulator.http.server import serve

ROLLBACK = ("rollback", "storefront", "production", "--scenario", "bad-release", "--no-diagnosis")
#: It has the form of a token, and is none.
TOKEN = "ghp_" + "q7Zk2LmX9vB4tR8sW1yN6cJ3dF5gH0pKaQxV"
SCALE = ("scale", "storefront", "staging", "--replicas", "2")


def planned(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert main(["plan", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_digest_is_the_same_in_every_process_and_confirms(
    capsys: pytest.CaptureFixture[str], journals: Path
) -> None:
    script = "import sys; from createos_nb.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", script, "plan", *ROLLBACK, "--json"], capture_output=True, text=True, env=os.environ
    )
    assert (done.returncode, done.stderr) == (0, "")
    digest = json.loads(done.stdout)["digest"]
    assert planned(capsys, *ROLLBACK)["digest"] == digest
    assert main(["apply", *ROLLBACK, "--confirm", digest, "--reason", "the checkout fails"]) == 0
    out = capsys.readouterr().out
    assert "PASS: 1 done" in out
    assert "The simulated world has ended with this command" in out
    (journal,) = journals.rglob("*.jsonl")
    assert "the checkout fails" in journal.read_text(encoding="utf-8")


def test_what_is_not_confirmed_changes_nothing(capsys: pytest.CaptureFixture[str], journals: Path) -> None:
    for confirmation in ((), ("--confirm", "000000000000", "--reason", "x")):
        assert main(["apply", *ROLLBACK, *confirmation]) == 4
        printed = capsys.readouterr()
        assert "Nothing was changed" in printed.err
        assert "createos-nb apply rollback storefront production --no-diagnosis --scenario bad-release" in printed.out
    digest = planned(capsys, *ROLLBACK)["digest"]
    assert main(["apply", *ROLLBACK, "--confirm", digest]) == 2
    assert "give --reason '…'" in capsys.readouterr().err
    assert not list(journals.rglob("*.jsonl"))


def test_a_plan_with_nothing_to_do_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("scale", "storefront", "staging", "--replicas", "1", "--scenario", "storefront")
    assert main(["apply", *words]) == 0
    assert "nothing to do: it is so already" in capsys.readouterr().out


def test_a_run_on_a_world_that_has_ended_is_listed_and_can_not_be_undone(capsys: pytest.CaptureFixture[str]) -> None:
    words = (*SCALE, "--scenario", "storefront")
    digest = planned(capsys, *words)["digest"]
    assert main(["apply", *words, "--confirm", digest, "--reason", "the sale"]) == 0
    capsys.readouterr()
    assert main(["runs", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert (row["state"], row["reason"], row["done"]) == ("finished", "the sale", 1)
    assert main(["undo", "last"]) == 3
    assert "ended with its command: nothing is left to undo" in capsys.readouterr().err
    assert main(["verify", "last"]) == 3
    assert "ended with its command: nothing is left to verify" in capsys.readouterr().err
    assert main(["undo", "nothing-like-it"]) == 2
    assert "there is no run 'nothing-like-it'" in capsys.readouterr().err


def test_over_http_a_change_is_applied_and_undone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(open_world("storefront"), 0, 600) as place:
        monkeypatch.setenv("CREATEOS_API_URL", place.url)
        monkeypatch.setenv("CREATEOS_API_KEY", place.key)
        digest = planned(capsys, *SCALE)["digest"]
        assert main(["apply", *SCALE, "--confirm", digest, "--reason", "the sale"]) == 0
        out = capsys.readouterr().out
        undo = out.rpartition("To undo\n")[2].split()[1:]
        assert main(["verify", "last", "--json"]) == 0
        checks = json.loads(capsys.readouterr().out)
        assert (checks["result"], checks["rows"][-1]["claim"]) == ("PASS", "it is still so now")
        assert main([*undo, "--json"]) == 0
        plan = json.loads(capsys.readouterr().out)
        assert [(row["field"], row["before"], row["after"]) for row in plan["rows"]] == [("replicas", "2", "1")]
        assert main([*undo, "--confirm", digest, "--reason", "it is over"]) == 4
        assert main([*undo, "--confirm", plan["digest"], "--reason", "it is over"]) == 0
        capsys.readouterr()
        assert main(["verify", undo[1]]) == 5  # what it had done was set back
        assert "replicas is 1" in capsys.readouterr().out
        assert main(["runs", "--csv", "--limit", "1"]) == 0
        assert "undo: scale storefront / staging: replicas 2" in capsys.readouterr().out
        assert place.key not in out


def test_each_run_is_listed_by_a_short_name_that_finds_it(capsys: pytest.CaptureFixture[str], journals: Path) -> None:
    client = createos_nb.simulate("storefront")
    for name, replicas in (("staging", 2), ("production", 2)):
        plan = runbooks.scale(client, "storefront", name, replicas=replicas)
        plan.apply(
            confirm=plan.digest, reason="the sale", journal=journals / f"20260302T090000Z-scale-{name}-{name[:4]}.jsonl"
        )
    assert main(["runs"]) == 0
    *_, first, second = capsys.readouterr().out.splitlines()
    assert {first.split()[-1], second.split()[-1]} == {"stag", "prod"}, "their times are the same"
    assert journal_of("stag", HERE).name == "20260302T090000Z-scale-staging-stag.jsonl"


def test_no_run_of_another_account_is_undone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, journals: Path
) -> None:
    """In a folder with runs of several: `last` is the newest of the place that is named, no name leads further."""
    monkeypatch.delenv("CREATEOS_API_KEY", raising=False)
    words = (*SCALE, "--scenario", "storefront")
    assert main(["apply", *words, "--confirm", planned(capsys, *words)["digest"], "--reason", "a try"]) == 0
    capsys.readouterr()
    with serve(open_world("storefront"), 0, 600) as first, serve(open_world("storefront"), 0, 600) as second:
        monkeypatch.setenv("CREATEOS_API_URL", first.url)
        monkeypatch.setenv("CREATEOS_API_KEY", first.key)
        assert main(["apply", *SCALE, "--confirm", planned(capsys, *SCALE)["digest"], "--reason", "the sale"]) == 0
        capsys.readouterr()
        [run] = [path.name for path in journals.glob("*.jsonl") if first.url in path.read_text(encoding="utf-8")]
        assert main(["undo", "last", "--scenario", "storefront"]) == 3
        assert "ended with its command" in capsys.readouterr().err
        assert main(["undo", run, "--scenario", "storefront"]) == 2  # it is in no list of that world's runs
        assert main(["undo", str(journals / run), "--scenario", "storefront"]) == 1
        assert first.url in capsys.readouterr().err
        monkeypatch.setenv("CREATEOS_API_URL", second.url)
        monkeypatch.setenv("CREATEOS_API_KEY", second.key)
        assert main(["undo", run]) == 1
        assert f"is of a run on SIMULATOR {first.url}" in capsys.readouterr().err
        monkeypatch.setenv("CREATEOS_API_URL", first.url)
        monkeypatch.setenv("CREATEOS_API_KEY", first.key)
        assert main(["undo", "last"]) == 0
        assert "undo: scale storefront / staging" in capsys.readouterr().out


def test_what_can_not_be_undone_needs_its_name_too(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("delete", "storefront", "--environment", "staging", "--scenario", "bad-release")
    plan = planned(capsys, *words)
    assert plan["irreversible"] is True
    confirmed = ("--confirm", plan["digest"], "--reason", "unused")
    assert main(["apply", *words, *confirmed]) == 4
    assert "can't be undone: give --irreversible too" in capsys.readouterr().err
    assert main(["apply", *words, *confirmed, "--irreversible", "production"]) == 4
    assert main(["apply", *words, *confirmed, "--irreversible", "staging"]) == 0


def test_what_is_shown_once_goes_into_a_file_and_not_to_the_terminal(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, journals: Path
) -> None:
    words = ("transfer", "storefront", "--scenario", "bad-release")
    digest = planned(capsys, *words)["digest"]
    confirmed = ("--confirm", digest, "--reason", "sold", "--irreversible", "storefront")
    assert main(["apply", *words, *confirmed]) == 2
    assert "give --secrets FILE; nothing was changed" in capsys.readouterr().err
    assert not list(journals.rglob("*.jsonl"))
    file = tmp_path / "token"
    assert main(["apply", *words, *confirmed, "--secrets", str(file)]) in (0, 6)
    token = dict(line.split("=", 1) for line in file.read_text(encoding="utf-8").splitlines())["token"]
    printed = capsys.readouterr()
    assert len(token) > 8
    assert token not in printed.out + printed.err
    assert file.stat().st_mode & 0o077 == 0
    assert main(["apply", *words, *confirmed, "--secrets", str(file)]) == 2


def test_values_of_variables_are_never_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DB_PASSWORD", "correct-horse")
    (tmp_path / "pem").write_text("battery-staple\n", encoding="utf-8")
    words = ("set_variables", "storefront", "staging", "--no-redeploy", "--scenario", "storefront")
    given = ("--variables", "LOG_LEVEL=debug-value", "DB_PASSWORD", f"PEM=@{tmp_path / 'pem'}", "OLD=")
    assert main(["plan", *words, *given]) == 0
    printed = capsys.readouterr()
    for secret in ("correct-horse", "battery-staple", "debug-value"):
        assert secret not in printed.out + printed.err
    assert "'LOG_LEVEL=…' DB_PASSWORD" in printed.out
    assert main(["plan", *words, "--variables", "NOT_SET_ANYWHERE"]) == 2
    assert main(["plan", *words, "--variables", f"A={TOKEN}"]) == 2
    printed = capsys.readouterr()
    assert "ghp_" not in printed.out + printed.err
    assert main(["plan", "take-over", "storefront", "my-token-1", "--scenario", "storefront"]) == 2
    assert "my-token-1" not in capsys.readouterr().err


def test_every_runbook_that_can_be_typed_is_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    from createos_nb.cli.plan import plan
    from createos_nb.recipes.all_runbooks import find_runbooks

    found = find_runbooks()
    offered = {name.replace("-", "_") for name in plan if not name.startswith("-")}
    assert set(found) - offered == {"multi_agent"}, "its agents are programs"
    assert {"rollback", "scale", "mcp_server"} <= offered
    assert main(["plan"]) == 0
    assert "rollback " in capsys.readouterr().out


def test_no_parameter_of_a_runbook_hides_an_option() -> None:
    from dataclasses import fields

    from createos_nb.cli.options import Form, Place
    from createos_nb.cli.runbook_app import Confirmation
    from createos_nb.cli.runbook_arguments import RENAMED, arguments_of
    from createos_nb.recipes.all_runbooks import find_runbooks

    own = {field.name.replace("_", "-") for kind in (Form, Place, Confirmation) for field in fields(kind)}
    for name, function in find_runbooks().items():
        if name != "multi_agent":
            clash = own & {argument.option for argument in arguments_of(function).values()}
            assert not clash, f"{name}: name {clash} otherwise in RENAMED of cli/runbook_arguments.py"
    assert set(RENAMED) <= own, "what hides nothing needs no other name"
    assert callable(runbooks.rollback)
