"""What runs in the browser: what it needs of a Pyodide distribution, and what is said where it is left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.site import lite


def a_distribution(folder: Path, *files: str) -> Path:
    """A distribution whose lock names numpy and six, with those files of them that are named."""
    listed = {name: {"file_name": f"{name}-1.whl", "depends": []} for name in ("numpy", "six")}
    listed["numpy"]["depends"] = ["six"]
    (folder / "pyodide-lock.json").write_text(json.dumps({"packages": listed}))
    for name in ("pyodide.mjs", *files):
        (folder / name).write_text("")
    return folder


def test_it_needs_what_the_library_imports_in_a_browser() -> None:
    found = lite.needed()
    assert {"pandas", "numpy", "scipy", "msgspec", "httpx", "ipywidgets", "ipython"} <= set(found)
    assert "createos-nb" not in found
    assert not {"jupyterlab", "pytest", "duckdb"} & set(found), "extras are left out"


def test_a_package_is_there_with_its_file(tmp_path: Path) -> None:
    assert set(lite.packages(a_distribution(tmp_path, "six-1.whl"))) == {"six"}


def test_of_a_distribution_only_what_is_needed_is_taken(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    target = tmp_path / "static" / "pyodide"
    lite.put_distribution(a_distribution(source, "six-1.whl", "numpy-1.whl", "console.html"), target)
    assert sorted(path.name for path in target.iterdir()) == [
        "numpy-1.whl",
        "pyodide-lock.json",
        "pyodide.mjs",
        "six-1.whl",
    ]


def test_a_folder_that_is_no_distribution_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYODIDE_DISTRIBUTION", str(tmp_path))
    with pytest.raises(lite.NotHere, match=r"has no pyodide-lock\.json"):
        lite.distribution()


def test_it_can_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYODIDE_DISTRIBUTION", "none")
    with pytest.raises(lite.NotHere, match="PYODIDE_DISTRIBUTION=none"):
        lite.distribution()


def test_the_page_says_that_it_was_left_out_and_why() -> None:
    text = lite.page("", "The Pyodide distribution\ncan't be fetched here")
    assert "**Left out of this build:**" in text
    assert "The Pyodide distribution can't be fetched here." in text
    assert "make lab" in text


def test_the_page_leads_to_what_was_built() -> None:
    text = lite.page("27 notebooks run in the browser", "")
    assert 'href="lite/lab/index.html' in text
    assert "27 notebooks" in text


def test_each_notebook_installs_the_library_first(tmp_path: Path) -> None:
    count = lite.put_notebooks(tmp_path)
    written = sorted(tmp_path.glob("*.ipynb"))
    assert len(written) == count > 20
    for path in written:
        assert json.loads(path.read_text())["cells"][0]["source"] == "%pip install -q createos-nb"
    assert not (tmp_path / "76_history.ipynb").exists()
