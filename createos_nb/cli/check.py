"""`createos-nb check`: whether the documentation's best practices are held, and what mends what is not."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from createos_nb.cli import names, tables
from createos_nb.cli.exit_codes import OF_RESULT
from createos_nb.cli.options import FOR_PEOPLE, HERE, Flag, Form, Place, opened

if TYPE_CHECKING:
    import pandas as pd

SCHEMA: Final = "check/1"


def check(
    *,
    projects: Annotated[
        list[str], Parameter(consume_multiple=True, negative="", metavar="PROJECT", completer=names.complete_projects)
    ]
    | None = None,
    exceptions: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    all_: Annotated[Flag, Parameter(name="--all")] = False,
    place: Place = HERE,
    form: Form = FOR_PEOPLE,
) -> int:
    """Say which of the documentation's best practices are held, which are broken, and what mends them.

    Args:
        projects: only these, without what is of the account (default: all that are active, and the account).
        exceptions: the accepted exceptions (default: the nearest createos-nb.toml, from this folder upward).
        all_: print also what is held, and what is accepted; JSON and CSV always have all.
        place: which account.
        form: in which form.

    Returns:
        The exit code: 0 where all practices are held or accepted, 5 where one is broken, 6 where none is, and one can't
        be known from the API.

    Raises:
        UnknownName: There is no such project.
        ConfigurationError: The exceptions can't be read, or one has no reason.
        CreateOSError: The account can't be read.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["check", "--world", "storefront", "--projects", "edge-gateway"])
        broken   medium  security_scan      edge-gateway: scanning is switched off
        ...
        FAIL: 2 broken, 2 unknown, 0 accepted, 16 held. It took 6 requests.
        5
    """
    from createos_nb.diagnostics.best_practices import best_practices
    from createos_nb.errors import UnneededExceptionWarning

    plain = form.plain
    with opened(place) as client, warnings.catch_warnings():
        warnings.simplefilter("ignore", UnneededExceptionWarning)  # told below, once
        frame = best_practices(client, projects, exceptions=exceptions)
    if plain:
        _print(frame, everything=all_)
    else:
        told = frame.copy()
        told.insert(0, "state", [_state(row) for row in _rows(frame)])
        tables.show(told, SCHEMA, form, complete=frame.attrs["complete"], facts=_facts(frame))
    for notice in frame.attrs["notices"]:
        print(f"createos-nb check: {notice}", file=sys.stderr)
    for name, reason in frame.attrs["missing"].items():
        print(f"createos-nb check: not read: {name}: {reason}", file=sys.stderr)
    return OF_RESULT[frame.attrs["result"]]


def _facts(frame: pd.DataFrame) -> dict[str, Any]:
    names = ("result", "where", "at", "missing", "skipped", "requests", "exceptions_file", "notices")
    return {name: frame.attrs[name] for name in names}


def _print(frame: pd.DataFrame, *, everything: bool) -> None:
    rows = _rows(frame)
    width = max((len(row["code"]) for row in rows), default=0)
    for row in rows:
        state = _state(row)
        if state in ("held", "accepted") and not everything:
            continue
        print(f"{state:<8} {row['severity']:<7} {row['code']:<{width}} {row['where']}: {row['evidence']}")
        if state == "accepted":
            print(f"{'':17}accepted: {row['exception']}")
        elif row["fix"]:
            print(f"{'':17}{row['fix']}")
            if row["command"] or row["runbook"]:
                print(f"{'':17}{row['command'] or row['runbook']}")
    counts = [(sum(_state(row) == state for row in rows), state) for state in ("broken", "unknown", "accepted", "held")]
    told = ", ".join(f"{number} {state}" for number, state in counts)
    skipped = f"; left out: {', '.join(frame.attrs['skipped'])}" if frame.attrs["skipped"] else ""
    print(f"{frame.attrs['result']}: {told}{skipped}. It took {frame.attrs['requests']} requests.")


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    rows = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def _state(row: dict[str, Any]) -> str:
    if row["held"]:
        return "held"
    return "accepted" if row["exception"] else "broken" if row["held"] is False else "unknown"
