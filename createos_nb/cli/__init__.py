"""The command line: `createos-nb COMMAND`; one module a command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import NoReturn

from createos_nb import __version__
from createos_nb.cli import dashboard, demo, login, run, serve, whoami
from createos_nb.cli.output import guarded
from createos_nb.errors import CreateOSError, InvalidInput

#: Each module has `NAME`, `HELP`, `arguments(parser)` and `run(arguments) -> exit code`.
COMMANDS: tuple[ModuleType, ...] = (dashboard, demo, login, run, serve, whoami)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(3, f"{self.prog}: {message}\n")


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = _Parser(prog="createos-nb", description="CreateOS in a notebook.")
    top.add_argument("--version", action="version", version=f"createos-nb {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in COMMANDS:
        one = commands.add_parser(module.NAME, help=module.HELP, description=module.HELP)
        module.arguments(one)
        one.set_defaults(run=module.run)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 1 failed, 3 wrong parameter, 130 interrupted; `run` has more."""
    with guarded():
        return _main(arguments)


def _main(arguments: Sequence[str] | None) -> int:
    given = parser().parse_args(arguments)
    try:
        return int(given.run(given))
    except InvalidInput as error:
        print(f"createos-nb: {error}", file=sys.stderr)
        return 3
    except (CreateOSError, OSError) as error:
        print(f"createos-nb: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("createos-nb: interrupted", file=sys.stderr)
        return 130
