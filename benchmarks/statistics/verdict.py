"""How often the release verdict errs, how soon it decides, and what the field's judges do on the same releases.

`python -m benchmarks.statistics.verdict [--quick] [ACCESS_LOG]` prints Markdown. Seeds are `SEED` and the number of the
cell times 100,000; other seeds were used to design the verdict. `--quick` draws a tenth of the releases. With an access
log in Common or Combined format its clients are dealt to two sides again and again, as those of a made-up log are.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from benchmarks.statistics.verdict_baselines import RIVALS, mann_whitney
from benchmarks.statistics.verdict_cells import COVERED, DAY, HEALTHY, HISTORIES, LASTING, LATE, WORSE
from benchmarks.statistics.verdict_log import log_tables
from benchmarks.statistics.verdict_worlds import World, draw
from createos_nb.analysis.releases.combine_evidence import over_kinds
from createos_nb.analysis.releases.counts import PairedCounts
from createos_nb.analysis.releases.evidence import evaluate

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_Found = TypeVar("_Found")

SEED = 20_261_100
HEIGHT = float(np.log(100))
"""Evidence at which it is decided, for α = β = 0.01."""
BATCH = 1_000
RIVAL_RELEASES = 2_000
"""Releases on which the slower judges are tried."""


@dataclass(frozen=True)
class Outcome:
    """What a judge did with the releases of a world; shares of 1, medians over those concerned."""

    releases: int
    rollback: float
    """Share rolled back before anything else was decided."""
    crossed: float
    """Share whose evidence to roll back reached 1/α at any look, promoted before or not."""
    minutes: float
    requests: float
    """Requests of one side until the rollback, the mean of both."""
    promote: float
    promote_minutes: float
    rolled_minutes: float
    """Until the rollback, of those rolled back."""


def combine_evidence(paired: PairedCounts) -> tuple[Floats, Floats]:
    """Log-evidence as `release_verdict` has it, with client errors watched beside, of which there are none."""
    found = evaluate(paired)
    none = np.zeros_like(paired.new_errors)
    without = evaluate(replace(paired, old_errors=none, new_errors=none, history_errors=paired.history_errors * 0))
    return over_kinds(np.stack([found.rollback, without.rollback])), found.promote


def ours(world: World, seed: int, history: int) -> Outcome:
    """The verdict on a world."""
    back, well, asked = [], [], []
    for number, first in enumerate(range(0, world.releases, BATCH)):
        part = replace(world, releases=min(BATCH, world.releases - first))
        paired = draw(part, seed + 1_000 * number, history=history)
        rollback, promote = combine_evidence(paired)
        back.append(first_of(rollback >= HEIGHT))
        well.append(first_of(promote >= HEIGHT))
        asked.append(_asked(paired, back[-1]))
    return _outcome(np.concatenate(back), np.concatenate(well), np.concatenate(asked))


def baseline(name: str, world: World, seed: int, history: int) -> Outcome:
    """Another judge on the first releases of the same world."""
    part = replace(world, releases=min(world.releases, BATCH if world.buckets > 60 else RIVAL_RELEASES))
    back, asked = [], []
    for number, first in enumerate(range(0, part.releases, BATCH)):
        paired = draw(replace(part, releases=min(BATCH, part.releases - first)), seed + 1_000 * number, history=history)
        if name == "Mann-Whitney" and world.buckets > 60:
            paired = paired.rows(slice(0, 100))
            alarms = mann_whitney(paired, every=60)
        else:
            alarms = RIVALS[name](paired)
        back.append(first_of(alarms))
        asked.append(_asked(paired, back[-1]))
    at = np.concatenate(back)
    return _outcome(at, np.full(len(at), np.inf), np.concatenate(asked))


def first_of(reached: Bools) -> Floats:
    """The number of buckets until it is first reached; ∞ if never."""
    return np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, np.inf)


def covered(world: World, seed: int, history: int) -> tuple[float, float, float]:
    """Shares of releases whose ratio was below `low`, above `high`, or either, at any of the looks."""
    below, above = [], []
    for number, first in enumerate(range(0, world.releases, BATCH)):
        part = replace(world, releases=min(BATCH, world.releases - first))
        found = evaluate(
            draw(part, seed + 1_000 * number, history=history), rollback_at=world.ratio, promote_at=world.ratio
        )
        # that ratio is ruled out from below or above exactly when the evidence against it reaches 1/α or 1/β
        below.append((found.rollback >= HEIGHT).any(axis=1))
        above.append((found.promote >= HEIGHT).any(axis=1))
    low, high = np.concatenate(below), np.concatenate(above)
    return float(low.mean()), float(high.mean()), float((low | high).mean())


def _asked(paired: PairedCounts, at: Floats) -> Floats:
    """Requests of one side until then, the mean of both; ∞ if never."""
    sums = np.cumsum((paired.old_requests + paired.new_requests) / 2, axis=1)
    where = np.where(np.isfinite(at), at, 1).astype(np.int64) - 1
    return np.where(np.isfinite(at), sums[np.arange(len(at)), where], np.inf)


def _outcome(back: Floats, well: Floats, asked: Floats) -> Outcome:
    rolled, promoted = np.isfinite(back) & (back <= well), np.isfinite(well) & (well < back)
    return Outcome(
        releases=len(back),
        rollback=float(rolled.mean()),
        crossed=float(np.isfinite(back).mean()),
        minutes=float(np.median(back)),
        requests=float(np.median(asked)),
        promote=float(promoted.mean()),
        promote_minutes=float(np.median(np.where(promoted, well, np.inf))),
        rolled_minutes=float(np.median(back[rolled])) if rolled.any() else np.inf,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the releases")
    parser.add_argument("log", nargs="?", type=Path, help="an access log")
    asked = parser.parse_args(arguments)
    part = 0.1 if asked.quick else 1.0
    with ProcessPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        for title, table in tables(part, pool, asked.log):
            print(f"### {title}\n\n{table}\n", flush=True)


def report() -> str:
    """All tables as Markdown."""
    with ProcessPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        found = "\n\n".join(f"### {title}\n\n{table}" for title, table in tables(1.0, pool, None))
    return f"## Release verdict\n\nSeed {SEED:,} and the number of the cell times 100,000.\n\n{found}"


def tables(part: float, pool: ProcessPoolExecutor, log: Path | None) -> Iterable[tuple[str, str]]:
    """Titles and Markdown, the slow ones last."""
    cells = _numbered(HEALTHY, 0, part)
    none, hour = (_map(pool, ours, cells, history) for history in (0, 60))
    others = {name: _map(pool, _Rival(name), cells, 60) for name in RIVALS}
    yield (
        "Healthy releases rolled back within an hour, looked at every minute, %",
        _rows(
            ["releases of 10,000", "no history", "60 min of history", *RIVALS],
            [
                [world.name, _share(a), _share(b), *(_share(others[name][at]) for name in RIVALS)]
                for at, ((world, _), a, b) in enumerate(zip(cells, none, hour, strict=True))
            ],
        )
        + f"\n\nOurs: {cells[0][0].releases:,} releases a cell; the others: the first {RIVAL_RELEASES:,} at most.",
    )
    yield (
        "The same releases promoted within the hour, % and median minutes",
        _rows(
            ["", "no history", "60 min of history"],
            [[world.name, _promoted(a), _promoted(b)] for (world, _), a, b in zip(cells, none, hour, strict=True)],
        ),
    )
    cells = _numbered(WORSE, 100, part)
    none, hour = (_map(pool, ours, cells, history) for history in (0, 60))
    others = {name: _map(pool, _Rival(name), cells, 60) for name in RIVALS}
    yield (
        "Worse releases found within an hour, %, median minutes (and requests a side)",
        _rows(
            ["", "no history", "60 min of history", *RIVALS],
            [
                [world.name, _found(a, True), _found(b, True), *(_found(others[name][at]) for name in RIVALS)]
                for at, ((world, _), a, b) in enumerate(zip(cells, none, hour, strict=True))
            ],
        ),
    )
    yield (
        "Worse releases promoted, %",
        _rows(
            ["", "no history", "60 min of history"],
            [
                [world.name, f"{100 * a.promote:.2f}", f"{100 * b.promote:.2f}"]
                for (world, _), a, b in zip(cells, none, hour, strict=True)
                if world.ratio >= 2
            ],
        ),
    )
    cells = _numbered(LATE, 150, part)
    none, hour = (_map(pool, ours, cells, history) for history in (0, 60))
    day = _map(pool, ours, _numbered(LATE, 150, part / 5), 1440)
    yield (
        "Releases that go bad later, of those not promoted by then: found within the hour, %, median minutes after it",
        _rows(
            ["", "no history", "60 min of history", "a day of history", "promoted, %"],
            [
                [world.name, *(_after(one, world) for one in (a, b, c)), f"{100 * c.promote:.1f}"]
                for (world, _), a, b, c in zip(cells, none, hour, day, strict=True)
            ],
        ),
    )
    cells = _numbered(COVERED, 200, part)
    misses = [_map(pool, covered, cells, history) for history in (0, 60)]
    yield (
        "The ratio outside its bounds at any of 60 looks, %: below, above, either",
        _rows(
            ["", "no history", "60 min of history"],
            [
                [world.name, *(" / ".join(f"{100 * one:.2f}" for one in both[at]) for both in misses)]
                for at, (world, _) in enumerate(cells)
            ],
        ),
    )
    lengths = [_map(pool, ours, _numbered(LASTING, 300, part / 2.5), history) for history in HISTORIES]
    yield (
        "Noise of one side that lasts: healthy releases rolled back, %, by the length of the history",
        _rows(
            ["minutes of history", *(str(one) for one in HISTORIES)],
            [[world.name, *(_share(one[at]) for one in lengths)] for at, world in enumerate(LASTING)],
        ),
    )
    cells = _numbered(DAY, 400, part)
    none, hour = (_map(pool, ours, cells, history) for history in (0, 60))
    others = {name: _map(pool, _Rival(name), cells, 60) for name in RIVALS}
    yield (
        "Healthy releases watched for 24 hours: rolled back, %; promoted, % and median minutes",
        _rows(
            ["", "no history", "promoted", "60 min of history", "promoted", *RIVALS],
            [
                [
                    world.name, _share(a), _promoted(a), _share(b), _promoted(b),
                    *(_share(others[name][at]) for name in RIVALS),
                ]
                for at, ((world, _), a, b) in enumerate(zip(cells, none, hour, strict=True))
            ],
        )
        + "\n\nIn parentheses: the evidence reached 1/α, were it not promoted before. "
        "Mann-Whitney: 100 releases, looked at once an hour.",
    )  # fmt: skip
    yield from log_tables(part, pool, log)


@dataclass(frozen=True)
class _Rival:
    """A function of a module that can be sent to another process."""

    name: str

    def __call__(self, world: World, seed: int, history: int) -> Outcome:
        return baseline(self.name, world, seed, history)


def _numbered(worlds: Iterable[World], first: int, part: float) -> list[tuple[World, int]]:
    return [
        (replace(world, releases=max(round(world.releases * part), 100)), SEED + 100_000 * (first + number))
        for number, world in enumerate(worlds)
    ]


def _map(
    pool: ProcessPoolExecutor, work: Callable[[World, int, int], _Found], cells: list[tuple[World, int]], history: int
) -> list[_Found]:
    return list(pool.map(work, *zip(*cells, strict=True), [history] * len(cells)))


def _rows(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(heads)} |", f"| --- |{' ---: |' * (len(heads) - 1)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _share(one: Outcome) -> str:
    text = f"{100 * one.rollback:.2f}"
    return text if one.crossed == one.rollback else f"{text} ({100 * one.crossed:.2f})"


def _promoted(one: Outcome) -> str:
    return f"{100 * one.promote:.1f}" + (f", {one.promote_minutes:.0f}" if np.isfinite(one.promote_minutes) else "")


def _after(one: Outcome, world: World) -> str:
    open_then = 1 - one.promote
    text = f"{100 * one.rollback / max(open_then, 1e-9):.1f}"
    return f"{text}, {one.rolled_minutes - world.begins:.0f}" if np.isfinite(one.rolled_minutes) else text


def _found(one: Outcome, requests: bool = False) -> str:
    text = f"{100 * one.rollback:.1f}"
    if np.isfinite(one.minutes):
        text += f", {one.minutes:.0f}" + (f" ({one.requests:,.0f})" if requests else "")
    return text


if __name__ == "__main__":
    main()
