"""Exit codes, the same for every command."""

from __future__ import annotations

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

DETAILS: Final = """\
exit codes:
  0    done, and all checks are PASS
  1    failed: a cell, a step, the machine or the platform
  2    usage: a wrong or missing argument or parameter
  3    refused, nothing was changed: a precondition fails, the plan is stale, or an extra is not installed
  4    confirmation needed: look at the plan, and run it again with -p confirm=TOKEN
  5    FAIL: done, but a check fails
  6    NO DATA: done, but there is too little data to check the result
  130  interrupted
"""
