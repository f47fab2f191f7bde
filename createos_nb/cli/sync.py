"""`createos-nb sync`: let the history of an account grow by what is new, within a budget of requests."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys

from createos_nb.cli.exit_codes import DONE, FAILED, UNKNOWN

NAME = "sync"
HELP = "Keep what is new of an account in its history, from cron or a scheduled workflow."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser.

    Args:
        parser: The parser of the command.

    Examples:
        >>> import argparse
        >>> from createos_nb.cli import sync
        >>> parser = argparse.ArgumentParser()
        >>> sync.arguments(parser)
        >>> parser.parse_args(["--budget", "50"]).budget
        50
    """
    parser.add_argument("path", nargs="?", help="the folder of the history (default: the account's own)")
    parser.add_argument("--budget", type=int, default=200, metavar="N", help="requests to send at most (default: 200)")
    parser.add_argument("--since", default="-7d", metavar="TIME", help="from where on series are kept (default: -7d)")
    parser.add_argument(
        "--datasets",
        default="",
        metavar="NAMES",
        help="such as requests,deployments,paths,logs (default: resources, requests and events)",
    )
    parser.add_argument("--projects", default="", metavar="NAMES", help="only of these, such as storefront,orders-api")
    parser.add_argument(
        "--world",
        default="live",
        metavar="NAME",
        help="live, live:PROFILE, or a simulated world such as bad-release (default: live)",
    )
    parser.add_argument(
        "--webhooks",
        action="append",
        default=[],
        metavar="FILE",
        help="fold in the events that createos-nb listen has written to it (default: those of CREATEOS_NB_WEBHOOKS)",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(options: argparse.Namespace) -> int:
    """Run the command.

    Args:
        options: What `arguments` has parsed.

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
    from createos_nb.client.connect.open_account import open_account
    from createos_nb.history import open as open_history
    from createos_nb.history.history import USUAL
    from createos_nb.webhooks import event_source

    with open_account(options.world, read_only=True) as client:
        history = open_history(client, options.path)
        if options.webhooks:
            history.add_source("webhook", event_source(*options.webhooks))
        chosen = {"since": options.since, "projects": _names(options.projects) or None}
        datasets = _names(options.datasets) or list(USUAL)
        cost = history.cost(datasets=datasets, **chosen)
        if cost > options.budget:
            print(f"about {cost:,} requests, {options.budget:,} of them now", file=sys.stderr)
        result = history.sync(budget=options.budget, datasets=datasets, **chosen)
    if options.json:
        print(json.dumps({**dataclasses.asdict(result), "complete": result.complete, "folder": str(history.folder)}))
    else:
        print(result)
    return DONE if result.complete else FAILED if result.failed else UNKNOWN


def _names(text: str) -> list[str]:
    return [name for name in (part.strip() for part in text.split(",")) if name]
