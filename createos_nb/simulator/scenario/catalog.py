"""The scenarios that there are, as a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput
from createos_nb.simulator.scenario import files as scenario_files
from createos_nb.simulator.scenario.reader import Source, read_scenario

if TYPE_CHECKING:
    import pandas as pd

_TEXTS = ("name", "title", "shows", "kind", "causes", "where", "root_cause", "fix", "path")
_WITHOUT_ANSWERS = ("name", "title", "start", "expect", "path")


def scenarios(*files: str | Path, answers: bool = False) -> pd.DataFrame:
    """Return the scenarios in the project's `data/scenarios`, by name; then those of packages, and the given files.

    What is wrong in them is left out, so that one who is to find it may look at the list.

    Args:
        files: paths of more scenario files.
        answers: with what each shows, and its ground truth.

    Returns:
        A frame, one row each, of `name` (for `simulate`), `title`, `start` (UTC), `expect`: at how many moments the
        file says what the API shows (Int64; `createos_nb.check_scenario` looks), and `path`. `attrs["missing"]` says
        which scenarios of packages can't be used, and why; `attrs["complete"]` that there are none such.

        With `answers` also `shows` (what it is meant to show), and from the `[ground_truth]` of the file, empty or NA
        where it says nothing: `healthy` (boolean), `kind` (such as "bad release"), `causes` (words of
        `createos_nb.causes`, separated by commas, likeliest first), `where` ("project/environment", separated by
        commas), `version` (the deployment to blame), `last_good` (the last one before it that was all right; Int64),
        `began` and `ended` (UTC), `root_cause`, `fix`.

    Raises:
        InvalidInput: a mistake in a file, with its line and field.

    Examples:
        >>> "root_cause" in createos_nb.scenarios().columns
        False
        >>> table = createos_nb.scenarios(answers=True).set_index("name")
        >>> table.loc["bad-release", ["kind", "where"]].tolist()
        ['bad release', 'storefront/production']
    """
    import pandas as pd

    rows = [_row(read_scenario(path), path, name) for name, path in scenario_files.built_in().items()]
    added, problems = scenario_files.added()
    missing = dict(problems)
    for name, path in added.items():
        try:
            rows.append(_row(read_scenario(path), path, name))
        except InvalidInput as error:  # a mistake in somebody else's file
            missing[name] = str(error)
    rows += [_row(read_scenario(path), Path(path), str(path)) for path in files]
    frame = pd.DataFrame(rows)
    for column in ("start", "began", "ended"):
        times = pd.to_datetime(frame[column].astype("Int64"), unit="us", utc=True)
        frame[column] = times.astype("datetime64[us, UTC]")
    kinds: dict[str, Any] = dict.fromkeys(_TEXTS, TEXT)
    frame = frame.astype({**kinds, "healthy": "boolean", "version": "Int64", "last_good": "Int64", "expect": "Int64"})
    if not answers:
        frame = frame[list(_WITHOUT_ANSWERS)]
    frame.attrs = {"complete": not missing, "missing": missing}
    return frame


def _row(source: Source, path: Path, name: str) -> dict[str, Any]:
    scenario, truth = source.scenario, source.scenario.ground_truth
    times = {
        when: source.moment(getattr(truth, when), f"ground_truth.{when}") if truth and getattr(truth, when) else None
        for when in ("began", "ended")
    }
    return {
        "name": name,
        "title": scenario.title,
        "shows": scenario.shows,
        "start": source.start,
        "healthy": truth.healthy if truth else None,
        "kind": truth.kind if truth else "",
        "causes": ", ".join(cause.cause for cause in truth.causes) if truth else "",
        "where": ", ".join(truth.where) if truth else "",
        "version": truth.version if truth else None,
        "last_good": truth.last_good if truth else None,
        **times,
        "root_cause": truth.root_cause if truth else "",
        "fix": truth.fix if truth else "",
        "expect": len(scenario.expect),
        "path": str(path),
    }
