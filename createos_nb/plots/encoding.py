"""Pictures of a figure as small files: few colours, no version of a program in them. Importing it imports Pillow."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, features

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLORS: Final = 48
"""Of a picture that is looked at."""
FEW: Final = 24
"""Of one that stands in for it."""


def few_colors(pixels: NDArray[np.uint8], colors: int = COLORS) -> Image.Image:
    """Return a picture with a palette, which looks the same: plots have few colours and their shades.

    Args:
        pixels: height by width by 4 (RGBA); what is not opaque keeps its colours.
        colors: how many at the most.
    """
    if pixels[..., 3].min() < 255:
        return Image.fromarray(np.ascontiguousarray(pixels))
    rgb = Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
    # areas keep their colours to the dot, and shades share the others
    counted = rgb.getcolors(rgb.width * rgb.height) or []
    exact = [color for _, color in sorted(counted, key=lambda one: -one[0])[: colors // 3]]
    shades = rgb.quantize(colors - len(exact), Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).getpalette() or []
    both = Image.new("P", (1, 1))
    both.putpalette([*np.array(exact, dtype=np.uint8).ravel().tolist(), *shades])
    found = np.array(rgb.quantize(palette=both, dither=Image.Dither.NONE))
    # Pillow looks up what is near, and not always the colour itself
    packed = _packed(pixels)
    for index, color in enumerate(_packed(np.array(exact, dtype=np.uint8).reshape(-1, 3))):
        found[packed == color] = index
    few = Image.fromarray(found)
    few.putpalette(both.getpalette() or [])
    return few


def _packed(colors: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return one number for each colour."""
    parts = colors[..., :3].astype(np.uint32)
    return np.asarray((parts[..., 0] << 16) | (parts[..., 1] << 8) | parts[..., 2])


def smaller(pixels: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    """Return a picture whose width and height are parts of what they were."""
    own = Image.fromarray(np.ascontiguousarray(pixels))
    return np.asarray(own.resize((round(own.width / factor), round(own.height / factor)), Image.Resampling.LANCZOS))


def png(picture: Image.Image) -> bytes:
    """Return a picture as PNG."""
    buffer = BytesIO()
    picture.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def smallest(picture: Image.Image, ground: str | None = None) -> tuple[str, bytes]:
    """Return the type and the bytes of a picture without loss: WebP, or PNG where Pillow has none.

    Args:
        picture: with a palette.
        ground: a colour that is let through.
    """
    if ground is not None:
        own = picture.convert("RGB")
        through = np.asarray(own) == np.array([int(ground[at : at + 2], 16) for at in (1, 3, 5)], dtype=np.uint8)
        own.putalpha(Image.fromarray(np.where(through.all(axis=-1), 0, 255).astype(np.uint8)))
        picture = own
    if not features.check("webp"):
        return "image/png", png(picture)
    buffer = BytesIO()
    whole = picture.convert("RGB") if picture.mode == "P" else picture
    whole.save(buffer, format="WEBP", lossless=True, method=2, quality=50)
    return "image/webp", buffer.getvalue()
