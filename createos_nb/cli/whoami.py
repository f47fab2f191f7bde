"""`createos-nb whoami`: whose key is used, where it was found, and what it opens."""

from __future__ import annotations

import argparse

NAME = "whoami"
HELP = "Say which account, key and address are used."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser.

    Args:
        parser: The parser of the command.

    Examples:
        >>> import argparse
        >>> from createos_nb.cli import whoami
        >>> parser = argparse.ArgumentParser()
        >>> whoami.arguments(parser)
        >>> parser.parse_args(["--profile", "staging"]).profile
        'staging'
    """
    parser.add_argument("--profile", help="a profile of the config file")


def run(options: argparse.Namespace) -> int:
    """Run the command.

    Args:
        options: What `arguments` has parsed.

    Returns:
        The exit code.

    Raises:
        CreateOSError: No key is found, or the platform does not take it.
    """
    from createos_nb.client.client import Client
    from createos_nb.client.connect import credentials

    resolved = credentials.find(options.profile)
    with Client(api_key=resolved.api_key, access_token=resolved.access_token, base_url=resolved.base_url) as client:
        user = client.account.current_user()
        print(f"account   {user['email']}")
        print(f"user id   {user['id']}")
        print(f"base URL  {client.base_url} ({'SIMULATOR' if client.simulated else 'PLATFORM'})")
        print(f"key from  {resolved.found_in}")
    return 0
