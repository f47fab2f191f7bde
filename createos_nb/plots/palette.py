"""The colours of plots, each for a light and for a dark page, and the theme that new figures have.

They are those of the panels: a series is slate, what fails is red, and nothing else is. Text has a contrast of 4.5 : 1
at the least on the grounds of a notebook, lines have 3 : 1; `contrast` measures it.
"""

from __future__ import annotations

from typing import Final, Literal

from createos_nb.errors import InvalidInput

Theme = Literal["auto", "light", "dark"]

GROUND: Final = "#ffffff"
INK: Final = "#1f2328"
QUIET: Final = "#5b636e"
EDGE: Final = "#868d96"
RULE: Final = "#e2e5e9"
BAND: Final = "#e9ecef"
LINE: Final = "#5d7186"
AREA: Final = "#b7c2ce"
REDIRECT: Final = "#8796a6"
ERROR: Final = "#d1392b"
CALLER: Final = "#c77f1a"
ACCENT: Final = "#1565c0"
GOOD: Final = "#14714a"
PURPLE: Final = "#5b4bb3"

DARK: Final = {
    GROUND: "#111111",
    INK: "#e3e6ea",
    QUIET: "#a9b0ba",
    EDGE: "#7d848e",
    RULE: "#34373d",
    BAND: "#2c3036",
    LINE: "#8fa3b8",
    AREA: "#4a5a6b",
    REDIRECT: "#6d7f92",
    ERROR: "#f4695a",
    CALLER: "#dd9a3c",
    ACCENT: "#6cb8ff",
    GOOD: "#5cc794",
    PURPLE: "#b3a6ff",
}
"""Each colour on a dark page."""

RAMP: Final = ("#eaeef2", "#8fb3da", "#1565c0", "#0a2f5e")
DARK_RAMP: Final = ("#1c242d", "#2b567f", "#6cb8ff", "#e4f2ff")
"""From little to much, on a light and on a dark page."""

TEXTS: Final = (INK, QUIET, ERROR, ACCENT, GOOD)
"""Colours of words."""

LINES: Final = (LINE, ERROR, CALLER, ACCENT, GOOD, PURPLE, EDGE)
"""Colours of lines and bars."""

HOSTS: Final = '[data-jp-theme-light="false"],[data-theme="dark"],.dark,.vscode-dark,.vscode-high-contrast'
"""How a page says that it is dark, as CSS: JupyterLab and Voila, sites of documentation, marimo, VS Code."""

_THEMES: Final = ("auto", "light", "dark")
_current: list[Theme] = ["auto"]


def use(theme: Theme) -> None:
    """Set the theme of the figures that are made from now on.

    Args:
        theme: "auto" (as long as nothing is said): a notebook shows each figure in its own theme, light or dark, also
            when it is saved and opened in the other; a file is light, for paper. "light" or "dark": in that theme
            everywhere, in files as well.

    Raises:
        InvalidInput: `theme` is none of these.

    Examples:
        >>> client = createos_nb.simulate()
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-6h")
        >>> createos_nb.plots.use("dark")
        >>> createos_nb.plots.requests(requests).theme
        'dark'
        >>> createos_nb.plots.use("auto")
        >>> createos_nb.plots.requests(requests).theme
        'auto'
    """
    if theme not in _THEMES:
        raise InvalidInput(f"plots.use: theme is one of {', '.join(map(repr, _THEMES))}, not {theme!r}")
    _current[0] = theme


def theme() -> Theme:
    """Return the theme that new figures have."""
    return _current[0]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG defines it: 1 (the same) to 21 (black and white)."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    parts = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
