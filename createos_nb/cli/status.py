"""`createos-nb status`: what runs where, and how it does."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from createos_nb.cli import tables
from createos_nb.cli.exit_codes import DONE, UNKNOWN
from createos_nb.cli.options import FOR_PEOPLE, HERE, Environment, Form, Place, Project, Time, opened
from createos_nb.times import beginning

if TYPE_CHECKING:
    import pandas as pd

SCHEMA: Final = "status/1"
_COLUMNS: Final = ("status", "project", "environment", "version", "requests", "status_5xx", "reason")


def status(
    project: Project | None = None,
    environment: Environment | None = None,
    /,
    *,
    app: Annotated[str | None, Parameter(metavar="APP")] = None,
    window: Time = "1h",
    place: Place = HERE,
    form: Form = FOR_PEOPLE,
) -> int:
    """Say what runs where, how it does, and why, those in trouble first.

    It costs one request for the projects, one for each project's environments and deployments, and one for each
    environment's figures. It lists, and ends with 0 however they do: `createos-nb diagnose` judges.

    Args:
        project: only this one, by name or id (default: all that are active).
        environment: only this one of it.
        app: only projects in this app.
        window: of the requests that are counted.
        place: which account.
        form: in which form.

    Returns:
        The exit code: 6 where something could not be read, else 0.

    Raises:
        UnknownName: There is no such project or environment.
        CreateOSError: The account can't be read.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["status", "storefront", "production", "--scenario", "bad-release"])
        storefront/production: degraded: 130 of 5,957 requests failed (2.2 %) in the last 1h...
          live      v4, deployed, 2 replicas
          ...
        0
    """
    from createos_nb.errors import UnknownName

    plain = form.plain
    with opened(place) as client:
        frame = client.fleet.overview(start=beginning(window), projects=project, apps=app)
        attrs = frame.attrs
        if project is not None and not len(frame) and attrs["skipped"]:
            tables.warn("status", f"{project} is {', '.join(map(str, attrs['skipped'].values()))}: nothing runs there")
        if environment is not None:
            chosen = frame[frame["environment"] == environment]
            if not len(chosen) and len(frame):
                raise UnknownName("environment", environment, frame["environment"].tolist(), f"project {project}")
            frame = chosen.reset_index(drop=True)
        if plain:
            tables.notice(f"{attrs['where']} · {client.now:%Y-%m-%d %H:%M} UTC, the last {window.removeprefix('-')}")
    if plain and environment is not None and len(frame):
        _card(frame.iloc[0], place.words)
    else:
        tables.show(
            frame,
            SCHEMA,
            form,
            complete=attrs["complete"],
            columns=_COLUMNS,
            empty="no environment is there; is the project active?",
        )
    for name, reason in {**attrs["failed"], **(attrs["skipped"] if project is None else {})}.items():
        tables.warn("status", f"{'not read' if name in attrs['failed'] else 'left out'}: {name}: {reason}")
    return DONE if attrs["complete"] else UNKNOWN


def _card(row: pd.Series[Any], account: Sequence[str]) -> None:
    from createos_nb.display import format_value, is_missing, text_card

    def text(name: str) -> str:
        return format_value(row[name], name, seconds=False)

    place = f"{row['project']}/{row['environment']}"
    version = "nothing is deployed" if is_missing(row["version"]) else f"v{row['version']}, {text('live_state')}"
    replicas = "1 replica" if row["replicas"] == 1 else f"{text('replicas')} replicas"
    fields = {
        "live": f"{version}, {replicas}",
        "requests": f"{text('requests')}, {text('rpm')} a minute",
        "success": f"{text('success_percentage')} %, {text('status_5xx')} with 5xx",
        "changed": f"{text('changed_at')} UTC: {text('last_change')}",
    }
    if not is_missing(row["burn"]):
        fields["budget"] = f"burns at {text('burn')} times the pace that a target of 99.9 % allows"
    head, *rest = text_card(f"{place}: {row['status']}", text("reason"), fields.items()).splitlines()
    head = head.replace(f": {row['status']}:", f": {tables.painted(str(row['status']))}:", 1)
    tables.print_lines([head, *rest])
    if row["status"] in ("down", "degraded", "asleep"):
        words = ["createos-nb", "diagnose", str(row["project"]), str(row["environment"]), *account]
        tables.notice(f"why: {shlex.join(words)}")
