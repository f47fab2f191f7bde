"""The pictures of the concepts, in both themes: `python -m tools.site.pictures` writes `docs/pictures/`.

They are drawn from worlds of the simulator: what they show happened there.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib import dates
from matplotlib.patches import Rectangle
from PIL import Image

import createos_nb
from createos_nb import diagnostics, runbooks
from tools.site.layout import ROOT

FOLDER: Final = ROOT / "docs" / "pictures"
_WIDTH: Final = 8.0


@dataclass(frozen=True)
class Theme:
    """Colours of a page."""

    name: str
    page: str
    text: str
    faint: str
    good: str
    bad: str
    doubt: str
    accent: str

    def settings(self) -> Any:
        """The same for matplotlib."""
        edge = {f"{axis}.color": self.text for axis in ("xtick", "ytick")}
        return {
            "figure.facecolor": self.page,
            "axes.facecolor": self.page,
            "savefig.facecolor": self.page,
            "text.color": self.text,
            "axes.labelcolor": self.text,
            "axes.edgecolor": self.faint,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "grid.color": self.faint,
            "grid.alpha": 0.35,
            "font.size": 11,
            "font.family": "DejaVu Sans",
            **edge,
        }


THEMES: Final = (
    Theme("light", "#ffffff", "#222832", "#9aa4b2", "#1a7f4b", "#c2263b", "#8a5a00", "#1f5fbf"),
    Theme("dark", "#14181e", "#ced6dd", "#5d6875", "#4cc38a", "#ff6b7d", "#e0a83c", "#79b0ff"),
)


# --- plans ------------------------------------------------------------------------------------------------------------


def cycle(theme: Theme) -> Any:
    """From a runbook to a receipt, and back."""
    fig, ax = plt.subplots(figsize=(_WIDTH, 2.2))
    fig.subplots_adjust(left=0.01, right=0.99, bottom=0.02, top=0.98)
    ax.set(xlim=(0, 99), ylim=(3, 30))
    ax.axis("off")
    boxes = [
        ("runbook", "reads only", theme.accent),
        ("plan", "steps, reasons,\nreach, digest", theme.accent),
        ("apply", "reads again before\neach write", theme.doubt),
        ("verify", "PASS, FAIL\nor NO DATA", theme.good),
        ("receipt", "what was done,\nand its undo", theme.good),
    ]
    for index, (title, words, colour) in enumerate(boxes):
        x = index * 20.4
        ax.add_patch(Rectangle((x + 0.4, 13), 16.4, 16, fill=False, edgecolor=colour, linewidth=1.8))
        ax.text(x + 8.6, 25, title, ha="center", va="center", weight="bold", color=colour)
        ax.text(x + 8.6, 18.4, words, ha="center", va="center", fontsize=8.6)
        if index:
            _arrow(ax, theme, (x - 3.4, 21), (x + 0.2, 21))
    ax.plot([90, 90, 28.9], [12.6, 5, 5], color=theme.faint, linewidth=1.4)
    _arrow(ax, theme, (28.9, 5), (28.9, 12.4))
    ax.text(59, 6.2, "undo is a plan again", ha="center", va="bottom", fontsize=9)
    return fig


def _arrow(ax: Any, theme: Theme, start: tuple[float, float], end: tuple[float, float]) -> None:
    style = {"arrowstyle": "-|>", "color": theme.faint, "linewidth": 1.4, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", xy=end, xytext=start, arrowprops=style)


# --- the release verdict ----------------------------------------------------------------------------------------------


def releases() -> dict[str, Any]:
    """Three releases beside the same baseline, each with its verdict: as healthy, twice and five times the errors."""
    trial = createos_nb.simulate("storefront").world
    for environment in ("blue", "green"):
        trial.traffic("storefront", environment, rpm=400)
    for version in (12, 6):
        trial.set_behavior("storefront", version, errors=[{"status": 500, "share": 0.005}])
    trial.advance("2h")
    found = {}
    for name, share in (("as healthy", 0.005), ("2× the errors", 0.01), ("5× the errors", 0.025)):
        client = createos_nb.simulate(trial.fork())
        client.world.set_behavior("storefront", 6, errors=[{"status": 500, "share": share}])
        client.world.advance("1h")
        ask = client.analytics.requests_over_time
        history = ask("storefront", "blue", start="-3h", end="-1h")
        old, new = ask("storefront", "blue", start="-1h"), ask("storefront", "green", start="-1h")
        found[name] = createos_nb.analysis.release_verdict(old, new, history=history)
    return found


def evidence(theme: Theme, verdicts: dict[str, Any]) -> Any:
    """The evidence of the three releases, minute by minute, with the boundary."""
    fig, axes = plt.subplots(1, 2, figsize=(_WIDTH, 3.7), sharey=True, layout="constrained")
    sides = (("evidence", "evidence for rolling back"), ("evidence_promote", "evidence for promoting"))
    colours = dict(zip(verdicts, (theme.good, theme.doubt, theme.bad), strict=True))
    for ax, (column, title) in zip(axes, sides, strict=True):
        for name, verdict in verdicts.items():
            path = verdict.path
            minutes = (path.index - path.index[0]).total_seconds() / 60 + 1
            ax.plot(minutes, path[column].astype(float).clip(1e-3), color=colours[name], linewidth=1.8, label=name)
        ax.axhline(100, color=theme.text, linewidth=1, linestyle="--")
        ax.set(yscale="log", ylim=(1e-3, 3e4), xlim=(0, 40), xlabel="minutes since the release")
        ax.set_title(title, fontsize=11)
        ax.grid(visible=True, axis="y")
    axes[0].text(39.5, 130, "boundary: 100", ha="right", va="bottom", fontsize=9)
    handles, labels = axes[1].get_legend_handles_labels()
    fig.legend(handles, labels, frameon=False, fontsize=10, loc="outside lower center", ncols=3)
    return fig


def ratio(theme: Theme, verdicts: dict[str, Any]) -> Any:
    """The interval of the ratio narrows with every error."""
    verdict = verdicts["2× the errors"]
    fig, ax = plt.subplots(figsize=(_WIDTH, 2.9), layout="constrained")
    bounds = verdict.intervals
    minutes = (bounds.index - bounds.index[0]).total_seconds() / 60 + 1
    low, high = bounds["low"].astype(float), bounds["high"].astype(float)
    ax.fill_between(minutes, low.clip(0.1), high.clip(upper=50), color=theme.doubt, alpha=0.25, linewidth=0)
    ax.plot(minutes, bounds["ratio"].astype(float), color=theme.doubt, linewidth=1.8)
    ax.axhline(1, color=theme.good, linewidth=1.2)
    ax.axhline(2, color=theme.bad, linewidth=1.2, linestyle="--")
    ax.text(59.5, 1.03, "as often as the baseline", ha="right", va="bottom", fontsize=9, color=theme.good)
    ax.text(59.5, 2.06, "twice as often: not to be promoted", ha="right", va="bottom", fontsize=9, color=theme.bad)
    ax.set(yscale="log", ylim=(0.4, 10), xlim=(0, 60), xlabel="minutes since the release", ylabel="times as often")
    ax.set_yticks([0.5, 1, 2, 5, 10], labels=["0.5", "1", "2", "5", "10"])
    ax.minorticks_off()
    return fig


# --- requests ---------------------------------------------------------------------------------------------------------


def costs() -> dict[str, int]:
    """How many requests some calls take in the world `bad-release`, each by a client that has asked nothing yet."""
    origin = createos_nb.simulate("bad-release").world
    asked: dict[str, Callable[[Any], object]] = {
        "one environment's traffic, 24 h": lambda c: c.analytics.requests_over_time(
            "storefront", "production", start="-24h"
        ),
        "the fleet's overview": lambda c: c.fleet.overview(),
        "a diagnosis": lambda c: diagnostics.diagnose(c, "storefront", "production"),
        "a rollback: the plan": lambda c: runbooks.rollback(c, "storefront", "production"),
        "a rollback: plan, apply, verify": _rolled_back,
    }
    found = {}
    for name, ask in asked.items():
        client = createos_nb.simulate(origin.fork())
        before = len(client.log())
        ask(client)
        found[name] = len(client.log()) - before
    return found


def _rolled_back(client: Any) -> None:
    plan = runbooks.rollback(client, "storefront", "production")
    with TemporaryDirectory() as folder:
        plan.apply(confirm=plan.digest, reason="what it costs", journal=Path(folder) / "rollback.jsonl")


def budget(theme: Theme, found: dict[str, int]) -> Any:
    """What these cost of a minute's requests."""
    fig, ax = plt.subplots(figsize=(_WIDTH, 2.7), layout="constrained")
    names = list(found)[::-1]
    ax.barh(names, [found[name] for name in names], color=theme.accent, height=0.55)
    for index, name in enumerate(names):
        ax.text(found[name] + 1, index, str(found[name]), va="center", fontsize=10)
    ax.axvline(100, color=theme.bad, linewidth=1.4, linestyle="--")
    ax.text(99, len(names) - 0.45, "a minute's limit: 100", ha="right", va="bottom", fontsize=9, color=theme.bad)
    ax.set(xlim=(0, 104), xlabel="requests")
    ax.tick_params(axis="y", length=0)
    return fig


