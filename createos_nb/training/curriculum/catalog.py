"""The lessons that there are, as a table, with how far the learner is."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pandas as pd

from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput
from createos_nb.training.curriculum.files import built_in
from createos_nb.training.curriculum.progress import Progress, ProgressStore, default_folder
from createos_nb.training.curriculum.reader import read_lesson

_COLUMNS: Final = ["lesson", "title", "minutes", "goal", "tasks", "right", "state", "last", "path"]


def lessons(*files: str | Path) -> pd.DataFrame:
    """Return the lessons of the project, and those of the given files, with how far you are.

    Args:
        files: paths of more lesson files.

    Returns:
        A frame, one row each, of `lesson` (for `lesson`), `title`, `minutes` (int64), `goal` (what one will be able to
        do), `tasks` (int64), `right` (Int64: how many were right at the last check; NA where what is kept can't be
        read), `state` ("new", "begun", "passed", "unknown"), `last` (UTC: the last check; NaT without one), `path`.

    Raises:
        InvalidInput: a mistake in a file, with its line and field.

    Examples:
        >>> table = createos_nb.training.lessons()
        >>> len(table), table["lesson"].iloc[0], table["state"].iloc[0]
        (10, '01-first-listing', 'new')
    """
    rows = [_row(path) for path in [*built_in().values(), *map(Path, files)]]
    frame = pd.DataFrame(
        rows, columns=["lesson", "title", "minutes", "goal", "tasks", "right", "state", "last", "path"]
    )
    times = pd.to_datetime(frame["last"].astype("Float64"), unit="s", utc=True)
    frame["last"] = times.astype("datetime64[us, UTC]")
    texts: dict[str, Any] = dict.fromkeys(("lesson", "title", "goal", "state", "path"), TEXT)
    return frame.astype({**texts, "minutes": "int64", "tasks": "int64", "right": "Int64"})


def _row(path: Path) -> tuple[Any, ...]:
    source = read_lesson(path)
    content = source.content
    right: int | None = 0
    state, last = "new", None
    try:
        progress: Progress | None = ProgressStore(default_folder() / source.name).read()
    except (InvalidInput, OSError):
        progress, right, state = None, None, "unknown"
    if progress is not None:
        right, last = len(progress.right), progress.last or None
        state = "passed" if progress.passed else "begun"
    goal = "; ".join(content.goal)
    return source.name, content.title, content.minutes, goal, len(content.tasks), right, state, last, str(path)
