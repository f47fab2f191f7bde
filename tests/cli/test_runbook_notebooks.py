"""The notebooks that act: one shape, the same on a world and live, no secret in them."""

from __future__ import annotations

import ast
import builtins
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import papermill
import pytest

import createos_nb
from createos_nb.checks import MIME
from createos_nb.data_files import folder
from createos_nb.notebooks.catalog import NotebookFile, list_notebooks
from createos_nb.notebooks.parameters import tags

ACTING = [one for one in list_notebooks(Path("nowhere")) if re.match(r"4[0-5]_", one.name)]
#: Nobody acts before the diagnosis has said that it is this, or that all is well.
ASKED = r"## Is it (this at all|healthy before we change it)\?"
SHAPE = [
    "When to use this",
    "## Parameters",
    "## Is it ",
    "## Look",
    "## Decide",
    "## Act",
    "## Confirm",
    "## Undo",
    "## Tell the others",
    "## Done?",
]


def code(page: NotebookFile, *, live: bool = False) -> list[Any]:
    return [
        cell for cell in page.content.cells if cell.cell_type == "code" and not (live and "simulator" in tags(cell))
    ]


@pytest.fixture(params=ACTING, ids=lambda page: page.name)
def page(request: Any) -> Any:
    return request.param


def test_there_are_six() -> None:
    names = ["40_deploy", "41_blue_green", "42_rollback", "43_canary", "44_scale", "45_variables_and_secrets"]
    assert [one.name for one in ACTING] == names


def test_it_says_when_to_use_it_and_then_looks_decides_acts_confirms_and_undoes(page: NotebookFile) -> None:
    text = _text(page)
    places = [text.index(one) for one in SHAPE]
    assert places == sorted(places)


def test_its_first_code_cell_holds_all_that_tells_one_run_from_another(page: NotebookFile) -> None:
    assert tags(code(page)[0]) == ["parameters"]
    defaults = {name: one.default for name, one in page.parameters.items()}
    empty = ("incident", "reason", "override_freeze", "notify_from", "confirm")
    assert {"project", "world", *empty} <= set(defaults)
    assert [defaults[name] for name in empty] == [""] * len(empty)
    assert defaults["world"] in set(createos_nb.scenarios()["name"])
    assert [one.name for one in page.parameters.values() if not one.comment] == []
    assert "createos_nb.open_account(world)" in code(page)[1].source


def test_the_first_cell_that_reads_is_the_diagnosis(page: NotebookFile) -> None:
    """Shown, then held against what the page is for; nothing else is read before."""
    text = _text(page)
    assert re.search(ASKED, text)
    sources = [cell.source for cell in code(page, live=True)]
    first = next(source for source in sources if re.search(r"\bclient, |client\.\w+\.", source))
    assert re.match(r"(\w+) = diagnostics\.diagnose\(client, project, \w+\)\n\1$", first)
    assert re.search(r"diagnostics\.(calls_for|healthy)\(diagnosis", "\n".join(sources))


def test_other_notebooks_are_linked_not_named(page: NotebookFile) -> None:
    text = re.sub(r"\[[^\]]*\]\([^)]*\)", "", _text(page))
    assert not [one.name for one in list_notebooks(Path("nowhere")) if one.name in text]


@pytest.mark.parametrize("file", list_notebooks(Path("nowhere")), ids=lambda file: file.name)
def test_links_lead_somewhere(file: NotebookFile) -> None:
    for name, anchor in re.findall(r"\]\(((?!https?:)[^)#]*)(?:#([^)]+))?\)", _text(file)):
        target = file.path.parent / name if name else file.path
        assert target.is_file(), name
        headings = re.findall(r"^#+ (.*)$", _text(NotebookFile(target)), re.MULTILINE) if anchor else []
        assert not anchor or anchor in [heading.replace(" ", "-") for heading in headings], anchor


