"""Tables of commands: aligned for people, as JSON or CSV for programs."""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from createos_nb.cli.options import Form
from createos_nb.cli.output import unchecked

if TYPE_CHECKING:
    import pandas as pd

#: Columns that a text keeps where a table is wider than the terminal.
_LEAST: Final = 12
_LONGEST_WORD: Final = 40
_GAP: Final = "  "
_COLORS: Final = {
    "healthy": "32",
    "finished": "32",
    "PASS": "32",
    "degraded": "33",
    "stopped": "33",
    "interrupted": "33",
    "asleep": "33",
    "WARN": "33",
    "down": "31",
    "failed": "31",
    "damaged": "31",
    "FAIL": "31",
    "ERROR": "31",
    "FATAL": "31",
    "unknown": "2",
}


def colored() -> bool:
    """Return whether to color: in a terminal that can, unless `NO_COLOR` is set.

    Returns:
        False in a pipe, with `NO_COLOR`, and where `TERM` is dumb.

    Examples:
        >>> from createos_nb.cli.tables import colored
        >>> colored()
        False
    """
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def room() -> int | None:
    """Return how many columns a line may have.

    Returns:
        Those of the terminal; None in a pipe or file, where nothing is cut.

    Examples:
        >>> from createos_nb.cli.tables import room
        >>> room() is None
        True
    """
    return shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else None


def notice(text: str) -> None:
    """Say something beside the answer: to a person at a terminal, and to nobody else.

    Args:
        text: What to say; it goes to the standard error.

    Examples:
        >>> from createos_nb.cli.tables import notice
        >>> notice("reading")
    """
    if sys.stderr.isatty():
        print(text, file=sys.stderr, flush=True)


def warn(command: str, text: str) -> None:
    """Say what is wrong with an answer, whoever reads it.

    Args:
        command: The command's name.
        text: What to say; it goes to the standard error.

    Examples:
        >>> from createos_nb.cli.tables import warn
        >>> warn("status", "not read: storefront")
    """
    print(f"createos-nb {command}: {text}", file=sys.stderr, flush=True)


def show(
    frame: pd.DataFrame,
    schema: str,
    form: Form,
    *,
    complete: bool = True,
    columns: Sequence[str] | None = None,
    facts: Mapping[str, Any] | None = None,
    empty: str = "nothing",
) -> None:
    r"""Print a frame in the form that is asked for.

    Args:
        frame: The rows.
        schema: The name and version of the JSON, such as "status/1".
        form: For people, as JSON, or as CSV.
        complete: Whether it is all there is.
        columns: Which columns people see, in their order; JSON and CSV have all.
        facts: What the JSON has beside its rows.
        empty: What people read where there is no row.

    Examples:
        >>> from createos_nb.cli.options import Form
        >>> from createos_nb.cli.tables import show
        >>> frame = pd.DataFrame({"project": ["storefront"], "requests": [1200]})
        >>> show(frame, "example/1", Form())
        project     requests
        storefront     1,200
        >>> show(frame, "example/1", Form(csv=True))
        project,requests
        storefront,1200
        >>> show(frame, "example/1", Form(json=True))
        {
          "schema": "createos-nb/example/1",
          "complete": true,
          "rows": [
            {
              "project": "storefront",
              "requests": 1200
            }
          ]
        }
    """
    if form.json:
        from createos_nb.frames.json_rows import rows_of

        document = {
            "schema": f"createos-nb/{schema}",
            "complete": bool(complete),
            **(facts or {}),
            "rows": rows_of(frame),
        }
        print(json.dumps(document, ensure_ascii=False, indent=2))
    elif form.csv:
        sys.stdout.write(as_csv(frame))
    elif len(frame):
        print_lines(lines_of(frame[list(columns)] if columns is not None else frame, room()))
    else:
        print(empty)


def print_lines(lines: Sequence[str]) -> None:
    """Print lines whose cells are clean already: nothing that steers a terminal is in them but our own colors.

    Args:
        lines: The lines.

    Examples:
        >>> from createos_nb.cli.tables import print_lines
        >>> print_lines(["status   project", "healthy  storefront"])
        status   project
        healthy  storefront
    """
    stream = unchecked() if colored() else sys.stdout
    stream.write("\n".join(lines) + "\n")
    stream.flush()


