"""`%createos` in a notebook: the same grammar, on the notebook's client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

import createos_nb


@pytest.fixture
def shell() -> Iterator[Any]:
    """A shell with the extension and a client."""
    shell = InteractiveShell()
    shell.user_ns["client"] = createos_nb.simulate("bad-release")
    assert shell.run_cell("%load_ext createos_nb").success
    yield shell
    shell.user_ns["client"].close()
    shell.run_cell("%unload_ext createos_nb")
    assert "createos" not in shell.magics_manager.magics["line"]


def test_it_works_on_the_notebooks_client_and_what_it_applies_can_be_undone(
    shell: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shell.run_cell("%createos plan rollback storefront production --json").success
    digest = json.loads(capsys.readouterr().out)["digest"]
    line = f"%createos apply rollback storefront production --confirm {digest} --reason 'the checkout fails'"
    assert shell.run_cell(line).success
    assert "To undo\n  createos-nb undo " in capsys.readouterr().out
    environments = shell.user_ns["client"].fleet.live_versions()
    assert environments["version"].dropna().iloc[-1] == 3
    assert shell.run_cell("%createos undo last").success
    assert "assign v4 to production" in capsys.readouterr().out


def test_what_fails_stops_a_notebook_and_an_answer_does_not(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell.run_cell("%createos slo storefront production --window 1d").success, "a missed objective is an answer"
    failed = shell.run_cell("%createos status storefrnt")
    assert type(failed.error_in_exec).__name__ == "UsageError"
    assert "did you mean storefront?" in capsys.readouterr().err
    assert not shell.run_cell("%createos status 'half").success


def test_it_names_another_world_where_that_is_asked_for(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell.run_cell("%createos whoami --scenario empty --csv").success
    assert "SIMULATOR" in capsys.readouterr().out


def test_names_complete_from_what_the_client_has_read(shell: Any) -> None:
    def completed(line: str) -> list[str]:
        with provisionalcompleter():
            return [one.text for one in shell.Completer.completions(line, len(line))]

    shell.user_ns["client"].fleet.environments()
    assert "diagnose" in completed("%createos dia")
    assert "rollback" in completed("%createos plan ro")
    assert "production" in completed("%createos diagnose storefront pro")
    assert "--scenario" in completed("%createos status --sc")
