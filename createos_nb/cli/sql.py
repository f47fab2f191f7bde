"""`createos-nb sql`: the history of an account, queried with SQL."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from createos_nb import extras
from createos_nb.cli import tables
from createos_nb.cli.exit_codes import DONE, UNKNOWN
from createos_nb.cli.options import FOR_PEOPLE, HERE, Form, Place, Time, opened
from createos_nb.errors import InvalidInput
from createos_nb.times import beginning

if TYPE_CHECKING:
    from createos_nb.history.history import History

SCHEMA: Final = "sql/1"


def sql(
    query: str,
    /,
    *,
    history: Annotated[Path | None, Parameter(metavar="FOLDER")] = None,
    since_: Annotated[Time, Parameter(name="--since")] = "1d",
    place: Place = HERE,
    form: Form = FOR_PEOPLE,
) -> int:
    """Query the history of an account with SQL.

    The tables are the datasets that createos-nb sync keeps, as DuckDB reads them; nothing is asked of the platform but
    whose account it is, and not even that with --history. A simulated world has no history yet: one is made for the
    query.

    Args:
        query: a SELECT, or SHOW TABLES; - reads it from the standard input.
        history: the folder of a history (default: the account's own).
        since_: of a simulated world: from where on its history is made.
        place: which account.
        form: in which form.

    Returns:
        The exit code: 6 where the history of a simulated world could not be made whole, else 0.

    Raises:
        MissingExtra: The extra `history` is not installed.
        HistoryError: There is no history, or the query can't be run.
        CreateOSError: The account can't be read.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["sql", "select count(*) as projects from projects", "--scenario", "bad-release"])
        projects
               1
        0
    """
    extras.require("history", "createos-nb sql")
    from createos_nb.history import open as open_history

    text = sys.stdin.read() if query == "-" else query
    if not text.strip():
        raise InvalidInput("the query is empty: createos-nb sql 'show tables' lists the tables")
    if history is not None:
        if (place.scenario, place.profile, place.world) != (None, None, None):
            raise InvalidInput("--history names a folder, which is of one account: leave the account out")
        return _answer(open_history(path=history), text, form, complete=True)
    with opened(place) as client:
        if not client.embedded:
            kept = open_history(client)
            if kept.datasets()["rows"].sum() == 0:
                tables.warn("sql", "the history is empty: createos-nb sync fills it")
            return _answer(kept, text, form, complete=True)
        with tempfile.TemporaryDirectory(prefix="createos-nb-sql-") as folder:
            made = open_history(client, folder)
            done = made.sync(budget=None, since=beginning(since_))
            return _answer(made, text, form, complete=done.complete)


def _answer(history: History, text: str, form: Form, *, complete: bool) -> int:
    tables.show(history.sql(text), SCHEMA, form, complete=complete, empty="no row")
    return DONE if complete else UNKNOWN
