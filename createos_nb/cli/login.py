"""`createos-nb login`: keep a key in a profile or in the system's keyring, after trying it."""

from __future__ import annotations

import argparse
import getpass
import os
import sys

from createos_nb.errors import InvalidInput
from createos_nb.secret import Secret

NAME = "login"
HELP = "Keep an API key: in a profile of the config file, or in the system's keyring."


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profile", default="default", help="name of the profile (default: default)")
    parser.add_argument(
        "--base-url", help="where the API is (default: CREATEOS_API_URL, the profile's, or the platform's)"
    )
    parser.add_argument("--keyring", action="store_true", help="keep the key in the system's keyring, not in a file")


def run(given: argparse.Namespace) -> int:
    from createos_nb import credentials, profiles
    from createos_nb.client import PLATFORM_URL, Client

    known = profiles.read().profiles.get(given.profile, {})  # before asking: a file that can't be read ends it here
    key = _key()
    url = given.base_url or os.environ.get("CREATEOS_API_URL", "").strip() or str(known.get("base_url") or PLATFORM_URL)
    with Client(api_key=key, base_url=url) as client:
        account = client.whoami()
    kept_url = None if url == PLATFORM_URL else url
    if given.keyring:
        credentials.to_keyring(given.profile, key)
        path = profiles.save(given.profile, api_key=None, base_url=kept_url)
        print(f"The key of {account} is in the system's keyring; profile {given.profile!r} is in {path}.")
    else:
        path = profiles.save(given.profile, api_key=key, base_url=kept_url)
        print(f"The key of {account} is in profile {given.profile!r} of {path}, which only you can read.")
    default = profiles.read().default == given.profile
    print(f"In a notebook: createos_nb.connect({'' if default else repr(given.profile)})")
    return 0


def _key() -> Secret:
    try:
        text = getpass.getpass("API key: ") if sys.stdin.isatty() else sys.stdin.readline()
    except UnicodeDecodeError:
        text = ""
    if not text.strip():
        raise InvalidInput("no key was given: type it, or pipe it in; it is never taken from the command line")
    return Secret(text.strip())
