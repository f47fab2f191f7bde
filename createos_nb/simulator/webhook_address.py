"""Where webhooks may be sent: https anywhere public, http and https on this machine, and nowhere else.

Whoever may register an address must not reach with it what only this machine can reach: its network, its cloud's
metadata. A name says nothing of that; the address that it is resolved to does, at each attempt anew.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

from createos_nb.hosts import is_local

_LONGEST: Final = 2048
_PLAIN: Final = re.compile(r"[!-\[\]-~]+", re.ASCII)
"""Printable characters of ASCII, no space and no backslash."""
#: Public by what Python (of some versions) says, and no public hosts: those of protocols, where a cloud keeps its
#: metadata; ways to addresses of IPv4 that need not be public; and addresses of a site.
_NOT_PUBLIC: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.0.0.0/24",
            "192.88.99.0/24",
            "::/96",
            "64:ff9b::/96",
            "64:ff9b:1::/48",
            "2001::/32",
            "2002::/16",
            "fec0::/10",
        ),
    )
)


def problem_of(url: str) -> str:
    """Return why no webhook can be sent to an address, as far as its text tells; "" where one may be."""
    if not _PLAIN.fullmatch(url) or len(url) > _LONGEST:
        return f"must be an address of at most {_LONGEST} characters of ASCII, without spaces"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "is no address"
    if parts.scheme not in ("https", "http") or not host or port == 0:
        return "must be an address such as https://hooks.example.com/createos"
    if parts.username is not None or parts.password is not None:
        return "must not hold a user name or password"
    if parts.fragment:
        return "must not have a fragment"
    if parts.scheme == "http" and not on_this_machine(host):
        return "must begin with https:// (the simulator also takes http:// on this machine)"
    try:
        literal = str(ipaddress.ip_address(host))
    except ValueError:
        return ""
    return "" if may_reach(host, literal) else "must not lead to a private address"


def on_this_machine(host: str) -> bool:
    """Return whether a host, by its text, is this machine."""
    return is_local(f"[{host}]" if ":" in host else host)


def may_reach(host: str, address: str) -> bool:
    """Return whether a webhook for a host may be sent to an address that the host was resolved to.

    A name that is not this machine's own must not lead to it: somebody else decides where it leads.
    """
    try:
        number = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(number, ipaddress.IPv6Address):
        number = number.ipv4_mapped or number
    if on_this_machine(host):
        return number.is_loopback
    public = number.is_global and not number.is_multicast
    return public and not any(number in network for network in _NOT_PUBLIC)
