"""A terminal and a pipe: width, colors, Ctrl-C, a reader that has gone, and what a shell completes."""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import pty
import shutil
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pandas as pd
import pytest

from createos_nb.cli import main, names, tables
from createos_nb.cli.app import make_app
from createos_nb.cli.commands import COMMANDS
from createos_nb.cli.output import Output
from createos_nb.frames.json_rows import rows_of

SCRIPT = "import sys; from createos_nb.cli import main; sys.exit(main())"


def in_a_terminal(columns: int, *words: str, **environment: str) -> tuple[int, str]:
    """The exit code, and what a person at a terminal of that width sees."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    command = [sys.executable, "-c", SCRIPT, *words]
    process = subprocess.Popen(
        command, stdout=follower, stderr=follower, stdin=follower, env=env | {"TERM": "xterm"} | environment
    )
    os.close(follower)
    text = b""
    with contextlib.suppress(OSError):
        while part := os.read(leader, 65536):
            text += part
    os.close(leader)
    return process.wait(), text.decode().replace("\r\n", "\n")


def test_a_table_fits_the_terminal_and_loses_nothing() -> None:
    code, text = in_a_terminal(90, "status", "--scenario", "bad-release")
    assert code == 0
    assert "\x1b[33mdegraded\x1b[0m" in text
    assert text.startswith("SIMULATOR https://api.simulator.invalid")
    plain = text.replace("\x1b[33m", "").replace("\x1b[2m", "").replace("\x1b[0m", "").splitlines()
    assert max(map(len, plain[1:])) <= 90
    words = {word for line in plain for word in line.split()}
    assert {"5,957", "(2.9", "last", "5m"} <= words


def test_a_progress_bar_is_one_line_of_a_terminal_and_nothing_in_a_pipe() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream, shown in ((Terminal(), "\rreading: 50 %  "), (io.StringIO(), "\\rreading: 50 %  \\r")):
        Output(stream).write("\rreading: 50 %  \r")
        assert stream.getvalue() == shown


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colors_are_off_where_they_should_be(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], environment: dict[str, str]
) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["status", "storefront", "--scenario", "bad-release"]) == 0
    assert "\x1b[33mdegraded" in capsys.readouterr().out
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(["status", "storefront", "--scenario", "bad-release"]) == 0
    text = capsys.readouterr().out
    assert "\x1b" not in text
    assert "degraded" in text


def test_a_diagnosis_says_to_a_person_what_comes_next(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main(["diagnose", "storefront", "production", "--scenario", "bad-release"]) == 5
    line = capsys.readouterr().err.strip()
    assert line == "next: createos-nb plan rollback storefront production --to 3 --scenario bad-release"
    assert main(line.split()[2:]) == 0


def test_a_pipe_gets_the_table_alone_and_uncut() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, "status", "--scenario", "bad-release"], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert len(done.stdout.splitlines()) == 3


def test_a_reader_that_has_gone_is_no_error() -> None:
    line = f'{sys.executable} -c "{SCRIPT}" logs --since 20min --scenario bad-release | head -n 1'
    done = subprocess.run(["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1


def test_an_interrupt_is_no_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("createos_nb.client.fleet.Fleet.overview", interrupted)
    assert main(["status", "--scenario", "bad-release"]) == 130
    assert capsys.readouterr().err == "createos-nb: interrupted\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["stats"], "there is no command 'stats'; did you mean status? See createos-nb --help"),
        (["status", "--scenrio", "x"], "unknown option: --scenrio. Did you mean --scenario? See createos-nb status"),
        (["status", "a", "b", "c"], "this is too much: c. See createos-nb status --help"),
        (["status", "--scenario"], "--scenario is missing"),
        (["plan", "rolback"], 'unknown runbook "rolback". Did you mean "rollback"? See createos-nb plan --help'),
        (["plan", "scale", "storefront"], "ENVIRONMENT is missing. See createos-nb plan scale --help"),
        (["plan", "scale", "a", "b", "--replicas", "two"], 'unable to convert "two" into int'),
        (["completion", "tcsh"], 'Choose from: "bash", "zsh", "fish"'),
        (["status", "--scenario", "x", "--profile", "y"], "give one of --scenario and --profile"),
        (["status", "--scenario", "live"], "--scenario takes the name of a simulated world"),
        (["run", "20_traffic", "--live", "--scenario", "x"], "give one of --live and --scenario"),
    ],
)
def test_bad_input_is_one_line_that_says_what_to_do(
    capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert line.startswith("createos-nb")


def test_a_secret_in_the_wrong_place_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    key = "ghp_" + "q7Zk2LmX9vB4tR8sW1yN6cJ3dF5gH0pKaQxV"  # it has the form of a token, and is none
    assert main(["status", "a", "b", key]) == 2
    assert key not in capsys.readouterr().err


# --- help and tables --------------------------------------------------------------------------------------------------


def test_the_help_that_is_listed_is_the_first_line_of_each_docstring() -> None:
    app = make_app(whole={command.name for command in COMMANDS})
    for command in COMMANDS:
        assert app[command.name].help.splitlines()[0] == command.help, command.name


def test_the_reference_equals_the_commands() -> None:
    from createos_nb.cli.reference import markdown
    from createos_nb.data_files import folder

    assert (folder("data") / "cli.md").read_text(encoding="utf-8") == markdown(), "run python -m tools.cli_reference"


def test_help_is_quick_and_loads_no_command() -> None:
    script = (
        "import sys; from createos_nb.cli import main; main(['--help']); "
        "heavy = ('pandas', 'httpx', 'cyclopts', 'rich', 'createos_nb.cli.status'); "
        "print([name for name in heavy if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_json_is_json_whatever_a_cell_holds() -> None:
    frame = pd.DataFrame({"x": [float("inf"), float("nan"), 1.5], "y": [pd.NaT, pd.Timestamp(0, tz="UTC"), pd.NaT]})
    rows = rows_of(frame)
    assert [row["x"] for row in rows] == [None, None, 1.5]
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    assert tables.as_csv(frame).splitlines()[1:3] == [",", ",1970-01-01T00:00:00Z"]


# --- completion -------------------------------------------------------------------------------------------------------


def completed(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    main(["__complete", *words])
    return [line for line in capsys.readouterr().out.splitlines() if line and not line.startswith("\x1f")]


def test_names_complete_from_what_was_read_and_nobody_is_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert completed(capsys, "status", "--scenario", "bad-release", "") == []
    assert main(["status", "--scenario", "bad-release"]) == 0
    capsys.readouterr()

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("completing asked somebody")

    monkeypatch.setattr("createos_nb.client.connect.open_account.open_account", refused)
    assert completed(capsys, "status", "--scenario", "bad-release", "") == ["storefront"]
    assert completed(capsys, "diagnose", "--world", "bad-release", "storefront", "") == ["production", "staging"]
    assert completed(capsys, "plan", "rollback", "--scenario", "bad-release", "storefront", "") == [
        "production",
        "staging",
    ]
    assert "storefront/staging" in completed(capsys, "verdict", "--scenario", "bad-release", "")
    assert completed(capsys, "status", "") == [], "the names of another world"
    assert (tmp_path / "names.json").stat().st_mode & 0o077 == 0


def test_names_are_not_kept_where_nobody_wants_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CREATEOS_NB_NAMES", "0")
    assert main(["status", "--scenario", "bad-release"]) == 0
    assert names.known("bad-release") == {}


def test_a_file_of_names_that_is_damaged_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "names.json").write_text("[1", encoding="utf-8")
    assert names.known("bad-release") == {}


@pytest.mark.parametrize(
    "shell", ["bash", pytest.param("zsh", marks=pytest.mark.slow), pytest.param("fish", marks=pytest.mark.slow)]
)
def test_the_script_of_each_shell_is_one(capsys: pytest.CaptureFixture[str], tmp_path: Path, shell: str) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "__complete" in script
    assert "rollback" in script
    if (program := shutil.which(shell)) is not None:
        (tmp_path / "script").write_text(script, encoding="utf-8")
        subprocess.run([program, "-n", str(tmp_path / "script")], check=True)


def test_quick_enough_for_a_tab() -> None:
    """No more than the parser is loaded: a Tab that waits is no help."""
    script = "import sys; from createos_nb.cli import main; main(); print('pandas' in sys.modules, file=sys.stderr)"
    words = ["__complete", "status", ""]
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "False"
