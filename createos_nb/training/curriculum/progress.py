"""What is kept of a learner: answers, hints, tasks that were right, and the world, in a folder of the user's data."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct, field

from createos_nb.errors import InvalidInput
from createos_nb.storage import atomic_write, closed_to_others, private_folder

_FILE, _WORLD = "progress.json", "lesson.world"
VERSION: Final = 1


class Progress(Struct, kw_only=True):
    """How far a learner is in one lesson.

    Attributes:
        version: of this format.
        digest: of the lesson's world: another one can't be gone on with.
        begun: Unix seconds.
        last: Unix seconds of the last check; 0 without one.
        answers: by name.
        hints: how many were shown, by task.
        right: tasks that were right at the last check.
        passed: whether all of it was, once.
        runs: plans that were applied, as "state: title".
        before: the account as the lesson began.
    """

    version: int = VERSION
    digest: str
    begun: float
    last: float = 0.0
    answers: dict[str, Any] = field(default_factory=dict)
    hints: dict[str, int] = field(default_factory=dict)
    right: list[str] = field(default_factory=list)
    passed: bool = False
    runs: list[str] = field(default_factory=list)
    before: dict[str, dict[str, Any]] = field(default_factory=dict)


def default_folder() -> Path:
    """Return where progress is kept: `CREATEOS_NB_LESSONS`, or a folder of the user's data.

    Returns:
        The folder, which need not exist yet.
    """
    if folder := os.environ.get("CREATEOS_NB_LESSONS"):
        return Path(folder)
    from platformdirs import user_data_path

    own = user_data_path("createos-nb", appauthor=False) / "lessons"
    closed_to_others(own)
    return own


class ProgressStore:
    """Keeps the progress of one lesson.

    Attributes:
        folder: where; need not exist yet.

    Args:
        folder: where.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def world(self) -> Path:
        """The file of the world."""
        return self.folder / _WORLD

    def read(self) -> Progress | None:
        """Return what is kept; None where nothing is.

        Raises:
            InvalidInput: the file is damaged, or of a later version.
            OSError: it can't be read.
        """
        file = self.folder / _FILE
        try:
            progress = msgspec.json.decode(file.read_bytes(), type=Progress)
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError as error:
            raise InvalidInput(f"{file} can't be read ({error}): fresh=True begins anew") from None
        if progress.version > VERSION:
            raise InvalidInput(f"{file} is of a later version of createos-nb: fresh=True begins anew")
        return progress

    def write(self, progress: Progress) -> None:
        """Keep it, whole. Raises `OSError`."""
        private_folder(self.folder)
        atomic_write(self.folder / _FILE, msgspec.json.encode(progress, enc_hook=_plain))

    def forget(self) -> None:
        """Remove what is kept."""
        for name in (_FILE, _WORLD):
            (self.folder / name).unlink(missing_ok=True)


def _plain(value: Any) -> Any:
    # numbers of numpy and pandas
    if hasattr(value, "item"):
        return value.item()
    return str(value)
