"""Who carries a plan out: a person, as the account, the user of this machine, and the machine."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Mapping
from typing import Any


def who(account: str | None) -> dict[str, str]:
    """Account (as the platform calls it; "" where it was not asked yet), user and host."""
    return {"account": account or "", "user": _user(), "host": socket.gethostname()}


def person(one: Mapping[str, Any] | None) -> str:
    """A person in words: "ana@example.com (ana on build-7)"; "" where nobody is known."""
    if not one:
        return ""
    user, host = str(one.get("user", "")), str(one.get("host", ""))
    place = f"{user or 'somebody'} on {host}" if host else user
    account = str(one.get("account", ""))
    return f"{account} ({place})" if account and place else account or place


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container may run as a number without a name
        return f"user {os.getuid()}" if hasattr(os, "getuid") else ""
