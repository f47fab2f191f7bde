"""Who applies a plan: an account of the platform, and a user of a machine."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Mapping
from typing import Any

from createos_nb.plans.journal_entries import Actor


def current_actor(account: str | None) -> Actor:
    """Return the account (as the platform calls it; "" where it is not known), the user and the host."""
    return {"account": account or "", "user": _user(), "host": socket.gethostname()}


def actor_text(actor: Mapping[str, Any] | None) -> str:
    """Return an actor in words: "ana@example.com (ana on build-7)"; "" where nobody is known."""
    if not actor:
        return ""
    user, host = str(actor.get("user", "")), str(actor.get("host", ""))
    place = f"{user or 'somebody'} on {host}" if host else user
    account = str(actor.get("account", ""))
    return f"{account} ({place})" if account and place else account or place


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container may run as a number without a name
        return f"user {os.getuid()}" if hasattr(os, "getuid") else ""
