"""`python -m tools.notebooks`: executed in place, or left as it was."""

from __future__ import annotations

import base64
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import matplotlib.image
import nbformat
import numpy as np
import pytest

from createos_nb.plots.figure import Figure
from tools.notebooks import FOLDER, refresh, with_palette

#: What can still be reviewed: a notebook's text, and about ten pictures.
LARGEST_NOTEBOOK = 600_000

PASSES = """
from createos_nb.checks import Checks, check

Checks(check("it is so", {holds}))
"""


@pytest.mark.slow
def test_it_is_executed_in_place_without_what_differs_from_run_to_run(write: Callable[..., Path]) -> None:
    widget = "import ipywidgets\n\nipywidgets.IntSlider(3)"
    path = write("mine", "# Mine", "print('here')", widget, PASSES.format(holds=True))
    assert refresh(path) == ""
    notebook = nbformat.read(path, as_version=4)
    assert notebook.cells[1].outputs[0].text == "here\n"
    assert "widgets" not in notebook.metadata
    assert not [cell for cell in notebook.cells if "execution" in cell.metadata]
    assert "widget-view" not in path.read_text(encoding="utf-8")
    first = path.read_bytes()
    assert refresh(path) == ""
    assert path.read_bytes() == first


@pytest.mark.slow
def test_what_does_not_pass_is_left_as_it_was(write: Callable[..., Path]) -> None:
    for name, cell, words in (
        ("fails", PASSES.format(holds=False), "FAIL: 0 of 1 checks pass; it is so: FAIL"),
        ("lacks", PASSES.format(holds=None), "NO DATA: "),
        ("raises", "1 / 0", "ZeroDivisionError: division by zero"),
        ("says nothing", "print(1)", "it shows no checks"),
    ):
        path = write(name, cell)
        before = path.read_bytes()
        assert refresh(path).startswith(words)
        assert path.read_bytes() == before


def figure() -> Figure:
    own = Figure(figsize=(4, 3), facecolor="white")
    axes = own.subplots()
    for number in range(8):
        axes.fill_between(range(100), np.sin(np.arange(100) / 9 + number), alpha=0.3, label=f"series {number}")
    axes.legend()
    return own


def as_drawn(own: Figure) -> bytes:
    """As matplotlib writes it, with every shade."""
    written = BytesIO()
    own.savefig(written, format="png", dpi=200)
    return written.getvalue()


def pixels(content: bytes) -> np.ndarray:
    return matplotlib.image.imread(BytesIO(content))[..., :3]


def test_a_picture_with_a_palette_is_smaller_and_looks_the_same() -> None:
    content = as_drawn(figure())
    smaller = with_palette(content)
    assert len(smaller) < len(content) / 1.5
    assert np.abs(pixels(smaller) - pixels(content)).max() < 16 / 255
    assert with_palette(smaller) == smaller


def test_a_picture_that_shows_what_is_behind_it_stays_as_it_is() -> None:
    own = figure()
    own.set_facecolor("none")
    content = as_drawn(own)
    assert with_palette(content) == content


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_is_small_enough_to_review(path: Path) -> None:
    assert path.stat().st_size <= LARGEST_NOTEBOOK


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=lambda path: path.stem)
def test_the_pictures_of_a_notebook_have_palettes(path: Path) -> None:
    """Saved by Jupyter instead of `make notebooks`, each would be three times as large."""
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                content = base64.b64decode(output["data"]["image/png"])
                assert with_palette(content) == content
