"""Waiting on the client's clock, and knowing when there is nothing left to wait for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from createos_nb.errors import CreateOSError
from createos_nb.plans.errors import StepFailed, TakesTooLong
from createos_nb.plans.steps.step import PASSING

if TYPE_CHECKING:
    import pandas as pd

    from createos_nb.plans.run import Run

#: A build may take that long, says the documentation.
BUILD_SECONDS: Final = 900.0
#: What an environment or a domain is given to settle.
SETTLE_SECONDS: Final = 300.0
_FIRST, _LONGEST, _GROWTH = 1.0, 10.0, 1.5

#: Statuses that a deployment does not leave by itself, and what to do about each.
ENDS: Final = {
    "build_error": "Fix what the build log says and deploy again; runbooks.retry_failed builds the same commit again.",
    "error": "The app did not start: does it listen on the port of the settings, and are its variables set?",
    "crashing": "The app crashes after its start: client.deployments.logs(…) says why; a variable, or out of memory.",
    "cancelled": "Somebody cancelled it: deploy again.",
    "terminating": "It is being deleted, or made room for a newer one beyond the limit of live deployments.",
}


#: Statuses that a deployment will leave, and what to do meanwhile; "gone" where there is none.
MEANWHILE: Final = {
    "queue": "wait until it is built: client.deployments.follow(…) shows how far it is.",
    "building": "wait until it is built: client.deployments.follow(…) shows how far it is.",
    "deploying": "wait a moment.",
    "sleeping": "runbooks.wake wakes it.",
    "gone": "it was deleted: make the plan again, for another one.",
}


def told(status: str) -> str:
    """A status with what to do about it."""
    hint = ENDS.get(status) or MEANWHILE.get(status)
    return f"{status}: {hint}" if hint else status


def until(run: Run, what: str, ready: Callable[[], bool], seconds: float) -> None:
    """Ask again and again, more and more seldom. Raises `TakesTooLong`; a read that fails for now is asked again."""
    limit = seconds if run.timeout is None else run.timeout
    ends = run.now + limit
    pause = _FIRST
    trouble: CreateOSError | None = None
    while True:
        try:
            if ready():
                return
            trouble = None
        except PASSING as error:
            trouble = error
        left = ends - run.now
        if left <= 0:
            why = (
                f"; the last read failed: {trouble.reason}"
                if trouble is not None and hasattr(trouble, "reason")
                else ""
            )
            raise TakesTooLong(
                f"{what}: not there after {limit:.0f} s{why}",
                "plans.resume(journal) goes on waiting; timeout= is longer.",
            ) from trouble
        run.sleep(min(max(pause, run.client.clock.least), left))
        pause = min(pause * _GROWTH, _LONGEST)


def deployment(run: Run, project: str, deployment: str, name: str) -> None:
    """Wait until a deployment is deployed, with its build log for whoever watches.

    Raises `StepFailed` at once for every status that it does not leave, with the last lines of the build log.
    """
    seen = _BuildLog(run, project, deployment)

    def ready() -> bool:
        row = run.look().deployment(project, deployment)
        if row is None:
            raise StepFailed(f"{name} is gone", "It was deleted while it was waited for.")
        status = str(row.get("status"))
        run.tell("waiting", f"{name} {status}", seen.new() if run.heard else ())
        if status in ENDS:
            why = f": {row['cancelReason']}" if row.get("cancelReason") else ""
            raise StepFailed(f"{name} ended as {status}{why}", ENDS[status], seen.tail())
        if status == "sleeping":
            raise StepFailed(f"{name} fell asleep", "Wake it: runbooks.wake(client, project, deployment).")
        return status == "deployed"

    until(run, name, ready, BUILD_SECONDS)


def environment(run: Run, project: str, environment: str, name: str) -> None:
    """Wait until an environment is active."""

    def ready() -> bool:
        row = run.look().environment(project, environment)
        if row is None or row.get("status") == "deleting":
            raise StepFailed(f"environment {name} is gone", "It was deleted while it was waited for.")
        run.tell("waiting", f"{name} {row.get('status')}")
        return row.get("status") == "active"

    until(run, name, ready, SETTLE_SECONDS)


def domain(run: Run, project: str, domain: str, name: str) -> None:
    """Wait until a domain is active."""

    def ready() -> bool:
        row = run.look().domain(project, domain)
        if row is None or row.get("status") in ("deleting", "error"):
            why = f": {row['message']}" if row and row.get("message") else ""
            raise StepFailed(f"domain {name} is {'gone' if row is None else row['status']}{why}")
        run.tell("waiting", f"{name} {row.get('status')}")
        return row.get("status") == "active"

    until(run, name, ready, SETTLE_SECONDS)


def gone(run: Run, what: str, state: Callable[[], str]) -> None:
    """Wait until something that is deleted is not there any more; `state` reads there, going or gone."""

    def ready() -> bool:
        now = state()
        run.tell("waiting", {"going": "it is being deleted"}.get(now, now))
        return now == "gone"

    until(run, what, ready, SETTLE_SECONDS)


class _BuildLog:
    """The build log as far as it was told."""

    def __init__(self, run: Run, project: str, deployment: str) -> None:
        self._run, self._ids, self._next = run, (project, deployment), 0

    def new(self) -> tuple[str, ...]:
        """The lines that were not told yet."""
        frame = self._read(skip=self._next) if self._next else self._read()
        if frame is None:
            return ()
        found = []
        for number, text in zip(frame["line_number"].fillna(-1).tolist(), frame["text"].tolist(), strict=True):
            if number >= self._next:
                self._next = number + 1
                found.append(str(text))
        return tuple(found)

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
