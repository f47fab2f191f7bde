"""One alarm an incident: evidence is told where an incident begins, and again only where it turns out much worse.

What was told of a stream's earlier rows is handed on as :class:`Told`, so that a stream and the whole of it get the
same alarms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from createos_nb.analysis.validation import Floats

# Evidence that is worth thinning out for those who set a lower threshold.
_FAINT = 1.5

_Kept = tuple[tuple[int, float], ...]
"""Rows that were told, counted back from the last one judged (which is −1), with their evidence; the strongest last."""


@dataclass(frozen=True)
class Told:
    """What was told lately, at an alarm's threshold and below it."""

    loud: _Kept = ()
    faint: _Kept = ()

    def without(self, rows: int) -> Told:
        """The same where the last `rows` rows, of which nothing was told, are to be judged again."""
        return Told(*(tuple((at + rows, value) for at, value in kept) for kept in (self.loud, self.faint)))


def onsets(
    strength: Floats, *, quiet: int, alarm: float, worse: float, told: Told | None = None
) -> tuple[Floats, Told]:
    """Evidence where an incident begins, 0 elsewhere, for one series of shape (rows,); and what was told lately.

    Within `quiet` rows of an alarm, evidence of at least `alarm`, there is another only if it is `worse` times as
    strong: one alarm an incident, unless it turns out to be much worse. Weaker evidence is thinned out in the same way
    (by a quarter), for those who set another threshold on it, and stays below `alarm`.
    """
    told = told or Told()
    loud, loud_kept = _thinned(strength, quiet, told.loud, least=alarm, worse=worse)
    below = np.minimum(strength, np.nextafter(alarm, 0))
    faint, faint_kept = _thinned(below, quiet, told.faint, least=_FAINT, worse=1.25)
    return np.where(loud > 0, loud, faint), Told(loud_kept, faint_kept)


def _thinned(strength: Floats, quiet: int, kept: _Kept, *, least: float, worse: float) -> tuple[Floats, _Kept]:
    found = np.zeros_like(strength)
    recent = list(kept)
    for at in np.flatnonzero(strength >= least).tolist():
        value = float(strength[at])
        recent = [one for one in recent if one[0] >= at - quiet]
        if not recent or value > worse * recent[-1][1]:
            found[at] = value
            recent.append((at, value))
    length = len(strength)
    return found, tuple((at - length, value) for at, value in recent if at >= length - quiet)
