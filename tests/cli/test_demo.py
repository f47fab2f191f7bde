"""`createos-nb demo` for somebody who reads one line of it: at once, without an error, and its page is there."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import pytest
from rich.console import Console

from createos_nb.cli import demo
from createos_nb.errors import CreateOSError

COMMAND = [sys.executable, "-c", "import sys; from createos_nb.cli import main; sys.exit(main())"]
#: Seconds to the first line, without those that Python itself needs to start.
SOON = 1.0


class Ran(NamedTuple):
    code: int
    first: str
    seconds: float
    errors: str
    page: Path


def first_line(*arguments: str, cwd: Path) -> tuple[subprocess.Popen[bytes], str, float]:
    """Start a command, read its first line, and close the pipe, as `head -1` does; with the seconds to that line."""
    began = time.monotonic()
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
    )
    assert process.stdout is not None
    line = process.stdout.readline().decode()
    seconds = time.monotonic() - began
    process.stdout.close()
    return process, line, seconds


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("demo")
    process, first, seconds = first_line("demo", cwd=folder)
    _, errors = process.communicate(timeout=300)
    return Ran(process.returncode, first, seconds, errors.decode(), folder / demo.PAGE)


@pytest.mark.slow
def test_a_closed_pipe_is_no_error_and_the_page_is_written(ran: Ran) -> None:
    assert (ran.code, ran.errors) == (0, "")
    assert ran.first.startswith("Running the tour on a simulated platform")
    assert "A tour of a CreateOS account" in ran.page.read_text(encoding="utf-8")


def test_the_first_line_comes_within_a_second(ran: Ran, tmp_path: Path) -> None:
    bare: list[float] = []
    said: list[float] = []
    for _ in range(3):  # the best of three: what else the machine does is no fault of the command
        began = time.monotonic()
        subprocess.run([sys.executable, "-c", "import argparse"], check=True)
        bare.append(time.monotonic() - began)
        process, _, seconds = first_line("demo", "--output", "x.html", cwd=tmp_path)
        process.kill()
        process.communicate()
        said.append(seconds)
    assert min(said) - min(bare) < SOON


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["dashboard", "--no-browser", "--port", "0"]])
def test_a_server_whose_reader_has_gone_serves_on_and_ends_without_an_error(tmp_path: Path, command: list[str]) -> None:
    import httpx

    process, first, _ = first_line(*command, cwd=tmp_path)
    try:
        address = first.split()[1].partition("?")[0].rstrip("/")
        end = time.monotonic() + 60
        while True:
            try:
                assert httpx.get(f"{address}/", timeout=10).status_code in (200, 302, 401, 404)
                break
            except httpx.TransportError:
                assert time.monotonic() < end
                time.sleep(0.2)
        process.terminate()
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, b"")
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def test_a_cell_that_fails_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in ("1", "{}['gone']")])
    nbformat.write(book, tmp_path / "x.ipynb")
    monkeypatch.setattr(demo, "folder", lambda _: tmp_path)
    with pytest.raises(CreateOSError, match=r"^x\.ipynb stopped in cell 2: KeyError: 'gone'$"):
        demo.executed("x.ipynb", Console(file=io.StringIO()))


@pytest.mark.browser
def test_the_page_asks_no_server_for_anything(ran: Ran, browser: Any) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(ran.page.as_uri())
    page.get_by_role("heading", name="A tour").first.wait_for()
    assert page.locator("table").count() > 3
    assert page.evaluate("[...document.images].every(one => one.complete && one.naturalWidth > 0)")
    page.wait_for_timeout(1_000)
    page.close()
    assert ran.page.as_uri() in asked
    assert [url for url in asked if not url.startswith(("data:", "blob:", ran.page.as_uri()))] == []
