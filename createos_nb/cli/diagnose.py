"""`createos-nb diagnose`: what is wrong with an environment, since when, why, and what puts it right."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Final

from createos_nb.causes import Status
from createos_nb.cli.exit_codes import CHECK_FAILED, DONE, UNKNOWN

NAME = "diagnose"
HELP = "Say what is wrong with an environment, a project's builds or the account, and why."

_EXIT: Final[Mapping[Status, int]] = {
    "healthy": DONE,
    "degraded": CHECK_FAILED,
    "down": CHECK_FAILED,
    "asleep": CHECK_FAILED,
    "unknown": UNKNOWN,
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser.

    Args:
        parser: The parser of the command.

    Examples:
        >>> import argparse
        >>> from createos_nb.cli import diagnose
        >>> parser = argparse.ArgumentParser()
        >>> diagnose.arguments(parser)
        >>> parser.parse_args(["storefront", "production", "--json"]).environment
        'production'
    """
    parser.add_argument("project", nargs="?", help="a project by name or id (default: the account's keys and quotas)")
    parser.add_argument("environment", nargs="?", help="an environment of it (default: its builds and domains)")
    parser.add_argument(
        "--world",
        default="live",
        metavar="NAME",
        help="live, live:PROFILE, or a simulated world such as bad-release (default: live)",
    )
    parser.add_argument("--json", action="store_true", help="print the diagnosis as JSON")


def run(options: argparse.Namespace) -> int:
    """Run the command.

    Args:
        options: What `arguments` has parsed.

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
    from createos_nb.client.connect.open_account import open_account
    from createos_nb.diagnostics.diagnose import diagnose

    with open_account(options.world, read_only=True) as client:
        diagnosis = diagnose(client, options.project, options.environment)
    print(diagnosis.to_json() if options.json else diagnosis)
    return _EXIT[diagnosis.status]
