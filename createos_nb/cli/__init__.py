"""The command line: `createos-nb COMMAND`; one module a command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import NoReturn

from createos_nb import __version__
from createos_nb.cli import (
    check,
    dashboard,
    demo,
    diagnose,
    export_metrics,
    listen,
    login,
    run,
    serve,
    sync,
    watch,
    whoami,
)
from createos_nb.cli.argument_types import words
from createos_nb.cli.exit_codes import DETAILS, DONE, FAILED, INTERRUPTED, REFUSED, WRONG
from createos_nb.cli.output import guarded
from createos_nb.errors import CreateOSError, InvalidInput, MissingExtra, ReadOnlyError

#: Each module has `NAME`, `HELP`, `arguments(parser)` and `run(arguments) -> exit code`.
COMMANDS: tuple[ModuleType, ...] = (
    check,
    dashboard,
    demo,
    diagnose,
    export_metrics,
    listen,
    login,
    run,
    serve,
    sync,
    watch,
    whoami,
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(WRONG, f"{self.prog}: {message}\n")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line.

    Returns:
        One with a parser of its own for each of `COMMANDS`.

    Examples:
        >>> from createos_nb.cli import parser
        >>> parser().parse_args(["serve", "--port", "0"]).port
        0
    """
    top = _Parser(
        prog="createos-nb",
        description="CreateOS in a notebook.",
        epilog=DETAILS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"createos-nb {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    for module in COMMANDS:
        command = commands.add_parser(module.NAME, help=module.HELP, description=module.HELP)
        command.formatter_class, command.epilog = argparse.RawDescriptionHelpFormatter, DETAILS
        module.arguments(command)
        command.set_defaults(run=module.run)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, or print the help.

    Args:
        arguments: What follows `createos-nb`; by default what this process was started with.

    Returns:
        The exit code: `createos_nb.cli.exit_codes`.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["run", "42_rollback", "--list"])
        42_rollback: ...
          project='storefront' ...
        0
    """
    with guarded():
        return _main(arguments)


def _main(arguments: Sequence[str] | None) -> int:
    top = parser()
    options = top.parse_args(arguments)
    if options.command is None:
        top.print_help()
        return DONE
    try:
        return int(options.run(options))
    except InvalidInput as error:
        print(f"createos-nb: {error}", file=sys.stderr)
        return WRONG
    except (ReadOnlyError, MissingExtra) as error:
        print(f"createos-nb: {error}", file=sys.stderr)
        return REFUSED
    except CreateOSError as error:
        print(f"createos-nb: {error}", file=sys.stderr)
        return FAILED
    except OSError as error:
        print(f"createos-nb: {words(error)}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("createos-nb: interrupted", file=sys.stderr)
        return INTERRUPTED
