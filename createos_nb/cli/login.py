"""`createos-nb login`: keep a key in a profile or in the system's keyring, after trying it."""

from __future__ import annotations

import argparse
import getpass
import os
import sys

from createos_nb import extras
from createos_nb.errors import InvalidInput
from createos_nb.redaction import Secret

NAME = "login"
HELP = "Keep an API key: in a profile of the config file, or in the system's keyring."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser.

    Args:
        parser: The parser of the command.

    Examples:
        >>> import argparse
        >>> from createos_nb.cli import login
        >>> parser = argparse.ArgumentParser()
        >>> login.arguments(parser)
        >>> parser.parse_args(["--profile", "staging"]).profile
        'staging'
    """
    parser.add_argument("--profile", default="default", help="name of the profile (default: default)")
    parser.add_argument(
        "--base-url", help="where the API is (default: CREATEOS_API_URL, the profile's, or the platform's)"
    )
    parser.add_argument("--keyring", action="store_true", help="keep the key in the system's keyring, not in a file")


def run(options: argparse.Namespace) -> int:
    """Run the command.

    Args:
        options: What `arguments` has parsed.

    Returns:
        The exit code.

    Raises:
        MissingExtra: `--keyring` without the extra `keyring`.
        InvalidInput: No key was given.
        CreateOSError: The platform does not take the key, or the keyring does not.
    """
    from createos_nb.client.client import PLATFORM_URL, Client
    from createos_nb.client.connect import credentials, profiles

    if options.keyring:
        extras.require("keyring", "createos-nb login --keyring")
    known = profiles.read().profiles.get(options.profile, {})  # before asking: a file that can't be read ends it here
    key = _key()
    url = (
        options.base_url or os.environ.get("CREATEOS_API_URL", "").strip() or str(known.get("base_url") or PLATFORM_URL)
    )
    with Client(api_key=key, base_url=url) as client:
        account = client.whoami()
    kept_url = None if url == PLATFORM_URL else url
    if options.keyring:
        credentials.to_keyring(options.profile, key)
        path = profiles.save(options.profile, api_key=None, base_url=kept_url)
        print(f"The key of {account} is in the system's keyring; profile {options.profile!r} is in {path}.")
    else:
        path = profiles.save(options.profile, api_key=key, base_url=kept_url)
        print(f"The key of {account} is in profile {options.profile!r} of {path}, which only you can read.")
    default = profiles.read().default == options.profile
    print(f"In a notebook: createos_nb.connect({'' if default else repr(options.profile)})")
    return 0


def _key() -> Secret:
    try:
        text = getpass.getpass("API key: ") if sys.stdin.isatty() else sys.stdin.readline()
    except UnicodeDecodeError:
        text = ""
    if not text.strip():
        raise InvalidInput("no key was given: type it, or pipe it in; it is never taken from the command line")
    return Secret(text.strip())
