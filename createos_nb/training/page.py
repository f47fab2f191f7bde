"""The page of a debriefing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.html import Html

if TYPE_CHECKING:
    from collections.abc import Sequence

    from createos_nb.training.alert import Alert
    from createos_nb.training.answers import Answers
    from createos_nb.training.problem import Problem
    from createos_nb.training.recorder import Asked
    from createos_nb.training.scoring import Scored


def debrief_page(
    problem: Problem,
    scored: Scored,
    alert: Alert,
    answers: Answers,
    notes: Sequence[tuple[int, str]],
    asked: Sequence[Asked],
    clock: str,
) -> Html:
    """Return the page, see `Drill.debrief`."""
    return Html("<h1>What happened</h1>")
