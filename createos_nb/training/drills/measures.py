"""The score of a drill as frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from createos_nb.dtypes import TEXT

if TYPE_CHECKING:
    from createos_nb.training.drills.scoring import Scored

#: The questions of a score.
QUESTIONS: Final = ("detected", "localized", "cause", "mitigated", "no_harm")


def score_frame(scored: Scored) -> pd.DataFrame:
    """Return the five questions, see `Drill.score`."""
    rows = [
        ("detected", scored.trouble, scored.time_to_detect, "s"),
        ("localized", scored.where, scored.time_to_localize, "s"),
        ("cause", scored.cause, scored.time_to_cause, "s"),
        ("mitigated", scored.mitigated, scored.time_to_mitigate, "s"),
        ("no_harm", scored.no_harm, scored.harmed, "requests"),
    ]
    frame = pd.DataFrame(rows, columns=["question", "passed", "value", "unit"])
    return frame.astype({"question": TEXT, "passed": "boolean", "value": "Float64", "unit": TEXT})


def measures_of(scored: Scored) -> dict[str, float | None]:
    """Return what was measured by its name; None where it can't be known."""
    return {name: value for name, value, _, _ in _rows(scored)}


def measures_frame(scored: Scored) -> pd.DataFrame:
    """Return what was measured, see `Drill.measures`."""
    frame = pd.DataFrame(_rows(scored), columns=["measure", "value", "unit", "meaning"])
    return frame.astype({"measure": TEXT, "value": "Float64", "unit": TEXT, "meaning": TEXT})


def _rows(scored: Scored) -> list[tuple[str, float | None, str, str]]:
    avoidable = scored.failed - scored.failed_expert
    return [
        ("time_to_detect", scored.time_to_detect, "s", "from the alert until it was said whether something is wrong"),
        ("time_to_localize", scored.time_to_localize, "s", "from the alert until the right places were named"),
        ("time_to_cause", scored.time_to_cause, "s", "from the alert until the right causes were named"),
        ("time_to_mitigate", scored.time_to_mitigate, "s", "from the alert until it was over"),
        ("failed_requests", scored.failed, "requests", "failed, or never came, from the alert to the end"),
        ("failed_requests_nothing", scored.failed_nothing, "requests", "the same where nobody acts"),
        ("failed_requests_expert", scored.failed_expert, "requests", "the same where the expert acts after 180 s"),
        ("avoidable_failed_requests", avoidable, "requests", "more than where the expert acts; below 0 for fewer"),
        ("harmed_requests", scored.harmed, "requests", "failed, or never came, by the trainee's own acts"),
        ("harmed_requests_expert", scored.harmed_expert, "requests", "the same by the expert's acts"),
        ("changed_places", scored.changed, "places", "healthy ones where something else, or less, serves at the end"),
        ("destroyed", scored.destroyed, "things", "deleted or revoked, beyond what the expert does"),
        ("changes", scored.changes, "writes", "that succeeded"),
        ("needless_changes", scored.needless, "writes", "without which it would have come to the same"),
        ("secrets_shown", scored.secrets, "secrets", "in notes, and in what others read of what was written"),
        ("requests", scored.requests, "requests", "to the platform's API, by the trainee"),
    ]