# --- the simulator ----------------------------------------------------------------------------------------------------


def two_days() -> pd.DataFrame:
    """Two days of the world `bad-release`: the daily wave, and what goes wrong in it."""
    client = createos_nb.simulate("bad-release")
    return client.analytics.requests_over_time("storefront", "production", start="-48h")


def days(theme: Theme, requests: pd.DataFrame) -> Any:
    """Requests and errors of these two days."""
    fig, axes = plt.subplots(2, 1, figsize=(_WIDTH, 3.8), sharex=True, layout="constrained", height_ratios=[2, 1])
    rows = requests.resample("15min").sum(min_count=1)
    axes[0].plot(rows.index, rows["count"].astype(float) / 15, color=theme.accent, linewidth=1.5)
    axes[0].set(ylabel="requests a minute", ylim=(0, None))
    failing = 100 * rows["status_5xx"].astype(float) / rows["count"].astype(float)
    axes[1].plot(rows.index, failing, color=theme.bad, linewidth=1.5)
    axes[1].set(ylabel="5xx, %", ylim=(0, None))
    axes[1].xaxis.set_major_formatter(dates.DateFormatter("%d %b, %H:%M"))  # type: ignore[no-untyped-call]
    axes[1].xaxis.set_major_locator(dates.HourLocator(byhour=(0, 12)))  # type: ignore[no-untyped-call]
    for ax in axes:
        ax.grid(visible=True, axis="y")
        ax.set_xlim(rows.index[0], rows.index[-1])
    return fig


