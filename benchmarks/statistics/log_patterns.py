"""Patterns of logs: how many lines are grouped as the templates say that they were written from.

Logs are written from the simulator's templates of each runtime: requests, starts, memory that fills, and failures of
every kind, some with the details of one service, as a program writes them again and again, some with those of many.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Sequence

import numpy as np

from createos_nb.analysis.logs.events import events_of, lines_frame
from createos_nb.analysis.logs.patterns import PatternGroups
from createos_nb.simulator.traffic.log_templates import FRAMEWORKS, LogTemplate, failure

SEEDS = range(1201, 1221)
#: Seeds that were looked at while the miner was written.
TUNED = range(1, 6)
EVENTS = 2_000
RUNTIMES = {name: FRAMEWORKS[name] for name in ("nextjs", "fastapi", "flask", "gin", "fiber", "actix", "reactjs-spa")}
#: The simplest that a person would do: numbers and paths become one word, and equal lines are counted.
_MASK = re.compile(r"\d+|/[\w./-]*")

_METHODS = ("GET", "GET", "GET", "POST", "PUT", "DELETE")
_STATUSES = (200, 200, 200, 201, 304, 404, 500, 503)
_PATHS = ("/", "/cart", "/products/{n}", "/api/v1/orders/{n}/items", "/search?q={w}", "/static/{w}.js")
_WORDS = ("alder", "birch", "cedar", "dogwood", "elm", "fir", "gum", "hazel", "iris", "juniper", "kapok", "larch")
_DETAILS = {
    "missing-variable": "{W}_URL",
    "missing-module": "{w}",
    "connection-refused": "10.0.{b}.{b}:5432",
    "timeout": "{w}.internal:{n}",
    "port-in-use": "{n}",
    "out-of-memory": "",
}
_AGENTS = ("curl/8.5.0", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/{n}.0", "Googlebot/2.1 (+http://a.b/)")


def _filled(text: str, rng: np.random.Generator) -> str:
    word = _WORDS[rng.integers(len(_WORDS))]
    text = text.replace("{n}", str(rng.integers(1, 9_999))).replace("{w}", word).replace("{W}", word.upper())
    while "{b}" in text:
        text = text.replace("{b}", str(rng.integers(256)), 1)
    return text


def _request(speaker: LogTemplate, rng: np.random.Generator) -> tuple[str, Hashable]:
    method, status = _METHODS[rng.integers(len(_METHODS))], _STATUSES[rng.integers(len(_STATUSES))]
    text = speaker.access.format(
        method=method,
        path=_filled(_PATHS[rng.integers(len(_PATHS))], rng),
        status=status,
        reason="OK" if status < 300 else "No",
        ms=rng.integers(1, 900),
        size=rng.integers(0, 90_000),
        client=_filled("203.0.{b}.{b}", rng),
        agent=_filled(_AGENTS[rng.integers(len(_AGENTS))], rng),
        clock=f"02/Mar/2026:09:{rng.integers(10, 60)}:{rng.integers(10, 60)} +0000",
        date=f"2026/03/02 - 09:{rng.integers(10, 60)}:{rng.integers(10, 60)}",
    )
    return text, ("request", method, status)


def written(speaker: LogTemplate, rng: np.random.Generator, events: int = EVENTS) -> tuple[list[str], list[Hashable]]:
    """Lines of a log, and for each the template of the event that begins there; None for one that goes on."""
    lines: list[str] = []
    labels: list[Hashable] = []
    for _ in range(events):
        kind = rng.random()
        if kind < 0.8:
            text, label = _request(speaker, rng)
            lines.append(f"INFO {text}")
            labels.append(label)
        elif kind < 0.85:
            used = int(rng.integers(100, 900))
            lines.append(f"WARN {speaker.full.format(used=used, percent=used // 10, limit=1024)}")
            labels.append("memory")
        elif kind < 0.9:
            at = int(rng.integers(len(speaker.start)))
            lines.append(f"INFO {speaker.start[at][2]}")
            labels.append(("start", at))
        else:
            name = list(_DETAILS)[rng.integers(len(_DETAILS))]
            of_event = failure(speaker, f"{name}:{_filled(_DETAILS[name], rng)}")
            lines += [f"ERROR {line}" for line in of_event]
            labels += [("failure", name), *[None] * (len(of_event) - 1)]
    return lines, labels


def grouping_accuracy(groups: Sequence[Hashable], labels: Sequence[Hashable]) -> float:
    """The share of events whose group holds exactly the events of their template."""
    by_group, by_label = defaultdict(set), defaultdict(set)
    for position, (group, label) in enumerate(zip(groups, labels, strict=True)):
        by_group[group].add(position)
        by_label[label].add(position)
    right = sum(len(members) for members in by_label.values() if by_group[groups[min(members)]] == members)
    return right / len(labels)


def measured(speaker: LogTemplate, seed: int) -> tuple[float, float, float]:
    """Grouping accuracy of the patterns and of masked lines, and the share of trace lines that joined their first."""
    lines, labels = written(speaker, np.random.default_rng(seed))
    groups = PatternGroups()
    found: dict[int, Hashable] = {
        event.position: id(groups.of(event)) for event in events_of(lines_frame(lines, "lines"))
    }
    starts = [position for position, label in enumerate(labels) if label is not None]
    truth = [labels[position] for position in starts]
    rest = [position for position, label in enumerate(labels) if label is None]
    ours = grouping_accuracy([found.get(position, ("lost", position)) for position in starts], truth)
    simple = grouping_accuracy([_MASK.sub("*", lines[position]) for position in starts], truth)
    return ours, simple, 1 - sum(position in found for position in rest) / max(1, len(rest))


def report() -> str:
    lines = [
        "## Patterns of logs",
        "",
        f"Logs of {EVENTS:,} events written from the simulator's templates of each runtime, seeds {SEEDS[0]} to "
        f"{SEEDS[-1]} ({TUNED[0]} to {TUNED[-1]} were looked at while the miner was written). Right: events whose "
        "pattern holds exactly the events of their template (a request's has its method and status). Beside it: lines "
        "that are equal once numbers and paths are masked. Joined: lines of stack traces that count with their first.",
        "",
        "| written by | right, mean | right, worst log | masked lines, right | trace lines joined |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name, speaker in RUNTIMES.items():
        results = np.array([measured(speaker, seed) for seed in SEEDS]) * 100
        ours, simple, joined = results.mean(axis=0)
        lines.append(f"| {name} | {ours:.1f}% | {results[:, 0].min():.1f}% | {simple:.1f}% | {joined:.1f}% |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
