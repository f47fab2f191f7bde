"""Progress of long reads: a bar after two seconds of real time, in a notebook or a terminal, and nowhere else."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from createos_nb.clock import Clock

_AFTER: Final = 2.0

Tick = Callable[[int, int], None]
#: Takes how it stands, how many steps are done, of how many.
Line = Callable[[str, int, int], None]


def is_enabled(clock: Clock) -> bool:
    """Return whether to show progress bars.

    Args:
        clock: The clock that the reads wait on.

    Returns:
        True on a real clock, to a person, unless `CREATEOS_NB_PROGRESS=0`.

    Examples:
        >>> from createos_nb.clock import SystemClock
        >>> from createos_nb.progress import is_enabled
        >>> is_enabled(SystemClock())
        False
    """
    if clock.virtual or os.environ.get("CREATEOS_NB_PROGRESS") == "0":
        return False
    return _in_notebook() or sys.stderr.isatty()


@contextmanager
def progress(label: str, clock: Clock, *, unit: str = "requests", after: float = _AFTER) -> Iterator[Tick | None]:
    """Show the progress of long reads, after some seconds of real time.

    Args:
        label: What stands beside the bar.
        clock: The clock that the reads wait on.
        unit: What is counted.
        after: Seconds of real time before it is shown.

    Yields:
        A function to call with (done, all) after each step; None where no bar is shown.

    Examples:
        >>> from createos_nb.clock import SystemClock
        >>> from createos_nb.progress import progress
        >>> with progress("deployments", SystemClock()) as tick:
        ...     print(tick)
        None
    """
    if not is_enabled(clock):
        yield None
        return
    from tqdm.auto import tqdm

    bar: Any = None

    def tick(done: int, of: int) -> None:
        nonlocal bar
        if bar is None and of > 1:
            bar = tqdm(total=of, desc=label, unit=f" {unit}", delay=after, leave=False)
        if bar is not None:
            bar.total = of
            bar.update(done - bar.n)

    try:
        yield tick
    finally:
        if bar is not None:
            bar.close()


@contextmanager
def status_line(clock: Clock) -> Iterator[Line | None]:
    """Show a status line with a text and the time that has passed; it is removed at the end.

    Args:
        clock: The clock that is waited on.

    Yields:
        A function to call with (text, done, all) that updates it; None where none is shown.

    Examples:
        >>> from createos_nb.clock import SystemClock
        >>> from createos_nb.progress import status_line
        >>> with status_line(SystemClock()) as update:
        ...     print(update)
        None
    """
    if not is_enabled(clock):
        yield None
        return
    from tqdm.auto import tqdm

    bar: Any = None

    def update(text: str, done: int, of: int) -> None:
        nonlocal bar
        if bar is None:
            # no least interval: between two looks at the platform many seconds pass, and each one counts
            form = "{desc} [{elapsed}]"
            bar = tqdm(total=of, bar_format=form, delay=_AFTER, leave=False, mininterval=0, miniters=0)
        bar.total = of
        bar.set_description_str(text[:160], refresh=False)
        bar.update(done - bar.n)

    try:
        yield update
    finally:
        if bar is not None:
            bar.close()


@contextmanager
def reading_line(what: str, clock: Clock, *, slow: bool) -> Iterator[None]:
    """Show a line that says what is read, while it is read; it is removed at the end.

    Args:
        what: What is read, such as "project, environments".
        clock: The clock that the reads wait on.
        slow: Whether answers take their time; a line that is gone at once would only flicker.

    Yields:
        Nothing.

    Examples:
        >>> from createos_nb.clock import SystemClock
        >>> from createos_nb.progress import reading_line
        >>> with reading_line("project, environments", SystemClock(), slow=True):
        ...     print("read")
        read
    """
    if not slow or not is_enabled(clock):
        yield
        return
    from tqdm.auto import tqdm

    with tqdm(bar_format="{desc} [{elapsed}]", leave=False, desc=f"reading {what}"[:160]):
        yield


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and type(shell).__name__ == "ZMQInteractiveShell"
