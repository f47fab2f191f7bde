"""`createos-nb logs`: runtime logs, searched, of a window or as they are written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from createos_nb.cli import tables
from createos_nb.cli.exit_codes import DONE, UNKNOWN
from createos_nb.cli.options import FOR_PEOPLE, HERE, Environment, Flag, Form, Place, Project, Time, opened
from createos_nb.errors import InvalidInput
from createos_nb.times import beginning

if TYPE_CHECKING:
    import pandas as pd

    from createos_nb.client.client import Client

SCHEMA: Final = "logs/1"
_COLUMNS: Final = ["project", "environment", "time", "level", "text"]
#: Of its time: how long the log of a simulated world is followed, whose clock waits for nobody.
_SIMULATED: Final = "1min"


def logs(
    project: Project | None = None,
    environment: Environment | None = None,
    /,
    *,
    follow: Annotated[Flag, Parameter(alias="-f")] = False,
    search: Annotated[str | None, Parameter(metavar="TEXT")] = None,
    level: Annotated[str | None, Parameter(metavar="LEVEL")] = None,
    since_: Annotated[Time | None, Parameter(name="--since")] = None,
    lasting: Time | None = None,
    budget: Annotated[int, Parameter(metavar="REQUESTS")] = 60,
    place: Place = HERE,
    form: Form = FOR_PEOPLE,
) -> int:
    """Read the runtime logs of an environment, a project or the account, searched.

    A line is a time (UTC), a level, and the text; of several environments their names stand in front.

    Args:
        project: of this project (default: of all that are active).
        environment: of this environment alone.
        follow: print lines as they are written, of one environment, until Ctrl-C.
        search: only lines with this text, in any case; behind re: a regular expression.
        level: only lines of this level and what is worse: debug, info, warn, error, fatal.
        since_: from when on, such as 1h or 2026-03-02T09:00Z (default: 10min; with --follow 1min).
        lasting: how long to follow (default: until it is ended; 1min of a simulated world's time).
        budget: requests to send at most, where it is more than one environment.
        place: which account.
        form: in which form; with --follow JSON is one object a line.

    Returns:
        The exit code: 6 where lines may be missing, else 0, whether there are any or not.

    Raises:
        InvalidInput: An argument can't be used.
        UnknownName: There is no such project or environment.
        CreateOSError: The log can't be read.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["logs", "storefront", "production", "--scenario", "bad-release", "--level", "error"])
        2026-03-04 13:5...
        0
    """
    plain = form.plain
    if follow:
        if project is None or environment is None:
            raise InvalidInput("which log? createos-nb logs PROJECT ENVIRONMENT --follow follows one environment")
        if form.csv:
            raise InvalidInput("a log that is followed has no end: not --csv; --json prints an object a line")
    elif lasting is not None:
        raise InvalidInput("--lasting says how long to follow: give --follow too, or --since for a window")
    with opened(place) as client:
        if follow and project is not None and environment is not None:
            return _follow(client, project, environment, search, level, since_ or "1min", lasting, form)
        start = beginning(since_ or "10min")
        if project is not None and environment is not None:
            frame = client.environments.logs(project, environment, start=start, level=level, search=search)
            frame = frame.assign(project=project, environment=environment)
        else:
            frame = client.fleet.logs(start=start, level=level, search=search, projects=project, budget=budget)
        complete = bool(frame.attrs["complete"])
        frame = frame[_COLUMNS]
        if plain:
            _print(frame, named=environment is None)
            tables.notice(f"{len(frame):,} lines since {start.removeprefix('-')}" + ("" if complete else ", not all"))
        else:
            tables.show(frame, SCHEMA, form, complete=complete)
    return DONE if complete else UNKNOWN


def _follow(
    client: Client,
    project: str,
    environment: str,
    search: str | None,
    level: str | None,
    window: str,
    lasting: str | None,
    form: Form,
) -> int:
    from createos_nb.frames import log_filter
    from createos_nb.frames.json_rows import rows_of

    wanted = log_filter(level, search, name="logs")
    if client.embedded and lasting is None:
        lasting = _SIMULATED
        tables.notice(f"a simulated world waits for nobody: {_SIMULATED} of its time (--lasting for more)")
    gaps = False
    for lines in client.environments.follow(
        project, environment, window=beginning(window).removeprefix("-"), lasting=lasting
    ):
        gaps = gaps or bool(lines["gap"].any())
        kept = lines if wanted.all_lines else lines[wanted.matches(lines) | lines["gap"]]
        frame = kept.assign(project=project, environment=environment)[_COLUMNS]
        if form.json:
            for row in rows_of(frame):
                print(json.dumps(row, ensure_ascii=False), flush=True)
        else:
            _print(frame, named=False)
    return UNKNOWN if gaps else DONE


def _print(frame: pd.DataFrame, *, named: bool) -> None:
    from createos_nb.display import is_missing, strip_control_chars

    def line(row: Any) -> str:
        time = " " * 19 if is_missing(row.time) else f"{row.time:%Y-%m-%d %H:%M:%S}"
        level = "" if is_missing(row.level) else str(row.level).upper()
        place = f"{row.project}/{row.environment} " if named else ""
        text = strip_control_chars(str(row.text))
        word = text.partition(" ")[0]
        if word.upper() == level:  # many logs say it themselves
            return f"{time} {place}{tables.painted(word, level)}{text[len(word) :]}"
        return f"{time} {place}{tables.painted(f'{level:<5}', level)} {text}".rstrip()

    if len(frame):
        tables.print_lines([line(row) for row in frame.itertuples(index=False)])
