"""`%load_ext createos_nb`: the command line in a notebook, as the line magic `%createos`."""

from __future__ import annotations

import io
import shlex
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any, Final

from createos_nb.cli import main
from createos_nb.cli.current_client import working_on
from createos_nb.cli.exit_codes import CHECK_FAILED, DONE, UNKNOWN

if TYPE_CHECKING:
    from createos_nb.client.client import Client

_NAME: Final = "createos"
#: Ends that are an answer; any other stops a notebook that runs from top to bottom.
_ANSWERS: Final = (DONE, CHECK_FAILED, UNKNOWN)


def register(shell: Any) -> None:
    """Add `%createos`, as `%load_ext createos_nb` does.

    `%createos COMMAND` takes what `createos-nb COMMAND` takes. Where no account is named it works on the notebook's
    `client`, if there is one: what it applies to a simulated world is there afterwards, and can be undone.

    Args:
        shell: The shell of IPython.
    """

    def createos(line: str) -> None:
        """Run a command of createos-nb on the notebook's client; `%createos --help` lists them."""
        run_line(line, _client_of(shell))

    def complete(_: Any, event: Any) -> list[str]:
        return complete_line(event.line, _client_of(shell))

    shell.register_magic_function(createos, "line", _NAME)
    shell.set_hook("complete_command", complete, str_key=f"%{_NAME}")


def unregister(shell: Any) -> None:
    """Take `%createos` away, as `%unload_ext createos_nb` does.

    Args:
        shell: The shell of IPython.
    """
    shell.magics_manager.magics["line"].pop(_NAME, None)


def run_line(line: str, client: Client | None = None) -> int:
    """Run a line as the command line would.

    Args:
        line: What follows `%createos`; quotes are as in a shell.
        client: What it works on where it names no account.

    Returns:
        The exit code: 0, or 5 and 6, which are answers.

    Raises:
        UsageError: The command has failed or was refused; IPython shows it without a traceback.

    Examples:
        >>> from createos_nb.cli.magics import run_line
        >>> run_line("status storefront production", createos_nb.simulate("bad-release"))
        storefront/production: degraded: ...
        0
    """
    from IPython.core.error import UsageError

    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"%{_NAME}: {error}: quotes are as in a shell") from None
    with working_on(client):
        code = main(words)
    if code not in _ANSWERS:
        raise UsageError(f"%{_NAME} {words[0] if words else ''}: it ended with {code}; what is wrong stands above")
    return code


def complete_line(line: str, client: Client | None = None) -> list[str]:
    """Return what may stand at the end of a line: commands, runbooks, options, and names that were read.

    Args:
        line: The line so far, with the magic's name in front.
        client: Whose names.

    Returns:
        Whole words; nobody is asked for them.

    Examples:
        >>> from createos_nb.cli.magics import complete_line
        >>> complete_line("%createos sta")
        ['status']
        >>> client = createos_nb.simulate("bad-release")
        >>> _ = client.fleet.environments()
        >>> complete_line("%createos diagnose storefront ", client)
        ['production', 'staging']
    """
    from createos_nb.cli.app import make_app
    from createos_nb.cli.commands import COMMANDS

    try:
        words = shlex.split(line)[1:]
    except ValueError:
        return []
    begun = words.pop() if words and not line.endswith(" ") else ""
    if not words:
        found = [command.name for command in COMMANDS]
    elif words[0] not in {command.name for command in COMMANDS}:
        found = []
    else:
        app = make_app()[words[0]]
        runbooks = [name for name in app if not name.startswith("-")] if words[0] in ("plan", "apply") else []
        if runbooks and len(words) == 1:
            found = runbooks
        elif begun.startswith("-"):
            target = app[words[1]] if runbooks and words[1] in runbooks else app
            found = [name for argument in target.assemble_argument_collection() for name in argument.names]
        else:
            found = _names([*words, begun], client)
    return [name for name in found if name.startswith(begun)]


def _names(words: list[str], client: Client | None) -> list[str]:
    text = io.StringIO()
    with working_on(client), redirect_stdout(text):
        main(["__complete", *words])
    return [line.partition("\t")[0] for line in text.getvalue().splitlines() if line and not line.startswith("\x1f")]


def _client_of(shell: Any) -> Client | None:
    """The notebook's client, where the name `client` is one."""
    from createos_nb.client.client import Client

    found = shell.user_ns.get("client")
    return found if isinstance(found, Client) else None
