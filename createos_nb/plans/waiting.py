"""Waiting on the client's clock, until the platform is done or there is nothing left to wait for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

import pandas as pd

from createos_nb.errors import CreateOSError, RequestError
from createos_nb.naming import text_for
from createos_nb.plans.errors import PASSING
from createos_nb.plans.events import LogLine
from createos_nb.plans.snapshot import in_status
from createos_nb.plans.step_error import StepError

if TYPE_CHECKING:
    from createos_nb.naming import DeploymentStatus
    from createos_nb.plans.context import Run

#: A build may take that long, says the documentation.
BUILD_SECONDS: Final = 900.0
#: What an environment or a domain is given to settle.
SETTLE_SECONDS: Final = 300.0
_FIRST, _LONGEST, _GROWTH = 1.0, 10.0, 1.5

#: Statuses that a deployment does not leave by itself, and what to do about each.
ENDS: Final[Mapping[DeploymentStatus, str]] = {
    "build_error": "Fix what the build log says and deploy again; runbooks.retry_failed builds the same commit again.",
    "error": "The app did not start: does it listen on the port of the settings, and are its variables set?",
    "crashing": "The app crashes after its start: client.deployments.logs(…) says why; a variable, or out of memory.",
    "cancelled": "Somebody cancelled it: deploy again.",
    "terminating": "It is being deleted, or made room for a newer one beyond the limit of live deployments.",
}


#: Statuses that a deployment will leave, and what to do meanwhile; "gone" where there is none.
MEANWHILE: Final[Mapping[DeploymentStatus | Literal["gone"], str]] = {
    "queue": "wait until it is built: client.deployments.follow(…) shows how far it is.",
    "building": "wait until it is built: client.deployments.follow(…) shows how far it is.",
    "deploying": "wait a moment.",
    "sleeping": "runbooks.wake wakes it.",
    "gone": "it was deleted: make the plan again, for another one.",
}


def with_hint(status: str) -> str:
    """Return a status with what to do about it."""
    hint = text_for(ENDS, status) or text_for(MEANWHILE, status)
    return f"{status}: {hint}" if hint else status


def until(
    run: Run,
    what: str,
    ready: Callable[[], bool],
    seconds: float,
    *,
    first: float = _FIRST,
    longest: float = _LONGEST,
) -> None:
    """Poll with growing pauses until it is ready. Raises `StepError`; a read that fails for now is repeated."""
    limit = seconds if run.timeout is None else run.timeout
    ends = run.now + limit
    pause = first
    failure: CreateOSError | None = None
    while True:
        began = run.now
        try:
            if ready():
                return
            failure = None
        except PASSING as error:
            failure = error
        left = ends - run.now
        if left <= 0:
            why = f"; the last read failed: {failure.reason}" if isinstance(failure, RequestError) else ""
            raise StepError(
                f"{what}: not done after {limit:.0f} s{why}",
                "plans.resume(journal) goes on waiting; timeout= is longer.",
                kind="takes too long",
            ) from failure
        # from look to look, however long an answer takes
        rest = pause - (run.now - began)
        run.sleep(min(max(rest, run.client.clock.least), left))
        pause = min(pause * _GROWTH, longest)


def deployment(run: Run, project: str, deployment: str, name: str) -> None:
    """Wait until a deployment is deployed, and emit its build log meanwhile.

    Raises `StepError` at once for every status that it does not leave, with the last lines of the build log.
    """
    log = _BuildLog(run, project, deployment)

    def ready() -> bool:
        row = run.snapshot().deployment(project, deployment)
        if row is None:
            raise StepError(f"{name} is gone", "It was deleted while it was waited for.")
        status = str(row.status)
        run.emit("waiting", f"{name} {status}", log.new() if run.subscribed else ())
        if in_status(row, *ENDS):
            why = f": {row.cancel_reason}" if row.cancel_reason else ""
            raise StepError(f"{name} ended as {status}{why}", text_for(ENDS, status), log.tail())
        if in_status(row, "sleeping"):
            raise StepError(f"{name} fell asleep", "Wake it: runbooks.wake(client, project, deployment).")
        return in_status(row, "deployed")

    until(run, name, ready, BUILD_SECONDS)


def environment(run: Run, project: str, environment: str, name: str) -> None:
    """Wait until an environment is active."""

    def ready() -> bool:
        row = run.snapshot().environment(project, environment)
        if row is None or in_status(row, "deleting"):
            raise StepError(f"environment {name} is gone", "It was deleted while it was waited for.")
        run.emit("waiting", f"{name} {row.status}")
        return in_status(row, "active")

    until(run, name, ready, SETTLE_SECONDS)


def domain(run: Run, project: str, domain: str, name: str) -> None:
    """Wait until a domain is active."""

    def ready() -> bool:
        row = run.snapshot().domain(project, domain)
        if row is None or in_status(row, "deleting"):
            raise StepError(f"domain {name} is gone", "It was deleted while it was waited for.")
        if in_status(row, "error"):
            raise StepError(f"domain {name} is {row.status}" + (f": {row.message}" if row.message else ""))
        run.emit("waiting", f"{name} {row.status}")
        return in_status(row, "active")

    until(run, name, ready, SETTLE_SECONDS)


#: What is deleted: it is there, on its way out, or gone.
Existence = Literal["there", "going", "gone"]


def gone(run: Run, what: str, state: Callable[[], Existence]) -> None:
    """Wait until something that is deleted is gone."""

    def ready() -> bool:
        now = state()
        run.emit("waiting", "it is being deleted" if now == "going" else now)
        return now == "gone"

    until(run, what, ready, SETTLE_SECONDS)


class _BuildLog:
    """The build log of a deployment, and how much of it was emitted."""

    def __init__(self, run: Run, project: str, deployment: str) -> None:
        self._run, self._ids, self._next = run, (project, deployment), 0

    def new(self) -> tuple[LogLine, ...]:
        """The lines that were not emitted yet."""
        frame = self._read(skip=self._next) if self._next else self._read()
        if frame is None:
            return ()
        lines = []
        for number, row in zip(frame["line_number"].fillna(-1).tolist(), frame.to_dict("records"), strict=True):
            if number >= self._next:
                self._next = number + 1
                stage, level, time = (None if pd.isna(row[name]) else row[name] for name in ("stage", "level", "time"))
                seconds = None if time is None else pd.Timestamp(time).timestamp()
                lines.append(LogLine(str(row["text"]), str(stage or ""), str(level or ""), seconds))
        return tuple(lines)

    def tail(self) -> pd.DataFrame | None:
        """The last lines; None where there is no log."""
        frame = self._read()
        return None if frame is None else frame.tail(20)

    def _read(self, **skip: Any) -> pd.DataFrame | None:
        project, deployment = self._ids
        try:
            return self._run.client.deployments.build_logs(project, deployment, **skip)
        except CreateOSError:  # an image has none; and no log is worth failing a wait for
            return None
