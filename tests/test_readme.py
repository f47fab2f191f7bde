"""What the README and the first pages of the documentation show works, and what they name exists."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import createos_nb

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TASKS = (ROOT / "docs" / "tasks.md").read_text(encoding="utf-8")
CODE = (ROOT / "docs" / "code.md").read_text(encoding="utf-8")
INSTALLATION = (ROOT / "docs" / "installation.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", [README, TASKS], ids=["README", "tasks"])
def test_the_examples_run(text: str) -> None:
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert blocks
    # a reader goes on with what an earlier block has made
    names: dict[str, object] = {"createos_nb": createos_nb, "client": createos_nb.simulate()}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)


def test_its_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"`?make ([a-z-]+)\b", README + INSTALLATION + CODE))
    assert {"demo", "test", "lab", "bench"} <= named
    assert named <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def test_its_table_of_extras_names_them_all() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    table = INSTALLATION[INSTALLATION.index("| extra | for |") :].split("\n\n")[0]
    named = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    assert named == set(project["optional-dependencies"]) - {"test", "dev"}


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/tasks.md", "docs/code.md", "docs/promises.md"])
def test_the_files_it_names_are_there(page: str) -> None:
    path = ROOT / page
    text = path.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)(?:#[\w-]+)?\)", text) + re.findall(r'(?:src|srcset)="([^"]+)"', text)
    assert links
    for name in links:
        assert (path.parent / name).exists(), name
    for name in re.findall(r"`((?:createos_nb|tests|data|benchmarks|contract|client|simulator)/[\w/.-]+)`", text):
        assert (ROOT / name).exists() or (ROOT / "createos_nb" / name).exists(), name


def test_the_readme_fits_a_screen() -> None:
    assert README.startswith("# createos_nb\n\nCreateOS is ")
    assert len(README.splitlines()) < 60


def test_the_table_of_the_code_names_every_room() -> None:
    table = CODE
    rooms = {path.parent.name for path in (ROOT / "createos_nb").glob("*/__init__.py")}
    assert rooms == set(re.findall(r"`createos_nb/(\w+)/`", table))


def test_calls_that_it_names_exist() -> None:
    client = createos_nb.simulate()
    for path in re.findall(r"`client((?:\.\w+)+)\(", TASKS):
        target: object = client
        for name in path.strip(".").split("."):
            target = getattr(target, name)
        assert callable(target), path
    for name in re.findall(r"createos_nb\.(\w+)\(", README + TASKS):
        assert hasattr(createos_nb, name), name


@pytest.mark.parametrize("name", createos_nb.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    found = getattr(createos_nb, name)
    assert name == "PLATFORM_URL" or (found.__doc__ or "").strip(), name


def test_the_reference_equals_the_code() -> None:
    from tools import reference

    assert (ROOT / "data" / "reference.md").read_text(encoding="utf-8") == reference.markdown(), (
        "run python -m tools.reference"
    )
    assert (ROOT / "data" / "operations.csv").read_text(encoding="utf-8") == reference.operations_csv()


def test_every_column_has_a_type_and_a_meaning() -> None:
    columns = createos_nb.columns()
    assert len(columns) > 300
    for name in ("call", "column", "dtype", "meaning"):
        assert columns[name].str.len().min() > 0
    assert set(columns["dtype"]) <= {"str", "Int64", "Float64", "boolean", "datetime64[us, UTC]", "object"}
    dates = columns[columns["dtype"] == "datetime64[us, UTC]"]
    assert set(dates["unit"]) == {"UTC"}
