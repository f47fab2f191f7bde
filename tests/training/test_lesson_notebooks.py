"""Lessons as notebooks: what stands in the repository, copies for a learner, and what nbgrader reads."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from createos_nb import training
from createos_nb.cli import main
from createos_nb.training.curriculum.files import built_in
from createos_nb.training.curriculum.glossary import glossary
from createos_nb.training.curriculum.reader import read_lesson
from tools import lessons as tool

NAMES = sorted(built_in())


def sources(notebook: Any) -> list[tuple[str, str, str]]:
    return [(cell["cell_type"], cell["id"], "".join(cell["source"])) for cell in notebook["cells"]]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["lesson", "solution"])
def test_the_notebooks_are_those_of_the_files(name: str, kind: Any) -> None:
    written = json.loads(tool.place_of(name, kind).read_text(encoding="utf-8"))
    assert sources(written) == sources(training.notebook(name, kind)), f"run python -m tools.lessons {name}"
    nbformat.validate(nbformat.from_dict(training.notebook(name, kind)))  # type: ignore[no-untyped-call]
    outputs = [output for cell in written["cells"] for output in cell.get("outputs", [])]
    assert outputs
    assert not [output for output in outputs if output["output_type"] == "error"]
    for theme in ("light", "dark"):
        assert 2_000 < (tool.PICTURES / f"{name}-{theme}.webp").stat().st_size < 60_000


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere_and_words_are_explained(name: str) -> None:
    for kind in ("lesson", "solution"):
        place = tool.place_of(name, kind)
        text = "\n".join(text for cell, _, text in sources(training.notebook(name, kind)) if cell == "markdown")  # type: ignore[arg-type]
        for target in re.findall(r"\]\(([^)#\s]+)", text):
            assert (place.parent / target).exists(), target
    assert read_lesson(name).content.terms


def test_the_pages_of_the_lessons_are_up_to_date() -> None:
    assert (tool.ROOT / "docs" / "glossary.md").read_text(encoding="utf-8") == tool.glossary_page()
    assert (tool.FOLDER / "README.md").read_text(encoding="utf-8") == tool.index_page()
    assert tool.AUTHORS.read_text(encoding="utf-8") == tool.authors_page()
    assert len(glossary()) >= 30
    assert all(len(meaning) < 200 for meaning in glossary().values())


@pytest.mark.parametrize("name", NAMES)
def test_what_nbgrader_reads(name: str) -> None:
    """The rules of its metadata, schema 3; `python -m tools.try_nbgrader` lets nbgrader itself grade all of them."""
    page = training.notebook(name, "nbgrader")
    found = [cell["metadata"]["nbgrader"] for cell in page["cells"]]
    ids = [one["grade_id"] for one in found]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-zA-Z0-9_\-]+", one) for one in ids)
    fields = {"schema_version", "grade_id", "grade", "solution", "locked", "task", "cell_type"}
    for cell, one in zip(page["cells"], found, strict=True):
        assert set(one) - {"points"} == fields
        assert one["schema_version"] == 3
        assert one["cell_type"] == cell["cell_type"]
        assert ("points" in one) is one["grade"]
        assert one["locked"] is not one["solution"]
        assert ("### BEGIN SOLUTION" in cell["source"]) is one["solution"]
    tasks = read_lesson(name).content.tasks
    assert [one["points"] for one in found if one["grade"]] == [task.points for task in tasks]


def test_a_learner_gets_copies_that_are_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "mine"
    assert main(["learn", "--copy-only", "--folder", str(folder)]) == 0
    assert "notebooks copied" in capsys.readouterr().out
    page = folder / "lessons" / "05-rollback.ipynb"
    copied = json.loads(page.read_text(encoding="utf-8"))
    assert not [cell for cell in copied["cells"] if cell.get("outputs")]
    for path in (folder / "lessons").rglob("*.ipynb"):
        for _, _, text in sources(json.loads(path.read_text(encoding="utf-8"))):
            for target in re.findall(r"\]\(([^)#\s]+)\)", text):
                assert "://" in target or (path.parent / target).is_file(), (path, target)
    page.write_text("mine", encoding="utf-8")
    (folder / "lessons" / "01-first-listing.ipynb").unlink()
    assert main(["learn", "--copy-only", "--folder", str(folder)]) == 0
    assert capsys.readouterr().out.startswith("1 notebooks copied")
    assert page.read_text(encoding="utf-8") == "mine"


def test_learn_opens_the_lesson_in_jupyterlab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATEOS_NB_LESSONS", str(tmp_path / "progress"))
    started: list[list[str]] = []

    class Done:
        returncode = 0

    monkeypatch.setattr("subprocess.run", lambda command, **_: started.append(command) or Done())
    folder = tmp_path / "mine"
    assert main(["learn", "5", "--folder", str(folder), "--port", "9999", "--no-browser"]) == 0
    assert main(["learn", "--folder", str(folder)]) == 0
    assert started[0][:4] == [sys.executable, "-m", "jupyterlab", str(folder / "lessons" / "05-rollback.ipynb")]
    assert {"--port=9999", "--no-browser"} <= set(started[0])
    assert started[1][3].endswith("01-first-listing.ipynb")


def test_learn_lists_lessons_and_writes_assignments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CREATEOS_NB_LESSONS", str(tmp_path / "progress"))
    assert main(["learn", "--list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(NAMES)
    assert main(["learn", "--nbgrader", str(tmp_path / "course")]) == 0
    assert "10 assignments" in capsys.readouterr().out
    assert (tmp_path / "course" / "source" / "08-keys" / "08-keys.ipynb").is_file()
    assert main(["learn", "nothing"]) == 2
    assert "there is no lesson 'nothing'" in capsys.readouterr().err
