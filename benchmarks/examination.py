"""Seconds of computing that one problem takes from start to score, for a trainee in this process and for a program.

Of a program its own computing is named beside it, and is not the figure: the figure is what the world, its forks and
the score take. Beside it stands the goal, five seconds on two cores. Elsewhere a problem needs a cluster, minutes and
gigabytes: docs/drills.md has what others state.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.measure import Figure, at_most
from createos_nb import training
from createos_nb.agents import examine_command

GOAL = 5.0
FAMILIES = ("bad_release", "capacity", "false_alarm")
SEED = 11
LOOKS = """
import json, os, sys, urllib.request
request = urllib.request.Request(os.environ["CREATEOS_API_URL"] + "/v1/projects?limit=20")
request.add_header("X-API-Key", os.environ["CREATEOS_API_KEY"])
urllib.request.urlopen(request).read()
print(json.dumps({"cause": "none"}))
"""


def figures() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "looks.py"
        program.write_text(LOOKS)
        words = [sys.executable, str(program)]
        computed(lambda: examine_command(words, FAMILIES[0], [SEED], salt="warm"))
        trainees: dict[str, Callable[[str], object]] = {
            "the expert, in this process": lambda family: training.examine("expert", family, [SEED]),
            "a program that looks once": lambda family: examine_command(words, family, [SEED], salt="looks"),
            "`diagnose`, a program": lambda family: examine_command("diagnose", family, [SEED], salt="diagnoses"),
        }
        found = []
        for name, take in trainees.items():
            pairs = [computed(partial(take, family)) for family in FAMILIES]
            ours, theirs = (statistics.mean(seconds) for seconds in zip(*pairs, strict=True))
            beside = f" ({theirs:.1f} s of its own beside it)" if theirs > 0.01 else ""
            found.append(at_most(f"a drill from start to score: {name}{beside}", ours, "the goal", GOAL, 1.0))
        return found


def computed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of computing of this process, and of those that it has started and that have ended."""
    before = _used()
    work()
    ours, theirs = (after - earlier for after, earlier in zip(_used(), before, strict=True))
    return ours, theirs


def _used() -> list[float]:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return [one.ru_utime + one.ru_stime for one in map(resource.getrusage, kinds)]
