"""`python -m tools.notebooks`: executed in place, or left as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat

from tools.notebooks import refresh

PASSES = """
from createos_nb.checks import Checks, check

Checks(check("it is so", {holds}))
"""


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
