"""A fleet judged environment by environment, beside DuckDB that sums the same columns of the same files.

`python -m benchmarks.fleets --environments 10 --days 30` measures a smaller one, `--folder` keeps it for the next time.
Each run is a process of its own, and what it took is the time that processors worked for it and for all processes that
it started: other work on the machine changes that little. Its memory is that of all of them, looked at ten times a
second.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Final, NamedTuple

import psutil

import createos_nb
from benchmarks.measure import Figure, at_most, table
from createos_nb.history import open as open_history

#: Days of the past of a simulated fleet whose every environment has them, once it is as old as its key allows.
YEAR: Final = 359
_AGE: Final = 299
#: The most memory of all processes, in MB.
_MOST: Final = 2000

#: What a process does that is measured: the folder, the function, the projects as JSON or null, and where.
_RUN: Final = """
import json, os, sys, time
import createos_nb
from createos_nb import analysis
folder, function, projects, where = sys.argv[1:]
history = createos_nb.history.open(path=folder)
given = {"projects": json.loads(projects)} if json.loads(projects) else {}
began, used = time.perf_counter(), sum(os.times()[:4])
if where == "duckdb":
    rows = history.sql("select project_id, environment_id, sum(count), sum(status_5xx) from requests group by all")
    said = {}
elif where == "cluster":
    import dask
    from distributed import Client
    # without these each array's memory goes back to the system and comes again, which takes as long as the work
    memory = {"MALLOC_TRIM_THRESHOLD_": 1 << 30, "MALLOC_MMAP_THRESHOLD_": 1 << 25}
    dask.config.set({f"distributed.nanny.pre-spawn-environ.{name}": size for name, size in memory.items()})
    with Client(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as client:
        rows = analysis.fleet(history, function, scheduler=client, **given)
    said = rows.attrs
else:
    rows = analysis.fleet(history, function, workers=int(where), **given)
    said = rows.attrs
took, used = time.perf_counter() - began, sum(os.times()[:4]) - used
print()
print(json.dumps({"seconds": took, "processor": used, "rows": len(rows), "missing": said.get("missing", {})}))
"""


class Run(NamedTuple):
    """What a process took."""

    seconds: float
    """By the clock, with the start of the processes or of the cluster, without that of Python."""
    processor: float
    """Seconds that processors worked for it."""
    memory: float
    """The most of all processes together, in MB; pages that they share are counted for each."""
    rows: int


def write(folder: Path, environments: int, days: int) -> tuple[int, float]:
    """Let the simulator write the minutes of a fleet into a history; returns how many, and the processor seconds."""
    client = createos_nb.simulate("fleet", projects=-(-environments // 2), deployments=environments)
    places = client.fleet.environments()
    client.world.advance(f"{_AGE - 10}d")
    hit = (places["project"] + "/" + places["unique_name"])[::7]
    client.world.incident(*hit, lasts="2h", failing={"status": 503, "share": 0.4})
    client.world.advance("10d")
    history = open_history(client, folder)
    began = time.process_time()
    rows = history.fill(since=f"-{days}d")
    return rows, time.process_time() - began


def run(folder: Path, function: str, where: str, projects: list[str] | None = None) -> Run:
    """Judge a fleet in a process of its own; raises where an environment is missing."""
    command = [sys.executable, "-W", "ignore", "-c", _RUN, str(folder), function, json.dumps(projects), where]
    environment = {**os.environ, "CREATEOS_NB_PROGRESS": "0"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    peak = [0.0]
    ended = threading.Event()
    watching = threading.Thread(target=_watch, args=(process.pid, peak, ended))
    watching.start()
    try:
        out, _ = process.communicate()
    finally:
        ended.set()
        watching.join()
    if process.returncode:
        raise RuntimeError(f"{function} by {where} ended with {process.returncode}")
    said = json.loads(out.splitlines()[-1])  # DuckDB shows how far it is
    if said["missing"]:
        raise RuntimeError(f"{function} by {where}: {said['missing']}")
    return Run(said["seconds"], said["processor"], peak[0], said["rows"])


def _watch(process: int, peak: list[float], ended: threading.Event) -> None:
    while not ended.wait(0.1):
        total = 0
        try:
            for one in (top := psutil.Process(process), *top.children(recursive=True)):
                total += one.memory_info().rss
        except psutil.Error:  # one of them ended meanwhile
            continue
        peak[0] = max(peak[0], total / 1e6)


def measured(folder: Path, environments: int, days: int, few: list[int], *, cluster: bool) -> list[Figure]:
    """The table's lines for a fleet that is written into a folder, where it is not there yet.

    Args:
        folder: Of the history.
        environments: How many.
        days: How many of each.
        few: Smaller fleets, of the same files, whose cost for an environment stands beside that of all.
        cluster: Whether a local cluster of two workers judges it too.
    """
    name = f"{environments:,} environments × {days} days of minutes"
    found: list[Figure] = []
    if not (folder / "manifest.json").exists():
        rows, seconds = write(folder, environments, days)
        found.append(at_most(f"{name}: written by the simulator", seconds / rows * 1e6, "limit", 10.0, 1.0, "µs a row"))
    history = open_history(path=folder)
    rows = int(history.datasets().set_index("dataset")["rows"]["requests"])
    workers = str(min(2, os.cpu_count() or 1))
    floor = run(folder, "slo", "duckdb")
    whole = run(folder, "slo", workers)
    million = rows / 1e6
    sums = "DuckDB: sums of the same columns"
    found += [
        at_most(f"{name}: slo", whole.processor / million, sums, floor.processor / million, 15.0, "s a million rows"),
        at_most(f"{name}: slo, memory of all processes", whole.memory, "limit", _MOST, 1.0, "MB"),
        at_most(f"{name}: slo, by the clock", whole.seconds, sums, floor.seconds, 30.0, "s"),
    ]
    if few:
        projects = sorted(history.at("now").projects()["unique_name"])
        all_ = 1000 * run(folder, "slo", "1").processor / environments
        for number in few:
            each = 1000 * run(folder, "slo", "1", projects[: number // 2]).processor / number
            found.append(at_most(f"{name}: slo of one", all_, f"of {number} of them", each, 1.2, "ms"))
    if cluster:
        two = run(folder, "slo", "cluster")
        both = "two processes"
        found += [
            at_most(f"{name}: slo, two workers of Dask", two.processor, both, whole.processor, 1.5, "s"),
            at_most(f"{name}: slo, two workers of Dask, memory", two.memory, "limit", _MOST, 1.0, "MB"),
        ]
    return found


def figures() -> list[Figure]:
    """A hundred environments, a year of minutes each: 52 million rows."""
    with tempfile.TemporaryDirectory() as folder:
        return measured(Path(folder) / "fleet", 100, YEAR, [10], cluster=True)


def main() -> Any:
    options = argparse.ArgumentParser()
    options.add_argument("--environments", type=int, default=100)
    options.add_argument("--days", type=int, default=YEAR)
    options.add_argument("--few", type=int, nargs="*", default=[10])
    options.add_argument("--folder", default="")
    options.add_argument("--cluster", action="store_true")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        where = Path(asked.folder or folder) / "fleet"
        found = measured(where, asked.environments, asked.days, asked.few, cluster=asked.cluster)
    print(table(found))


if __name__ == "__main__":
    main()
