"""`createos-nb login`: keep a key in a profile or in the system's keyring, after trying it."""

from __future__ import annotations

import argparse
import getpass
import sys

from createos_nb import credentials
from createos_nb.client import PLATFORM_URL, Client
from createos_nb.errors import InvalidInput

NAME = "login"
HELP = "Keep an API key: in a profile of the config file, or in the system's keyring."


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profile", default="default", help="name of the profile (default: default)")
    parser.add_argument("--base-url", help=f"where the API is (default: {PLATFORM_URL})")
    parser.add_argument("--keyring", action="store_true", help="keep the key in the system's keyring, not in a file")


def run(given: argparse.Namespace) -> int:
    key = (getpass.getpass("API key: ") if sys.stdin.isatty() else sys.stdin.readline()).strip()
    if not key:
        raise InvalidInput("no key was given: type it, or pipe it in; it is never taken from the command line")
    with Client(api_key=key, base_url=given.base_url or PLATFORM_URL) as client:
        account = client.whoami()
    if given.keyring:
        credentials.to_keyring(given.profile, key)
        path = credentials.save_profile(given.profile, api_key=None, base_url=given.base_url)
        print(f"The key of {account} is in the system's keyring; profile {given.profile!r} is in {path}.")
    else:
        path = credentials.save_profile(given.profile, api_key=key, base_url=given.base_url)
        print(f"The key of {account} is in profile {given.profile!r} of {path}, which only you can read.")
    print(f"In a notebook: createos_nb.connect({'' if given.profile == 'default' else repr(given.profile)})")
    return 0
