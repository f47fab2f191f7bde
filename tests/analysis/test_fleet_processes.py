"""A fleet judged in processes of this machine: what dies is named, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from createos_nb import analysis
from createos_nb.analysis.fleets import pool
from createos_nb.errors import IncompleteWarning
from tests.analysis.fleet_parts import FaultyFleet, FaultyPart, Unsendable, fleet_frame
from tests.analysis.test_fleet import same

ROOT = Path(__file__).parents[2]
SECONDS = 120

#: A script without a guard, as people write it: it says when its workers are at work.
SCRIPT = """
import sys
print("begun", flush=True)
from createos_nb import analysis
from tests.analysis.fleet_parts import FaultyFleet, FaultyPart
what, folder = sys.argv[1:]
found = analysis.fleet(FaultyFleet([FaultyPart(n, what, folder) for n in range(2)]), "slo", workers=2)
print(found["environment"].tolist(), flush=True)
"""


def test_workers_answer_as_the_frame_and_a_dead_one_is_named(tmp_path: Path) -> None:
    before = _workers(os.getpid())  # of other tests
    frame = fleet_frame(8)
    parts = [FaultyPart(seed, "die" if seed == 2 else "", str(tmp_path)) for seed in range(8)]
    with pytest.warns(IncompleteWarning, match="2 of 9 environments"):
        found = analysis.fleet(FaultyFleet([*parts, Unsendable(8)]), "slo", workers=2)
    same(found, analysis.slo(frame[frame["environment"] != "e2"]))
    assert found.attrs["missing"]["p1/e2"] == (
        "a worker process died (it was killed, as where the memory of the machine runs out: give fewer workers=)"
    )
    assert found.attrs["missing"]["p4/e8"] == "TypeError: a socket can't be pickled"
    assert _tries(tmp_path)[2] == 2  # once more, alone
    assert all(1 <= number <= 2 for number in _tries(tmp_path))
    assert set(_workers(os.getpid())) <= set(before)


@pytest.mark.slow
def test_what_runs_out_of_memory_is_tried_once_more_alone(tmp_path: Path) -> None:
    faults = {2: "memory", 3: "once"}
    parts = [FaultyPart(seed, faults.get(seed, ""), str(tmp_path)) for seed in range(4)]
    with pytest.warns(IncompleteWarning, match="1 of 4 environments"):
        found = analysis.fleet(FaultyFleet(parts), "slo", workers=2)
    frame = fleet_frame(4)
    same(found, analysis.slo(frame[frame["environment"] != "e2"]))
    assert found.attrs["missing"]["p1/e2"].startswith("memory ran out (Unable to allocate")
    assert _tries(tmp_path)[:4] == [1, 1, 2, 2]


def _tries(folder: Path) -> list[int]:
    return [len(list(folder.glob(f"{seed}.*"))) for seed in range(8)]


@pytest.mark.slow
def test_where_every_process_dies_at_once_it_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_DEATHS", 1)
    fleet = FaultyFleet([FaultyPart(seed, "die") for seed in range(4)])
    with pytest.warns(IncompleteWarning, match="4 of 4 environments"):
        found = analysis.fleet(fleet, "burn_alerts", workers=2)
    assert len(found) == 0
    reasons = {why.removeprefix("not tried: ") for why in found.attrs["missing"].values()}
    assert all(why.startswith("a worker process died") for why in reasons)


def _workers(of: int) -> list[psutil.Process]:
    """The processes below one, but for the tracker that Python keeps beside them."""
    try:
        below = psutil.Process(of).children(recursive=True)
        return [one for one in below if "resource_tracker" not in " ".join(one.cmdline())]
    except psutil.NoSuchProcess:
        return []


def _script(folder: Path, what: str) -> subprocess.Popen[str]:
    path = folder / "script.py"
    path.write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    notes = folder / "notes"
    notes.mkdir()
    # a group of its own, as a shell gives it: an interrupt reaches all of it
    return subprocess.Popen(
        [sys.executable, str(path), what, str(notes)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )


def _gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=SECONDS)
    return not alive


@pytest.mark.parametrize("how", ["", "interrupt", pytest.param("kill", marks=pytest.mark.slow)])
def test_a_script_without_a_guard_runs_once_and_leaves_nothing_behind(tmp_path: Path, how: str) -> None:
    script = _script(tmp_path, "wait" if how else "")
    if how:
        end = time.monotonic() + SECONDS
        while len(list((tmp_path / "notes").iterdir())) < 2:
            assert time.monotonic() < end
            assert script.poll() is None, script.communicate()
            time.sleep(0.05)
        workers = _workers(script.pid)
        everything = psutil.Process(script.pid).children(recursive=True)
        assert len(workers) == 2
        if how == "interrupt":
            os.killpg(script.pid, signal.SIGINT)
        else:
            script.kill()
        out, error = script.communicate(timeout=SECONDS)
        assert _gone(everything)
        assert script.returncode != 0
        assert ("KeyboardInterrupt" in error) is (how == "interrupt")
        assert out.splitlines() == ["begun"]
    else:
        out, error = script.communicate(timeout=SECONDS)
        assert (script.returncode, error) == (0, "")
        assert out.splitlines() == ["begun", "['e0', 'e1']"]
