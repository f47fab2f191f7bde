"""What a public project keeps beside its code is whole: version, changelog, constraints, hooks and the hosted tests."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from ruamel.yaml import YAML

import createos_nb

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
WORKFLOW = ROOT / ".github" / "workflows" / "test.yml"
#: Kinds of changes, in the order in which Keep a Changelog names them.
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def yaml(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


# --- version and changelog --------------------------------------------------------------------------------------------


def test_the_version_stands_in_one_place() -> None:
    assert "version" not in PROJECT["project"]
    assert PROJECT["project"]["dynamic"] == ["version"]
    source = ROOT / PROJECT["tool"]["hatch"]["version"]["path"]
    assert re.findall(r'^__version__ = "(.+)"$', source.read_text(encoding="utf-8"), re.MULTILINE) == [
        createos_nb.__version__
    ]
    assert str(Version(createos_nb.__version__)) == createos_nb.__version__


def test_the_changelog_has_the_form_of_keep_a_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert text.startswith("# Changelog\n")
    assert headings[0] == "Unreleased"
    released = [re.fullmatch(r"(\d+\.\d+\.\d+) - (\d{4}-\d\d-\d\d)", heading) for heading in headings[1:]]
    assert all(released), "a release is headed by its version and its date: ## 1.2.0 - 2026-05-01"
    order = [(Version(one[1]), date.fromisoformat(one[2])) for one in released if one]
    assert order == sorted(order, reverse=True)
    assert all(version <= Version(createos_nb.__version__) for version, _ in order)
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        kinds = re.findall(r"^### (.+)$", section, re.MULTILINE)
        assert kinds == [kind for kind in KINDS if kind in kinds]


def test_the_licence_is_the_declared_one() -> None:
    assert PROJECT["project"]["license"] == "MIT"
    (name,) = PROJECT["project"]["license-files"]
    assert (ROOT / name).read_text(encoding="utf-8").startswith("MIT License\n\nCopyright (c) 2026 createos_nb contrib")


# --- dependencies -----------------------------------------------------------------------------------------------------


def requirements() -> list[Requirement]:
    project = PROJECT["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    found = [Requirement(one) for some in lists for one in some]
    return [one for one in found if one.name != project["name"]]


@pytest.mark.parametrize("wanted", requirements(), ids=lambda one: one.name)
def test_the_constraints_name_every_dependency_in_an_allowed_version(wanted: Requirement) -> None:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([\w.-]+)==(.+)$", text, re.MULTILINE))
    name = canonicalize_name(wanted.name)
    assert name in pinned, f"constraints.txt lacks {name}: make constraints"
    assert wanted.specifier.contains(pinned[name], prereleases=True)


def test_the_constraints_name_no_host_and_not_the_project() -> None:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[\w.+!]+", line) for line in lines)
    assert lines == sorted(lines, key=lambda line: line.split("==")[0])
    assert PROJECT["project"]["name"] not in {line.split("==")[0] for line in lines}


# --- hooks and hosted tests -------------------------------------------------------------------------------------------


def test_the_hooks_are_targets_of_the_makefile() -> None:
    (repository,) = yaml(ROOT / ".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    entries = [hook["entry"] for hook in repository["hooks"]]
    assert entries == ["make format", "make check"]
    assert {entry.removeprefix("make ") for entry in entries} <= targets


def problems(workflow: Path) -> str:
    """What the schema of hosted workflows says of a file, "" where it is valid; asks no host."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(workflow)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_the_workflow_is_valid() -> None:
    assert problems(WORKFLOW) == ""


def test_a_workflow_that_is_not_valid_would_be_seen(tmp_path: Path) -> None:
    copy = tmp_path / "test.yml"
    copy.write_text(WORKFLOW.read_text(encoding="utf-8").replace("runs-on:", "run-on:"), encoding="utf-8")
    assert "run-on" in problems(copy)


def test_the_workflow_calls_what_is_called_at_home_and_nothing_else() -> None:
    jobs = yaml(WORKFLOW)["jobs"]
    steps = [step for job in jobs.values() for step in job["steps"]]
    assert [step["run"] for step in steps if "run" in step] == [".ci/run", "make docs"]
    assert re.search(r"^docs:", MAKEFILE, re.MULTILINE)
    actions = [step["uses"] for step in steps if "uses" in step]
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+\.\d+\.\d+", action) for action in actions)


def test_the_workflow_may_only_read_and_ends() -> None:
    workflow = yaml(WORKFLOW)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 120
        (checkout,) = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
        assert checkout["with"]["persist-credentials"] is False


def test_no_test_is_left_out_for_want_of_a_package() -> None:
    """`make test` installs them all; one that is missing is to fail."""
    own = Path(__file__)
    found = [path for path in own.parent.rglob("*.py") if path != own and "importorskip(" in path.read_text("utf-8")]
    assert not found, f"import it plainly: {found}"


def test_the_workflow_tests_every_python_that_is_declared() -> None:
    matrix = yaml(WORKFLOW)["jobs"]["test"]["strategy"]["matrix"]
    declared = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["project"]["classifiers"]))
    assert matrix["python"] == declared
    assert f">={declared[0]}" == PROJECT["project"]["requires-python"]
    on_trial = {(one["os"], one["python"]) for one in matrix["include"] if one["trial"]}
    assert not on_trial & {(system, python) for system in matrix["os"] for python in matrix["python"]}
