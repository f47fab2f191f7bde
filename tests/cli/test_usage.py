"""Commands that are given what can't be done: one line that says what to do, and the exit code of `codes`."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from createos_nb.cli import main

#: Packages that take long to load, or that only some commands need.
HEAVY = (
    "pandas",
    "numpy",
    "matplotlib",
    "scipy",
    "httpx",
    "rich",
    "msgspec",
    "nbformat",
    "voila",
    "uvicorn",
    "traitlets",
)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port at which somebody listens."""
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        own.listen()
        yield own.getsockname()[1]


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """The exit code, and the last line of what was said of errors, which is all where it is no usage."""
    try:
        code = main(arguments)
    except SystemExit as error:
        code = int(str(error.code))
    lines = capsys.readouterr().err.splitlines()
    assert not any("Traceback" in line for line in lines)
    assert len(lines) == 1 or lines[0].startswith("usage:")
    return code, lines[-1]


@pytest.mark.parametrize("command", ["serve", "dashboard"])
@pytest.mark.parametrize("port", ["99999", "65536", "-1", "80abc", "", "1e3", "9" * 5_000, "٣"])
def test_a_bad_port_is_usage(capsys: pytest.CaptureFixture[str], command: str, port: str) -> None:
    code, words = said(capsys, command, f"--port={port}")
    assert code == 2
    assert "a port is 0 to 65535" in words


@pytest.mark.parametrize("command", ["serve", "dashboard"])
def test_a_port_in_use_fails_and_says_what_to_give(
    capsys: pytest.CaptureFixture[str], command: str, taken: int
) -> None:
    code, words = said(capsys, command, "--port", str(taken))
    assert code == 1
    assert f"port {taken} can't be used (Address already in use)" in words
    assert "0 for one that is free" in words
    assert "Errno" not in words


@pytest.mark.parametrize("command", ["serve", "dashboard"])
@pytest.mark.parametrize("name", ["http://a.example", "a.example:80", "a b", "*"])
def test_a_bad_name_of_a_host_is_usage(capsys: pytest.CaptureFixture[str], command: str, name: str) -> None:
    code, words = said(capsys, command, "--allow-host", name)
    assert code == 2
    assert "is no host's name: such as" in words


@pytest.mark.parametrize("command", [["demo", "--output"], ["serve", "--port", "0", "--state"]])
def test_a_file_that_cant_be_written_is_told_before_any_work(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, command: list[str]
) -> None:
    code, words = said(capsys, *command, str(tmp_path / "missing" / "x"))
    assert code == 2
    assert "there is no folder" in words
    code, words = said(capsys, *command, str(tmp_path))
    assert code == 2
    assert "is a folder; give the name of a file" in words


def test_a_file_that_is_missing_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, words = said(capsys, "serve", "--port", "0", "--faults", str(tmp_path / "none.toml"))
    assert (code, words) == (1, f"createos-nb: {tmp_path / 'none.toml'}: No such file or directory")


def test_a_command_line_that_is_read_has_loaded_nothing_heavy() -> None:
    script = (
        "import sys; from createos_nb.cli.app import make_app; make_app().parse_args(['serve', '--port', '0']); "
        f"print([m for m in {HEAVY} if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
