"""Steps that change nothing: they ask over HTTP, look at the traffic, and stop the plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import httpx

from createos_nb.plans.errors import MissingInput, StepFailed
from createos_nb.plans.gate import SuccessRate, verdict_of
from createos_nb.plans.steps.step import Step, resolved

if TYPE_CHECKING:
    from createos_nb.plans.gate import Gate
    from createos_nb.plans.present import Present
    from createos_nb.plans.run import Run


class Checking(Step, kw_only=True):
    """A step that writes nothing."""

    writes: ClassVar[bool] = False
    #: Paths to ask for.
    paths: list[str]
    #: Requests in all; each path in turn.
    requests: int

    def look(self, present: Present, made: Mapping[int, str]) -> dict[str, Any]:
        return {}

    def place(self) -> tuple[str, ...]:
        return (*super().place(), self.what)

    def fields(self) -> list[tuple[str, str, str]]:
        return [("", "", "nothing is changed")]

    def back(self, present: Present, made: Mapping[int, str], index: int) -> tuple[list[Step], list[str]]:
        return [], []

    def ask(self, run: Run, address: str, seconds: float = 0.0) -> list[str]:
        """Send the requests, spread over so many seconds; what went wrong with those that failed."""
        failed = []
        began = run.now
        for number in range(self.requests):
            path = self.paths[number % len(self.paths)]
            try:
                answer = run.client.transport.fetch(address.rstrip("/") + path)
                status = answer.status_code
                answer.close()
                if status >= 400:
                    failed.append(f"{path} answered {status}")
            except (httpx.TransportError, httpx.InvalidURL) as error:
                failed.append(f"{path}: {str(error) or type(error).__name__}")
            left = began + seconds * (number + 1) / self.requests - run.now
            run.tell("looking", f"{number + 1} of {self.requests} requests, {len(failed)} failed")
            if left > 0:
                run.sleep(left)
            else:
                run.stop_if_cancelled()
        return failed


class Probe(Checking, kw_only=True, tag="probe"):
    """Ask at an environment's own address, or through a domain: every request has to be answered below 400."""

    expected: ClassVar[float] = 10.0

    @property
    def what(self) -> str:
        where = self.target.domain_name or f"the address of {self.target.environment_name}"
        return f"ask {self.requests} times through {where}"

    def details(self) -> Any:
        return [self.paths, self.requests]

    def write(self, run: Run) -> str:
        through = self.target.domain_name
        address = f"https://{through}" if through else endpoint_of(self, run)
        failed = self.ask(run, address)
        if failed:
            raise StepFailed(
                f"{len(failed)} of {self.requests} requests to {address} failed: {'; '.join(dict.fromkeys(failed))}",
                "Read the log: client.environments.logs(…).",
            )
        return f"{self.requests} requests to {address}: none failed"


class Watch(Checking, kw_only=True, tag="watch"):
    """Send requests to an environment's own address for a while, and let a gate judge its traffic."""

    #: The environment that serves today.
    beside: str
    beside_name: str
    seconds: float
    minimum: int = 20
    confidence: float = 0.95
    #: The gate is a callable that no journal can hold.
    custom: bool = False

    @property
    def what(self) -> str:
        how = f"{self.requests} requests in {self.seconds:.0f} s"
        return f"watch {self.target.environment_name} beside {self.beside_name}: {how}"

    def usual(self) -> float:
        return self.seconds

    def details(self) -> Any:
        return [self.beside, self.paths, self.requests, self.seconds, self.minimum, self.confidence, self.custom]

    def gate(self, run: Run) -> Gate:
        if not self.custom:
            return SuccessRate(self.minimum, self.confidence)
        own = run.own()
        if own is None or own.gate is None:
            raise MissingInput("the gate of the run is no part of its journal", "Run the notebook again: it goes on.")
        gate: Gate = own.gate
        return gate

    def write(self, run: Run) -> str:
        gate = self.gate(run)
        began = run.now
        self.ask(run, endpoint_of(self, run), self.seconds)
        calls, project = run.client.analytics, self.target.project
        environment = resolved(self.target.environment, run.made)
        end = run.now
        candidate = calls.requests_over_time(project, environment, start=began, end=end)
        baseline = calls.requests_over_time(project, self.beside, start=end - max(3600.0, self.seconds), end=end)
        verdict = verdict_of(gate(baseline, candidate))
        if not verdict.passed:
            raise StepFailed(
                f"{self.target.environment_name} does not pass: {verdict.reason}",
                "Nothing was switched: what served users still does.",
            )
        return verdict.reason


def endpoint_of(step: Step, run: Run) -> str:
    """The own address of the environment that a step is about."""
    environment = resolved(step.target.environment, run.made)
    row = run.look().environment(step.target.project, environment)
    address = ((row or {}).get("extra") or {}).get("endpoint")
    if not address:
        raise StepFailed(f"environment {step.target.environment_name} has no address to ask at")
    return str(address)
