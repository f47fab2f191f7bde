"""`createos-nb run`: exit codes, what is kept, what is said."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

import createos_nb
from createos_nb.cli import exit_codes, main
from createos_nb.cli import run as command
from createos_nb.notebooks.parameters import tags

SEAM = ('world = "storefront"\nwho = "nobody"', "parameters")
OPENED = "import createos_nb\n\nclient = createos_nb.open_account(world)"


def test_the_list_has_titles_and_parameters(run: Any, write: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    write("50_mine", "# Mine", SEAM, folder=tmp_path / "notebooks")
    (tmp_path / "notebooks" / "60_broken.ipynb").write_text("{")
    found = run()
    assert found.code == 0
    assert re.search(r"^50_mine +Mine$", found.out, re.MULTILINE)
    assert "world='storefront', who='nobody'" in found.out
    assert "00_tour" in found.out
    assert "60_broken.ipynb is no notebook" in found.out
    one = run("mine", "--list")
    assert "who='nobody'" in one.out
    assert one.notebook is None  # nothing was run


def test_help_lists_the_exit_codes(capsys: Any) -> None:
    assert main(["run", "--help"]) == 0
    text = capsys.readouterr().out
    for line in (
        "0    done",
        "1    failed",
        "2    usage",
        "3    refused",
        "4    confirmation needed",
        "5    FAIL",
        "6    NO DATA",
    ):
        assert line in text


@pytest.mark.parametrize(
    "words", [["--nonsense"], ["-p", "a=1"], ["--live", "42_rollback"], ["31_build_your_own_world", "--live"]]
)
def test_wrong_words_are_2(words: list[str], capsys: Any) -> None:
    try:
        code = main(["run", *words])
    except SystemExit as end:
        code = int(str(end.code))
    assert code == 2
    assert capsys.readouterr().err


def test_a_run_keeps_the_executed_notebook_beside_its_journal(run: Any, write: Any) -> None:
    page = write(
        "mine",
        "# Mine",
        SEAM,
        OPENED,
        "## Act",
        "from createos_nb import runbooks\n"
        'plan = runbooks.scale(client, "storefront", "staging", replicas=2)\n'
        'receipt = plan.apply(confirm=plan.digest, reason="a test")\n'
        "receipt.summary",
        "print(who)",
    )
    found = run(str(page), "-p", "who=somebody")
    assert found.code == 0, found.err
    assert "## Act" in found.out
    assert "1 done" in found.out
    assert "somebody" in found.out
    assert found.notebook.cells[-1].outputs[0].text == "somebody\n"
    assert [tags(cell) for cell in found.notebook.cells[1:3]] == [["parameters"], ["injected-parameters"]]
    assert len(found.journals) == 1
    assert found.journals[0].parent == found.path.parent
    assert str(found.path.parent) in found.out
    assert found.journals[0].name in found.out
    if os.name == "posix":
        assert stat.S_IMODE(found.path.stat().st_mode) == 0o600


def test_outputs_of_an_earlier_run_are_not_kept(run: Any, write: Any) -> None:
    page = write("mine", SEAM, "raise ValueError('first')", "print('never')")
    notebook = nbformat.read(page, as_version=4)
    notebook.cells[-1].outputs = [nbformat.v4.new_output("stream", text="of an earlier run")]
    nbformat.write(notebook, page)
    assert run(str(page)).notebook.cells[-1].outputs == []


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        ("ValueError('no')", exit_codes.FAILED),
        ("createos_nb.ConfigurationError('no')", exit_codes.FAILED),
        ("createos_nb.UnknownName('project', 'x', ['y'])", exit_codes.WRONG),
        ("plans.ReasonNeeded('give a reason')", exit_codes.WRONG),
        ("plans.JournalBusy('a', 'b')", exit_codes.REFUSED),
        ("createos_nb.ReadOnlyError('only reads')", exit_codes.REFUSED),
        ("plans.ConfirmationNeeded('look', 'abc')", exit_codes.CONFIRM),
        ("plans.StepFailed('a step')", exit_codes.FAILED),
        ("SystemExit(7)", exit_codes.FAILED),
    ],
)
def test_what_a_cell_raises_decides_the_code(raised: str, code: int) -> None:
    """As the kernel tells it: the names of its class and of those above it."""
    from createos_nb import plans
    from createos_nb.notebooks.execution import Failure

    error = eval(raised, {"createos_nb": createos_nb, "plans": plans, "SystemExit": SystemExit})
    failure = Failure([one.__name__ for one in type(error).__mro__], str(error))
    assert command._code(failure) == code


def test_what_is_refused_has_changed_nothing(run: Any, write: Any) -> None:
    """The platform does not take this description back, so auto-promotion can't be switched."""
    odd = (
        "here = next(one for one in client.world.state.projects.values() if one.name == 'orders-api')\n"
        "place = next(one for one in here.environments.values() if one.name == 'production')\n"
        "place.description = 'It is (not) taken back!'"
    )
    held = (
        "from createos_nb import runbooks\n"
        "plan = runbooks.hold(client, 'orders-api', 'production')\n"
        "plan.apply(confirm=plan.confirmation, reason='a test')"
    )
    found = run(str(write("mine", SEAM, OPENED, odd, held)))
    assert found.code == 3, found.err
    assert "Refused: Nothing was changed" in found.err
    assert found.journals == []


def test_a_failed_run_is_kept_with_the_cell_that_failed(run: Any, write: Any) -> None:
    found = run(str(write("mine", SEAM, OPENED, "client.projects.get('nowhere')", "print('never')")))
    assert found.code == 2
    assert "there is no project 'nowhere'; there is: " in found.err
    assert found.notebook.cells[-2].outputs[0].ename == "UnknownName"
    assert found.notebook.cells[-1].outputs == []


