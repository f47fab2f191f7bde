"""`createos-nb sync`: let the history of an account grow by what is new, within a budget of requests."""

from __future__ import annotations

import dataclasses
import sys
from typing import Annotated, Any

from cyclopts import Parameter

from createos_nb.cli.exit_codes import DONE, FAILED, UNKNOWN
from createos_nb.cli.options import HERE, Flag, Place, Time, opened
from createos_nb.times import beginning


def sync(
    path: Annotated[str | None, Parameter(metavar="PATH")] = None,
    /,
    *,
    budget: Annotated[int, Parameter(metavar="N")] = 200,
    since_: Annotated[Time, Parameter(name="--since")] = "-7d",
    datasets: Annotated[str, Parameter(metavar="NAMES", show_default=False)] = "",
    projects: Annotated[str, Parameter(metavar="NAMES", show_default=False)] = "",
    webhooks: Annotated[str, Parameter(metavar="FILES", show_default=False)] = "",
    json: Annotated[Flag, Parameter(group="Output")] = False,
    place: Place = HERE,
) -> int:
    """Keep what is new of an account in its history, from cron or a scheduled workflow.

    Args:
        path: the folder of the history (default: the account's own).
        budget: requests to send at most.
        since_: from where on series are kept.
        datasets: such as requests,deployments,paths,logs (default: resources, requests and events).
        projects: only of these, such as storefront,orders-api.
        webhooks: fold in the events that createos-nb listen has written to these files (default: those of
            CREATEOS_NB_WEBHOOKS).
        json: print the result as JSON.
        place: which account.

    Returns:
        The exit code: 0 all is there, 1 something could not be read, 6 the budget was used up before all was there.

    Raises:
        HistoryBusy: Another process is writing to it.
        CreateOSError: The account can't be read.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["sync", "account", "--world", "bad-release", "--since=-1h"])
        7 requests; new: projects 1, api keys 1, environments 2, deployments 4, requests 110
        0
    """
    import json as json_module

    from createos_nb.history import open as open_history
    from createos_nb.history.history import USUAL
    from createos_nb.webhooks import event_source

    with opened(place) as client:
        history = open_history(client, path)
        if webhooks:
            history.add_source("webhook", event_source(*_names(webhooks)))
        chosen: dict[str, Any] = {"since": beginning(since_), "projects": _names(projects) or None}
        wanted = _names(datasets) or list(USUAL)
        cost = history.cost(datasets=wanted, **chosen)
        if cost > budget:
            print(f"about {cost:,} requests, {budget:,} of them now", file=sys.stderr)
        result = history.sync(budget=budget, datasets=wanted, **chosen)
    if json:
        facts = {**dataclasses.asdict(result), "complete": result.complete, "folder": str(history.folder)}
        print(json_module.dumps(facts))
    else:
        print(result)
    return DONE if result.complete else FAILED if result.failed else UNKNOWN


def _names(text: str) -> list[str]:
    return [name for name in (part.strip() for part in text.split(",")) if name]
