"""Steps that change nothing: they send requests, watch the traffic, and stop the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import to_builtins

from createos_nb.checks import FAIL
from createos_nb.plans.errors import PASSING
from createos_nb.plans.gates import ReleaseGate, ServerErrorRate, Verdict
from createos_nb.plans.release_monitor import Release, ReleaseMonitor
from createos_nb.plans.step_error import StepError
from createos_nb.plans.steps.base import Precondition, Step, Target, Undo, UndoContext, resolved

if TYPE_CHECKING:
    from createos_nb.plans.context import Run
    from createos_nb.plans.gates import Gate
    from createos_nb.plans.snapshot import Snapshot


class CheckStep(Step, kw_only=True):
    """A step that only checks."""

    writes: ClassVar[bool] = False
    #: Paths to request.
    paths: list[str]
    #: Requests in all; each path in turn.
    requests: int
    #: Statuses from 400 on that count as an answer, too.
    answers: ClassVar[tuple[int, ...]] = ()

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        return {}

    def resource_key(self) -> tuple[str, ...]:
        return (*super().resource_key(), self.what)

    def fields(self) -> list[tuple[str, str, str]]:
        return [("", "", "nothing is changed")]

    def undo(self, context: UndoContext) -> Undo:
        return Undo()

    def send(
        self, run: Run, address: str, seconds: float = 0.0, pause: Callable[[float], bool] | None = None
    ) -> ProbeResult:
        """Send the requests, spread over so many seconds.

        `pause` sleeps until a moment, and returns whether to go on; by default it only sleeps.
        """
        result = ProbeResult()
        started = run.now
        run.expire()  # somebody else may write while it is asked from outside
        for number in range(self.requests):
            path = self.paths[number % len(self.paths)]
            result.sent += 1
            response = run.client.probe(address.rstrip("/") + path)
            if response["status"] is None:
                result.failed.append(f"{path}: {response['error']}")
            elif response["status"] >= 400 and response["status"] not in self.answers:
                result.failed.append(f"{path} answered {response['status']}")
            run.emit("probing", f"{result.sent} of {self.requests} requests, {len(result.failed)} failed")
            run.stop_if_canceled()
            due = started + seconds * (number + 1) / self.requests
            if pause is not None:
                if not pause(due):
                    break
            elif due > run.now:
                run.sleep(due - run.now)
        return result


@dataclass
class ProbeResult:
    """Requests that were sent, and what went wrong with those that failed."""

    sent: int = 0
    failed: list[str] = field(default_factory=list)


class Probe(CheckStep, kw_only=True, tag="probe"):
    """Probe an environment at its own address, or through a domain: every answer has to be below 400."""

    expected_seconds: ClassVar[float] = 10.0
    criterion: ClassVar[str] = "every answer below 400"

    @property
    def what(self) -> str:
        where = self.target.domain_name or f"the address of {self.target.environment_name}"
        return f"send {self.requests} requests to {where}"

    def identity_details(self) -> Any:
        return [self.paths, self.requests]

    def write(self, run: Run) -> str:
        through = self.target.domain_name
        address = f"https://{through}" if through else endpoint_of(self, run)
        failed = self.send(run, address).failed
        if failed:
            raise StepError(
                f"{len(failed)} of {self.requests} requests to {address} failed: {'; '.join(dict.fromkeys(failed))}",
                "Read the log: client.environments.logs(…).",
                kind="check failed",
            )
        return f"{self.requests} requests to {address}: none failed"


class ProbeMcp(Probe, kw_only=True, tag="probe MCP"):
    """Probe an MCP server at its path: a stream that opens is an answer, and so is that a message is wanted."""

    answers: ClassVar[tuple[int, ...]] = (400, 405, 406)
    criterion: ClassVar[str] = "every answer below 400, or 400, 405 or 406: it wants a message"

    @property
    def what(self) -> str:
        return f"send {self.requests} requests to {', '.join(self.paths)} of {self.target.environment_name}"


class Watch(CheckStep, kw_only=True, tag="watch"):
    """Send requests to an environment's own address for a while, and let a gate judge its traffic."""

    criterion: ClassVar[str] = "the gate passes"
    #: Id of the environment that serves today.
    baseline: str
    baseline_name: str
    seconds: float
    #: None: a callable that no journal can hold.
    gate: ReleaseGate | ServerErrorRate | None

    @property
    def what(self) -> str:
        how = f"{self.requests} requests in {self.seconds:.0f} s"
        return f"watch {self.target.environment_name} against {self.baseline_name}: {how}"

    def usual_seconds(self) -> float:
        return self.seconds

    def identity_details(self) -> Any:
        return [self.baseline, self.paths, self.requests, self.seconds, to_builtins(self.gate)]

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        return [no_push(snapshot, self.target, self.baseline, self.baseline_name, plan)]

    def judge(self, run: Run) -> Gate:
        """The gate. Raises `StepError` where only the notebook has it."""
        if self.gate is not None:
            return self.gate
        if run.inputs is None or run.inputs.gate is None:
            raise StepError(
                "the gate of the run is no part of its journal",
                "Run the notebook again: it goes on.",
                kind="missing input",
            )
        return run.inputs.gate

    def write(self, run: Run) -> str:
        started, since = run.now, run.client.transport.now()  # the platform counts by its own clock
        candidate = str(resolved(self.target.environment, run.created))
        release = Release(self.target.project, self.baseline, candidate, self.target.environment_name)
        monitor = ReleaseMonitor(
            run.client, release, self.judge(run), paths=self.paths, since=since, seconds=self.seconds
        )
        interval, number = monitor.interval, 1
        if interval is not None:
            interval = max(interval, run.client.clock.least)
        decided: Verdict | None = None

        def pause(due: float) -> bool:
            """Poll whenever it is time."""
            nonlocal number, decided
            while interval is not None and started + number * interval <= min(
                due, started + self.seconds - interval / 2
            ):
                run.sleep(max(0.0, started + number * interval - run.now))
                number += 1
                try:
                    verdict = monitor.poll(last=False)
                except PASSING:
                    continue  # no figures for now: the next poll has them
                run.emit("probing", verdict.reason)
                if verdict.decided:
                    decided = verdict
                    return False
            run.sleep(max(0.0, due - run.now))
            return True

        self.send(run, endpoint_of(self, run), self.seconds, pause)
        verdict = decided or monitor.poll(last=True)
        if not verdict.passed:
            raise StepError(
                f"{self.target.environment_name} does not pass ({verdict.result}): {verdict.reason}",
                f"Nothing was switched: what served users still does. {self.target.environment_name} keeps running it.",
                kind="check failed" if verdict.result == FAIL else "no data",
            )
        return verdict.reason


