"""`createos-nb diagnose`: what is wrong with an environment, since when, why, and what puts it right."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from createos_nb.causes import Status
from createos_nb.cli import tables
from createos_nb.cli.exit_codes import CHECK_FAILED, DONE, UNKNOWN
from createos_nb.cli.options import HERE, Environment, Flag, Place, Project, opened

if TYPE_CHECKING:
    from createos_nb.diagnostics.diagnosis import RunbookCall

_EXIT: Final[Mapping[Status, int]] = {
    "healthy": DONE,
    "degraded": CHECK_FAILED,
    "down": CHECK_FAILED,
    "asleep": CHECK_FAILED,
    "unknown": UNKNOWN,
}


def diagnose(
    project: Project | None = None,
    environment: Environment | None = None,
    /,
    *,
    json: Annotated[Flag, Parameter(group="Output")] = False,
    place: Place = HERE,
) -> int:
    """Say what is wrong with an environment, a project's builds or the account, and why.

    Args:
        project: a project by name or id (default: the account's keys and quotas).
        environment: an environment of it (default: its builds and domains).
        json: print the diagnosis as JSON.
        place: which account.

    Returns:
        The exit code: 0 healthy, 5 degraded, down or asleep, 6 unknown.

    Raises:
        UnknownName: There is no such project or environment.
        CreateOSError: The account can't be read.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["diagnose", "landing-pages", "production", "--world", "shared-incident"])
        landing-pages/production: healthy
          Nothing is wrong with landing-pages/production now.
        0
    """
    from createos_nb.diagnostics.diagnose import diagnose as find_causes

    with opened(place) as client:
        diagnosis = find_causes(client, project, environment)
    print(diagnosis.to_json() if json else diagnosis)
    call = next((finding.runbook for finding in diagnosis.findings if finding.runbook is not None), None)
    if call is not None and not json:
        tables.notice(f"next: {_command(call, place)}")
    return _EXIT[diagnosis.status]


def _command(call: RunbookCall, place: Place) -> str:
    """What plans the likeliest cause's cure in a terminal."""
    words = [*map(str, call.arguments)]
    for name, value in call.options.items():
        if isinstance(value, bool):
            words.append(f"--{'' if value else 'no-'}{name.replace('_', '-')}")
        elif isinstance(value, str | int | float):
            words += [f"--{name.replace('_', '-')}", str(value)]
    return shlex.join(["createos-nb", "plan", call.function.replace("_", "-"), *words, *place.words])
