"""What CONTRIBUTING.md asks of a new operation, step, runbook, panel, scenario or analysis: what is forgotten fails.

Nothing here lists what there is: the files are looked through.
"""

from __future__ import annotations

import ast
import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import createos_nb
from createos_nb import analysis, contract, panels, recipes, runbooks
from createos_nb.contract.resource import Resource
from createos_nb.panels.panel import Panel
from createos_nb.plans import Plan
from createos_nb.plans.steps.registry import step_types, tag_of
from createos_nb.simulator import open_world
from tests.plans.cases import CASES
from tests.plans.worlds import client_of

TESTS = Path(__file__).parent
#: What makes the plans of several runbooks or recipes.
NOT_FOR_PEOPLE = {"launch_plan", "launch_pattern"}


def own(package: ModuleType) -> Iterator[tuple[str, Any]]:
    """Every public function and class of a package, in whichever of its files it is defined."""
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = import_module(found.name)
        for name, member in vars(module).items():
            if not name.startswith("_") and getattr(member, "__module__", "") == found.name:
                yield name, member


def resources() -> list[type[Resource]]:
    return [
        one for _, one in own(contract) if inspect.isclass(one) and issubclass(one, Resource) and one is not Resource
    ]


@pytest.mark.parametrize("kind", resources(), ids=lambda kind: kind.__name__)
def test_every_resource_is_exported_and_on_the_client(kind: type[Resource]) -> None:
    assert kind.__name__ in contract.__all__, f"export {kind.__name__} in createos_nb/contract/__init__.py"
    client = createos_nb.simulate()
    on_the_client = f"give Client a property {kind.name} and a place in RESOURCES: createos_nb/client/client.py"
    assert isinstance(getattr(client, kind.name, None), kind), on_the_client
    assert f"client.{kind.name} " in repr(client)


def runbook_functions(package: ModuleType) -> list[str]:
    functions = [(name, one) for name, one in own(package) if inspect.isfunction(one)]
    return [
        name
        for name, one in functions
        if one.__annotations__.get("return") == "Plan" and one.__annotations__.get("client") == "Client"
    ]


@pytest.mark.parametrize(("package", "least"), [(runbooks, 10), (recipes, 4)], ids=["runbooks", "recipes"])
def test_every_runbook_is_exported(package: ModuleType, least: int) -> None:
    assert len(runbook_functions(package)) > least
    missing = set(runbook_functions(package)) - set(package.__all__) - NOT_FOR_PEOPLE
    assert not missing, f"export in {package.__name__}/__init__.py: {missing}"


@pytest.fixture(scope="module")
def cases() -> list[Plan]:
    """The plans of all cases."""
    plans = []
    for case in CASES:
        world = open_world("storefront")
        case.prepare(world)
        plans.append(case.make(client_of(world)))
    return plans


def test_every_runbook_has_a_case(cases: list[Plan]) -> None:
    names = {*runbook_functions(runbooks), *runbook_functions(recipes)} - NOT_FOR_PEOPLE
    missing = names - {plan.runbook for plan in cases}
    assert not missing, f"add a Case to tests/plans/cases.py for each of: {missing}"


def test_every_kind_of_step_is_in_a_case(cases: list[Plan]) -> None:
    seen = {tag_of(type(step)) for plan in cases for step in plan.steps}
    own_kinds = [kind for kind in step_types() if kind.__module__.startswith("createos_nb.")]
    missing = {tag_of(kind) for kind in own_kinds} - seen
    assert not missing, f"add a Case to tests/plans/cases.py whose runbook uses each of: {missing}"


def test_every_panel_is_exported() -> None:
    """A panel is a class that no other one builds upon; `panels` opens it by a function of its own."""
    classes = [one for _, one in own(panels) if inspect.isclass(one) and issubclass(one, Panel)]
    names = {one.__name__ for one in classes if not one.__subclasses__()}
    assert len(names) > 10
    opened = {inspect.signature(getattr(panels, name)).return_annotation for name in panels.__all__}
    assert not names - opened, f"give createos_nb/panels/__init__.py a function that opens each of: {names - opened}"
    assert names == opened - {"TimeChart"}  # traffic_chart is no panel: it has no client


@pytest.fixture(scope="module")
def used() -> set[tuple[str, str]]:
    """File and name of what files of the project import from each other, or read as `file.name`."""
    found = set()
    for path in (*Path(createos_nb.__file__).parent.rglob("*.py"), *(TESTS.parent / "benchmarks").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                found |= {((node.module or "").rpartition(".")[2], one.name) for one in node.names}
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                found.add((node.value.id, node.attr))
    return found


def test_every_analysis_is_exported(used: set[tuple[str, str]]) -> None:
    """A function that nobody exports is for other files, and one that no other file uses is private."""
    functions = [(one.__module__.rpartition(".")[2], name) for name, one in own(analysis) if inspect.isfunction(one)]
    assert len(functions) > 80
    forgotten = [name for file, name in functions if name not in analysis.__all__ and (file, name) not in used]
    assert not forgotten, f"export in createos_nb/analysis/__init__.py, or call _… what is for its file: {forgotten}"


ANALYSES = [name for name in analysis.__all__ if inspect.isfunction(getattr(analysis, name))]


def of_analysis(page: ast.Module) -> Iterator[str]:
    """Names of the package that a test imports from it, or reads as `analysis.name`."""
    for node in ast.walk(page):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("createos_nb.analysis"):
            yield from (one.name for one in node.names)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("analysis", "createos_nb.analysis"):
            yield node.attr


@pytest.fixture(scope="module")
def tested() -> set[str]:
    texts = (path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py"))
    return {name for text in texts if "analysis" in text for name in of_analysis(ast.parse(text))}


@pytest.mark.parametrize("name", ANALYSES)
def test_every_analysis_is_tested(name: str, tested: set[str]) -> None:
    assert name in tested, f"test analysis.{name} in tests/analysis"
