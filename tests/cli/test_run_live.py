"""`createos-nb run --live`, over HTTP, against a world that is served."""

from __future__ import annotations

import contextlib
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

import createos_nb
from createos_nb import runbooks
from createos_nb.notebooks.parameters import tags
from createos_nb.plans import Journal
from createos_nb.simulator import open_world
from createos_nb.simulator.http.server import serve


@contextlib.contextmanager
def platform(speed: float, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What a key and an address lead to."""
    with serve(open_world("bad-release"), 0, speed) as served:
        monkeypatch.setenv("CREATEOS_API_URL", served.url)
        monkeypatch.setenv("CREATEOS_API_KEY", served.key)
        yield served


def assigned(served: Any) -> int:
    """How often a deployment was assigned since the world was opened."""
    events = served.world.events()
    return int(((events["what"] == "deployment assigned") & (events["time"] > "2026-03-04T13:59:00Z")).sum())


def live(served: Any) -> int:
    with createos_nb.simulate(served.world.fork()) as client:
        place = client.environments.get("storefront", "production")
        return int(client.deployments.get("storefront", place["project_deployment_id"])["version_number"])


PARAMETERS = """
project = "storefront"
environment = "production"
reason = ""
confirm = ""
world = "bad-release"
"""
PLANNED = """
from createos_nb import open_account, runbooks

client = open_account(world)
plan = runbooks.rollback(client, project, environment)
plan
"""


@pytest.fixture
def rollback(write: Callable[..., Path]) -> Path:
    """A notebook of the shape of those that act."""
    return write(
        "rollback",
        "# Roll back",
        (PARAMETERS, "parameters"),
        PLANNED,
        ("confirm, reason = plan.digest, 'a drill'", "simulator"),
        "receipt = plan.apply(confirm=confirm or None, reason=reason)\nreceipt.summary",
    )


@pytest.mark.slow
def test_what_was_watched_too_shortly_is_no_data(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """It is rolled back, and nobody can say yet whether that has helped: then nobody does."""
    words = ("42_rollback", "--live", "-p", "watch_seconds=1")
    with platform(1.0, monkeypatch) as served:
        first = run(*words)
        assert first.code == 4, first.err
        [digest] = re.findall(r"^The plan is shown above\. Its digest: (\w+)$", first.out, re.MULTILINE)
        second = run(*words, "-p", f"confirm={digest}", "-p", "reason=why")
        assert second.code == 6, second.out[-2000:] + second.err
        assert "s: NO DATA: " in second.out
        assert re.search(r"^  NO DATA +server errors fell", second.out, re.MULTILINE)
        assert re.search(r"^  PASS +assign v3 to production", second.out, re.MULTILINE)
        assert (live(served), assigned(served)) == (3, 1)


def test_a_run_stops_for_its_confirmation_and_goes_on_with_the_digest(
    run: Callable[..., Any], rollback: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = (str(rollback), "--live", "-p", "project=storefront")
    with platform(60.0, monkeypatch) as served:
        first = run(*words)
        assert first.code == 4, first.err
        assert "roll storefront / production back from v4 to v3" in first.out  # the plan
        [digest] = re.findall(r"^The plan is shown above\. Its digest: (\w+)$", first.out, re.MULTILINE)
        assert "SIMULATOR http://127.0.0.1" in first.out  # whose plan it is
        assert (live(served), assigned(served)) == (4, 0)
        assert [one.ename for one in first.notebook.cells[-1].outputs] == ["ConfirmationNeeded"]
        assert not [cell for cell in first.notebook.cells if "simulator" in tags(cell)]

        [line] = [one for one in first.out.splitlines() if one.strip().startswith("createos-nb run")]
        asked = shlex.split(line)
        assert asked[2:] == [*words, "-p", f"confirm={digest}", "-p", "reason=why"]

        without = run(*words, "-p", f"confirm={digest}")
        assert without.code == 2
        assert "reason" in without.err
        wrong = run(*words, "-p", "confirm=0123456789ab", "-p", "reason=why")
        assert wrong.code == 4
        assert (live(served), assigned(served)) == (4, 0)

        second = run(*asked[2:])
        assert second.code == 0, second.err
        assert (live(served), assigned(served)) == (3, 1)
        [journal] = second.journals
        assert journal.parent == second.path.parent
        assert Journal(journal).finished
        assert journal.name in second.out

        again = run(*asked[2:])  # it is done: it is told of, and not done once more
        assert again.code == 0, again.err
        assert "1 done" in again.out
        assert (live(served), assigned(served)) == (3, 1)
        assert again.journals == []
        for found in (first, without, wrong, second, again):
            assert served.key not in found.text + found.out + found.err


def test_what_is_tried_at_its_own_address_is_tried_over_http_too() -> None:
    """The addresses of a served world are in no name server, and its time is not ours."""
    with (
        serve(open_world("storefront"), 0, 60.0) as served,
        createos_nb.connect(api_key=served.key, base_url=served.url) as client,
    ):
        domain = "wholesale.juniper-goods.example.com"
        plan = runbooks.blue_green(client, "storefront", domain, version=12, requests=20, seconds=60)
        receipt = plan.apply(confirm=plan.digest, reason="a test")
        notes = receipt.frame()["note"].tolist()
        assert receipt.finished
        assert any(re.search(r"of \d+ requests \(.+ %\) ended in a server error", note) for note in notes)
        assert f"3 requests to https://{domain}: none failed" in notes


@pytest.mark.slow
def test_a_profile_leads_to_its_own_account(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, write: Callable[..., Path]
) -> None:
    page = write(
        "mine",
        ('world = "storefront"', "parameters"),
        "import createos_nb",
        "print(createos_nb.open_account(world).whoami())",
    )
    with platform(0.0, monkeypatch) as served:
        monkeypatch.delenv("CREATEOS_API_URL")
        monkeypatch.delenv("CREATEOS_API_KEY")
        assert run(str(page), "--live").code == 1  # no key anywhere
        config = tmp_path / "config.toml"
        config.write_text(f'[profiles.work]\napi_key = "{served.key}"\nbase_url = "{served.url}"\n', encoding="utf-8")
        config.chmod(0o600)
        found = run(str(page), "--live", "work")
        assert found.code == 0, found.err
        assert "marlow@juniper-goods.example.com" in found.out
        assert "world = 'live:work'" in found.notebook.cells[1].source
        assert run(str(page), "-p", "world=live:work").out.count("marlow@") == 1  # the same, said otherwise
        assert "there is no profile 'other'" in run(str(page), "--live", "other").err


def test_a_key_that_a_cell_prints_is_dots_in_what_is_kept(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, write: Callable[..., Path]
) -> None:
    page = write(
        "mine", ('world = "storefront"', "parameters"), "import os\nprint('key', os.environ['CREATEOS_API_KEY'])"
    )
    with platform(0.0, monkeypatch) as served:
        found = run(str(page), "--live")
        assert found.code == 0, found.err
        assert "key ••••••" in found.notebook.cells[-1].outputs[0].text
        assert served.key not in found.text


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_was_cut_off_goes_on_and_repeats_nothing(
    number: signal.Signals,
    run: Callable[..., Any],
    start: Callable[..., subprocess.Popen[str]],
    rollback: Path,
    monkeypatch: pytest.MonkeyPatch,
    journals: Path,
) -> None:
    """It is cut off while it waits for what it has written; the world stands still until then."""
    words = (str(rollback), "--live")
    with platform(0.0, monkeypatch) as served:
        digest = re.findall(r"Its digest: (\w+)", run(*words).out)[0]
        words = (*words, "-p", f"confirm={digest}", "-p", "reason=a test")
        process = start(*words)
        end = time.monotonic() + 120
        while not any("answered" in path.read_text(encoding="utf-8") for path in journals.glob("*.jsonl")):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end
            time.sleep(0.05)
        family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
        if number == signal.SIGKILL:
            for one in family:
                one.kill()
        else:
            process.send_signal(number)
        _, err = process.communicate(timeout=60)
        psutil.wait_procs(family, timeout=30)
        assert process.returncode == (130 if number == signal.SIGINT else -9), err
        partial = sorted(journals.glob("*.ipynb"))[-1].read_text(encoding="utf-8")
        assert "roll storefront / production back" in partial

        served.world.advance("1min")
        second = run(*words)
        assert second.code == 0, second.err
        assert second.journals == []  # the one that was there went on
        [journal] = journals.glob("*.jsonl")
        assert Journal(journal).finished
        assert (live(served), assigned(served)) == (3, 1)
