"""The page of the dashboard and the headers that all its answers have."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from typing import Final, Literal

from createos_nb.html import escaped
from createos_nb.panels import markup

Theme = Literal["auto", "light", "dark"]

_PAGE: Final = """<!doctype html>
<html lang="en" data-theme="{theme}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/front/mirror.css">
<link rel="stylesheet" href="/front/dashboard.css">
<script type="module" src="/front/dashboard.js"></script>
</head>
<body><noscript>This page needs JavaScript.</noscript><div id="dashboard"></div></body>
</html>
"""

_REFUSED: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>CreateOS dashboard: not open</title><link rel="icon" href="data:,"></head>
<body><h1>This page needs the dashboard's token</h1>
<p>Open the address that <code>createos-nb dashboard</code> printed, with its <code>?token=…</code>. It stays open in
this browser from then on, until the dashboard ends.</p></body></html>
"""


def page(title: str, theme: Theme) -> str:
    """Return the page; all that it shows comes over its web socket.

    Args:
        title: What it is called until something is chosen.
        theme: Of the page; "auto" is that of the system.

    Returns:
        HTML.

    Examples:
        >>> from createos_nb.dashboard.page import page
        >>> "<title>Fleet · a&lt;b</title>" in page("Fleet · a<b", "auto")
        True
    """
    return _PAGE.format(title=escaped(title), theme=theme)


def refused_page() -> str:
    """Return what somebody sees who has no token."""
    return _REFUSED


def headers(port: int, hosts: Iterable[str] = ()) -> dict[str, str]:
    """Return the headers of every answer: nothing is loaded from, and nothing sent to, any other server.

    Args:
        port: The port of the dashboard.
        hosts: Names that it answers to besides localhost.

    Returns:
        Names and values.

    Examples:
        >>> from createos_nb.dashboard.page import headers
        >>> "script-src 'self';" in headers(8866)["content-security-policy"]
        True
    """
    # a panel brings its own sheet as an element; what else is a sheet, the dashboard serves
    sheets = f"'self' {_hash_of(markup.style().removeprefix('<style>').removesuffix('</style>'))}"
    sockets = " ".join(
        [f"ws://127.0.0.1:{port} ws://localhost:{port}", *(f"ws://{name}:* wss://{name}:*" for name in hosts)]
    )
    return {
        "content-security-policy": (
            f"default-src 'none'; script-src 'self'; style-src {sheets}; style-src-elem {sheets}; "
            "style-src-attr 'unsafe-inline'; img-src 'self' data:; "
            f"font-src 'self'; connect-src 'self' {sockets}; "
            "frame-ancestors 'none'; form-action 'none'; base-uri 'none'"
        ),
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }


def _hash_of(sheet: str) -> str:
    """Return what allows an element with this text, and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()}'"
