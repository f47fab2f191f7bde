"""What the README shows works, and what it names exists."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import createos_nb

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_example_runs() -> None:
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert blocks
    names: dict[str, object] = {}  # a reader goes on with what an earlier block has made
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)


def test_its_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake ([a-z-]+)\b", README))
    assert {"demo", "test", "lab", "bench"} <= named
    assert named <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def test_its_table_of_extras_names_them_all() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    table = README[README.index("| extra | for |") :].split("\n\n")[0]
    named = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    assert named == set(project["optional-dependencies"]) - {"test", "dev", "docs"}


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_the_files_it_names_are_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)\)", text)
    paths = re.findall(r"`((?:createos_nb|tests|data|benchmarks|contract|client|simulator)/[\w/.-]+)`", text)
    assert len(paths) > 5
    for name in links + paths:
        assert (ROOT / name).exists() or (ROOT / "createos_nb" / name).exists(), name


def test_the_table_of_the_code_names_every_room() -> None:
    table = README[README.index("## The code") :]
    rooms = {path.parent.name for path in (ROOT / "createos_nb").glob("*/__init__.py")}
    assert rooms == set(re.findall(r"`createos_nb/(\w+)/`", table))


def test_calls_that_it_names_exist() -> None:
    client = createos_nb.simulate()
    for path in re.findall(r"`client((?:\.\w+)+)\(", README):
        target: object = client
        for name in path.strip(".").split("."):
            target = getattr(target, name)
        assert callable(target), path
    for name in re.findall(r"createos_nb\.(\w+)\(", README):
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
