"""Icons as inline SVG: each in the colour of the text around it, none from a font or another server.

A shape goes with one meaning: filled is trouble or proof, an outline is calm. So it reads in grey, too.
"""

from __future__ import annotations

from typing import Final

from createos_nb.html import Html, escaped

_CUT: Final = 'stroke="var(--cn-ground)" stroke-width="1.7"'
_SHAPES: Final = {
    "ok": '<circle cx="8" cy="8" r="6"/><path d="M5.4 8.2l1.8 1.8 3.4-3.8"/>',
    "passed": (
        f'<circle cx="8" cy="8" r="6.6" fill="currentColor" stroke="none"/><path d="M5.2 8.2l1.9 1.9 3.7-4.1" {_CUT}/>'
    ),
    "degraded": f'<path d="M8 1.6L15 14H1z" fill="currentColor"/><path d="M8 6v3.6M8 11.9v.1" {_CUT}/>',
    "down": (
        '<path d="M5.2 1.4h5.6l3.8 3.8v5.6l-3.8 3.8H5.2l-3.8-3.8V5.2z" fill="currentColor" stroke="none"/>'
        f'<path d="M5.7 5.7l4.6 4.6M10.3 5.7l-4.6 4.6" {_CUT}/>'
    ),
    "pending": '<circle cx="8" cy="8" r="6"/><path d="M8 4.6V8l2.3 1.5"/>',
    "asleep": '<path d="M13.4 9.8A6 6 0 0 1 6.2 2.6a6 6 0 1 0 7.2 7.2z"/>',
    "unknown": (
        '<circle cx="8" cy="8" r="6" stroke-dasharray="2.2 2"/>'
        '<path d="M6.4 6.4a1.7 1.7 0 1 1 2.4 1.5c-.5.3-.8.6-.8 1.1M8 11.2v.1"/>'
    ),
    "running": '<circle cx="8" cy="8" r="6" opacity=".25"/><path d="M8 2a6 6 0 0 1 6 6"/>',
    "not reached": '<circle cx="8" cy="8" r="6" opacity=".55"/>',
    "skipped": '<circle cx="8" cy="8" r="6" opacity=".55"/><path d="M5.5 8h5"/>',
    "for": '<path d="M8 3.5v9M3.5 8h9"/>',
    "against": '<path d="M3.5 8h9"/>',
    "info": '<circle cx="8" cy="8" r="6"/><path d="M8 7.4v3.4M8 5.1v.1"/>',
    "arrow": '<path d="M2.5 8h11M9.5 4l4 4-4 4"/>',
}
_SHAPES["failed"] = _SHAPES["down"]
_SHAPES["warning"] = _SHAPES["degraded"]
_SHAPES["done"] = _SHAPES["passed"]

#: Statuses as the panels write them: the word, the icon, and the class of its colour in the style sheet.
STATUSES: Final = {
    "healthy": ("OK", "ok", "ok"),
    "ok": ("OK", "ok", "ok"),
    "degraded": ("Degraded", "degraded", "degraded"),
    "down": ("Down", "down", "down"),
    "pending": ("Pending", "pending", "pending"),
    "asleep": ("Asleep", "asleep", "asleep"),
    "sleeping": ("Asleep", "asleep", "asleep"),
    "unknown": ("Unknown", "unknown", "unknown"),
    "PASS": ("PASS", "passed", "ok"),
    "FAIL": ("FAIL", "failed", "down"),
    "NO DATA": ("NO DATA", "unknown", "unknown"),
}


def icon(name: str) -> Html:
    """Return an icon, which screen readers pass over.

    Args:
        name: Its meaning, such as "degraded", "running" or "for".

    Returns:
        The markup: an `svg` of 16 × 16 pixels.

    Raises:
        KeyError: There is no such icon.

    Examples:
        >>> from createos_nb.panels.icons import icon
        >>> "<circle" in icon("running")
        True
    """
    return Html(
        '<svg class="createos-icon" viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" '
        f'stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{_SHAPES[name]}</svg>'
    )


def status(word: str) -> Html:
    """Return a status as its icon and its word, in its colour.

    Args:
        word: A status such as "degraded", or a result such as "FAIL"; one that is not known is shown as it is, with
            the icon of what is unknown.

    Returns:
        The markup.

    Examples:
        >>> from createos_nb.panels.icons import status
        >>> status("degraded").endswith("<span>Degraded</span></span>")
        True
    """
    shown, shape, color = STATUSES.get(word, (word, "unknown", "unknown"))
    return Html(f'<span class="createos-state createos-is-{color}">{icon(shape)}<span>{escaped(shown)}</span></span>')


def tag(text: str, kind: str = "") -> Html:
    """Return a small framed word, such as the name of a world or how sure a cause is.

    Args:
        text: What it says.
        kind: "" is quiet, "accent" is what is chosen or likely, "new" is what was not there before.

    Returns:
        The markup.

    Examples:
        >>> from createos_nb.panels.icons import tag
        >>> str(tag("live now"))
        '<span class="createos-tag">live now</span>'
    """
    css_class = f" createos-tag-{kind}" if kind else ""
    return Html(f'<span class="createos-tag{css_class}">{escaped(text)}</span>')
