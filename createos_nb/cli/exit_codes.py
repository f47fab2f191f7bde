"""Exit codes, the same for every command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from createos_nb.results import FAIL, NO_DATA, PASS, Result

DONE: Final = 0
FAILED: Final = 1
WRONG: Final = 2
REFUSED: Final = 3
CONFIRM: Final = 4
CHECK_FAILED: Final = 5
UNKNOWN: Final = 6
INTERRUPTED: Final = 130

#: How a command ends whose checks have a result.
OF_RESULT: Final[dict[Result, int]] = {PASS: DONE, FAIL: CHECK_FAILED, NO_DATA: UNKNOWN}

#: How a command ends by what was raised, by the name of its class or of one above it; whatever else is a failure.
OF_ERROR: Final[Mapping[str, int]] = {
    "KeyboardInterrupt": INTERRUPTED,
    "ConfirmationNeeded": CONFIRM,
    "ReasonNeeded": WRONG,
    "PreconditionFailed": REFUSED,
    "StalePlanError": REFUSED,
    "AlreadyApplied": REFUSED,
    "JournalBusy": REFUSED,
    "ReadOnlyError": REFUSED,
    "MissingExtra": REFUSED,
    "InvalidInput": WRONG,
    "CheckFailed": CHECK_FAILED,
    "NoData": UNKNOWN,
}

DETAILS: Final = """\
exit codes:
  0    done, and all checks are PASS
  1    failed: a cell, a step, the machine or the platform
  2    usage: a wrong or missing argument or parameter
  3    refused, nothing was changed: a precondition fails, the plan is stale, or an extra is not installed
  4    confirmation needed: look at the plan, and run it again with --confirm DIGEST (run: -p confirm=DIGEST)
  5    FAIL: done, but a check fails
  6    NO DATA: done, but there is too little data to check the result, or not all could be read
  130  interrupted
"""
