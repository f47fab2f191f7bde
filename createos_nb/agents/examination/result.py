"""What an examination came to: a frame, and a report to keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from createos_nb.display import text_card
from createos_nb.dtypes import TEXT
from createos_nb.html import html_card, html_table

_MEASURES: Final = ("avoidable_failed_requests", "harmed_requests", "needless_changes", "secrets_shown")
_QUESTIONS: Final = ("detected", "localized", "cause", "mitigated", "no_harm")


@dataclass(frozen=True, repr=False)
class Examination:
    """What an examination came to.

    Attributes:
        command: what was examined, as it was given; what looks like a secret in it is dots.
        salt: what was mixed into the seeds; with it, the same problems can be made up again.
        timeout: real seconds that a drill was given.
        lasts: how long a drill was, in the world's time.
        seconds_per_call: seconds of the world that a request took.
        results: of each drill, as a line of `createos-nb drill run --json`.
    """

    command: str
    salt: str
    timeout: float
    lasts: str
    seconds_per_call: float
    results: list[dict[str, Any]]

    def frame(self) -> pd.DataFrame:
        """Return five rows for each drill, as `createos_nb.training.examine`, and how its process ended.

        Returns:
            family, seed (int64), question, passed (boolean), value (Float64), unit; and of the whole drill, the same in
            each of its rows, avoidable_failed_requests, harmed_requests, needless_changes, secrets_shown (Int64; NA
            where it can't be known), ended ("finished", "failed", "drill over", "timeout"), seconds (Float64, real).

        Examples:
            >>> answer = {"question": "detected", "passed": True, "value": 30.0, "unit": "s"}
            >>> ended = {"ended": "finished", "exit_code": 0, "seconds": 1.5, "errors": "", "measures": {}}
            >>> result = {"family": "capacity", "seed": 1, "score": [answer], **ended}
            >>> done = createos_nb.agents.Examination("python my_agent.py", "5a17", 600, "60min", 10, [result])
            >>> done.frame()[["family", "question", "passed", "ended"]].values.tolist()
            [['capacity', 'detected', True, 'finished']]
        """
        rows = [
            {
                "family": one["family"],
                "seed": one["seed"],
                **answer,
                **{name: one["measures"].get(name) for name in _MEASURES},
                "ended": one["ended"],
                "seconds": one["seconds"],
            }
            for one in self.results
            for answer in one["score"]
        ]
        columns = ["family", "seed", "question", "passed", "value", "unit", *_MEASURES, "ended", "seconds"]
        frame = pd.DataFrame(rows, columns=columns)
        texts = dict.fromkeys(("family", "question", "unit", "ended"), TEXT)
        numbers = {"seed": "int64", "passed": "boolean", "value": "Float64", "seconds": "Float64"}
        return frame.astype({**texts, **numbers, **dict.fromkeys(_MEASURES, "Int64")})

    def summary(self) -> pd.DataFrame:
        """Return how often each question was passed, by family.

        Returns:
            family, drills (Int64), then for each question in how many of those drills it was passed (Int64; NA where
            none of them asks it, such as mitigated where nothing can be done), and avoidable_failed_requests (Int64,
            the sum).

        Examples:
            >>> answer = {"question": "detected", "passed": True, "value": 30.0, "unit": "s"}
            >>> ended = {"ended": "finished", "exit_code": 0, "seconds": 1.5, "errors": "", "measures": {}}
            >>> result = {"family": "capacity", "seed": 1, "score": [answer], **ended}
            >>> done = createos_nb.agents.Examination("python my_agent.py", "5a17", 600, "60min", 10, [result])
            >>> done.summary()[["family", "drills", "detected", "cause"]].values.tolist()
            [['capacity', 1, 1, <NA>]]
        """
        frame = self.frame()
        rows = []
        for family, part in frame.groupby("family", sort=False):
            passed = part.groupby("question")["passed"].sum(min_count=1)
            one = part.drop_duplicates("seed")
            avoidable = one["avoidable_failed_requests"].sum()
            counts = {name: passed.get(name, pd.NA) for name in _QUESTIONS}
            rows.append({"family": family, "drills": len(one), **counts, "avoidable_failed_requests": avoidable})
        summary = pd.DataFrame(rows, columns=["family", "drills", *_QUESTIONS, "avoidable_failed_requests"])
        kinds = dict.fromkeys(("drills", *_QUESTIONS, "avoidable_failed_requests"), "Int64")
        return summary.astype({"family": TEXT, **kinds})

    def report(self) -> str:
        """Return the report as Markdown: the terms, the table by family, and the drills that did not end by themselves.

        Returns:
            A page, with the salt, which repeats it.

        Examples:
            >>> answer = {"question": "detected", "passed": True, "value": 30.0, "unit": "s"}
            >>> ended = {"ended": "finished", "exit_code": 0, "seconds": 1.5, "errors": "", "measures": {}}
            >>> result = {"family": "capacity", "seed": 1, "score": [answer], **ended}
            >>> done = createos_nb.agents.Examination("python my_agent.py", "5a17", 600, "60min", 10, [result])
            >>> print(done.report().splitlines()[2])
            - agent: `python my_agent.py`
        """
        table = self.summary()
        lines = [
            "# Examination of an agent",
            "",
            f"- agent: `{self.command}`",
            f"- drills: {len(self.results)}, each {self.lasts} of the world, {self.seconds_per_call:g} s a request",
            f"- real time for each: at most {self.timeout:g} s",
            f"- salt: `{self.salt}`",
            "",
            "How often each question was passed:",
            "",
            f"| {' | '.join(map(str, table.columns))} |",
            f"| --- | {' | '.join(['---:'] * (table.shape[1] - 1))} |",
        ]
        lines += [f"| {' | '.join(map(_cell, row))} |" for row in table.itertuples(index=False)]
        early = [one for one in self.results if one["ended"] != "finished"]
        if early:
            lines += ["", "Ended otherwise than by themselves:", ""]
            for one in early:
                code = "" if one["exit_code"] is None else f", exit code {one['exit_code']}"
                last = next(reversed(one["errors"].strip().splitlines()), "")
                said = f": `{last[:200]}`" if last else ""
                lines.append(f"- {one['family']} {one['seed']}: {one['ended']}{code}{said}")
        return "\n".join([*lines, ""])

    def __repr__(self) -> str:
        return text_card("Examination", f"{len(self.results)} drills", self._facts())

    def _repr_html_(self) -> str:
        table = self.summary()
        rows = [[_cell(value) for value in row] for row in table.itertuples(index=False)]
        return html_card("Examination", f"{len(self.results)} drills", self._facts()) + html_table(
            rows, [str(name).replace("_", " ") for name in table.columns]
        )

    def _facts(self) -> list[tuple[str, str]]:
        table = self.summary()
        passed = [f"{name} {table[name].sum()}" for name in _QUESTIONS]
        return [("agent", self.command), ("passed", ", ".join(passed)), ("salt", self.salt)]


def _cell(value: Any) -> str:
    return "" if pd.isna(value) else f"{value:,}" if isinstance(value, int) else str(value)
