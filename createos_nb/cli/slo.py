"""`createos-nb slo`: how environments stand against an objective."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from createos_nb.cli import tables
from createos_nb.cli.exit_codes import CHECK_FAILED, DONE, UNKNOWN
from createos_nb.cli.options import FOR_PEOPLE, HERE, Environment, Form, Place, Project, Time, opened
from createos_nb.errors import InvalidInput
from createos_nb.times import beginning

if TYPE_CHECKING:
    import pandas as pd

SCHEMA: Final = "slo/1"
_COLUMNS: Final = (
    "project",
    "environment",
    "requests",
    "errors",
    "achieved",
    "budget_left",
    "burn_rate",
    "exhausted_in",
    "met",
)


def slo(
    project: Project | None = None,
    environment: Environment | None = None,
    /,
    *,
    target: Annotated[float, Parameter(metavar="PERCENT")] = 99.9,
    window: Time = "7d",
    errors: Annotated[list[str], Parameter(consume_multiple=True, negative="", metavar="CLASS")] | None = None,
    app: Annotated[str | None, Parameter(metavar="APP")] = None,
    place: Place = HERE,
    form: Form = FOR_PEOPLE,
) -> int:
    """Say how environments stand against a service level objective.

    Args:
        project: only this one (default: all that are active).
        environment: only this one of it, as a card.
        target: the share of the requests that should be no errors, in percent; 0.999 is 99.9, too.
        window: over which the objective holds.
        errors: the classes of answers that are errors: 5xx, 4xx (default: 5xx).
        app: only projects in this app.
        place: which account.
        form: in which form; shares are 0 to 1 in JSON and CSV.

    Returns:
        The exit code: 5 where a budget is spent, 6 where something is not known, else 0.

    Raises:
        InvalidInput: An argument can't be used.
        UnknownName: There is no such project or environment.
        CreateOSError: The requests can't be read.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["slo", "storefront", "production", "--window", "1d", "--scenario", "bad-release"])
        SLO 99.9 % over 1d: ...
        5
    """
    from createos_nb import analysis

    plain = form.plain
    share = _share(target)
    classes = tuple(errors or ("5xx",))
    length = beginning(window).removeprefix("-")
    with opened(place) as client:
        if environment is not None and project is not None and plain:
            requests = client.analytics.requests_over_time(project, environment, start=f"-{length}")
            card = analysis.slo(requests, target=share, window=length, errors=classes)
            print(card)
            return CHECK_FAILED if card.left <= 0 else UNKNOWN if not card.requests else DONE
        requests = client.fleet.requests_over_time(start=f"-{length}", projects=project, apps=app)
        complete, failed = bool(requests.attrs["complete"]), requests.attrs["failed"]
        if environment is not None:
            requests = _only(requests, project, environment)
        frame: Any = (
            analysis.slo(requests, target=share, window=length, errors=classes) if len(requests) else _nothing()
        )
    facts = {"target": share, "window": length, "errors": list(classes)}
    told = frame.rename(columns={"left": "budget_left"}) if plain else frame
    tables.show(told, SCHEMA, form, complete=complete, columns=_COLUMNS, facts=facts, empty="no environment is there")
    for name, reason in failed.items():
        tables.warn("slo", f"not read: {name}: {reason}")
    if len(frame) and bool((frame["left"] <= 0).any()):
        return CHECK_FAILED
    return DONE if complete else UNKNOWN


def _share(target: float) -> float:
    share = round(target / 100, 12) if target > 1 else target
    if not 0 < share < 1:
        raise InvalidInput(f"--target is a share in percent, such as 99.9, not {target:g}")
    return share


def _only(requests: pd.DataFrame, project: str | None, environment: str) -> pd.DataFrame:
    from createos_nb.errors import UnknownName

    names = requests["environment"].unique().tolist()
    if environment not in names:
        raise UnknownName("environment", environment, names, f"project {project}")
    chosen = requests[requests["environment"] == environment].reset_index(drop=True)
    chosen.attrs = requests.attrs
    return chosen


def _nothing() -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(columns=list(_COLUMNS))
