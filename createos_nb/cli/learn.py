"""`createos-nb learn`: the lessons in JupyterLab, copied into a folder of the learner."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from createos_nb import extras
from createos_nb.cli import argument_types
from createos_nb.cli.exit_codes import DONE
from createos_nb.cli.options import Flag
from createos_nb.errors import InvalidInput

_FOLDER: Final = Path("createos-lessons")


def learn(
    lesson: Annotated[str | None, Parameter(metavar="LESSON")] = None,
    /,
    *,
    folder: Annotated[Path, Parameter(metavar="FOLDER")] = _FOLDER,
    port: argument_types.Port = 8888,
    no_browser: Flag = False,
    copy_only: Flag = False,
    list_lessons: Annotated[bool, Parameter(name="--list", negative=())] = False,
    nbgrader: Annotated[Path | None, Parameter(metavar="COURSE")] = None,
) -> int:
    """Open the lessons in JupyterLab, in a folder of your own.

    They are copied there; what is in the folder already, with what you wrote, is left as it is. How far you are is kept
    in your data folder, or in CREATEOS_NB_LESSONS.

    Args:
        lesson: the one to open, by its name or number (default: the first one that is not passed).
        folder: where they are copied to.
        port: of JupyterLab, on 127.0.0.1.
        no_browser: print the address and open nothing.
        copy_only: copy, and start no JupyterLab.
        list_lessons: list the lessons, and how far you are, and do nothing else.
        nbgrader: write them into this course of nbgrader, as the source of assignments, and do nothing else.

    Returns:
        The exit code.

    Raises:
        MissingExtra: The extra `lab` is not installed.
        UnknownName: There is no such lesson.
        InvalidInput: The folder can't be written.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["learn", "--copy-only", "--folder", "mine"])
        34 notebooks copied into mine
        0
    """
    from createos_nb.training.curriculum.catalog import lessons
    from createos_nb.training.curriculum.copies import copy_lessons, write_assignments
    from createos_nb.training.curriculum.files import lesson_path

    if list_lessons:
        for row in lessons().itertuples():
            print(f"{row.lesson:<20} {row.minutes:>3} min  {row.state:<7} {row.title}")
        return DONE
    name = None if lesson is None else lesson_path(lesson).stem
    try:
        if nbgrader is not None:
            written = write_assignments(nbgrader)
            print(f"{len(written)} assignments written below {nbgrader / 'source'}")
            return DONE
        if not copy_only:
            extras.require("lab", "createos-nb learn", instead="--copy-only")
            extras.require("notebooks", "createos-nb learn", instead="--copy-only")
        written = copy_lessons(folder)
    except OSError as error:
        raise InvalidInput(f"--folder: {error}") from None
    print(f"{len(written)} notebooks copied into {folder}", flush=True)
    if copy_only:
        return DONE
    if name is None:
        table = lessons()
        left = table.loc[table["state"] != "passed", "lesson"]
        name = str((left if len(left) else table["lesson"]).iloc[0])
    page = folder / "lessons" / f"{name}.ipynb"
    arguments = [sys.executable, "-m", "jupyterlab", str(page), f"--notebook-dir={folder}", f"--port={port}"]
    return subprocess.run([*arguments, *(["--no-browser"] if no_browser else [])], check=False).returncode
