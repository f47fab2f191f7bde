"""How often a diagnosis is right: over generated faults, with seeds that were looked at and seeds that were not.

`python -m benchmarks.diagnosis` prints both tables; `--seeds 0:4` and `--only NAME` look at a part, `--list` shows each
diagnosis that is wrong.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

import createos_nb
from createos_nb.diagnostics import Diagnosis, diagnose
from createos_nb.simulator.scenario.reader import read_scenario
from createos_nb.simulator.scenario.schema import CauseSection, GroundTruthSection

#: Seeds whose diagnoses were read while rules were written, and seeds that were only counted.
LOOKED_AT = range(2)
NOT_LOOKED_AT = range(1000, 1003)
_OF_ACCOUNT = {"quota_exceeded", "key_expired"}
#: Weights from which on a cause is told rather than mentioned.
_LIKELY = 0.5
#: Templates whose trouble goes well with another one's.
_PAIRS = (
    ("bad_release_one_path", "external_dependency_alone"),
    ("memory_leak", "bad_release_all_paths"),
    ("capacity", "build_failed_code"),
    ("runtime_crash", "external_dependency_shared"),
    ("wrong_port", "domain_pending"),
)


@dataclass(frozen=True)
class Case:
    """One place of one world.

    Attributes:
        template: of the fault; two with a plus sign between.
        seed: of the world.
        variant: "plain", "decoy", "two" or "scenario".
        where: what was diagnosed.
        truths: what is the matter there; none where nothing is.
        diagnosis: what was found.
        difficulty: "clear" or "faint".
    """

    template: str
    seed: int
    variant: str
    where: str
    truths: tuple[CauseSection, ...]
    diagnosis: Diagnosis
    difficulty: str

    @property
    def likely(self) -> list[str]:
        """The causes that are told."""
        return [finding.cause for finding in self.diagnosis.findings if finding.weight >= _LIKELY]

    def row(self) -> dict[str, Any]:
        """One row of the table: what was right, NA where it does not apply."""
        wanted = [truth.cause for truth in self.truths]
        first = self.diagnosis.findings[0] if self.likely else None
        truth = next((truth for truth in self.truths if first is not None and truth.cause == first.cause), None)
        row: dict[str, Any] = {
            "template": self.template,
            "seed": self.seed,
            "variant": self.variant,
            "difficulty": self.difficulty,
            "where": self.where,
            "wanted": ",".join(wanted),
            "found": ",".join(self.likely),
            "status": self.diagnosis.status,
            "requests": self.diagnosis.requests,
            "missing": ", ".join(self.diagnosis.missing),
            "confidence": first.confidence if first else "",
        }
        if not self.truths:
            return row | {"false_alarm": bool(self.likely) or self.diagnosis.status in ("degraded", "down", "asleep")}
        return row | {
            "detected": bool(self.likely) or self.diagnosis.status not in ("healthy", "unknown"),
            "cause": truth is not None,
            "all_causes": set(wanted) <= set(self.likely),
            "place": first is not None and first.where in (self.diagnosis.where, "account"),
            "fix": truth is not None and first is not None and _same_fix(truth, first.runbook),
            "unknown": first is None and self.diagnosis.status not in ("healthy",),
            "wrong": first is not None and truth is None,
        }


def _same_fix(truth: CauseSection, call: Any) -> bool:
    if not truth.runbook:
        return call is None
    if call is None or call.function != truth.runbook:
        return False
    given = dict(call.options)
    if truth.runbook == "rollback":
        return given.get("to") != truth.version  # any version but the one to blame
    for name in ("variables", "build_vars"):
        given[name] = list(given.get(name, ()))  # their values are not known
    return all(given.get(name, value) == value for name, value in truth.arguments.items())


def cases(seeds: range, only: str = "") -> Iterator[Case]:
    """Diagnose all places of all worlds of some seeds."""
    names = list(createos_nb.simulator.faults()["name"])
    worlds: list[tuple[str, dict[str, Any], str]] = []
    for name in names:
        worlds.append((name, {}, "plain"))
        if not name.startswith("healthy"):
            worlds.append((name, {"decoy": True}, "decoy"))
    worlds += [(first, {"also": second}, "two") for first, second in _PAIRS]
    for name, options, variant in worlds:
        if only and not name.startswith(only):
            continue
        for seed in seeds:
            yield from _of_world(name, seed, variant, options)


def scenario_cases(seeds: range) -> Iterator[Case]:
    """Diagnose all places of the scenarios that tell their causes, with worlds of several seeds."""
    for row in createos_nb.scenarios(answers=True).itertuples():
        truth = read_scenario(str(row.path)).scenario.ground_truth
        if truth is None or row.name == "fleet":
            continue
        for seed in seeds:
            yield from _of_client(
                str(row.name), seed, "scenario", createos_nb.simulate(str(row.name), seed=seed), truth
            )


def _of_world(name: str, seed: int, variant: str, options: dict[str, Any]) -> Iterator[Case]:
    try:
        scenario = createos_nb.simulator.fault_scenario(name, seed=seed, **options)
        world = createos_nb.simulator.fault_world(name, seed=seed, **options)
    except createos_nb.errors.InvalidInput:
        return  # two that do not go together
    assert scenario.ground_truth is not None
    template = name + (f"+{options['also']}" if "also" in options else "")
    yield from _of_client(template, seed, variant, createos_nb.simulate(world), scenario.ground_truth)


def _of_client(
    template: str, seed: int, variant: str, client: createos_nb.Client, truth: GroundTruthSection
) -> Iterator[Case]:
    by_place: dict[str, list[CauseSection]] = {}
    for cause in truth.causes:
        by_place.setdefault(cause.where, []).append(cause)
    difficulty = str(truth.facts.get("difficulty", ""))
    known = set(by_place) | set(truth.where)
    places = list(by_place)
    if not by_place or seed % 4 == 0:
        places += [place for place in _environments(client) if place not in known][:3]
    for place in places:
        project, _, environment = _project_of(client, place).partition("/")
        if {one.cause for one in by_place.get(place, ())} & _OF_ACCOUNT:
            project = ""  # the place is the name of a key
        diagnosis = diagnose(client, project or None, environment or None)
        yield Case(template, seed, variant, place, tuple(by_place.get(place, ())), diagnosis, difficulty)


def _project_of(client: createos_nb.Client, place: str) -> str:
    """The project of a place that may be the name of a domain."""
    if "." not in place:
        return place
    domains = client.fleet.domains()
    return str(domains.loc[domains["name"] == place, "project"].iloc[0])


def _environments(client: createos_nb.Client) -> list[str]:
    frame = client.fleet.environments()
    used = frame[frame["project_deployment_id"].notna()]
    return [f"{row.project}/{row.unique_name}" for row in used.itertuples()]


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """Shares by cause, in percent, and false alarms where nothing is the matter."""
    sick = rows[rows["wanted"] != ""]
    columns = ["detected", "place", "cause", "fix", "unknown", "wrong"]
    parts = sick.groupby("wanted")[columns].mean().mul(100).round(0).astype(int)
    parts.insert(0, "n", sick.groupby("wanted").size())
    parts.loc["all"] = [len(sick), *sick[columns].mean().mul(100).round(1)]
    return parts


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="")
    parser.add_argument("--only", default="")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    pd.set_option("display.width", 220, "display.max_columns", 30, "display.max_rows", 400, "display.max_colwidth", 60)
    warnings.simplefilter("ignore")
    sets = {"seeds that were looked at": LOOKED_AT, "seeds that were not": NOT_LOOKED_AT}
    if options.seeds:
        first, _, last = options.seeds.partition(":")
        sets = {f"seeds {options.seeds}": range(int(first), int(last))}
    for title, seeds in sets.items():
        found = list(cases(seeds, options.only))
        found += scenario_cases(seeds) if not options.only else ()
        rows = pd.DataFrame([case.row() for case in found])
        print(f"\n{title} ({seeds.start} to {seeds.stop - 1}), {len(rows)} diagnoses\n")
        sick, well = rows[rows["wanted"] != ""], rows[rows["wanted"] == ""]
        if sick.empty:
            print("false alarms:", int(well["false_alarm"].sum()), "of", len(well))
            continue
        print(table(rows))
        print(
            "\nby difficulty and variant\n",
            sick.groupby(["difficulty", "variant"])[["detected", "cause", "fix", "wrong"]].mean().mul(100).round(0),
        )
        print("\nby confidence\n", sick[sick["confidence"] != ""].groupby("confidence")["cause"].agg(["size", "mean"]))
        print(
            "\nfalse alarms:",
            int(well["false_alarm"].sum()) if len(well) else 0,
            "of",
            len(well),
            "| requests:",
            rows["requests"].median(),
            rows["requests"].max(),
        )
        unread = rows[rows["missing"] != ""]
        print("not read:", unread.groupby("missing").size().to_dict())
        if options.list:
            wrong = sick[~sick["cause"].astype(bool) | ~sick["fix"].astype(bool)]
            print(
                wrong[
                    ["template", "seed", "variant", "difficulty", "where", "wanted", "found", "status", "fix"]
                ].to_string()
            )
            if len(well):
                print(
                    well[well["false_alarm"].astype(bool)][["template", "seed", "where", "found", "status"]].to_string()
                )


if __name__ == "__main__":
    main()
