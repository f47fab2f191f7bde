"""What other packages add: the package of docs/extensions.md, installed into a folder, and some that do it wrong."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import createos_nb
from createos_nb import extensions, recipes, runbooks
from createos_nb.diagnostics import best_practices, diagnose
from createos_nb.errors import ConfigurationError, InvalidInput, UnknownName
from createos_nb.notify import Message, Notifier
from createos_nb.plans import Journal

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "extensions.md").read_text(encoding="utf-8")
Install = Callable[..., Path]

pytestmark = pytest.mark.usefixtures("example_folder")


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a package into a folder of `sys.path`: its files, and the metadata that an installer writes."""
    before = set(sys.modules)
    folders: list[Path] = []

    def install_package(
        name: str, version: str, points: Mapping[str, Mapping[str, str]], files: Mapping[str, str]
    ) -> Path:
        folder = tmp_path / f"site-{len(folders)}"
        metadata = folder / f"{name.replace('-', '_')}-{version}.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        groups = ["\n".join([f"[{group}]", *(f"{k} = {v}" for k, v in some.items())]) for group, some in points.items()]
        (metadata / "entry_points.txt").write_text("\n\n".join(groups) + "\n", encoding="utf-8")
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        monkeypatch.syspath_prepend(str(folder))
        folders.append(folder)
        return folder

    yield install_package
    for name in set(sys.modules) - before:
        if any(str(getattr(sys.modules[name], "__file__", "")).startswith(str(one)) for one in folders):
            del sys.modules[name]
    importlib.invalidate_caches()


@pytest.fixture
def acme(install: Install) -> Path:
    """The package that the page describes: its `pyproject.toml` and each of its files stand there."""
    (project,) = (tomllib.loads(text) for text in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL))
    files = dict(re.findall(r"```python\n# (acme_createos/\S+)\n(.*?)```", PAGE, re.DOTALL))
    files["acme_createos/quiet-shop.toml"] = (ROOT / "data" / "scenarios" / "empty.toml").read_text(encoding="utf-8")
    return install("acme-createos", project["project"]["version"], project["project"]["entry-points"], files)


def reader_blocks() -> list[str]:
    """The blocks that a reader types, which are no file of the package."""
    return [text for text in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if not text.startswith("# acme_")]


# --- the page ---------------------------------------------------------------------------------------------------------


