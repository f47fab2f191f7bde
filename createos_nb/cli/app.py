"""The command line as cyclopts has it: each command is in a module that is loaded when it is called."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING, Any

from cyclopts import App, Group

from createos_nb import __version__
from createos_nb.cli.commands import COMMANDS, DESCRIPTION, NAME, Command, epilogue
from createos_nb.cli.exit_codes import DETAILS
from createos_nb.cli.help_format import HelpFormat

if TYPE_CHECKING:
    from rich.console import Console


def make_app(console: Console | None = None, *, whole: Container[str] = (), width: int | None = None) -> App:
    """Return the whole command line.

    Args:
        console: Where help is printed; by default the standard output.
        whole: Names of commands whose help is their whole docstring, and not its first line alone: then their modules
            are loaded for it.
        width: Columns of the help; None for those of the terminal.

    Returns:
        The app; the module of a command is loaded when it is called.

    Examples:
        >>> from createos_nb.cli.app import make_app
        >>> len(make_app()["whoami"].help) > 0
        True
    """
    shared: dict[str, Any] = {
        "help_format": "plaintext",
        "help_formatter": HelpFormat(width),
        "help_flags": ["--help", "-h"],
    }
    app = App(
        name=NAME,
        help=DESCRIPTION,
        usage=f"Usage: {NAME} COMMAND",
        help_epilogue=f"createos-nb COMMAND --help says more of each.\n\n{DETAILS}",
        version=__version__ and f"{NAME} {__version__}",
        version_flags=["--version"],
        group_commands=Group("Other", sort_key=99),
        group_parameters=Group("Options", sort_key=10),
        group_arguments=Group("Arguments", sort_key=1),
        console=console,
        suppress_keyboard_interrupt=False,
        **shared,
    )
    order = list(dict.fromkeys(command.group for command in COMMANDS))
    groups = {name: Group(name, sort_key=number) for number, name in enumerate(order)}
    for number, command in enumerate(COMMANDS):
        app.command(
            command.target,
            name=command.name,
            help=None if command.name in whole else command.help,
            group=groups[command.group],
            sort_key=number,
            **_own(command),
        )
    return app


def _own(command: Command) -> dict[str, Any]:
    # an app of its own, such as that of `plan`, brings its epilogue itself
    if command.name in ("plan", "apply", "drill"):
        return {}
    usage = " ".join(["Usage:", NAME, command.name, *filter(None, [command.arguments]), "[OPTIONS]"])
    return {"help_epilogue": epilogue(command), "usage": usage}
