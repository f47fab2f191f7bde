"""Write the lessons as notebooks, executed, with the glossary and the pictures: `python -m tools.lessons [NAME …]`.

`data/lessons/*.toml` is the source; `notebooks/lessons/` is written from it: each lesson, its solution, a picture of
its result. A lesson whose solution does not pass is left as it was, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import base64
import inspect
import os
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat

from createos_nb import training
from createos_nb.checks import PASS
from createos_nb.data_files import folder
from createos_nb.notebooks import execution
from createos_nb.training.curriculum.facts import FACTS
from createos_nb.training.curriculum.files import built_in
from createos_nb.training.curriculum.glossary import glossary
from createos_nb.training.curriculum.notebook import Kind
from createos_nb.training.curriculum.reader import read_lesson
from tools.notebooks import shrink_pictures, strip_outputs

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "notebooks" / "lessons"
PICTURES = FOLDER / "pictures"
AUTHORS = ROOT / "docs" / "lesson-authoring.md"
_BEGIN, _END = "<!-- facts: python -m tools.lessons -->", "<!-- end of facts -->"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.lessons", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="such as 05-rollback (default: all)")
    parser.add_argument("--pages", action="store_true", help="only the glossary, the index and the table of facts")
    options = parser.parse_args(arguments)
    failed = 0
    for name in () if options.pages else options.names or built_in():
        began = time.monotonic()
        wrong = refresh(name)
        failed += bool(wrong)
        print(f"{name:<28} {time.monotonic() - began:5.1f} s  {wrong or 'PASS'}", flush=True)
    (ROOT / "docs" / "glossary.md").write_text(glossary_page(), encoding="utf-8")
    (FOLDER / "README.md").write_text(index_page(), encoding="utf-8")
    AUTHORS.write_text(authors_page(), encoding="utf-8")
    return 1 if failed else 0


def refresh(name: str) -> str:
    """Write a lesson, its solution and its picture; return why they were left as they were, "" where they were not."""
    solution, failure = executed(name, "solution")
    if failure:
        return f"the solution: {failure}"
    checks = execution.shown_checks(solution)
    if checks is None or checks.result != PASS:
        return f"the solution: {checks.sentence if checks else 'it shows no checks'}"
    page, failure = executed(name, "lesson")
    if failure:
        return failure
    for kind, notebook in (("lesson", page), ("solution", solution)):
        path = place_of(name, kind)
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)  # type: ignore[no-untyped-call]  # nbformat annotates a part of itself
    draw(name, solution)
    return ""


def place_of(name: str, kind: str) -> Path:
    """Return the file of a lesson or of its solution."""
    return FOLDER / f"{name}.ipynb" if kind == "lesson" else FOLDER / "solutions" / f"{name}.ipynb"


def executed(name: str, kind: Kind) -> tuple[Any, str]:
    """Return a lesson's notebook with its outputs, and what failed in it."""
    notebook = nbformat.from_dict(training.notebook(name, kind))  # type: ignore[no-untyped-call]
    with tempfile.TemporaryDirectory(prefix="createos-lessons-") as own:
        failure = execution.execute(
            notebook,
            save=lambda: None,
            emit=lambda _: None,
            environment=execution.kernel_environment(
                CREATEOS_NB_JOURNALS="",
                CREATEOS_NB_LESSONS=own,
                IPYTHONDIR=own,
                CREATEOS_NB_CONFIG=os.path.join(own, "config.toml"),
            ),
            folder=ROOT / "notebooks",
            timeout=600.0,
        )
    strip_outputs(notebook)
    shrink_pictures(notebook)
    return notebook, f"{failure.class_names[0]}: {failure.text}" if failure is not None else ""


def draw(name: str, solution: Any) -> None:
    """Write the pictures of a result, one for each theme: what its solution shows last."""
    if read_lesson(name).content.picture:
        PICTURES.mkdir(parents=True, exist_ok=True)
        for theme, content in last_pictures(solution).items():
            (PICTURES / f"{name}-{theme}.webp").write_bytes(content)


def last_pictures(notebook: Any) -> dict[str, bytes]:
    """Return the pictures of the figure that a notebook shows last, of each theme."""
    shown = [
        "".join(output["data"]["text/html"])
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "createos-plot" in "".join(output.get("data", {}).get("text/html", ""))
    ]
    found = re.findall(r'class="createos-on-(light|dark)"[^>]*;base64,([^"]+)"', shown[-1])
    return {theme: base64.b64decode(content) for theme, content in found}


def glossary_page() -> str:
    """Return `docs/glossary.md`."""
    words = "\n\n".join(f"## {word}\n\n{meaning}" for word, meaning in glossary().items())
    return f"# Glossary\n\nThe words of the [lessons](lessons.md), each in a sentence or two.\n\n{words}\n"


def authors_page() -> str:
    """Return `docs/lesson-authoring.md` with its table of facts."""
    text = AUTHORS.read_text(encoding="utf-8")
    rows = ["| fact | of | what it is |", "| --- | --- | --- |"]
    for name, read in FACTS.items():
        given = list(inspect.signature(read).parameters.values())[1:]
        names = ", ".join(f"`{one.name}`" + ("" if one.default is one.empty else f" ({one.default})") for one in given)
        rows.append(f"| `{name}` | {names or '–'} | {(read.__doc__ or '').strip()} |")
    return text[: text.index(_BEGIN) + len(_BEGIN)] + "\n" + "\n".join(rows) + "\n" + text[text.index(_END) :]


def index_page() -> str:
    """Return `notebooks/lessons/README.md`: each lesson with a picture of its result."""
    parts = [
        "# Lessons\n\nTen lessons of 10 to 20 minutes: the platform, learned by doing. Each opens a simulated account, "
        "says what is to be done in it, and checks what came of it. Nothing here reaches an account of yours.\n\n"
        "```\ncreateos-nb learn\n```\n\nopens them in JupyterLab, in a folder of your own. "
        "[docs/lessons.md](../../docs/lessons.md) says more; the words are in the [glossary](../../docs/glossary.md).",
    ]
    for name in built_in():
        content = read_lesson(name).content
        goals = "; ".join(content.goal)
        text = f"## [{content.title}]({name}.ipynb)\n\n{content.minutes} minutes. {goals[:1].upper()}{goals[1:]}."
        if content.picture:
            text += (
                f'\n\n<picture>\n  <source media="(prefers-color-scheme: dark)" srcset="pictures/{name}-dark.webp">\n'
                f'  <img alt="The result: {content.title}" src="pictures/{name}-light.webp">\n</picture>'
            )
        parts.append(text)
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    assert folder("notebooks") == ROOT / "notebooks"
    sys.exit(main())
