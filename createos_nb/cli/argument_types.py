"""Argument types that several commands share."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Final

from createos_nb.errors import InvalidInput
from createos_nb.hosts import host_name

#: What to do where a port can't be had.
OTHER_PORT: Final = "give another one with --port, or --port 0 for one that is free"


def port(text: str) -> int:
    """Read the number of a port.

    Args:
        text: What was given.

    Returns:
        0 to 65535; 0 stands for one that is free.

    Raises:
        argparse.ArgumentTypeError: It is no such number.

    Examples:
        >>> from createos_nb.cli.argument_types import port
        >>> port("8765")
        8765
    """
    if not (text.isascii() and text.isdecimal() and len(text) < 8 and int(text) <= 65_535):
        raise argparse.ArgumentTypeError(f"a port is 0 to 65535 (0: one that is free), not {text!r}")
    return int(text)


def add_hosts(parser: argparse.ArgumentParser) -> None:
    """Add `--allow-host`, whose values are names as they stand in a Host header.

    Args:
        parser: The parser of a command.

    Examples:
        >>> import argparse
        >>> from createos_nb.cli.argument_types import add_hosts
        >>> parser = argparse.ArgumentParser()
        >>> add_hosts(parser)
        >>> parser.parse_args(["--allow-host", "Notebooks.Example.com"]).allow_host
        ['notebooks.example.com']
    """
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        type=_host,
        metavar="NAME",
        help="answer to this name too, such as that of a proxy in front; may be given again "
        "(else to 127.0.0.1 and localhost alone)",
    )


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


def _host(text: str) -> str:
    try:
        return host_name(text)
    except InvalidInput as error:
        raise argparse.ArgumentTypeError(str(error)) from None
