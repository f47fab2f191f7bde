"""How a figure is taken: the best or the median of several runs, ours and the other in turn."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the table. `goal` says what the ratio must be: at most, or at least."""

    name: str
    ours: float
    other_name: str
    other: float
    ratio: float
    goal: str
    met: bool
    unit: str = "s"


def paired(
    ours: Callable[[], object], other: Callable[[], object], *, runs: int = 5, best: bool = False
) -> tuple[float, float]:
    """Seconds of both, measured in turn so that a machine that drifts drifts for both; medians, or the best."""
    a: list[float] = []
    b: list[float] = []
    for _ in range(runs):
        for work, kept in ((ours, a), (other, b)):
            gc.collect()
            began = time.perf_counter()
            work()
            kept.append(time.perf_counter() - began)
    middle = min if best else statistics.median
    return middle(a), middle(b)


def at_most(name: str, ours: float, other_name: str, other: float, factor: float, unit: str = "s") -> Figure:
    """A figure that may be at most `factor` times the other."""
    ratio = ours / other
    return Figure(name, ours, other_name, other, ratio, f"≤ {factor:g}×", ratio <= factor, unit)


def faster(name: str, ours: float, other_name: str, other: float, factor: float, unit: str = "s") -> Figure:
    """A figure that must be at least `factor` times as fast as the other."""
    ratio = other / ours
    return Figure(name, ours, other_name, other, ratio, f"≥ {factor:g}× faster", ratio >= factor, unit)


def table(figures: list[Figure]) -> str:
    """The figures as Markdown."""
    lines = ["| what | ours | beside | it | ratio | goal | |", "| --- | ---: | --- | ---: | ---: | --- | --- |"]
    for f in figures:
        ours, other = f"{f.ours:.4g} {f.unit}", f"{f.other:.4g} {f.unit}"
        met = "met" if f.met else "MISSED"
        lines.append(f"| {f.name} | {ours} | {f.other_name} | {other} | {f.ratio:.2f} | {f.goal} | {met} |")
    return "\n".join(lines)
