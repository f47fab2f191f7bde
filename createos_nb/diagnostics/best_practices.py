"""Best practices: whether the documentation's sixteen are held, where, and what mends what is not."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import pandas as pd

from createos_nb.diagnostics.evidence.account import AccountEvidence, EnvironmentEvidence, ProjectEvidence
from createos_nb.diagnostics.exceptions_file import AcceptedException, ExceptionsFile, read_exceptions
from createos_nb.diagnostics.practices import practices
from createos_nb.diagnostics.practices._practice import SEVERITIES, Outcome, Practice
from createos_nb.dtypes import TEXT
from createos_nb.errors import UnneededExceptionWarning, warn
from createos_nb.naming import nearest
from createos_nb.results import FAIL, NO_DATA, PASS, Result
from createos_nb.times import iso

if TYPE_CHECKING:
    from createos_nb.client.client import Client

_COLUMNS: Final = (
    "code",
    "severity",
    "where",
    "project",
    "environment",
    "held",
    "evidence",
    "fix",
    "runbook",
    "command",
    "exception",
)
_Place = AccountEvidence | ProjectEvidence | EnvironmentEvidence


class _Row(NamedTuple):
    """A row, in the order of the columns."""

    code: str
    severity: str
    where: str
    project: str | None
    environment: str | None
    held: bool | None
    evidence: str
    fix: str | None
    runbook: str | None
    command: str | None
    exception: str | None

    @property
    def order(self) -> tuple[int, int, str, str]:
        """Broken first, then what is not known, what is accepted, what is held; the gravest first."""
        rank = 3 if self.held else 2 if self.exception else 0 if self.held is False else 1
        gravity = [str(severity) for severity in SEVERITIES].index(self.severity)
        return rank, gravity, self.code, self.where


def best_practices(
    client: Client,
    projects: str | Sequence[str] | None = None,
    *,
    exceptions: str | os.PathLike[str] | Literal[False] | None = None,
) -> pd.DataFrame:
    """Say of each of the documentation's best practices whether it is held, broken, or can't be known from the API.

    It sends a request for the projects (for each twenty), one for the apps, one for the keys, two for each active
    project and one for each environment where something is live; one more where the live deployment is not among the
    twenty newest, where a health check has failed (its build log), and where no request is answered (the log).

    What is accepted as it is stands in a file `createos-nb.toml`, each with a reason: docs/best_practices.md.

    Args:
        client: An open client, of the platform or of a simulated world.
        projects: Only of this project, or of these, by name or id; what is of the account is then left out.
        exceptions: The file of accepted exceptions; None for the nearest `createos-nb.toml` from the working directory
            upward; False for none.

    Returns:
        One row for each practice and place where it applies, those that are broken first. Columns: `code` (str, which
        stays), `severity` ("high", "medium" or "low"), `where` ("project/environment", "project", "account" or "key
        NAME"), `project` and `environment` (str, NA where it is not of one), `held` (boolean; NA where the API can't
        tell), `evidence` and `fix` (str), `runbook` (the call that mends it, NA where none does), `command` (the same
        on the command line), `exception` (the reason for which it is accepted, NA where it is not). `attrs`: `result`
        (PASS, FAIL or NO DATA, of what is not accepted), `requests`, `missing` and `complete`, `skipped` (projects that
        are not active), `exceptions_file`, and `notices` (exceptions that do nothing, and why).

    Raises:
        UnknownName: There is no such project.
        ConfigurationError: The file can't be read, or an exception in it has no reason.
        CreateOSError: The projects can't be read at all.

    Examples:
        >>> client = createos_nb.simulate("storefront")
        >>> found = createos_nb.diagnostics.best_practices(client, "chat-bot", exceptions=False)
        >>> found.loc[~found["held"].fillna(True), ["code", "severity", "evidence"]]
                    code severity                                           evidence
        0          awake     high  v1 sleeps since 2026-02-27 08:00 UTC, and answ...
        1  security_scan   medium                           scanning is switched off
        2   two_replicas   medium      1 replica: while it restarts, nobody answers
        3          names      low  chat-bot is in the app Back office, and does n...
        >>> found["runbook"][0]
        "runbooks.keep_awake(client, 'chat-bot', 'production')"
    """
    file = read_exceptions(exceptions)  # before anything is asked
    with client.transport.log.counting() as requests:
        account = AccountEvidence(client, projects)
        rows = list(_rows(account, file))
    notices = list(_notices(account, file, rows))
    ordered: list[_Row] = sorted(rows, key=lambda row: row.order)
    frame = pd.DataFrame(ordered, columns=list(_COLUMNS))
    frame = frame.astype({**dict.fromkeys(_COLUMNS, TEXT), "held": "boolean"})
    frame.attrs |= {
        "operation": "best_practices",
        "at": iso(int(account.now.timestamp())),
        "where": client.where,
        "complete": not account.missing and bool(account.rows.attrs.get("complete", True)),
        "missing": dict(account.missing),
        "skipped": account.skipped,
        "requests": len(requests),
        "result": result_of(frame),
        "exceptions_file": file.path,
        "notices": notices,
    }
    for notice in notices:
        warn(f"best_practices: {notice}", UnneededExceptionWarning)
    return frame


def result_of(frame: pd.DataFrame) -> Result:
    """Return FAIL where a practice is broken, else NO DATA where one can't be known, else PASS; exceptions aside.

    Args:
        frame: What `best_practices` has returned, or rows of it.

    Returns:
        The result; NO DATA without rows.
    """
    counted = frame[frame["exception"].isna()]
    if (counted["held"] == False).fillna(False).any():  # noqa: E712  # a column of three values
        return FAIL
    return NO_DATA if frame.empty or counted["held"].isna().any() else PASS


def _rows(account: AccountEvidence, file: ExceptionsFile) -> Iterator[_Row]:
    today = account.now.date()
    for code, practice in practices():
        if isinstance(practice, Exception):
            account.missing[f"practice {code}"] = f"it can't be loaded: {practice}"
            continue
        for place in _places(account, practice):
            for outcome in _outcomes(practice, place, account):
                where = outcome.where or _where(place)
                accepted = "" if outcome.held else _reason(file.exceptions, code, where, today)
                yield _row(practice, place, outcome, where, accepted)


def _places(account: AccountEvidence, practice: Practice) -> Iterable[_Place]:
    if practice.scope == "account":
        return [account]
    if practice.scope == "project":
        return account.projects
    places: list[_Place] = []
    for project in account.projects:
        places += [project] if project.environments is None else project.environments
    return places


def _outcomes(practice: Practice, place: _Place, account: AccountEvidence) -> Iterable[Outcome]:
    if practice.scope == "environment" and isinstance(place, ProjectEvidence):
        reason = account.missing.get(f"environments of {place.name}", "no reason is known")
        return [Outcome(None, f"its environments can't be read: {reason}")]
    try:
        return list(practice.look(place))
    except Exception as error:  # noqa: BLE001  # one practice that fails must not cost the others
        account.missing[f"practice {practice.code} at {_where(place)}"] = f"it failed: {type(error).__name__}: {error}"
        return [Outcome(None, f"the practice could not be looked at: {type(error).__name__}")]


def _where(place: _Place) -> str:
    return "account" if isinstance(place, AccountEvidence) else place.where


def _row(practice: Practice, place: _Place, outcome: Outcome, where: str, accepted: str) -> _Row:
    environment = place.name if isinstance(place, EnvironmentEvidence) else None
    project = place.project.name if isinstance(place, EnvironmentEvidence) else None
    call = outcome.runbook
    return _Row(
        practice.code,
        outcome.severity or practice.severity,
        where,
        place.name if isinstance(place, ProjectEvidence) else project,
        environment,
        outcome.held,
        outcome.evidence,
        outcome.fix or None,
        call.call if call else None,
        (call.command or None) if call else None,
        accepted or None,
    )


def _reason(exceptions: Iterable[AcceptedException], code: str, where: str, today: Any) -> str:
    for one in exceptions:
        if one.matches(code, where) and not one.has_ended(today):
            return one.reason
    return ""


def _notices(account: AccountEvidence, file: ExceptionsFile, rows: Sequence[_Row]) -> Iterator[str]:
    """Say which exceptions do nothing: what an account that was read in part can't tell, is not said."""
    codes = [code for code, _ in practices()]
    for one in file.exceptions:
        if one.code not in codes:
            yield f"{file.path}: there is no practice {one.code!r}{nearest(one.code, codes)}"
            continue
        matching = [row for row in rows if one.matches(row.code, row.where)]
        if not matching:
            if _was_read(account, one):
                yield f"{file.path}: the exception {one} matches nothing"
        elif all(row.held for row in matching):
            yield f"{file.path}: the exception {one} is not needed: the practice is held there"
        elif one.has_ended(account.now.date()):
            yield f"{file.path}: the exception {one} ended on {one.until}, and no longer counts"


def _was_read(account: AccountEvidence, one: AcceptedException) -> bool:
    """Return whether all that an exception may be about was read."""
    project = one.where.partition("/")[0]
    unread = {*account.skipped, *(read.name for read in account.projects if read.environments is None)}
    if any(fnmatchcase(name, project) for name in unread):
        return False
    return account.is_whole or any(fnmatchcase(read.name, project) for read in account.projects)