def painted(text: str, word: str | None = None) -> str:
    """Return a word of a state in its color, where colors may be.

    Args:
        text: What is printed, which may be padded.
        word: The state (default: the text).

    Returns:
        The text, colored or as it was.

    Examples:
        >>> from createos_nb.cli.tables import painted
        >>> painted("degraded")
        'degraded'
    """
    code = _COLORS.get((text if word is None else word).strip())
    return f"\x1b[{code}m{text}\x1b[0m" if code and colored() else text


def lines_of(frame: pd.DataFrame, width: int | None = None) -> list[str]:
    """Return a frame as aligned lines, numbers to the right.

    Args:
        frame: The frame; its index is not shown.
        width: Columns of the terminal: long texts are broken into several lines; None for as wide as need be.

    Returns:
        The lines, the names of the columns first.

    Examples:
        >>> from createos_nb.cli.tables import lines_of
        >>> frame = pd.DataFrame({"version": [3], "reason": ["130 of 5,957 requests failed"]})
        >>> lines_of(frame, 26)
        ['version  reason', '      3  130 of 5,957', '         requests failed']
    """
    import pandas as pd

    from createos_nb.display import format_cells, titles

    table = [titles(frame), *format_cells(frame, seconds=False)]
    kinds = [frame.iloc[:, number].dtype for number in range(frame.shape[1])]
    right = [pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind) for kind in kinds]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    if width is not None:
        # a number is never broken, nor what is short: a state, a name; nor a word, for it may have to be copied
        least = [
            max(
                max(len(cell) for cell in column[1:] or ("",)) if is_right else min(max(map(len, column)), _LEAST),
                *(min(len(word), _LONGEST_WORD) for cell in column for word in cell.split()),
            )
            for column, is_right in zip(zip(*table, strict=True), right, strict=True)
        ]
        widths = _fitted(widths, least, width)
    return [line for row in table for line in _broken(row, widths, right)]


def as_csv(frame: pd.DataFrame) -> str:
    r"""Return a frame as CSV: values as in JSON, nothing where one is missing.

    Args:
        frame: The frame; columns of lists are left out.

    Returns:
        The text, the names of the columns first.

    Examples:
        >>> from createos_nb.cli.tables import as_csv
        >>> as_csv(pd.DataFrame({"name": ["a,b"], "replicas": [2], "trend": [[1, 2]]}))
        'name,replicas\n"a,b",2\n'
    """
    import csv
    import io

    from createos_nb.frames.json_rows import rows_of

    rows = rows_of(frame)
    listed = {name for row in rows for name, value in row.items() if isinstance(value, list | dict)}
    names = [str(name) for name in frame.columns if str(name) not in listed]
    text = io.StringIO()
    writer = csv.DictWriter(text, names, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {name: str(value).lower() if isinstance(value, bool) else value for name, value in row.items()} for row in rows
    )
    return text.getvalue()


def paragraphs(text: str, indent: int = 0) -> list[str]:
    """Return a text as lines no wider than the terminal; in a pipe as it is.

    Args:
        text: The text.
        indent: How far in they are to stand.

    Returns:
        The lines.

    Examples:
        >>> from createos_nb.cli.tables import paragraphs
        >>> paragraphs("one line")
        ['one line']
    """
    width = room()
    return (
        [text]
        if width is None
        else textwrap.wrap(text, max(width - indent, 40), subsequent_indent="" if indent else "    ") or [""]
    )


def _fitted(widths: list[int], least: list[int], width: int) -> list[int]:
    """The widths, the widest made narrower first, until the line fits or nothing more can be taken away."""
    fitted = list(widths)
    while sum(fitted) + len(_GAP) * (len(fitted) - 1) > width:
        able = [number for number in range(len(fitted)) if fitted[number] > least[number]]
        if not able:
            break
        fitted[max(able, key=lambda number: (fitted[number], number))] -= 1
    return fitted


def _broken(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> list[str]:
    """The lines of a row, whose cells are broken where they are wider than their column."""
    cells = [
        [cell] if len(cell) <= width else textwrap.wrap(cell, width, break_on_hyphens=True)
        for cell, width in zip(row, widths, strict=True)
    ]
    lines = []
    for number in range(max(map(len, cells), default=0)):
        parts = [cell[number] if number < len(cell) else "" for cell in cells]
        placed = [
            part.rjust(width) if is_right else part.ljust(width)
            for part, width, is_right in zip(parts, widths, right, strict=True)
        ]
        placed[-1] = placed[-1].rstrip()
        lines.append(_GAP.join(painted(text, part) for text, part in zip(placed, parts, strict=True)).rstrip())
    return lines
