"""`createos-nb completion`: the script that makes a shell complete."""

from __future__ import annotations

from typing import Literal

from createos_nb.cli.exit_codes import DONE


def completion(shell: Literal["bash", "zsh", "fish"], /) -> int:
    """Print what makes a shell complete commands, options, and names that were read.

    Names of projects and environments are those that a command has read last from the account (or world) that is
    named; completing asks nobody. They are kept in a small file that only you can read; CREATEOS_NB_NAMES names
    another file, and CREATEOS_NB_NAMES=0 keeps none. Print the script again after an upgrade.

    Args:
        shell: which one.

    Returns:
        The exit code.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["completion", "fish"])
        # Fish completion for createos-nb...
        0
    """
    from createos_nb.cli.app import make_app
    from createos_nb.cli.commands import COMMANDS

    print(make_app(whole={command.name for command in COMMANDS}).generate_completion(shell=shell).rstrip())
    return DONE
