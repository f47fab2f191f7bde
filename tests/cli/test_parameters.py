"""Parameters of notebooks: found, typed after their defaults, refused in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest

from createos_nb.errors import InvalidInput
from createos_nb.notebooks import catalog, parameters

CELL = """
project = "storefront"  # whose releases
environment: str = "production"
minutes = 10
share = 0.5
hold = True
paths = ["/"]
headers = {"a": 1}
nothing = None
"""


@pytest.fixture
def page(write: Callable[..., Path]) -> catalog.NotebookFile:
    return catalog.NotebookFile(write("some", "# Some page", (CELL, "parameters"), "print(project)"))


def test_they_are_the_literals_of_the_tagged_cell_with_what_their_comments_say(page: catalog.NotebookFile) -> None:
    assert {name: one.default for name, one in page.parameters.items()} == {
        "project": "storefront",
        "environment": "production",
        "minutes": 10,
        "share": 0.5,
        "hold": True,
        "paths": ["/"],
        "headers": {"a": 1},
        "nothing": None,
    }
    assert page.parameters["project"].comment == "whose releases"
    assert page.parameters["environment"].comment == ""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("project=a=b 'c'", "a=b 'c'"),
        ("project=", ""),
        ("project=7", "7"),
        ("minutes=-3", -3),
        ("share=2", 2.0),
        ("hold=no", False),
        ("hold=TRUE", True),
        ('paths=["/a", "/b"]', ["/a", "/b"]),
        ("paths=('/a',)", ["/a"]),
        ('headers={"x": true}', {"x": True}),
        ("nothing=some", "some"),
    ],
)
def test_a_value_has_the_type_of_the_default(page: catalog.NotebookFile, text: str, value: Any) -> None:
    found = parameters.read(page.parameters, [text], "some")[text.partition("=")[0]]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("minutes=1.5", "a whole number is expected; its default is 10"),
        ("minutes=", "a whole number is expected"),
        ("share=nan", "a number is expected"),
        ("hold=perhaps", "true or false is expected"),
        ("paths=/a", "a list, such as"),
        ("paths={'a': 1}", "a list, such as"),
        ("headers=[1]", "a mapping, such as"),
        ("headers=__import__('os')", "a mapping, such as"),
        ("project", "NAME=VALUE"),
        ("=7", "NAME=VALUE"),
    ],
)
def test_a_bad_value_is_an_error_in_words(page: catalog.NotebookFile, text: str, words: str) -> None:
    with pytest.raises(InvalidInput, match="(?s).*" + words) as caught:
        parameters.read(page.parameters, [text], "some")
    if "=" in text and len(text.partition("=")[2]) > 2:
        assert text.partition("=")[2] not in str(caught.value)  # it may be a secret in the wrong place


def test_one_that_the_notebook_lacks_names_those_that_it_has_with_their_defaults(page: catalog.NotebookFile) -> None:
    with pytest.raises(InvalidInput) as caught:
        parameters.read(page.parameters, ["enviroment=s3cret"], "some")
    assert "no parameter 'enviroment'" in str(caught.value)
    assert "project='storefront', environment='production', minutes=10" in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("line", ["import os", "a = b", "a = f'{1}'", "a = b = 1", "a.b = 1", "print(1)", "a: int"])
def test_a_cell_of_anything_but_plain_values_is_an_error(write: Callable[..., Path], line: str) -> None:
    with pytest.raises(InvalidInput, match="for names and plain values"):
        _ = catalog.NotebookFile(write("bad", (line, "parameters"))).parameters


def test_what_was_given_is_put_below_the_defaults_once(page: catalog.NotebookFile) -> None:
    notebook = page.content
    odd = 'it\'s "odd" \\ \n and so on'
    for value in ("first", odd):
        parameters.inject(notebook, {"project": value})
    sources = [cell.source for cell in notebook.cells if parameters.INJECTED in parameters.tags(cell)]
    names: dict[str, Any] = {}
    exec(sources[0], names)
    assert (len(sources), names["project"]) == (1, odd)
    assert parameters.tags(notebook.cells[1]) == ["parameters"]
    assert parameters.tags(notebook.cells[2]) == ["injected-parameters"]
    nbformat.validate(notebook)


def test_notebooks_of_the_folder_come_before_those_of_the_package(
    write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own = write("00_tour", "# My tour", folder=tmp_path / "notebooks")
    names = {one.name: one for one in catalog.list_notebooks()}
    assert names["00_tour"].path.resolve() == own
    assert names["20_traffic"].path.resolve() != tmp_path / "notebooks" / "20_traffic.ipynb"
    assert catalog.find_notebook("00_tour").title == "My tour"
    assert catalog.find_notebook("traffic").name == "20_traffic"
    assert catalog.find_notebook(str(own)).path == own
    with pytest.raises(InvalidInput, match="there is no notebook '99_none'; there is: 00_tour, "):
        catalog.find_notebook("99_none")


def test_what_is_no_notebook_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "broken.ipynb"
    for content in (b"{", b"[]", b'{"cells": 3}', b"\xff\xfe"):
        path.write_bytes(content)
        with pytest.raises(InvalidInput, match=r"broken\.ipynb"):
            _ = catalog.NotebookFile(path).content


@pytest.mark.parametrize("file", catalog.list_notebooks(), ids=lambda file: file.name)
def test_papermill_finds_the_same_ones(file: catalog.NotebookFile) -> None:
    """It gives defaults as they are written, and takes what is no literal: values are read here."""
    found = papermill.inspect_notebook(str(file.path)) if file.parameters else {}
    assert {name: one["help"] for name, one in found.items()} == {
        name: one.comment for name, one in file.parameters.items()
    }
