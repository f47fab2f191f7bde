"""Let nbgrader itself grade all lessons: with their solutions, and untouched: `python -m tools.try_nbgrader`.

nbgrader is no dependency: run it with the Python of an environment that has nbgrader and this package. Printed are the
points of each lesson; the exit code is 1 unless a solution has all of them and an untouched page has none.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from createos_nb import training
from createos_nb.training.curriculum.copies import write_assignments
from createos_nb.training.curriculum.files import built_in

SOLVED, UNTOUCHED = "solved", "untouched"


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="createos-nbgrader-") as folder:
        course = Path(folder)
        write_assignments(course)
        for name in built_in():
            _run(course, "generate_assignment", name, "--create")
            for student in (SOLVED, UNTOUCHED):
                submit(course, student, name)
            _run(course, "autograde", name)
        rows = list(scores(course))
    for name, student, score, most in rows:
        print(f"{name:<20} {student:<10} {score:g} of {most:g}")
    right = all(score == (most if student == SOLVED else 0) for _, student, score, most in rows)
    return 0 if right and len(rows) == 2 * len(built_in()) else 1


def submit(course: Path, student: str, name: str) -> None:
    """Hand in what nbgrader has released, with the solutions put back or as it is."""
    released = json.loads((course / "release" / name / f"{name}.ipynb").read_text(encoding="utf-8"))
    solutions = {
        cell["metadata"]["nbgrader"]["grade_id"]: cell for cell in training.notebook(name, "nbgrader")["cells"]
    }
    for cell in released["cells"]:
        own = cell["metadata"].get("nbgrader", {})
        if own.get("solution") and student == SOLVED:
            cell["source"] = solutions[own["grade_id"]]["source"]
    place = course / "submitted" / student / name / f"{name}.ipynb"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(released), encoding="utf-8")


def scores(course: Path) -> Iterator[tuple[str, str, float, float]]:
    """Yield lesson, student, points, and how many there are, from nbgrader's own book."""
    api: Any = import_module("nbgrader.api")
    with api.Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        for name in built_in():
            for submission in book.assignment_submissions(name):
                yield name, submission.student.id, submission.score, submission.max_score


def _run(course: Path, *arguments: str) -> None:
    # it starts alembic by its name
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path, "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        # a submission that fails is graded as well: only what nbgrader can't do at all ends here
        print(done.stderr[-2_000:], file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
