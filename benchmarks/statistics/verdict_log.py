"""Access logs dealt to two sides client by client: nothing differs but who happened to be sent where.

Real clients are no coins: one of them may make a quarter of all errors. A judge that takes errors for independent then
condemns whichever side it was sent to. The made-up log has such a client; a real one may be given beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.statistics.verdict_baselines import exact, mann_whitney, z_test
from createos_nb.analysis import release_verdict
from createos_nb.analysis.releases.counts import PairedCounts

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SEED = 20_261_190
DEALS = 400
"""How often the clients are dealt."""
TIMES = 5
"""By how much errors of the candidate are raised where a regression is put in."""
_START = pd.Timestamp("2026-03-02", tz="UTC")


@dataclass(frozen=True, eq=False)
class Log:
    """Requests one by one, in hours; an error is any answer from 400 on, and all are counted as 5xx here."""

    hour: Ints
    client: Ints
    path: Ints
    failed: Bools
    names: tuple[str, ...]
    """The paths."""

    @property
    def hours(self) -> int:
        """Number of buckets."""
        return int(self.hour.max()) + 1


def made_up(seed: int = SEED) -> Log:
    """84 hours, 10,000 requests of 1,700 clients, 2 % errors, a quarter of them of one client that misses one file."""
    rng = np.random.default_rng(seed)
    clients, paths, requests = 1_700, 400, 9_940
    busy = rng.lognormal(0, 1.3, clients)
    client = rng.choice(clients, requests, p=busy / busy.sum())
    # a client comes for some hours and goes
    wave = 1 + 0.5 * np.sin(2 * np.pi * np.arange(84) / 24)
    begin = rng.choice(84, clients, p=wave / wave.sum())
    hour = np.minimum(begin[client] + rng.geometric(0.35, requests) - 1, 83)
    popular = 1 / np.arange(1, paths + 1) ** 1.1
    path = rng.choice(paths, requests, p=popular / popular.sum())
    missing = rng.random(paths) < 0.01
    failed = (rng.random(requests) < 0.012) | missing[path]
    # scanners: each tries some paths that are not there
    scanner = rng.choice(clients, 8, replace=False)
    failed |= np.isin(client, scanner) & (rng.random(requests) < 0.5)
    noisy = rng.integers(0, clients)
    again = 60
    return Log(
        hour=np.concatenate([hour, np.minimum(20 + rng.integers(0, 48, again), 83)]),
        client=np.concatenate([client, np.full(again, noisy)]),
        path=np.concatenate([path, np.full(again, paths)]),
        failed=np.concatenate([failed, np.ones(again, dtype=np.bool_)]),
        names=(*(f"/page/{number}" for number in range(paths)), "/files/missing.jar"),
    )


@lru_cache(maxsize=2)
def read(source: Path) -> Log:
    """An access log in Common or Combined format, plain or gzip."""
    from createos_nb.simulator.traffic.access_log import read_access_log

    events = read_access_log(source).events
    hours = events.time // 3_600_000_000
    names, path = np.unique(np.array([cell.path for cell in events.cells]), return_inverse=True)
    return Log(
        hour=np.asarray(hours - hours.min(), dtype=np.int64),
        client=np.asarray(events.client, dtype=np.int64),
        path=np.asarray(path[events.cell], dtype=np.int64),
        failed=np.asarray(events.status >= 400),
        names=tuple(str(name) for name in names),
    )


def deal(log: Log, rng: np.random.Generator) -> Bools:
    """For each request whether its client was sent to the candidate."""
    return np.asarray((rng.random(int(log.client.max()) + 1) < 0.5)[log.client])


def regressed(log: Log, new: Bools, rng: np.random.Generator) -> Log:
    """The same log with so many more errors on the candidate, spread over its requests."""
    served = new & ~log.failed
    chance = min((TIMES - 1) * int((new & log.failed).sum()) / max(int(served.sum()), 1), 1.0)
    return replace(log, failed=log.failed | (served & (rng.random(len(new)) < chance)))


def frames(log: Log, side: Bools) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Requests over time and top error paths by hour of the requests of one side."""
    index = pd.date_range(_START, periods=log.hours, freq="h", unit="us", name="time")
    count = np.bincount(log.hour[side], minlength=log.hours)
    failed = np.bincount(log.hour[side & log.failed], minlength=log.hours)
    columns = {"count": count, "status_2xx": count - failed, "status_3xx": 0, "status_4xx": 0, "status_5xx": failed}
    mine = side & log.failed
    pairs, numbers = np.unique(log.hour[mine] * len(log.names) + log.path[mine], return_counts=True)
    rows = pd.DataFrame({"hour": pairs // len(log.names), "path": pairs % len(log.names), "count": numbers})
    rows = rows.sort_values(["hour", "count", "path"], ascending=[True, False, True]).groupby("hour").head(10)
    paths = pd.DataFrame(
        {
            "time": index[rows["hour"].to_numpy()],
            "path": np.array(log.names, dtype=object)[rows["path"].to_numpy()],
            "status": "500",
            "count": rows["count"].to_numpy(),
        }
    )
    return pd.DataFrame(columns, index=index).astype("Int64"), paths.astype({"path": "str", "status": "str"})


def judged(log: Log, new: Bools) -> tuple[str, str, bool]:
    """Decisions without and with the guard, and whether a single path was pointed at."""
    (before, before_paths), (after, after_paths) = frames(log, ~new), frames(log, new)
    guarded = release_verdict(before, after, old_paths=before_paths, new_paths=after_paths)
    return release_verdict(before, after).decision, guarded.decision, bool(guarded.single_path["regressed"].any())


def baseline_alarms(log: Log, new: Bools) -> tuple[bool, ...]:
    """Whether Mann-Whitney, z and exact roll back at any hour: each without the guard and with it."""
    whole = _sides(log, new)
    top = np.argsort(-np.bincount(log.path[log.failed], minlength=len(log.names)), kind="stable")[:5]
    without = [_sides(replace(log, failed=log.failed & (log.path != one)), new) for one in top]
    found: list[bool] = []
    for evaluate in (mann_whitney, z_test, exact):
        plain = evaluate(whole)
        guarded = plain.copy()
        for one in without:
            guarded &= evaluate(one)
        found += [bool(plain.any()), bool(guarded.any())]
    return tuple(found)


def _sides(log: Log, new: Bools) -> PairedCounts:
    def hourly(chosen: Bools) -> Floats:
        return np.bincount(log.hour[chosen], minlength=log.hours).astype(np.float64)[None]

    return PairedCounts(hourly(~new), hourly(new), hourly(~new & log.failed), hourly(new & log.failed), 3600.0)


def _batch(source: Path | None, seed: int, deals: int) -> list[tuple[object, ...]]:
    """Some deals of a log: ours and the others' decisions, and ours on the same deal with a regression."""
    log = made_up() if source is None else read(source)
    rng = np.random.default_rng(seed)
    found: list[tuple[object, ...]] = []
    for _ in range(deals):
        new = deal(log, rng)
        found.append((*judged(log, new), judged(regressed(log, new, rng), new)[1], *baseline_alarms(log, new)))
    return found


def log_tables(part: float, source: Path | None) -> Iterable[tuple[str, str]]:
    """Title and Markdown for the made-up log, and for a real one where there is one."""
    rows = []
    for name, log in (("made-up log", None), *((("access log", source),) if source else ())):
        deals = max(round(DEALS * part), 20)
        batches = 5
        seeds = [SEED + 1 + number for number in range(batches)]
        parts = [_batch(log, seed, -(-deals // batches)) for seed in seeds]
        found = pd.DataFrame([one for rows_of in parts for one in rows_of])
        decided = [found[0], found[1], found[3]]
        shares = [100 * float((one == "rollback").mean()) for one in decided]
        others = [100 * float(found[column].mean()) for column in range(4, 10)]
        rows.append(
            [
                f"{name}, {len(found):,} deals",
                *(f"{one:.2f}" for one in (shares[0], shares[1], 100 * float(found[2].mean()), shares[2])),
                *(f"{others[2 * at]:.1f} → {others[2 * at + 1]:.2f}" for at in range(3)),
            ]
        )
    heads = ["", "ours, no guard", "ours", "single path pointed at", "ours, 5 ×", "Mann-Whitney", "z, peeked", "exact"]
    lines = [f"| {' | '.join(heads)} |", f"| --- |{' ---: |' * (len(heads) - 1)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    yield (
        "Clients dealt to two sides: healthy releases rolled back at any hour, % (others: without → with the guard)",
        "\n".join(lines),
    )
