"""Which names a server of this machine answers to.

A page of another name may be led here by its owner's DNS ("DNS rebinding"): then a browser sends it what this server
answers. Such a request still says the name, in its Host header.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import Final

from createos_nb.errors import InvalidInput

_HEADER: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s\[\]@/?#\\:,]+)(?::\d{0,5})?", re.ASCII)
_LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII)


@lru_cache(maxsize=256)
def is_local(host: str) -> bool:
    """Return whether a Host header names this machine.

    Args:
        host: The header's text, with or without a port.

    Returns:
        True for localhost and the addresses of the loopback.

    Examples:
        >>> from createos_nb.hosts import is_local
        >>> is_local("127.0.0.1:8888"), is_local("example.com")
        (True, False)
    """
    name = name_of(host)
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def name_of(host: str) -> str:
    """Return the name in a Host header, in lower case and without its port.

    Args:
        host: The header's text.

    Returns:
        The name; "" where it is no such header.

    Examples:
        >>> from createos_nb.hosts import name_of
        >>> name_of("Storefront.CreateOS.nodeops.network:443")
        'storefront.createos.nodeops.network'
    """
    match = _HEADER.fullmatch(host)
    return match[1].lower() if match else ""


def host_name(text: str) -> str:
    """Return a host's name as it stands in a Host header.

    Args:
        text: The name, without scheme, port and path.

    Returns:
        The name in lower case.

    Raises:
        InvalidInput: It is no host's name.

    Examples:
        >>> from createos_nb.hosts import host_name
        >>> host_name("Example.COM")
        'example.com'
    """
    name = text.strip().lower()
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise InvalidInput(f"{text!r} is no host's name: such as notebooks.example.com, without scheme, port and path")
    return name