def test_a_kernel_that_dies_is_a_failure_and_what_there_was_is_kept(run: Any, write: Any) -> None:
    found = run(str(write("mine", "print('here')", "import os; os._exit(3)")))
    assert found.code == 1
    assert "the kernel died" in found.err
    assert found.notebook.cells[0].outputs[0].text == "here\n"


def test_what_comes_from_elsewhere_does_not_control_the_terminal(run: Any, write: Any) -> None:
    found = run(str(write("mine", r"print('\x1b[2J\x07 red')")))
    assert "\x1b" not in found.out
    assert "\x07" not in found.out


def started(place: Path, process: subprocess.Popen[str], mark: Callable[[Path], bool]) -> None:
    """Until something is there; a process that ends before is an error."""
    for _ in range(1200):
        if place.exists() and any(mark(path) for path in place.rglob("*")):
            return
        if process.poll() is not None:
            raise AssertionError(process.communicate())
        time.sleep(0.05)
    raise AssertionError("it never came")


def test_an_interrupt_leaves_what_there_is(start: Any, write: Any, journals: Path, tmp_path: Path) -> None:
    flag = tmp_path / "flags" / "waiting"
    flag.parent.mkdir()
    page = write("mine", "print('here')", f"open({str(flag)!r}, 'w').close()\nimport time\ntime.sleep(600)", "print(1)")
    process = start(str(page))
    started(flag.parent, process, lambda path: path == flag)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, (out, err)
    assert "Interrupted" in err
    [kept] = journals.rglob("*.ipynb")
    assert "here" in kept.read_text(encoding="utf-8")
    assert str(kept.parent) in out


CHECKED = """
from createos_nb.checks import Checks, check

Checks(check("it is so", {holds}, "3 of 4", "all"))
"""


@pytest.mark.grid(2)
@pytest.mark.parametrize(("holds", "code", "word"), [("True", 0, "PASS"), ("False", 5, "FAIL"), ("None", 6, "NO DATA")])
def test_the_checks_that_are_shown_last_decide_how_it_ends(
    holds: str, code: int, word: str, run: Any, write: Any
) -> None:
    earlier = CHECKED.format(holds="True" if holds != "True" else "False")
    found = run(str(write("mine", "# Mine", earlier, CHECKED.format(holds=holds), "print('and on')")))
    assert found.code == code, found.err
    assert f"s: {word}: {'1 of 1 checks pass' if code == 0 else '0 of 1 checks pass; it is so: '}" in found.out
    assert "Done" not in found.out


def test_one_that_checks_nothing_says_so(run: Any, write: Any) -> None:
    found = run(str(write("mine", "print('here')")))
    assert found.code == 0
    assert "s: finished without checks." in found.out


def test_what_stops_after_a_change_is_a_failure_and_no_refusal(run: Any, write: Any) -> None:
    """A wrong name in a later cell is no mere usage: something has been changed by then."""
    act = (
        "from createos_nb import runbooks\n"
        'plan = runbooks.scale(client, "storefront", "staging", replicas=2)\n'
        'receipt = plan.apply(confirm=plan.digest, reason="a test")'
    )
    found = run(str(write("mine", SEAM, OPENED, act, "client.projects.get('nowhere')")))
    assert found.code == 1, found.err


@pytest.mark.slow
def test_a_gate_that_does_not_let_pass_is_told_from_one_that_can_not_judge(run: Any, write: Any) -> None:
    canary = (
        "from createos_nb import runbooks\n"
        "gate = lambda old, new: runbooks.Verdict(False, 'by its gate', enough={enough})\n"
        'plan = runbooks.canary(client, "storefront", "production", version=15, stages=[(20, 60)], gate=gate)\n'
        'plan.apply(confirm=plan.confirmation, reason="a test")'
    )
    codes_found = [
        run(str(write(f"mine{enough}", SEAM, OPENED, canary.format(enough=enough)))).code for enough in (True, False)
    ]
    assert codes_found == [exit_codes.CHECK_FAILED, exit_codes.UNKNOWN]


def test_alone_it_prints_its_help(capsys: Any) -> None:
    assert main([]) == 0
    out = capsys.readouterr().out
    for line in exit_codes.DETAILS.splitlines():
        assert line in out


@pytest.mark.parametrize("name", ["dashboard", "demo", "login", "run", "serve", "whoami"])
def test_every_command_has_the_same_exit_codes(name: str, capsys: Any) -> None:
    assert main([name, "--nonsense"]) == 2
    assert f"See createos-nb {name} --help" in capsys.readouterr().err
    assert main([name, "--help"]) == 0
    assert f"Usage: createos-nb {name}" in capsys.readouterr().out
    assert main(["--help"]) == 0
    assert exit_codes.DETAILS.strip() in capsys.readouterr().out


@pytest.mark.slow
def test_a_process_that_has_applied_a_plan_ends_without_a_warning(journals: Path, monkeypatch: Any) -> None:
    """Also where nobody closes the client, and the journal stands in the temporary folder of the process."""
    monkeypatch.delenv("CREATEOS_NB_JOURNALS")
    code = (
        "import createos_nb\nfrom createos_nb import runbooks\n"
        'client = createos_nb.simulate("bad-release")\n'
        'plan = runbooks.rollback(client, "storefront", "production")\n'
        'receipt = plan.apply(confirm=plan.confirmation, reason="a test")\n'
        "print(receipt.checks.result, receipt.journal.parent)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-X", "dev", "-c", code], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    result, folder = done.stdout.split(maxsplit=1)
    assert result == "PASS"
    assert not Path(folder.strip()).exists()
