"""docs/metrics.md names what is exported, its rules can be read, and the scheduled workflow is valid and can be run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import promql_parser
import pytest
from ruamel.yaml import YAML

import createos_nb
from createos_nb import extras
from createos_nb.cli import main
from createos_nb.data_files import folder
from createos_nb.metrics import METRICS

ROOT = Path(createos_nb.__file__).parents[1]
PAGE = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
WORKFLOW = folder("data") / "examples" / "scheduled.yml"
SCHEDULE: dict[str, Any] = YAML(typ="safe", pure=True).load(WORKFLOW.read_text(encoding="utf-8"))
STEPS = [step for job in SCHEDULE["jobs"].values() for step in job["steps"]]
COMMANDS = [step["run"] for step in STEPS if step.get("run", "").startswith("createos-nb ")]


def test_the_table_names_every_metric() -> None:
    rows = re.findall(r"^\| `(createos_\w+)` \| (\w+) \|([^|]*)\|$", PAGE, re.MULTILINE)
    assert [(name, kind, labels.strip()) for name, kind, labels in rows] == [
        (metric.exposed, metric.kind, ", ".join(metric.labels)) for metric in METRICS
    ]


def test_its_alerts_are_promql_over_exported_metrics() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    rules = [rule for group in YAML(typ="safe", pure=True).load(text)["groups"] for rule in group["rules"]]
    names = {metric.exposed for metric in METRICS}
    for rule in rules:
        promql_parser.parse(rule["expr"])
        assert set(re.findall(r"createos_\w+", rule["expr"])) <= names
    assert len(rules) == 2


def problems(workflow: Path) -> str:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(workflow)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_the_workflow_is_valid() -> None:
    assert problems(WORKFLOW) == ""


def test_each_schedule_has_its_job() -> None:
    crons = [one["cron"] for one in SCHEDULE["on"]["schedule"]]
    named = [re.findall(r"schedule == '([^']+)'", job["if"]) for job in SCHEDULE["jobs"].values()]
    assert sorted(cron for crons in named for cron in crons) == sorted(crons)
    assert list(SCHEDULE["jobs"]) == [command.split()[1] for command in COMMANDS] == ["watch", "sync", "check"]


def test_it_may_only_read_ends_and_is_pinned() -> None:
    assert SCHEDULE["permissions"] == {"contents": "read"}
    assert all(job["timeout-minutes"] <= 30 for job in SCHEDULE["jobs"].values())
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+\.\d+\.\d+", step["uses"]) for step in STEPS if "uses" in step)
    installed = {extra for step in STEPS for extra in re.findall(r"createos-nb\[(\w+)\]", step.get("run", ""))}
    assert installed == {"notify", "history"} <= set(extras.PACKAGES)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.split()[1])
def test_its_commands_run_and_end_as_it_says(
    command: str, example_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a simulated world: what its shell lets pass is an end that the command has."""
    line, _, allowed = command.partition(" || ")
    codes = {0, *map(int, re.findall(r"-eq (\d)", allowed))}
    _, *arguments = shlex.split(line)
    code = main([*arguments, "--world", "quota-full"])
    assert code in codes | ({5} if arguments[0] == "check" else set())
    assert capsys.readouterr().out
