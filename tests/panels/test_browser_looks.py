"""Panels look as in the pictures of the README and the documentation, which `make pictures` draws.

They are compared by blocks of dots, with a tolerance. Where a look was changed on purpose: `make pictures`, look at
what it has drawn, and commit it. With `CREATEOS_NB_SHOTS=folder` what was seen instead is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from tests.panels.conftest import PAGES
from tools.panel_pictures import FOLDER, SHOTS, THEMES, difference

#: The part of a picture that may look different: another font, a rounding, a minute.
TOLERANCE = 0.04

PICTURES = [(name, theme) for name in SHOTS for theme in THEMES]


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize(("name", "theme"), PICTURES)
def test_a_panel_looks_as_in_its_picture(page: Callable[..., Any], name: str, theme: str) -> None:
    seen = SHOTS[name].taken(page(SHOTS[name].cell, theme=theme))
    if PAGES is not None:
        PAGES.mkdir(parents=True, exist_ok=True)
        seen.save(PAGES / f"{name}-{theme}.png")
    part = difference(seen, picture(name, theme))
    assert part <= TOLERANCE, f"{100 * part:.1f} % look different: run python -m tools.pictures {name}, and look"


def picture(name: str = "fleet", theme: str = "light") -> Image.Image:
    with Image.open(FOLDER / f"{name}-{theme}.png") as kept:
        return kept.convert("RGB")


def test_a_difference_is_seen_and_noise_is_none() -> None:
    kept = picture()
    assert difference(kept, kept) == 0
    assert difference(kept, picture(theme="dark")) > 0.8
    # fewer colours
    assert difference(kept, kept.quantize(48).convert("RGB")) < TOLERANCE / 2
    # what was above is gone, so that all below has moved
    moved = kept.copy()
    moved.paste(kept.crop((0, 120, *kept.size)), (0, 70))
    assert difference(kept, moved) > TOLERANCE
    # a sheet of the other theme in a part of it
    sheet = kept.copy()
    sheet.paste("#222222", (0, 0, kept.width // 3, kept.height // 3))
    assert difference(kept, sheet) > TOLERANCE
    assert difference(kept, kept.crop((0, 0, kept.width, kept.height * 9 // 10))) > TOLERANCE
