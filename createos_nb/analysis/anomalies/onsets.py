"""One alarm an incident: evidence is reported where an incident begins, and again only where it turns out much worse.

Every other row keeps its own evidence, up to what is faint: enough to rank rows by, and no alarm.

The onsets of a stream's earlier rows are handed on as :class:`ReportedOnsets`, so that a stream and the whole of it get
the same alarms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from createos_nb.analysis.validation import Floats

# Evidence from which on onsets are told, thinned out, for those who set a lower threshold.
_FAINT = 1.5
NO_ONSET = float(np.nextafter(_FAINT, 0))
"""The most evidence of a row that is no onset."""

_Recent = tuple[tuple[int, float], ...]
"""Reported onsets, counted back from the last row judged (which is −1), with their evidence; the strongest last."""


@dataclass(frozen=True)
class ReportedOnsets:
    """Recent onsets, at an alarm's threshold and below it."""

    loud: _Recent = ()
    faint: _Recent = ()

    def without_rows(self, rows: int) -> ReportedOnsets:
        """The same where the last `rows` rows, which had no onset, are to be judged again."""
        return ReportedOnsets(
            *(tuple((at + rows, value) for at, value in reported) for reported in (self.loud, self.faint))
        )


def onsets(
    strength: Floats, *, quiet: int, alarm: float, worse: float, reported: ReportedOnsets | None = None
) -> tuple[Floats, ReportedOnsets]:
    """Evidence of an incident where it begins, faint evidence elsewhere, shape (rows,); and the recent onsets.

    Within `quiet` rows of an alarm, evidence of at least `alarm`, there is another only if it is `worse` times as
    strong: one alarm an incident, unless it turns out to be much worse. Weaker evidence is thinned out in the same way
    (by a quarter), for those who set another threshold on it, and stays below `alarm`.
    """
    reported = reported or ReportedOnsets()
    loud, loud_recent = _onsets(strength, quiet, reported.loud, least=alarm, worse=worse)
    below_alarm = np.minimum(strength, np.nextafter(alarm, 0))
    faint, faint_recent = _onsets(below_alarm, quiet, reported.faint, least=_FAINT, worse=1.25)
    begins = np.where(loud > 0, loud, faint)
    return np.where(begins > 0, begins, np.minimum(below_alarm, NO_ONSET)), ReportedOnsets(loud_recent, faint_recent)


def _onsets(strength: Floats, quiet: int, earlier: _Recent, *, least: float, worse: float) -> tuple[Floats, _Recent]:
    onset_strength = np.zeros_like(strength)
    recent = list(earlier)
    for at in np.flatnonzero(strength >= least).tolist():
        value = float(strength[at])
        recent = [onset for onset in recent if onset[0] >= at - quiet]
        if not recent or value > worse * recent[-1][1]:
            onset_strength[at] = value
            recent.append((at, value))
    length = len(strength)
    return onset_strength, tuple((at - length, value) for at, value in recent if at >= length - quiet)
