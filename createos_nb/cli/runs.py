"""`createos-nb runs`: what was applied from this machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from createos_nb.cli import tables
from createos_nb.cli.current_client import current
from createos_nb.cli.exit_codes import DONE
from createos_nb.cli.options import FOR_PEOPLE, HERE, Form, Place
from createos_nb.client.connect.live import LIVE, live_profile
from createos_nb.errors import ConfigurationError, InvalidInput

if TYPE_CHECKING:
    import pandas as pd
    from cyclopts.completion import CompletionContext

    from createos_nb.plans.journal import Journal

SCHEMA: Final = "runs/1"
_COLUMNS: Final = ("started", "state", "title", "done", "reason", "run")
#: In place of a run's name: the newest one.
LAST: Final = "last"
#: How to keep a simulated world from one command to the next.
OUTLIVES: Final = (
    "A world that outlives a command is one that createos-nb serve --control --state FILE serves: give its\n"
    "address to each command as --world http://127.0.0.1:8765, and its token in CREATEOS_NB_WORLD_TOKEN."
)


def complete_runs(context: CompletionContext) -> list[str]:
    """Complete the name of a run: of the newest fifty.

    Args:
        context: What was typed so far.

    Returns:
        Names, from which the shell takes those that begin so.
    """
    from createos_nb.plans.journal_files import default_folder, simulated_folders

    found = [path for folder in [default_folder(), *simulated_folders()] for path in folder.glob("*.jsonl")]
    return [LAST, *(path.name for path in sorted(found, key=lambda path: path.name, reverse=True)[:50])]


def runs(
    *,
    folder: Annotated[Path | None, Parameter(metavar="FOLDER")] = None,
    limit: Annotated[int, Parameter(alias="-n", metavar="N")] = 20,
    place: Place = HERE,
    form: Form = FOR_PEOPLE,
) -> int:
    """List what was applied from this machine: when, what, why, by whom.

    It reads the journals of this machine and asks nobody. A run that was interrupted is resumed when the same
    createos-nb apply is given again.

    Args:
        folder: of journals (default: CREATEOS_NB_JOURNALS, or a folder of the user's data).
        limit: how many, the newest first; 0 for all.
        place: only runs there (default: all).
        form: in which form.

    Returns:
        The exit code.

    Raises:
        JournalError: The folder can't be read.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["runs", "--folder", "no-such-folder"])
        no run yet: createos-nb apply keeps one for each
        0
    """
    frame = find(folder, place)
    short = short_names(frame["file"].tolist())
    if limit < 0:
        raise InvalidInput("--limit is how many runs to list; 0 for all")
    if limit and len(frame) > limit:
        tables.notice(f"the newest {limit} of {len(frame)} runs; --limit 0 for all")
        frame = frame.head(limit)
    empty = "no run yet: createos-nb apply keeps one for each"
    if form.plain:
        done = [f"{row.done} of {row.steps}" for row in frame.itertuples(index=False)]
        frame = frame.assign(run=[short[file] for file in frame["file"]], done=done)
    tables.show(frame, SCHEMA, form, columns=_COLUMNS, empty=empty)
    return DONE


def short_names(files: Sequence[str]) -> dict[str, str]:
    """Return what names each run best: its time where no other run has the same, else its number, else its file.

    Args:
        files: Of all runs there are.

    Returns:
        For each file a part of its name that no other has.

    Examples:
        >>> from createos_nb.cli.runs import short_names
        >>> files = ["20260302T090000Z-scale-storefront-ecb8.jsonl", "20260302T101500Z-wake-blog-11f0.jsonl"]
        >>> list(short_names(files).values())
        ['20260302T090000Z', '20260302T101500Z']
    """
    stems = {file: Path(file).name.removesuffix(".jsonl") for file in files}
    parts = [{file: stem.partition("-")[0] for file, stem in stems.items()}]
    parts.append({file: stem.rpartition("-")[2] for file, stem in stems.items()})
    counts = [Counter(part.values()) for part in parts]
    return {
        file: next((part[file] for part, count in zip(parts, counts, strict=True) if count[part[file]] == 1), stem)
        for file, stem in stems.items()
    }


def find(folder: Path | None, place: Place) -> pd.DataFrame:
    """Return the runs of a folder that are of an account.

    Args:
        folder: Of journals; None for the usual ones.
        place: Of which account or served world, or of all simulated worlds that ended with their process where a
            scenario is named; all where nothing is said.

    Returns:
        As `createos_nb.plans.runs`, newest first.

    Examples:
        >>> from pathlib import Path
        >>> from createos_nb.cli.options import Place
        >>> from createos_nb.cli.runs import find
        >>> len(find(Path("no-such-folder"), Place()))
        0
    """
    from createos_nb import plans

    frame = plans.runs(folder)
    return frame if place == HERE else _at(frame, _address(place.target))


def journal_of(run: str, place: Place) -> Path:
    """Return the journal of a run that a person names.

    Args:
        run: "last", the name of its file as `createos-nb runs` lists it, a part of it that no other has, or a path.
        place: Of which account.

    Returns:
        The path of the journal.

    Raises:
        InvalidInput: There is none, or there are several.

    Examples:
        >>> from createos_nb.cli.options import Place
        >>> from createos_nb.cli.runs import journal_of
        >>> journal_of("last", Place())
        Traceback (most recent call last):
        createos_nb.errors.InvalidInput: there is no run yet: createos-nb apply keeps one for each
    """
    from createos_nb.naming import nearest

    if Path(run).is_file():
        return Path(run)
    frame = find(None, place if place.target != LIVE else HERE)
    folder = Path(frame.attrs.get("folder") or ".")
    files: list[str] = frame["file"].tolist()
    if not files:
        raise InvalidInput("there is no run yet: createos-nb apply keeps one for each")
    if run == LAST:
        return folder / _newest(frame, place)
    found = [file for file in files if Path(file).name in (run, f"{run}.jsonl")] or [
        file for file in files if run in file
    ]
    if len(found) != 1:
        several = f"{len(found)} runs are called so: {', '.join(found[:5])}"
        none = f"there is no run {run!r}{nearest(run, files)}; createos-nb runs lists them"
        raise InvalidInput(several if found else none)
    return folder / found[0]


def why_gone(journal: Journal) -> str:
    """Return why nothing can be done about a run on a simulated world that has ended.

    Args:
        journal: Of the run.

    Returns:
        The beginning of a sentence; "" where the world may still be there.

    Examples:
        >>> from createos_nb.cli.runs import why_gone
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
        >>> receipt = plan.apply(confirm=plan.digest, reason="the sale")
        >>> why_gone(createos_nb.plans.Journal(receipt.journal))
        'scale storefront / staging: replicas 2 was applied to a simulated world that ended with its command: '
    """
    from createos_nb.simulator.context import WorldContext

    plan = journal.plan
    if current() is not None or plan is None or plan["base_url"] != WorldContext.base_url:
        return ""
    return f"{plan['title']} was applied to a simulated world that ended with its command: "


def _newest(frame: pd.DataFrame, place: Place) -> str:
    """The file of the newest run: where no account is named, of the notebook's world, or of the account of the key.

    What was tried on a simulated world is not what somebody wants undone on their account.
    """
    from createos_nb.client.world_of import lineage_of
    from createos_nb.simulator.context import WorldContext

    client = current()
    if place.target != LIVE:
        chosen = frame
    elif client is not None:
        chosen = frame[frame["world"] == lineage_of(client).id]
    else:
        try:
            chosen = _at(frame, _address(LIVE))
        except ConfigurationError:  # without a key: of whatever may still be there
            chosen = frame[~frame["where"].str.contains(f" {WorldContext.base_url} ", regex=False)]
    return str((chosen if len(chosen) else frame)["file"].iloc[0])


def _address(target: str) -> str:
    """The address of an account or world, as `createos_nb.open_account` takes it."""
    from createos_nb.client.connect import credentials
    from createos_nb.simulator.context import WorldContext

    profile = live_profile(target)
    if profile is not None:
        return credentials.find(profile or None).base_url
    return target.rstrip("/") if "://" in target else WorldContext.base_url


def _at(frame: pd.DataFrame, address: str) -> pd.DataFrame:
    return frame[frame["where"].str.contains(f" {address} ", regex=False)].reset_index(drop=True)