def test_it_says_what_to_expect_and_ends_with_the_message(page: NotebookFile) -> None:
    assert _text(page).count("**Expected:**") >= 5
    [told] = [cell for cell in code(page) if ".message(" in cell.source]
    assert told.source == "print(receipt.message(confirmed))"
    assert "simulator" not in tags(told)
    assert code(page).index(told) == len(code(page)) - 2


def test_live_no_cell_needs_what_was_left_out(page: NotebookFile) -> None:
    """Every name that is read was bound before, by a cell that a live run has as well."""
    bound = set(dir(builtins))
    for cell in code(page, live=True):
        for node in _in_order(ast.parse(cell.source)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                assert node.id in bound, f"{node.id} in: {cell.source}"
            bound |= set(_binds(node))
        assert ".world" not in cell.source, cell.source


def test_only_a_simulated_world_is_confirmed_by_the_page_itself(page: NotebookFile) -> None:
    """Also where somebody has changed the first cell to "live" and runs all cells."""
    applying = [cell for cell in code(page) if "plan.apply(" in cell.source]
    assert len(applying) == 1
    [applied] = [cell.source for cell in applying]
    for argument in ("confirm=confirm or None", "reason=why", "override_freeze=override_freeze or None", "notify=told"):
        assert argument in applied
    assert applied.startswith('why = ": ".join(filter(None, [incident, reason]))\n')
    giving = [cell for cell in code(page) if re.search(r"^\s*confirm\b.*=", cell.source, re.MULTILINE)]
    assert len(giving) == 2  # the default, and this one
    assert tags(giving[1]) == ["simulator"]
    assert giving[1].source.startswith("if client.world:\n")
    for cell in code(page):
        for node in ast.walk(ast.parse(cell.source)):
            applied = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "apply"
            if applied and "plan.apply(" not in cell.source:
                assert tags(cell) == ["simulator"], cell.source


def test_the_plan_is_shown_before_it_is_applied(page: NotebookFile) -> None:
    """A run that stops for a confirmation has told it by then."""
    shown = [cell for cell in code(page) if cell.source.rstrip().endswith("\nplan") or cell.source.strip() == "plan"]
    assert len(shown) == 1
    outputs = shown[0].outputs
    assert "To apply" in outputs[0]["data"]["text/plain"]


def test_a_page_to_read(page: NotebookFile) -> None:
    for cell in page.content.cells:
        lines = cell.source.splitlines()
        assert [line for line in lines if len(line) > 130 and not line.startswith("|")] == []
        if cell.cell_type == "code":
            assert "parameters" in tags(cell) or len(lines) <= 8, cell.source
            kinds = {type(node) for node in ast.walk(ast.parse(cell.source))}
            assert not kinds & {ast.FunctionDef, ast.For, ast.While, ast.Lambda, ast.ListComp}, cell.source
            assert not any(output.output_type == "error" for output in cell.outputs)


def test_what_it_claims_it_holds_against_figures(page: NotebookFile) -> None:
    """The last cell shows checks, and no sentence says by itself that something was done."""
    last = code(page)[-1]
    assert MIME in last.outputs[-1]["data"]
    assert "simulator" not in tags(last)
    text = _text(page)
    assert not re.search(r"\*\*Done|^Done:|fewer requests fail than", text, re.MULTILINE)


def test_no_secret_of_its_world_is_in_it(page: NotebookFile) -> None:
    secrets = set()
    for path in (folder("data") / "scenarios").glob("*.toml"):
        secrets |= set(_values(tomllib.loads(path.read_text(encoding="utf-8"))))
    assert "edge-88sQ" in secrets
    text = page.path.read_text(encoding="utf-8")
    assert not [one for one in secrets if one in text]
    assert "skp_" not in text
    assert "made-2" not in text


def test_a_new_value_is_in_nothing_that_a_run_keeps_or_says(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEW_VALUE", "br4nd-n3w-v4lue")
    found = run("45_variables_and_secrets")
    assert found.code == 0, found.err
    assert re.search(r"^  PASS +TOKEN holds the new value", found.out, re.MULTILINE)
    kept = [path for path in found.path.parent.rglob("*") if path.is_file()]
    assert {path.suffix for path in kept} >= {".ipynb", ".jsonl"}
    for text in (found.out, found.err, *(path.read_text(encoding="utf-8") for path in kept)):
        assert "br4nd-n3w-v4lue" not in text
        assert "edge-88sQ" not in text


def test_the_incident_stands_in_the_journal_and_in_the_message(run: Callable[..., Any]) -> None:
    found = run("44_scale", "-p", "incident=INC-4711")
    assert found.code == 0, found.err
    assert "\nwhy: INC-4711: a crowd from the newsletter\n" in found.out
    [journal] = found.path.parent.glob("*.jsonl")
    assert '"reason": "INC-4711: a crowd from the newsletter"' in journal.read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_run_tells_who_is_named_by_a_variable(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHO", f"json://127.0.0.1:9/{'t0ken' * 4}")
    found = run("44_scale", "-p", "notify_from=WHO")
    assert found.code == 0, found.err
    assert "not everybody was told: json: " in found.out + found.err
    for text in (found.out, found.err, found.path.read_text(encoding="utf-8")):
        assert "t0kent0ken" not in text


def test_without_a_new_value_nothing_is_taken_away(
    run: Callable[..., Any], write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NEW_VALUE", raising=False)
    found = run(
        str(write("mine", "from createos_nb import Secret", "Secret.from_environment('NEW_VALUE')")),
    )
    assert found.code == 2
    assert "the environment variable NEW_VALUE is not set here" in found.err


def test_the_index_tells_of_every_notebook() -> None:
    index = (folder("notebooks") / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(\w+)\]\((\w+)\.ipynb\) \|(.*)\|$", index, re.MULTILINE)
    assert [row[0] for row in rows] == sorted(path.stem for path in folder("notebooks").glob("*.ipynb"))
    for name, file, cells in rows:
        assert name == file
        assert len([one for one in cells.split("|") if one.strip()]) == 4, name


def _text(page: NotebookFile) -> str:
    return "\n".join(cell.source for cell in page.content.cells if cell.cell_type == "markdown")


def _values(content: Any, secret: bool = False) -> list[str]:
    """The texts of maps that hold secrets, anywhere in a scenario; short ones, such as a log level, are none."""
    if isinstance(content, dict):
        return [
            one
            for name, value in content.items()
            for one in _values(value, secret or name in ("variables", "runEnvs", "buildVars", "headers"))
        ]
    if isinstance(content, list):
        return [one for value in content for one in _values(value, secret)]
    return [content] if secret and isinstance(content, str) and re.search(r"\d", content) and len(content) > 6 else []


def _in_order(tree: ast.AST) -> list[ast.AST]:
    """Statements and what is in them, values before the names that they are bound to."""
    found: list[ast.AST] = []
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.Assign):
            found += [*_in_order(child.value), child.value]
            for target in child.targets:
                found += [*_in_order(target), target]
        else:
            found += [*_in_order(child), child]
    return found


def _binds(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return [node.id]
    if isinstance(node, ast.alias):
        return [(node.asname or node.name).partition(".")[0]]
    return [node.name] if isinstance(node, ast.ExceptHandler) and node.name else []


@pytest.mark.slow
def test_papermill_runs_it_with_its_parameters(tmp_path: Path) -> None:
    page = next(one for one in ACTING if one.name == "42_rollback")
    done = papermill.execute_notebook(
        str(page.path), str(tmp_path / "out.ipynb"), parameters={"to": "2"}, kernel_name="python3", progress_bar=False
    )
    assert "assign v2 to production" in done.cells[-1].outputs[0]["data"]["text/plain"]
    assert done.cells[-1].outputs[0]["data"][MIME]["result"] == "PASS"