def no_push(snapshot: Snapshot, candidate: Target, baseline: str, baseline_name: str, plan: list[Step]) -> Precondition:
    """The precondition that no push changes one of two environments, or both, while they are compared."""
    what = f"no push changes {candidate.environment_name} or {baseline_name} meanwhile"
    names = {candidate.environment: candidate.environment_name, baseline: baseline_name}
    rows = {environment: snapshot.environment(candidate.project, environment) for environment in names}
    promoting = {key: row for key, row in rows.items() if row is not None and snapshot.promotes_itself(row)}
    unread = [names[key] for key, row in rows.items() if row is not None and snapshot.promotes_itself(row) is None]
    free = {key: row for key, row in promoting.items() if not any(_holds(step, key) for step in plan)}
    if free:
        branches = sorted({row.branch or "–" for row in free.values()})
        listed = " and ".join(names[environment] for environment in free)
        return Precondition(
            what, "fails", f"{listed} promote what is pushed to {', '.join(branches)}: runbooks.hold stops that"
        )
    if unread:
        return Precondition(what, "unknown", f"whether {' and '.join(unread)} promote by themselves can't be read")
    return Precondition(what, "holds", "an earlier step holds auto-promotion" if promoting else "")


def _holds(step: Step, environment: str) -> bool:
    return step.target.environment == environment and step.after.get("auto-promote") is False


def endpoint_of(step: Step, run: Run) -> str:
    """Return the own address of the environment of a step."""
    environment = str(resolved(step.target.environment, run.created))
    row = run.snapshot().environment(step.target.project, environment)
    address = row.extra.endpoint if row is not None and row.extra is not None else None
    if not address:
        raise StepError(f"environment {step.target.environment_name} has no address to probe")
    return address
