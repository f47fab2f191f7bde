"""A figure in its dark colours, for as long as it is drawn. Importing this module imports matplotlib."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.cm import ScalarMappable
from matplotlib.collections import Collection
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation, Text

from createos_nb.plots.palette import DARK, DARK_RAMP, GROUND, RAMP, contrast

_LEGIBLE: Final = 4.5
_NEUTRAL: Final = 0.08
_LINE_COLORS: Final = ("color", "markerfacecolor", "markeredgecolor")
Restore = Callable[[], object]


def on_dark(color: Any) -> tuple[float, float, float, float]:
    """Return a colour as it is on a dark page.

    Those of the palette have their own; of others, greys change from dark to light and back, and what could not be seen
    on the ground is mixed with white until it can.
    """
    red, green, blue, alpha = to_rgba(color)
    own = DARK.get(to_hex((red, green, blue)))
    if own is not None:
        return to_rgba(own, alpha)
    parts = np.array([red, green, blue])
    if parts.max() - parts.min() <= _NEUTRAL:
        low, high = (np.array(to_rgba(DARK[name])[:3]) for name in (GROUND, "#1f2328"))
        parts = low + (high - low) * (1 - parts.mean())
    else:
        while contrast(to_hex(tuple(parts)), DARK[GROUND]) < _LEGIBLE:
            parts = parts + (1 - parts) * 0.1
    red, green, blue = (float(part) for part in parts)
    return red, green, blue, alpha


def ramp(colors: Sequence[str]) -> LinearSegmentedColormap:
    """Return the colours from little to much as matplotlib takes them."""
    return LinearSegmentedColormap.from_list(f"createos from {colors[0]}", colors)


@contextmanager
def dark(figure: Figure) -> Iterator[None]:
    """Give every artist of a figure its dark colours, and its own ones back in the end.

    The figure has to be laid out already, since ticks are made then.
    """
    restores: list[Restore] = []
    try:
        for artist in [figure, *figure.findobj()]:
            for part in (artist, getattr(artist, "arrow_patch", None) if isinstance(artist, Annotation) else None):
                if part is not None:
                    restores += _recolored(part)
        yield
    finally:
        for restore in reversed(restores):
            restore()


def _recolored(artist: Artist) -> Iterator[Restore]:
    if isinstance(artist, Text):
        yield _set(artist, "color", artist.get_color())
        yield from (_stroke(effect) for effect in artist.get_path_effects() if isinstance(effect, withStroke))
    elif isinstance(artist, Line2D):
        # all of them first: those of markers may follow that of the line
        colors = [(name, getattr(artist, f"get_{name}")()) for name in _LINE_COLORS]
        for name, color in colors:
            if not (isinstance(color, str) and color == "none"):
                yield _set(artist, name, color)
    elif isinstance(artist, Patch):
        for name in ("facecolor", "edgecolor"):
            yield _set(artist, name, getattr(artist, f"get_{name}")())
    elif isinstance(artist, Collection):
        yield from _collection(artist)


def _collection(artist: Collection) -> Iterator[Restore]:
    mapped = isinstance(artist, ScalarMappable) and artist.get_array() is not None
    for name in ("facecolor", "edgecolor"):
        colors = getattr(artist, f"get_{name}")()
        if len(colors) and not (mapped and name == "facecolor"):
            setter = getattr(artist, f"set_{name}")
            setter([on_dark(color) for color in colors])
            yield partial(setter, colors)
    if mapped:
        light = artist.get_cmap()
        artist.set_cmap(ramp(DARK_RAMP) if light.name == ramp(RAMP).name else light.reversed())
        yield lambda: artist.set_cmap(light)


def _set(artist: Any, name: str, color: Any) -> Restore:
    setter = getattr(artist, f"set_{name}")
    setter(on_dark(color))
    return lambda: setter(color)


def _stroke(effect: Any) -> Restore:
    settings = effect._gc  # matplotlib has no getter for it
    before = settings.get("foreground", GROUND)
    settings["foreground"] = to_hex(on_dark(before))

    def restore() -> None:
        settings["foreground"] = before

    return restore
