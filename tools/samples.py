"""The simulated shop as CSV files, for people who want pandas and no client.

`python -m tools.samples` writes them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd

import createos_nb
from createos_nb.data_files import folder
from createos_nb.frames.export import export

FOLDER: Final = "storefront"
_COUNTS: Final = ["count", "status_2xx", "status_3xx", "status_4xx", "status_5xx"]


def frames() -> dict[str, pd.DataFrame]:
    """The files' contents by name: resources as the client gives them, and a week of requests by the hour."""
    with createos_nb.simulate("storefront") as client:
        traffic = client.fleet.requests_over_time(start="-7d")
        hours = traffic.assign(time=traffic["time"].dt.floor("h")).groupby(
            ["project", "environment", "time"], sort=False
        )
        found = {
            "projects": client.projects.list(),
            "environments": client.fleet.environments(),
            "deployments": client.fleet.deployments(),
            "domains": client.fleet.domains(),
            "requests_by_hour": hours[_COUNTS].sum(min_count=1).reset_index(),
        }
    for frame in found.values():
        frame.attrs.clear()
    return found


def write(target: Path) -> list[Path]:
    """Write each frame as CSV with its dtype file into a folder."""
    target.mkdir(parents=True, exist_ok=True)
    return [export(frame, target / f"{name}.csv") for name, frame in frames().items()]


if __name__ == "__main__":
    write(folder("data") / FOLDER)
