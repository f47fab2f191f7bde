"""`createos-nb login`: keep a key in a profile or in the system's keyring, after trying it."""

from __future__ import annotations

import getpass
import os
import sys
from typing import Annotated

from cyclopts import Parameter

from createos_nb import extras
from createos_nb.cli import names
from createos_nb.cli.options import Flag
from createos_nb.errors import InvalidInput
from createos_nb.redaction import Secret


def login(
    *,
    profile: Annotated[str, Parameter(metavar="NAME", completer=names.complete_profiles)] = "default",
    base_url: Annotated[str | None, Parameter(metavar="URL")] = None,
    keyring: Flag = False,
) -> int:
    """Keep an API key: in a profile of the config file, or in the system's keyring.

    The key is asked for, or read from the standard input, and tried before it is kept.

    Args:
        profile: name of the profile.
        base_url: where the API is (default: CREATEOS_API_URL, the profile's, or the platform's).
        keyring: keep the key in the system's keyring, not in a file.

    Returns:
        The exit code.

    Raises:
        MissingExtra: `--keyring` without the extra `keyring`.
        InvalidInput: No key was given.
        CreateOSError: The platform does not take the key, or the keyring does not.
    """
    from createos_nb.client.client import PLATFORM_URL, Client
    from createos_nb.client.connect import credentials, profiles

    if keyring:
        extras.require("keyring", "createos-nb login --keyring")
    known = profiles.read().profiles.get(profile, {})  # before asking: a file that can't be read ends it here
    key = _key()
    url = base_url or os.environ.get("CREATEOS_API_URL", "").strip() or str(known.get("base_url") or PLATFORM_URL)
    with Client(api_key=key, base_url=url) as client:
        account = client.whoami()
    kept_url = None if url == PLATFORM_URL else url
    if keyring:
        credentials.to_keyring(profile, key)
        path = profiles.save(profile, api_key=None, base_url=kept_url)
        print(f"The key of {account} is in the system's keyring; profile {profile!r} is in {path}.")
    else:
        path = profiles.save(profile, api_key=key, base_url=kept_url)
        print(f"The key of {account} is in profile {profile!r} of {path}, which only you can read.")
    default = profiles.read().default == profile
    print(f"In a notebook: createos_nb.connect({'' if default else repr(profile)})")
    return 0


def _key() -> Secret:
    try:
        text = getpass.getpass("API key: ") if sys.stdin.isatty() else sys.stdin.readline()
    except UnicodeDecodeError:
        text = ""
    if not text.strip():
        raise InvalidInput("no key was given: type it, or pipe it in; it is never taken from the command line")
    return Secret(text.strip())
