"""Where journals are kept, and what a new one is called."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from createos_nb.storage import closed_to_others
from createos_nb.times import iso

_temporary: list[str] = []


def default_folder(embedded: bool = False) -> Path:
    """Return where journals are kept: `CREATEOS_NB_JOURNALS`, or a folder of the user's data.

    Runs on an embedded simulated world end with their process, as the world does: theirs is a temporary folder.

    Args:
        embedded: of runs on an embedded simulated world.

    Returns:
        The folder, which need not exist yet.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
        >>> receipt = plan.apply(confirm=plan.digest, reason="the sale")
        >>> receipt.journal.parent == createos_nb.plans.default_folder(embedded=True)
        True
    """
    if folder := os.environ.get("CREATEOS_NB_JOURNALS"):
        return Path(folder)
    if embedded:
        if not _temporary:
            # not a TemporaryDirectory: one that nobody closes warns when the process ends
            _temporary.append(tempfile.mkdtemp(prefix="createos-journals-"))
            atexit.register(_removed, _temporary[0], os.getpid())
        return Path(_temporary[0])
    from platformdirs import user_data_path

    own = user_data_path("createos-nb", appauthor=False) / "journals"
    closed_to_others(own)
    return own


def simulated_folders() -> list[Path]:
    """Return where journals of simulated worlds are: of `createos-nb run`, and of those opened in this process."""
    of_commands = sorted(default_folder().glob("simulated/*"))
    return [*of_commands, *(Path(folder) for folder in _temporary)]


def _removed(folder: str, owner: int) -> None:
    if os.getpid() == owner:  # a forked child ends as well, and its parent goes on
        shutil.rmtree(folder, ignore_errors=True)


def path_for(folder: Path, at: float, words: Mapping[str, str], intent: str) -> Path:
    """Return a new name in a folder: when, what, where, and for which intent."""
    stamp = iso(int(at)).replace(":", "").replace("-", "")
    name = "-".join([stamp, *(re.sub(r"[^A-Za-z0-9]+", "-", word).strip("-")[:40] for word in words.values() if word)])
    path = folder / f"{name}-{intent}.jsonl"
    number = 1
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}-{intent}.jsonl"
    return path