def save(name: str, theme: Theme, draw: Callable[[], Any]) -> int:
    """Draw a picture in a theme and keep it with few colours; return its bytes."""
    with mpl.rc_context(theme.settings()):
        fig = draw()
        buffer = io.BytesIO()
        fig.savefig(buffer, dpi=150, format="png")
        plt.close(fig)
    path = FOLDER / f"{name}.{theme.name}.png"
    Image.open(buffer).convert("RGB").quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)
    return path.stat().st_size


def main() -> None:
    """Write all of them."""
    mpl.use("agg")
    FOLDER.mkdir(exist_ok=True)
    verdicts, found, requests = releases(), costs(), two_days()
    for theme in THEMES:
        drawings: dict[str, Callable[[], Any]] = {
            "plan": lambda theme=theme: cycle(theme),  # type: ignore[misc]
            "verdict-evidence": lambda theme=theme: evidence(theme, verdicts),  # type: ignore[misc]
            "verdict-ratio": lambda theme=theme: ratio(theme, verdicts),  # type: ignore[misc]
            "requests": lambda theme=theme: budget(theme, found),  # type: ignore[misc]
            "simulator": lambda theme=theme: days(theme, requests),  # type: ignore[misc]
        }
        for name, draw in drawings.items():
            print(f"{name}.{theme.name}.png: {save(name, theme, draw):,} bytes")


if __name__ == "__main__":
    main()