def test_the_page_shows_every_group(acme: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    groups = tomllib.loads(block)["project"]["entry-points"]
    assert {group.removeprefix("createos_nb.") for group in groups} == set(extensions.GROUPS)
    for kind in extensions.GROUPS:
        found = [one for one in extensions.installed(kind) if one.package == "acme-createos 1.2.0"]
        assert [one.problem for one in found] == [""], kind


def test_what_the_page_has_a_reader_type_runs(acme: Path) -> None:
    names: dict[str, Any] = {}
    for block in reader_blocks():
        exec(compile(block, "extensions.md", "exec"), names)
    assert names["plan"].runbook == "django"


# --- each kind --------------------------------------------------------------------------------------------------------


def test_a_runbook_is_listed_found_and_applied(acme: Path) -> None:
    frame = runbooks.catalog()
    assert frame.iloc[-1].tolist() == [
        "night_mode",
        "Scale an environment down to one replica for the night.",
        "project, environment='staging'",
        "acme-createos 1.2.0",
    ]
    assert frame.attrs == {"complete": True, "missing": {}}
    client = createos_nb.simulate()
    for name in ("night_mode", "night-mode"):
        assert runbooks.find(name)(client, "storefront").runbook == "scale"
    plan = runbooks.find("night_mode")(client, "storefront", "production")
    receipt = plan.apply(confirm=plan.digest, reason="night")
    assert receipt.checks.result == "PASS"
    assert client.environments.get("storefront", "production")["resources_replicas"] == 1


def test_the_catalog_lists_every_runbook_that_returns_a_plan() -> None:
    frame = runbooks.catalog()
    assert list(frame.columns) == ["name", "summary", "parameters", "source"]
    assert {"rollback", "deploy", "clean_up", "canary"} <= set(frame["name"])
    assert not {"catalog", "find", "release_watch", "ScanGate"} & set(frame["name"])
    assert frame["summary"].str.len().gt(10).all()
    assert set(frame["source"]) == {"createos_nb"}
    assert frame.set_index("name").loc["rollback", "parameters"].startswith("project, environment, ")


@pytest.mark.parametrize(("room", "word"), [(runbooks, "runbook"), (recipes, "recipe")])
def test_a_name_that_nobody_has_is_an_error_that_lists_them(room: Any, word: str) -> None:
    known = "rollback" if room is runbooks else "rag_service"
    assert room.find(known) is getattr(room, known)
    with pytest.raises(UnknownName, match=rf"no {word} '{known}s'.*did you mean {known}"):
        room.find(f"{known}s")


def test_a_recipe_is_in_the_catalog_and_launches_its_pattern(acme: Path) -> None:
    frame = recipes.catalog()
    own = frame[frame["recipe"] == "django"].set_index("name")
    assert own["origin"].unique().tolist() == ["acme-createos 1.2.0"]
    assert own.loc["run_command", ["value", "purpose"]].tolist() == [
        "gunicorn --bind 0.0.0.0:8000 acme.wsgi",
        "acme: the web server",
    ]
    assert own.index[own["needed"]].tolist() == ["DATABASE_URL"]
    client = createos_nb.simulate()
    with pytest.raises(InvalidInput, match="django: variables that it needs are missing: DATABASE_URL"):
        recipes.find("django")(client, "wiki", source={"manage.py": ""})
    files = {"manage.py": "", "requirements.txt": "django"}
    plan = recipes.find("django")(client, "acme-wiki", source=files, variables={"DATABASE_URL": "postgres://…"})
    assert "8000: acme: the port of gunicorn" in str(plan.frame().set_index("field")["after"]["port"])
    assert plan.apply().checks.result == "PASS"


def test_a_rule_and_a_practice_are_asked(acme: Path) -> None:
    client = createos_nb.simulate("bad-release")
    diagnosis = diagnose(client, "storefront", "production")
    assert diagnosis.causes["cause"].tolist() == ["bad_release", "feature_flag"]
    assert diagnosis.complete
    frame = best_practices(client, "storefront")
    assert frame.loc[frame["code"] == "owners", "held"].tolist() == [False]


def test_a_scenario_is_listed_and_opened(acme: Path) -> None:
    frame = createos_nb.scenarios()
    assert frame["name"].iloc[-1] == "quiet-shop"
    assert frame["path"].iloc[-1] == str(acme / "acme_createos" / "quiet-shop.toml")
    assert frame.attrs == {"complete": True, "missing": {}}
    assert len(createos_nb.simulate("quiet-shop").projects.list()) == 0
    assert createos_nb.check_scenario("quiet-shop") is not None
    with pytest.raises(InvalidInput, match="did you mean quiet-shop"):
        createos_nb.simulate("quiet-shp")


def test_a_notifier_is_told_by_its_name(acme: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_PAGER_FILE", str(tmp_path / "pages"))
    notifier = Notifier([createos_nb.Secret("pager"), print])
    assert repr(notifier) == "Notifier(pager, print)"
    assert notifier.send("pager", Message(title="Rolled back")) == ""
    client = createos_nb.simulate()
    plan = runbooks.scale(client, "storefront", "staging", replicas=2)
    plan.apply(confirm=plan.digest, reason="sale", notify="pager")
    pages = (tmp_path / "pages").read_text(encoding="utf-8").splitlines()
    assert pages[0] == "Rolled back"
    assert "staging" in pages[1]
    with pytest.raises(InvalidInput, match="notifiers of packages: pager"):
        Notifier("pagre")


def test_the_watch_tells_a_notifier(
    acme: Path, example_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from createos_nb.cli import main

    monkeypatch.setenv("ACME_PAGER_FILE", str(example_folder / "pages"))
    assert main(["watch", "--world", "dns-pending", "--once", "--notify", "pager"]) == 5
    assert len((example_folder / "pages").read_text(encoding="utf-8").splitlines()) == 3


# --- what goes wrong --------------------------------------------------------------------------------------------------


@pytest.fixture
def broken(install: Install) -> Path:
    """A package each of whose extensions is wrong in another way, beside one that is right."""
    points = {
        "createos_nb.runbooks": {
            "good": "broken_tools.fine:good",
            "rollback": "broken_tools.fine:good",
            "Set-Variables": "broken_tools.fine:good",
            "absent": "broken_tools.nowhere:good",
            "raising": "broken_tools.raising:good",
            "leaving": "broken_tools.leaving:good",
            "number": "broken_tools.fine:NUMBER",
            "lonely": "broken_tools.fine:lonely",
            "two words": "broken_tools.fine:good",
        },
        "createos_nb.recipes": {"agent": "broken_tools.fine:NUMBER", "number": "broken_tools.fine:NUMBER"},
        "createos_nb.diagnosis_rules": {"bad_release": "broken_tools.fine", "blind": "broken_tools.fine"},
        "createos_nb.practices": {"blind": "broken_tools.fine"},
        "createos_nb.scenarios": {
            "storefront": "broken_tools.fine:MISTAKE",
            "gone": "broken_tools.fine:GONE",
            "mistake": "broken_tools.fine:MISTAKE",
        },
        "createos_nb.notifiers": {"number": "broken_tools.fine:NUMBER"},
        "createos_nb.history_sources": {"journal": "broken_tools.fine:good"},
    }
    fine = """
from pathlib import Path
NUMBER, GONE, MISTAKE = 7, "/nowhere/gone.toml", Path(__file__).with_name("mistake.toml")
def good(client): return None
def lonely(): return None
"""
    files = {
        "broken_tools/__init__.py": "",
        "broken_tools/fine.py": fine,
        "broken_tools/raising.py": "raise RuntimeError('no \\x1b[31mlicense')",
        "broken_tools/leaving.py": "import sys; sys.exit(3)",
        "broken_tools/mistake.toml": 'title = "x"\nshow = "y"\n',
    }
    return install("broken-tools", "0.1", points, files)


def test_what_can_not_be_used_is_named_with_its_reason_and_costs_no_other(broken: Path) -> None:
    frame = runbooks.catalog()
    assert frame["name"].iloc[-1] == "good"
    assert not frame.attrs["complete"]
    missing = frame.attrs["missing"]
    where = "'{}' of broken-tools 0.1".format
    assert set(missing) == {
        *(where(name) for name in ("rollback", "Set-Variables", "two words")),
        *("absent", "raising", "leaving", "number", "lonely"),
    }
    assert missing["absent"] == "ModuleNotFoundError: No module named 'broken_tools.nowhere' (broken-tools 0.1)"
    assert "\x1b" not in missing["raising"]
    assert "license" in missing["raising"]
    assert missing["leaving"] == "SystemExit: 3 (broken-tools 0.1)"
    assert missing["number"] == "it has to name a function, not int (broken-tools 0.1)"
    assert missing["lonely"] == "it has to take the client as its first argument (broken-tools 0.1)"
    with pytest.raises(ConfigurationError, match=r"runbook 'raising' of broken-tools 0.1 can't be used: RuntimeError"):
        runbooks.find("raising")


def test_nothing_built_in_is_shadowed(broken: Path) -> None:
    taken = "is taken by what is built in: another name is needed"
    assert runbooks.find("rollback") is runbooks.rollback
    assert runbooks.find("set-variables") is runbooks.set_variables
    missing = runbooks.catalog().attrs["missing"]
    assert missing["'rollback' of broken-tools 0.1"] == f"the name 'rollback' {taken}"
    assert missing["'Set-Variables' of broken-tools 0.1"] == f"the name 'Set-Variables' {taken}"
    assert recipes.find("agent") is recipes.agent
    assert set(recipes.catalog().attrs["missing"]) == {"'agent' of broken-tools 0.1", "number"}
    diagnosis = diagnose(createos_nb.simulate("bad-release"), "storefront", "production")
    assert diagnosis.causes["cause"].tolist() == ["bad_release"]
    assert {name: taken in reason for name, reason in diagnosis.missing.items()} == {
        "rule 'bad_release' of broken-tools 0.1": True,
        "rule blind": False,
    }
    assert "it has no function `find`" in diagnosis.missing["rule blind"]
    assert createos_nb.simulate("storefront").projects.list()["unique_name"].tolist()


def test_a_source_of_a_history_does_not_take_the_place_of_the_journals(broken: Path) -> None:
    from createos_nb.history.sources import installed
    from createos_nb.plans.history_source import events

    found = dict(installed())
    assert found["journal"] is events
    assert "is taken" in str(found["'journal' of broken-tools 0.1"])


def test_scenarios_that_can_not_be_used(broken: Path) -> None:
    frame = createos_nb.scenarios()
    assert frame["name"].is_unique
    assert set(frame.attrs["missing"]) == {"'storefront' of broken-tools 0.1", "gone", "mistake"}
    assert "line 2: show: unknown" in frame.attrs["missing"]["mistake"]
    with pytest.raises(InvalidInput, match=r"'gone' of broken-tools 0.1 can't be used: there is no file /nowhere"):
        createos_nb.simulate("gone")


def test_notifiers_and_practices_that_can_not_be_used(broken: Path) -> None:
    with pytest.raises(InvalidInput, match=r"notifier 'number' of broken-tools 0.1 can't be used: .* not int"):
        Notifier("number")
    missing = best_practices(createos_nb.simulate("bad-release"), "storefront").attrs["missing"]
    assert "lacks GROUP, SEVERITY, SCOPE, ASKS, look" in missing["practice blind"]


def test_of_two_packages_with_one_name_neither_is_used(install: Install) -> None:
    module = "def good(client): return None"
    install("one-tools", "1", {"createos_nb.runbooks": {"fail_over": "one_tools:good"}}, {"one_tools.py": module})
    assert "fail_over" in set(runbooks.catalog()["name"])
    install("two-tools", "2", {"createos_nb.runbooks": {"fail-over": "two_tools:good"}}, {"two_tools.py": module})
    frame = runbooks.catalog()
    assert "fail_over" not in set(frame["name"])
    assert set(frame.attrs["missing"]) == {"'fail_over' of one-tools 1", "'fail-over' of two-tools 2"}
    with pytest.raises(ConfigurationError, match="several name it, so that none is used: one-tools 1, two-tools 2"):
        runbooks.find("fail-over")


# --- steps of a package -----------------------------------------------------------------------------------------------

STEPS = """
from createos_nb.plans.apply import make_plan
from createos_nb.plans.snapshot import Snapshot
from createos_nb.plans.steps.environments import Scale, resources_of, target_of

class NightScale(Scale, kw_only=True, tag="acme night scale"):
    "Scale for the night."

class Taken(Scale, kw_only=True, tag="scale"):
    "A step with the tag of another one."

def plan_of(kind, client):
    snapshot = Snapshot(client)
    owner = snapshot.find_project("storefront", "environments")
    row = snapshot.find_environment(owner, "staging")
    before = {"replicas": resources_of(row)["replicas"]}
    steps = [kind(target=target_of(owner, row), why="night", before=before, after={"replicas": 2})]
    return make_plan(snapshot, "night", steps, runbook="night", arguments={})

def night(client): return plan_of(NightScale, client)
def taken(client): return plan_of(Taken, client)
"""
APPLY = """
import createos_nb
plan = createos_nb.runbooks.find("night")(createos_nb.simulate())
receipt = plan.apply(confirm=plan.digest, reason="night")
assert receipt.checks.result == "PASS"
try:
    plan = createos_nb.runbooks.find("taken")(createos_nb.simulate())
    plan.apply(confirm=plan.digest, reason="night")
except createos_nb.ConfigurationError as error:
    assert "has the tag 'scale'" in str(error), error
else:
    raise SystemExit("a tag that is taken was not refused")
print(receipt.journal)
"""


def test_steps_of_a_package_are_read_in_another_process(install: Install, tmp_path: Path) -> None:
    """A kind of step that has the tag of a built-in one is refused, and costs no journal of others."""
    points = {"createos_nb.runbooks": {"night": "night_tools:night", "taken": "night_tools:taken"}}
    site = install("night-tools", "1", points, {"night_tools.py": STEPS})
    environment = {**os.environ, "PYTHONPATH": str(site), "CREATEOS_NB_JOURNALS": str(tmp_path / "journals")}
    done = subprocess.run(
        [sys.executable, "-c", APPLY], capture_output=True, text=True, check=False, env=environment, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert "night_tools" not in sys.modules
    assert [type(step).__name__ for step in Journal(done.stdout.strip()).steps()] == ["NightScale"]
    client = createos_nb.simulate()
    plan = runbooks.scale(client, "storefront", "staging", replicas=2)
    receipt = plan.apply(confirm=plan.digest, reason="the sale")
    assert [type(step).__name__ for step in Journal(receipt.journal).steps()] == ["Scale"]


def test_what_is_not_asked_for_is_not_loaded(acme: Path) -> None:
    createos_nb.simulate()
    runbooks.find("rollback")
    assert not [name for name in sys.modules if name.startswith("acme_createos")]
    runbooks.find("night_mode")
    assert "acme_createos.feature_flags" not in sys.modules
