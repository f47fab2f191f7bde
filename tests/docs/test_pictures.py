"""The pictures that README and documentation name are there, for both themes, and small."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from tools.panel_pictures import FOLDER, LARGEST, SHOTS, THEMES
from tools.pictures import ANIMATION
from tools.site import stage
from tools.site.layout import ROOT

PAGES = sorted(
    [
        ROOT / "README.md",
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "docs" / "concepts").glob("*.md"),
        *(ROOT / "notebooks").glob("*.md"),
        *(ROOT / "notebooks" / "lessons").glob("*.md"),
    ]
)
_NAMED = re.compile(r"""(?:\]\(|src="|srcset=")([^)"\s]+\.(?:png|gif|webp|svg))""")
#: Bytes that an animation takes at the most.
LARGEST_ANIMATION = 400_000


def named(page: Path) -> list[Path]:
    """The pictures of a page."""
    return [(page.parent / target).resolve() for target in _NAMED.findall(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", [page for page in PAGES if named(page)], ids=lambda page: str(page.relative_to(ROOT)))
def test_a_picture_is_there_in_both_themes_and_small(page: Path) -> None:
    for picture in named(page):
        theme = re.search(r"[.-](light|dark)\.\w+$", picture.name)
        assert theme is not None, f"{picture.name} is of one theme only"
        other = picture.with_name(picture.name.replace(theme[1], "dark" if theme[1] == "light" else "light"))
        for one in (picture, other):
            assert one.is_file(), f"{page.name} names {one.name}: run make pictures"
            assert one.stat().st_size <= (LARGEST_ANIMATION if one.suffix == ".gif" else LARGEST), one.name


def test_what_is_drawn_is_shown_and_each_theme_has_its_ground() -> None:
    shown = {picture for page in PAGES for picture in named(page)}
    drawn = {FOLDER / f"{ANIMATION}-{theme}.gif" for theme in THEMES}
    drawn |= {FOLDER / f"{name}-{theme}.png" for name in SHOTS for theme in THEMES}
    assert drawn == set(FOLDER.iterdir()), "a picture that nobody draws, or one that was not drawn"
    # a page that has the light one in Markdown gets the other by its name
    assert {path for path in drawn if "light" in path.name} <= shown
    for path in drawn:
        with Image.open(path) as picture:
            brightness = picture.convert("L").resize((1, 1)).tobytes()[0]
            assert (brightness > 128) == ("light" in path.name), path.name
            assert picture.width >= 700


def test_the_animation_has_a_frame_for_each_act() -> None:
    for theme in THEMES:
        with Image.open(FOLDER / f"{ANIMATION}-{theme}.gif") as picture:
            assert getattr(picture, "n_frames", 1) == 4


def test_a_picture_of_a_code_host_is_one_of_the_site(tmp_path: Path) -> None:
    text = (
        '<picture>\n  <source media="(prefers-color-scheme: dark)" srcset="../data/pictures/fleet-dark.png">\n'
        '  <img alt="The fleet" src="../data/pictures/fleet-light.png">\n</picture>\n'
    )
    found = stage._markdown(text, "docs/tasks.md", "tasks.md", tmp_path)
    assert found.count("```{figure}") == 2
    assert "only-dark" in found
    assert "<picture>" not in found
    assert (tmp_path / "files" / "data" / "pictures" / "fleet-dark.png").is_file()
