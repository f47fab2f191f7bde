"""The scenarios that there are, as a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from createos_nb.files import folder
from createos_nb.simulator.scenario import Source, read_scenario

if TYPE_CHECKING:
    import pandas as pd

_TEXTS = ("name", "title", "shows", "kind", "where", "cause", "mend", "path")


def scenarios(*files: str | Path) -> pd.DataFrame:
    """The scenarios in the project's `data/scenarios`, by name, and the given files after them; one row each.

    Columns: `name` (for `simulate`), `title`, `shows` (what it is meant to show), `start` (UTC); and from the `[truth]`
    of the file, empty or NA where it says nothing: `healthy` (boolean), `kind` (such as "bad release"), `where`
    ("project/environment", separated by commas), `version` (the deployment to blame) and `good` (the last one before it
    that was all right; Int64), `began` and `ended` (UTC), `cause`, `mend`; `seen` (how many moments the file says what
    is to be seen at, Int64; `createos_nb.check_scenario` looks), and `path`.

    Raises `InvalidInput` for a mistake in a file, with its line and field.
    """
    import pandas as pd

    named = sorted((folder("data") / "scenarios").glob("*.toml"))
    paths = [(path, path.stem) for path in named] + [(Path(file), str(file)) for file in files]
    frame = pd.DataFrame([_row(read_scenario(path), path, name) for path, name in paths])
    for column in ("start", "began", "ended"):
        times = pd.to_datetime(frame[column].astype("Int64"), unit="us", utc=True)
        frame[column] = times.astype("datetime64[us, UTC]")
    kinds: dict[str, Any] = dict.fromkeys(_TEXTS, "str")
    return frame.astype({**kinds, "healthy": "boolean", "version": "Int64", "good": "Int64", "seen": "Int64"})


def _row(source: Source, path: Path, name: str) -> dict[str, Any]:
    scenario, truth = source.scenario, source.scenario.truth
    times = {
        when: source.moment(getattr(truth, when), f"truth.{when}") if truth and getattr(truth, when) else None
        for when in ("began", "ended")
    }
    return {
        "name": name,
        "title": scenario.title,
        "shows": scenario.shows,
        "start": source.start,
        "healthy": truth.healthy if truth else None,
        "kind": truth.kind if truth else "",
        "where": ", ".join(truth.where) if truth else "",
        "version": truth.version if truth else None,
        "good": truth.good if truth else None,
        **times,
        "cause": truth.cause if truth else "",
        "mend": truth.mend if truth else "",
        "seen": len(scenario.seen),
        "path": str(path),
    }
