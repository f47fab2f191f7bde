"""The chart of a diagnosis: the requests that it has read, around the time when the trouble began."""

from __future__ import annotations

from typing import Final

import pandas as pd

from createos_nb.diagnostics.diagnosis import Material
from createos_nb.panels.chart.time_chart import TimeChart
from createos_nb.panels.chart.traffic import show_traffic, usual_of

#: The time that is shown at least, and before the trouble.
_SHOWN: Final = pd.Timedelta("2h")
_BEFORE: Final = pd.Timedelta("1h")


def show_material(chart: TimeChart, material: Material | None) -> bool:
    """Show the requests of a diagnosis with the versions that were live, as far as it knows them.

    Args:
        chart: Where they are shown.
        material: What the diagnosis has read; None where that is nothing.

    Returns:
        Whether there is anything to show.
    """
    traffic = None if material is None else material.traffic
    if material is None or traffic is None or not len(traffic):
        return False
    start = traffic.index[-1] - _SHOWN
    if material.since is not None:
        start = min(start, material.since - _BEFORE)
    live = f"v{material.live}" if material.live is not None else ""
    usual = usual_of(traffic)  # learnt from all that was read, and shown where the chart is
    versions = _versions(material, traffic.index[0])
    show_traffic(chart, traffic[traffic.index >= start], versions, chosen=live, usual=usual)
    return True


def _versions(material: Material, begin: pd.Timestamp) -> pd.DataFrame | None:
    """The live version since it became live, and the one before it; None where that is not known."""
    release = next((change for change in material.changes if change.kind == "release"), None)
    if release is None or release.version is None:
        return None
    rows = [(release.version, release.time, "exact")]
    if material.earlier is not None:
        # what was live before is nowhere written: it may have been replaced in the meantime
        rows.insert(0, (material.earlier, min(begin, release.time), "guess"))
    return pd.DataFrame(rows, columns=["version", "start", "exactness"])
