"""How trainees do in drills of all families, with seeds that were never looked at.

`python -m benchmarks.drills` lets each of `createos_nb.training.AGENTS` take every family, keeps the rows in
`benchmarks/drills.csv`, and writes the tables of `docs/drills.md` from them. `--families capacity,wrong_port` measures
a part and leaves the other rows; `--tables` only writes the tables; `--time` says how long one problem takes.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

import pandas as pd

from createos_nb import training

ROOT = Path(__file__).parents[1]
ROWS = ROOT / "benchmarks" / "drills.csv"
PAGE = ROOT / "docs" / "drills.md"
BEGIN, END = "<!-- tables: python -m benchmarks.drills -->", "<!-- end of tables -->"
#: Seeds that nobody looked at while families, scores or agents were written.
SEEDS = range(5000, 5002)
_MEASURES = ["avoidable_failed_requests", "harmed_requests", "needless_changes", "secrets_shown"]


def measured(agents: list[str], families: list[str]) -> pd.DataFrame:
    """Let agents take families, and return all rows."""
    parts = []
    for family in families:
        for agent in agents:
            parts.append(training.examine(agent, families=family, seeds=SEEDS).assign(agent=agent))
            print(f"{family}: {agent}", flush=True)
    return pd.concat(parts, ignore_index=True)


def kept() -> pd.DataFrame:
    """Return the rows that were kept."""
    if not ROWS.exists():
        return pd.DataFrame()
    return pd.read_csv(ROWS, dtype={"passed": "boolean"})


def keep(rows: pd.DataFrame) -> None:
    """Keep rows in place of those of the same families and agents."""
    old = kept()
    if len(old):
        new = set(zip(rows["family"], rows["agent"], strict=True))
        old = old[[pair not in new for pair in zip(old["family"], old["agent"], strict=True)]]
    order = {name: n for n, name in enumerate(training.families()["family"])}
    whole = pd.concat([old, rows], ignore_index=True) if len(old) else rows
    whole = whole.sort_values("family", key=lambda names: names.map(order), kind="stable")
    whole.to_csv(ROWS, index=False, lineterminator="\n")


def tables(rows: pd.DataFrame) -> str:
    """Return both tables as Markdown."""
    agents = [name for name in training.AGENTS if name in set(rows["agent"])]
    questions = list(dict.fromkeys(rows["question"]))
    heads = " | ".join(f"`{agent}`" for agent in agents)
    drills = len(rows[["family", "seed"]].drop_duplicates())
    lines = [f"| of {drills} drills | {heads} |", f"| --- |{' --- |' * len(agents)}"]
    for question in questions:
        cells = [_share(rows[(rows["agent"] == agent) & (rows["question"] == question)]) for agent in agents]
        lines.append(f"| `{question}` | {' | '.join(cells)} |")
    once = rows.drop_duplicates(["agent", "family", "seed"])
    for measure in _MEASURES[:3]:
        cells = [f"{once.loc[once['agent'] == agent, measure].sum():,.0f}" for agent in agents]
        lines.append(f"| {measure.replace('_', ' ')}, in all | {' | '.join(cells)} |")
    lines += ["", f"| family | {heads} |", f"| --- |{' --- |' * len(agents)}"]
    for family in dict.fromkeys(rows["family"]):
        mine = rows[rows["family"] == family]
        cells = [_cell(mine[mine["agent"] == agent]) for agent in agents]
        lines.append(f"| `{family}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def _share(rows: pd.DataFrame) -> str:
    known = rows["passed"].dropna()
    return f"{int(known.sum())} of {len(known)}"


def _cell(rows: pd.DataFrame) -> str:
    """Return how often each question was passed, as "2 2 2 – 2", and requests that could have been spared."""
    parts = []
    for _, group in rows.groupby("question", sort=False):
        known = group["passed"].dropna()
        parts.append(str(int(known.sum())) if len(known) else "–")
    avoidable = rows.drop_duplicates("seed")["avoidable_failed_requests"].sum()
    return f"{' '.join(parts)} · {avoidable:,.0f}"


def write_page(text: str) -> None:
    """Put the tables into the page."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def seconds_a_problem(family: str = "bad_release", seed: int = 5000) -> float:
    """Return the seconds of computing from making a problem to its score, an expert's acts included."""
    started = time.process_time()
    training.examine("expert", families=family, seeds=seed)
    return time.process_time() - started


def main() -> None:
    """Measure, keep, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", default="")
    parser.add_argument("--agents", default="")
    parser.add_argument("--tables", action="store_true")
    parser.add_argument("--time", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if options.time:
        seconds_a_problem("wrong_port", 1)  # imports
        for family in training.families()["family"]:
            print(f"{family}: {seconds_a_problem(family):.2f} s")
        return
    if not options.tables:
        names = options.families.split(",") if options.families else training.families()["family"].tolist()
        agents = options.agents.split(",") if options.agents else list(training.AGENTS)
        keep(measured(agents, names))
    write_page(tables(kept()))


if __name__ == "__main__":
    main()
