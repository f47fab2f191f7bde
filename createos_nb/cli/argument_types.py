"""Argument types that several commands share."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from createos_nb.cli import names
from createos_nb.errors import InvalidInput
from createos_nb.hosts import host_name

if TYPE_CHECKING:
    from cyclopts import Token

#: What to do where a port can't be had.
OTHER_PORT: Final = "give another one with --port, or --port 0 for one that is free"


def read_port(hint: Any, tokens: Sequence[Token]) -> int:
    """Read the number of a port, as cyclopts gives it.

    Args:
        hint: Of the parameter; it is a number.
        tokens: What was given.

    Returns:
        0 to 65535; 0 stands for one that is free.

    Raises:
        ValueError: It is no such number.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["serve", "--port", "80abc"])
        2
    """
    text = tokens[0].value
    if not (text.isascii() and text.isdecimal() and len(text) < 8 and int(text) <= 65_535):
        raise ValueError(f"a port is 0 to 65535 (0: one that is free), not {text[:20]!r}")
    return int(text)


def read_hosts(hint: Any, tokens: Sequence[Token]) -> list[str]:
    """Read names as they stand in a Host header.

    Args:
        hint: Of the parameter; it is a list of texts.
        tokens: What was given, one name each.

    Returns:
        The names, in lower case.

    Raises:
        ValueError: One is no name of a host.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["serve", "--allow-host", "a b"])
        2
    """
    try:
        return [host_name(token.value) for token in tokens]
    except InvalidInput as error:
        raise ValueError(str(error)) from None


#: The port of a command that listens on this machine alone.
Port = Annotated[int, Parameter(converter=read_port, metavar="PORT")]
#: Further names that such a command answers to.
Hosts = Annotated[list[str], Parameter(converter=read_hosts, negative="", metavar="NAME", show_default=False)]
#: Parameters of a notebook.
Parameters = Annotated[list[str], Parameter(alias="-p", negative="", metavar="NAME=VALUE")]
#: The platform, by a profile or "" for the default one; without a value it is "".
Live = Annotated[str, Parameter(metavar="[PROFILE]", completer=names.complete_profiles)]
Scenario = Annotated[str, Parameter(metavar="NAME", completer=names.complete_scenarios)]
Profile = Annotated[str, Parameter(metavar="NAME", completer=names.complete_profiles)]


def live_of(live: str | None, scenario: str | None, profile: str | None, values: dict[str, Any]) -> str | None:
    """Return what `--live` says, where it may be said in other words as well.

    Args:
        live: What `--live` was given; "" for the default profile.
        scenario: What `--scenario` was given: it becomes the parameter `world`.
        profile: What `--profile` was given.
        values: What is given to the parameters of the notebook.

    Returns:
        The name of a profile, "" for the default one; None for a simulated world.

    Raises:
        InvalidInput: More than one is given.

    Examples:
        >>> from createos_nb.cli.argument_types import live_of
        >>> values = {}
        >>> live_of(None, "bad-release", None, values), values
        (None, {'world': 'bad-release'})
        >>> live_of(None, None, "work", {})
        'work'
    """
    given = [
        name
        for name, value in (("--live", live), ("--scenario", scenario), ("--profile", profile))
        if value is not None
    ]
    if len(given) > 1 or (scenario is not None and "world" in values):
        raise InvalidInput(f"give one of {' and '.join([*given, *(['-p world=…'] if 'world' in values else [])])}")
    if scenario is not None:
        values["world"] = scenario
    return profile if profile is not None else live


def writable(path: Path, what: str) -> Path:
    """Return the path of a file that is to be written, once it is clear that it can be.

    Args:
        path: The file; it may exist.
        what: What errors call it, such as "--output".

    Returns:
        The same path.

    Raises:
        InvalidInput: It can't be written; the error says what to give instead, before any work is done for it.

    Examples:
        >>> from pathlib import Path
        >>> from createos_nb.cli.argument_types import writable
        >>> writable(Path("tour.html"), "--output").name
        'tour.html'
        >>> writable(Path("missing/tour.html"), "--output")
        Traceback (most recent call last):
        createos_nb.errors.InvalidInput: --output: there is no folder missing; make it, or name a file in another one
    """
    folder = path.parent
    if path.is_dir():
        raise InvalidInput(f"{what}: {path} is a folder; give the name of a file")
    if not folder.is_dir():
        raise InvalidInput(f"{what}: there is no folder {folder}; make it, or name a file in another one")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise InvalidInput(f"{what}: {path} can't be written; name a file in a folder of your own")
    return path


def words(error: OSError) -> str:
    """Return the message of an `OSError`, without its number.

    Args:
        error: The error.

    Returns:
        The message, after the name of the file where there is one.

    Examples:
        >>> from createos_nb.cli.argument_types import words
        >>> words(OSError(28, "No space left on device", "reports/x.html"))
        'reports/x.html: No space left on device'
    """
    message = error.strerror or str(error) or type(error).__name__
    return message if error.filename is None else f"{os.fsdecode(error.filename)}: {message}"
