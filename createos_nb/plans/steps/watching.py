"""Steps that change nothing: they ask over HTTP, look at the traffic, and stop the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import to_builtins

from createos_nb.checks import FAIL
from createos_nb.plans.errors import CheckFailed, MissingInput, NoData, StepFailed
from createos_nb.plans.gate import ReleaseGate, ServerErrorRate, Verdict
from createos_nb.plans.looks import Looks, Pair
from createos_nb.plans.steps.step import PASSING, Precondition, Step, Target, resolved

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

    def ask(self, run: Run, address: str, seconds: float = 0.0, pause: Callable[[float], bool] | None = None) -> Asked:
        """Send the requests, spread over so many seconds.

        `pause` lets the time until a moment pass, and says whether to go on; by default it only sleeps.
        """
        asked = Asked()
        began = run.now
        for number in range(self.requests):
            path = self.paths[number % len(self.paths)]
            asked.sent += 1
            seen = run.client.probe(address.rstrip("/") + path)
            if seen["status"] is None:
                asked.failed.append(f"{path}: {seen['error']}")
            elif seen["status"] >= 400:
                asked.failed.append(f"{path} answered {seen['status']}")
            run.tell("looking", f"{asked.sent} of {self.requests} requests, {len(asked.failed)} failed")
            run.stop_if_cancelled()
            due = began + seconds * (number + 1) / self.requests
            if pause is not None:
                if not pause(due):
                    break
            elif due > run.now:
                run.sleep(due - run.now)
        return asked


@dataclass
class Asked:
    """Requests that were sent, and what went wrong with those that failed."""

    sent: int = 0
    failed: list[str] = field(default_factory=list)


class Probe(Checking, kw_only=True, tag="probe"):
    """Ask at an environment's own address, or through a domain: every request has to be answered below 400."""

    expected: ClassVar[float] = 10.0
    held_against: ClassVar[str] = "every answer below 400"

    @property
    def what(self) -> str:
        where = self.target.domain_name or f"the address of {self.target.environment_name}"
        return f"ask {self.requests} times through {where}"

    def details(self) -> Any:
        return [self.paths, self.requests]

    def write(self, run: Run) -> str:
        through = self.target.domain_name
        address = f"https://{through}" if through else endpoint_of(self, run)
        failed = self.ask(run, address).failed
        if failed:
            raise CheckFailed(
                f"{len(failed)} of {self.requests} requests to {address} failed: {'; '.join(dict.fromkeys(failed))}",
                "Read the log: client.environments.logs(…).",
            )
        return f"{self.requests} requests to {address}: none failed"


class Watch(Checking, kw_only=True, tag="watch"):
    """Send requests to an environment's own address for a while, and let a gate judge its traffic."""

    held_against: ClassVar[str] = "the gate passes"
    #: The environment that serves today.
    beside: str
    beside_name: str
    seconds: float
    #: None: a callable that no journal can hold.
    gate: ReleaseGate | ServerErrorRate | None

    @property
    def what(self) -> str:
        how = f"{self.requests} requests in {self.seconds:.0f} s"
        return f"watch {self.target.environment_name} beside {self.beside_name}: {how}"

    def usual(self) -> float:
        return self.seconds

    def details(self) -> Any:
        return [self.beside, self.paths, self.requests, self.seconds, to_builtins(self.gate)]

    def preconditions(self, present: Present, plan: list[Step]) -> list[Precondition]:
        return [pair(present, self.target, self.beside, self.beside_name, plan)]

    def judge(self, run: Run) -> Gate:
        """The gate. Raises `MissingInput` where only the notebook has it."""
        if self.gate is not None:
            return self.gate
        own = run.own()
        if own is None or own.gate is None:
            raise MissingInput("the gate of the run is no part of its journal", "Run the notebook again: it goes on.")
        gate: Gate = own.gate
        return gate

    def write(self, run: Run) -> str:
        began, since = run.now, run.client.transport.now()  # the platform counts by its own clock
        side = str(resolved(self.target.environment, run.made))
        both = Pair(self.target.project, self.beside, side, self.target.environment_name)
        looks = Looks(run.client, both, self.judge(run), paths=self.paths, since=since, seconds=self.seconds)
        every, number = looks.every, 1
        if every is not None:
            every = max(every, run.client.clock.least)
        decided: Verdict | None = None

        def pause(due: float) -> bool:
            """Look whenever it is time."""
            nonlocal number, decided
            while every is not None and began + number * every <= min(due, began + self.seconds - every / 2):
                run.sleep(max(0.0, began + number * every - run.now))
                number += 1
                try:
                    verdict = looks.look(last=False)
                except PASSING:
                    continue  # no figures for now: the next look has them
                run.tell("looking", verdict.reason)
                if verdict.decided:
                    decided = verdict
                    return False
            run.sleep(max(0.0, due - run.now))
            return True

        self.ask(run, endpoint_of(self, run), self.seconds, pause)
        verdict = decided or looks.look(last=True)
        if not verdict.passed:
            kind = CheckFailed if verdict.result == FAIL else NoData
            raise kind(
                f"{self.target.environment_name} does not pass ({verdict.result}): {verdict.reason}",
                f"Nothing was switched: what served users still does. {self.target.environment_name} keeps running it.",
            )
        return verdict.reason


def pair(present: Present, side: Target, other: str, other_name: str, plan: list[Step]) -> Precondition:
    """Whether no push moves one of two sides, or both together, while they are compared."""
    names = {side.environment: side.environment_name, other: other_name}
    rows = {one: present.environment(side.project, one) for one in names}
    promoting = [one for one, row in rows.items() if row is not None and row.get("isAutoPromoteEnabled")]
    held = [one for one in promoting if any(_holds(step, one) for step in plan)]
    what = f"no push moves {side.environment_name} or {other_name} meanwhile"
    free = [one for one in promoting if one not in held]
    if free:
        branches = {str((rows[one] or {}).get("branch") or "–") for one in free}
        listed = " and ".join(names[one] for one in free)
        return Precondition(
            what, "fails", f"{listed} promote what is pushed to {', '.join(sorted(branches))}: runbooks.hold stops that"
        )
    return Precondition(what, "holds", "an earlier step holds auto-promotion" if held else "")


def _holds(step: Step, environment: str) -> bool:
    return step.target.environment == environment and step.after.get("auto-promote") is False


def endpoint_of(step: Step, run: Run) -> str:
    """The own address of the environment that a step is about."""
    environment = resolved(step.target.environment, run.made)
    row = run.look().environment(step.target.project, environment)
    address = ((row or {}).get("extra") or {}).get("endpoint")
    if not address:
        raise StepFailed(f"environment {step.target.environment_name} has no address to ask at")
    return str(address)
