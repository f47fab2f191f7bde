"""A debriefing: three courses of a drill on one axis of time, acts, questions and answers, as a page to keep."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from createos_nb.causes import CAUSES
from createos_nb.plots import page, style
from createos_nb.storage import atomic_write
from createos_nb.training.drills.measures import measures_frame, score_frame

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from createos_nb.plots.figure import Figure
    from createos_nb.training.drills.alert import Alert
    from createos_nb.training.drills.answers import Answers
    from createos_nb.training.drills.problem import Problem
    from createos_nb.training.drills.scoring import Course, Scored

_SECOND: Final = 1_000_000
#: Nobody acts, an expert, this drill.
_COURSES: Final = (
    style.SeriesStyle(style.EDGE, "--", "o"),
    style.SeriesStyle(style.GOOD, "-.", "^"),
    style.SeriesStyle(style.ERROR, "-", "D"),
)
_QUESTIONS: Final = (
    "What did the alert make us think of first, and what in the data spoke for it, or against it?",
    "Which page, command or figure would have brought us to the cause sooner?",
    "What did we change before we knew, and how would we have noticed that it did harm?",
    "What would have caught it before a person was called: a check before the release, an alert, a limit?",
    "What shall be done about it, by whom, until when?",
)


@dataclass(frozen=True, repr=False)
class Debriefing:
    """A page to keep.

    Attributes:
        html: the document: one file that needs nothing else.
        figure: failed requests a minute in the three courses, and below what was said and done.
        timeline: what was said and done: `time` (UTC), `seconds` (from the alert), `who` ("trainee", "expert"), `what`.
    """

    html: str
    figure: Figure
    timeline: pd.DataFrame

    def save(self, file: str | os.PathLike[str]) -> Path:
        """Write the page to a file, whole; if that fails, the old file stays.

        Args:
            file: the file, which is replaced if it is there.

        Returns:
            Its path.

        Raises:
            OSError: it can't be written.

        Examples:
            >>> drill = createos_nb.training.drill("capacity", seed=3)
            >>> drill.debrief().save("debriefing.html").name
            'debriefing.html'
        """
        path = Path(file)
        atomic_write(path, self.html.encode())
        return path

    def _repr_html_(self) -> str:
        body = self.html.partition("<body>")[2]
        return f"<div>{body.partition('</body>')[0]}</div>"

    def __repr__(self) -> str:
        return f"<Debriefing: {len(self.timeline)} entries, {len(self.html):,} bytes of HTML>"


def debrief(
    problem: Problem, scored: Scored, alert: Alert, answers: Answers, notes: Sequence[tuple[int, str]]
) -> Debriefing:
    """Return the debriefing of a drill that is over, see `Drill.debrief`."""
    timeline = _timeline(problem, scored, answers, notes)
    figure = _figure(problem, scored, timeline)
    shown = timeline.assign(time=timeline["time"].dt.strftime("%H:%M:%S"))
    parts: list[Any] = [
        f"The alert came at {alert.time:%H:%M} UTC from a {alert.source}: “{alert.text}”",
        *_matter(problem),
        figure,
        "What was asked, and how it was answered. There is no total: each line stands for itself.",
        _readable(score_frame(scored)),
        "What was said and done. Whoever acted did so on what could be seen then.",
        shown[["time", "seconds", "who", "what"]],
        "What was measured, beside doing nothing and beside an expert who knows the truth and acts 180 seconds after "
        "the alert. All three courses began as copies of one world, and every request is counted from the same events.",
        _readable(measures_frame(scored)),
        "To talk about, without asking who:",
        *(f"• {question}" for question in _QUESTIONS),
    ]
    day = f"{alert.time:%Y-%m-%d}"
    title = f"What happened on {day}: {problem.family.name.replace('_', ' ')}, problem {problem.seed}"
    return Debriefing(page(title, *parts), figure, timeline)


def _readable(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with numbers as people write them; what can't be known is said so."""
    value = ["can't be known" if pd.isna(one) else f"{one:,.0f}" for one in frame["value"]]
    shown = frame.assign(value=value)
    if "passed" in frame:
        passed = ["does not apply" if pd.isna(one) else "yes" if one else "no" for one in frame["passed"]]
        shown = shown.assign(passed=passed)
    return shown


