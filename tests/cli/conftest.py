"""Small notebooks, and the command line in this process or in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from createos_nb.cli import main
from tests.panels.conftest import browser as browser


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a notebook of code cells; a pair is a cell and its tag, a text that begins with # is a heading."""

    def write(name: str, *cells: str | tuple[str, str], folder: Path = tmp_path) -> Path:
        made = []
        for cell in cells:
            source, *tags = cell if isinstance(cell, tuple) else (cell,)
            if source.startswith("#"):
                made.append(new_markdown_cell(source))
            else:
                made.append(new_code_cell(source, metadata={"tags": list(tags)} if tags else {}))
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.ipynb"
        nbformat.write(new_notebook(cells=made), path)
        return path

    return write


@pytest.fixture(autouse=True)
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test writes into the user's own folder, or finds the user's own key."""
    folder = tmp_path / "journals"
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(folder))
    monkeypatch.setenv("CREATEOS_NB_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("CREATEOS_NB_NAMES", str(tmp_path / "names.json"))
    for name in ("CREATEOS_API_KEY", "CREATEOS_API_URL", "CREATEOS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    # a kernel is another process, and a file that it leaves is no business of the test's own warnings
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], journals: Path) -> Callable[..., Any]:
    """`createos-nb run …` in this process: its code, what it has printed, the executed notebook, and its journals."""

    def run(*words: str) -> Any:
        before = set(journals.rglob("*"))
        code = main(["run", *map(str, words)])
        printed = capsys.readouterr()
        made = sorted(set(journals.rglob("*")) - before)
        kept = [path for path in made if path.suffix == ".ipynb"]
        return SimpleNamespace(
            code=code,
            out=printed.out,
            err=printed.err,
            notebook=nbformat.read(kept[0], as_version=4) if kept else None,
            path=kept[0] if kept else None,
            text=kept[0].read_text(encoding="utf-8") if kept else "",
            journals=[path for path in made if path.suffix == ".jsonl"],
        )

    return run


@pytest.fixture
def start() -> Callable[..., subprocess.Popen[str]]:
    """`createos-nb run …` in a process of its own, in a group of its own."""

    def start(*words: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", "import sys; from createos_nb.cli import main; sys.exit(main())", "run", *words],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    return start