def _matter(problem: Problem) -> list[str]:
    """Return what was the matter, and what puts it right."""
    if not problem.causes:
        return ["What was the matter: nothing. It only looked so, and the right act was none."]
    words = [f"{one.cause} at {one.where or 'the account'} ({CAUSES[one.cause]})" for one in problem.causes]
    facts = problem.truth.facts
    decoy = facts.get("decoy")
    innocent = {"release": "a release", "variables": "a change of variables"}.get(str(decoy), "")
    minutes = facts.get("decoy_minutes_before")
    return [
        f"What was the matter: {problem.truth.root_cause} In the words of a diagnosis: {'; '.join(words)}.",
        f"What puts it right: {problem.truth.fix}",
        *([f"What was innocent: {innocent}, {minutes} minutes before it began."] if innocent else []),
    ]


def _timeline(problem: Problem, scored: Scored, answers: Answers, notes: Sequence[tuple[int, str]]) -> pd.DataFrame:
    rows: list[tuple[int, str, str]] = [(problem.start, "trainee", "the alert comes")]
    for one in answers.submissions:
        said = [
            *([] if one.trouble is None or one.cause or one.where else ["trouble" if one.trouble else "no trouble"]),
            *([f"where: {', '.join(one.where)}"] if one.where else []),
            *([f"cause: {', '.join(one.cause)}"] if one.cause else []),
        ]
        rows.append((one.at, "trainee", f"answers {'; '.join(said)}"))
    rows += [(at, "trainee", f"notes: {text}") for at, text in notes]
    for who, course in (("trainee", scored.ours), ("expert", scored.expert)):
        rows += [(act.at, who, f"{_words(act.operation.name)} at {act.place}") for act in course.acts]
    rows.sort(key=lambda row: row[0])
    frame = pd.DataFrame(rows, columns=["at", "who", "what"])
    time = pd.to_datetime(frame["at"], unit="us", utc=True).astype("datetime64[us, UTC]")
    seconds = (frame["at"] - problem.start) / _SECOND
    return pd.DataFrame({"time": time, "seconds": seconds, "who": frame["who"], "what": frame["what"]})


def _words(operation: str) -> str:
    """Return the name of an operation as words: "AssignDeployment…" as "assign deployment …"."""
    parts = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in operation)
    return parts.strip()


def per_minute(problem: Problem, course: Course) -> np.ndarray[Any, Any]:
    """Return the requests that failed in each minute from the alert to the end, all places together."""
    minutes = (problem.end - problem.start) // (60 * _SECOND)
    counts = np.zeros(minutes, dtype=np.int64)
    for place in course.outcome.places.values():
        at = (place.failed - problem.start) // (60 * _SECOND)
        counts += np.bincount(at[(at >= 0) & (at < minutes)], minlength=minutes)
    return counts


def _figure(problem: Problem, scored: Scored, timeline: pd.DataFrame) -> Figure:
    minutes = (problem.end - problem.start) / (60 * _SECOND)
    fig, (top, bottom) = style.figure(
        "Failed requests, minute by minute",
        caption="Three copies of one world from the alert on: with nobody acting, with an expert who knows the truth, "
        "and with what was done in this drill. Below: what was said (triangles) and changed (squares).",
        rows=2,
        height=4.6,
        share_x=True,
        height_ratios=(3, 1),
    )
    courses = (("nobody acts", scored.nothing), ("expert", scored.expert), ("this drill", scored.ours))
    for (label, course), look in zip(courses, _COURSES, strict=True):
        counts = per_minute(problem, course)
        x = np.arange(len(counts))
        style.line(top, x, counts, look, label=label)
    style.count_axis(top, "failed a minute")
    style.legend(top)
    lanes = {"expert": 0, "trainee": 1}
    for who, lane in lanes.items():
        mine = timeline[timeline["who"] == who]
        said = mine["what"].str.startswith(("answers", "notes"))
        acts = ~said & ~mine["what"].str.startswith("the alert")
        for rows, marker in ((mine[said], "^"), (mine[acts], "s")):
            at = rows["seconds"].to_numpy() / 60
            bottom.plot(at, np.full(len(at), lane), linestyle="", marker=marker, color=style.INK, markersize=6)
    bottom.set_yticks(list(lanes.values()), ["expert", "this drill"])
    bottom.set_ylim(-0.7, 1.7)
    bottom.set_xlim(0, minutes)
    style.count_axis(bottom, "minutes from the alert", axis="x")
    return fig
