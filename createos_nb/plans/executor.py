"""The executor of a plan's steps; `createos_nb.plans.apply` decides whether and where a run starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from createos_nb.client.world_of import lineage_of
from createos_nb.errors import CreateOSError, RequestError
from createos_nb.plans import drift
from createos_nb.plans.context import Run
from createos_nb.plans.errors import (
    PASSING,
    Difference,
    JournalError,
    StalePlanError,
)
from createos_nb.plans.plan import Plan, Receipt
from createos_nb.plans.step_error import Failure, StepError
from createos_nb.plans.step_failed import (
    Cancelled,
    CheckFailed,
    MissingInput,
    NoData,
    StepFailed,
    TakesTooLong,
    Unsettled,
)
from createos_nb.plans.tables import NOT_WAITED, steps_table

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans.context import ApplyOptions, TransientInputs
    from createos_nb.plans.events import OnEvent
    from createos_nb.plans.journal import Journal
    from createos_nb.plans.plan import Execute, FollowUps
    from createos_nb.plans.snapshot import Snapshot
    from createos_nb.plans.steps.base import Step

Ending = Literal["stopped", "failed", "cancelled"]

#: The error that a run ends with for each kind of failure, and how it ends: one that has not failed can be resumed.
_ENDS: Final[Mapping[Failure, tuple[type[StepFailed], Ending]]] = {
    "failed": (StepFailed, "failed"),
    "check failed": (CheckFailed, "failed"),
    "no data": (NoData, "failed"),
    "unsettled": (Unsettled, "stopped"),
    "takes too long": (TakesTooLong, "stopped"),
    "missing input": (MissingInput, "stopped"),
    "cancelled": (Cancelled, "cancelled"),
}
#: A write whose answer was lost may still be on its way: so often, and so many seconds apart, its effect is read.
_POLLS: Final = 4
_APART: Final = 2.0


class _Settled(NamedTuple):
    """Whether a write without an answer was applied, and the id of what it has created."""

    applied: bool
    created: str | None = None


class PlanExecutor:
    """Executes the steps of a plan, one after another; a run is begun or resumed, its journal open for writing.

    For each step, in this order:

    1. guard: the caller has not canceled; a step that is done is skipped.
    2. re-read: the present state. A change that is there already is journaled as skipped; drift in what this step or a
       later one rests on stops the run before it writes (`StalePlanError`). A step that `rechecks` is compared with the
       newest look, and reads anew in 4, right before it sends. Transient inputs are checked.
    3. started: the journal says so, on the disk, with what recovery needs.
    4. write once: one request, never sent again. Where its answer is lost, reading settles whether it was applied.
    5. wait: poll until the platform is done.
    6. verify: read back whether it is as planned.
    7. done: the journal says so.

    After the last step drift is read once more and journaled, then the run is finished. A run that is resumed starts
    with what its journal says: steps that are done must still be as planned, and a step that was started is settled by
    reading (4) before anything else.
    """

    def __init__(
        self,
        client: Client,
        steps: list[Step],
        journal: Journal,
        inputs: Mapping[int, TransientInputs],
        options: ApplyOptions,
        *,
        execute: Execute,
        on_event: OnEvent | None,
        follow_ups: FollowUps | None = None,
    ) -> None:
        self.client, self.steps, self.journal, self.inputs = client, steps, journal, inputs
        self.wait, self.execute, self.follow_ups = options.wait, execute, dict(follow_ups or {})
        self.run = Run(
            client,
            [step.what for step in steps],
            transient=inputs,
            timeout=options.timeout_seconds,
            on_event=on_event,
            status=options.status,
            cancel=options.cancel,
            drift=self._drift_before,
            note=self._note,
            attempts=journal.attempts,
        )
        self.done: set[int] = set()

    def start(self, checked: Snapshot) -> Receipt:
        """Execute all steps; `checked`: what was read to check the plan. Raises `StepFailed`, `StalePlanError`."""
        self.run.keep(checked)
        return self._execute_steps()

    def resume(self) -> Receipt:
        """Execute the steps that are not done yet. Raises `StepFailed`."""
        resumed = self.client.clock.now()
        lost = {number for number, step in enumerate(self.steps) if step.creates and step.is_lost(self.run, number)}
        self.done = self.journal.completed - lost
        self.run.created = {number: one for number, one in self.journal.created.items() if number not in lost}
        self._bind()
        try:
            self._check_done()
        except StalePlanError as error:
            # that run is over: what comes next starts anew, from the present state
            raise self._stop(StepError(str(error))) from error
        except StepError as error:
            raise self._stop(error) from error.__cause__
        except CreateOSError as error:
            self.run.emit("failed", str(error).split("\n", 1)[0])
            raise
        self.journal.write("resumed", resumed, course=lineage_of(self.client).course)
        return self._execute_steps()

    def _execute_steps(self) -> Receipt:
        try:
            for number in range(len(self.steps)):
                if number not in self.done:
                    self.run.step = number
                    self.run.stop_if_canceled()
                    self._execute_step(number, self.steps[number])
        except StalePlanError as error:
            self.journal.write("refused", self.client.clock.now(), step=self.run.step, text=str(error))
            if self.journal.started:
                raise self._stop(StepError(str(error))) from error
            self.run.emit("failed", "the plan is stale")
            raise
        except StepError as error:
            raise self._stop(error) from error.__cause__
        except JournalError as error:
            self.run.emit("failed", str(error))  # it can't be written down
            raise
        except PASSING as error:
            # no answer to a read: nothing is wrong with the plan, and it can go on when the platform answers
            raise self._stop(StepError(str(error), "plans.resume(journal) goes on."), "stopped") from error
        except CreateOSError as error:
            raise self._stop(StepError(str(error))) from error
        except KeyboardInterrupt:
            self.journal.write("stopped", self.client.clock.now(), text="interrupted")
            self.run.emit("stopped", "interrupted")
            raise
        for difference in self._drift():
            text = (
                f"{difference.target}: {difference.field} is {difference.now} by now, not {difference.planned}: "
                "somebody changed it"
            )
            self.journal.write("drift", self.client.clock.now(), step=difference.step - 1, text=text)
        self.journal.write("finished", self.client.clock.now())
        receipt = receipt_of(
            self.journal, self.client, execute=self.execute, inputs=self.inputs, follow_ups=self.follow_ups
        )
        self.run.emit("finished", receipt.summary, title=receipt.title)
        return receipt

    def _read_ahead(self, snapshot: Snapshot) -> None:
        """Read at the same time what the steps rest on that are not done."""
        left = [step for number, step in enumerate(self.steps) if number not in self.done and step.writes]
        snapshot.read_together(query for step in left for query in step.queries())

    def _drift_before(self, snapshot: Snapshot) -> list[Difference]:
        """What others have changed of what the steps rest on that are not done."""
        self._read_ahead(snapshot)
        return drift.before_steps(self.steps, snapshot, self.run.created, self.done)

    # --- one step -----------------------------------------------------------------------------------------------------

    def _execute_step(self, number: int, step: Step) -> None:
        facts = {"step": number, "operation": step.operation, "target": str(step.target)}
        if not self._write_once(number, step, facts):
            return
        if not self.wait and number == len(self.steps) - 1:
            step.finish(self.run)
            self.journal.write("done", self.client.clock.now(), **facts, text=NOT_WAITED)
            self.done.add(number)
            return
        if step.writes:
            self.run.emit("waiting")
        step.wait(self.run)
        self._verify(number, step)
        step.finish(self.run)
        self.journal.write("done", self.client.clock.now(), **facts, text=step.what)
        self.done.add(number)
        self.run.emit("done")

    def _write_once(self, number: int, step: Step, facts: dict[str, Any]) -> bool:
        """See to it that the write was applied once; False where the change was there already."""
        if not step.writes:
            self._probe(step, facts)
            return True
        if self.journal.newest(number, "answered") is not None and not step.is_lost(self.run, number):
            return True
        pending = self.journal.pending(number)
        if pending is not None:
            settled = self._settle(step, self.journal.attempts(number)[-1])
            if settled.applied:
                self._answered(number, facts, settled.created, "settled by reading: it was applied")
                return True
        # anew, unless the write does that itself, still nearer to it
        snapshot = self.run.latest() if step.rechecks else self.run.snapshot()
        self._read_ahead(snapshot)
        if not step.creates and self._as_desired(step, step.read(snapshot, self.run.created)):
            if pending is not None:
                return True
            step.wait(self.run)  # it is so, but the platform may still be at it
            self.journal.write("skipped", self.client.clock.now(), **facts, text="it is so already")
            self.done.add(number)
            self.run.emit("already so")
            return False
        # also what later steps rest on: better to stop before this write than after it
        if differences := self._drift_before(snapshot):
            raise StalePlanError(differences, written=self.journal.started)
        step.check_inputs(self.run)
        baseline = self.run.baseline = step.recovery_baseline(snapshot)
        self.journal.write("started", self.client.clock.now(), **facts, text=step.what, baseline=baseline)
        self.run.emit("writing")
        try:
            created = step.write(self.run)
        except RequestError as error:
            if error.applied is False:
                raise StepError(f"{step.what}: the platform refused: {error.reason}", error.hint) from error
            settled = self._settle(step, self.journal.attempts(number)[-1])
            if not settled.applied:
                raise StepError(
                    f"{step.what}: no answer ({error.reason}), and reading shows no effect",
                    "Nothing was written again: plans.resume(journal) reads again, and writes if it is not so.",
                    kind="unsettled",
                ) from error
            self._answered(number, facts, settled.created, "the answer was lost; settled by reading: it was applied")
            return True
        self._answered(number, facts, created, "")
        return True

    def _probe(self, step: Step, facts: dict[str, Any]) -> None:
        """Execute a step that only checks."""
        self.journal.write("probing", self.client.clock.now(), **facts, text=step.what)
        self.run.emit("probing")
        finding = step.write(self.run)
        self.journal.write("probed", self.client.clock.now(), **facts, text=finding)
        self.run.emit("probing", finding or "")

    def _answered(self, number: int, facts: dict[str, Any], created: str | None, text: str) -> None:
        self.journal.write("answered", self.client.clock.now(), **facts, created=created, text=text)
        if created is not None:
            self.run.created[number] = created
            self._bind()

    def _note(self, text: str, facts: Mapping[str, Any]) -> None:
        """Journal what the step at work notes while it writes."""
        at = self.client.clock.now()
        self.journal.write("noted", at, step=self.run.step, text=text, baseline=dict(facts))

    def _bind(self) -> None:
        """Let the steps that are left act on what was created."""
        self.steps = [step.bound(self.run.created) for step in self.steps]

    def _as_desired(self, step: Step, now: Mapping[str, Any]) -> bool:
        return now == step.desired(self.run.created) or step.in_progress(now)

    def _settle(self, step: Step, baseline: Mapping[str, Any]) -> _Settled:
        """Settle by reading alone whether a write without an answer was applied."""
        for poll in range(_POLLS):
            if poll:
                self.client.clock.sleep(_APART)
            if step.creates:
                created = step.recover_created(self.run, baseline)
                if created is not None:
                    return _Settled(True, created)
            elif self._as_desired(step, step.read(self.run.snapshot(), self.run.created)):
                return _Settled(True)
        return _Settled(False)

    def _verify(self, number: int, step: Step) -> None:
        """Read back whether it is as planned. Raises `StepError`."""
        if step.creates or not step.writes:
            return  # the wait has seen what it has created
        snapshot = self.run.latest()  # the last look of the wait
        now, desired = step.read(snapshot, self.run.created), step.desired(self.run.created)
        if now != desired:
            differences = step.differences(number, desired, now, snapshot)
            raise StepError(
                f"{step.what}: written, and read back otherwise: "
                + "; ".join(f"{field.field} is {field.now}, not {field.planned}" for field in differences),
                "Somebody else is changing it too: read it again, and speak to them.",
            )

    # --- around the steps ---------------------------------------------------------------------------------------------

    def _check_done(self) -> None:
        """Check that what is done is still so, before the rest is done on top of it. Raises `StalePlanError`."""
        rest = [number for number in range(len(self.steps)) if number not in self.done]
        if not rest:
            return
        snapshot = self.run.snapshot()
        ahead = {self.steps[number].resource_key() for number in rest}
        settled = [number for number in self.done if self.steps[number].resource_key() not in ahead]
        differences = drift.after_steps(self.steps, snapshot, self.run.created, settled)
        for number in self.done:
            created = self.run.created.get(number)
            if created and not self.steps[number].exists(snapshot, created):
                raise StepError(f"{self.steps[number].what}: what it had created is gone", "Make the plan again.")
        if differences:
            raise StalePlanError(differences, written=True)

    def _drift(self) -> list[Difference]:
        """What others have changed again while the run was going on."""
        finished = set(self.done)
        if not self.wait:
            finished.discard(len(self.steps) - 1)
        try:
            return drift.after_steps(self.steps, self.run.latest(), self.run.created, finished)
        except CreateOSError:
            return []  # all of it was verified when it was done; a failed read is no reason to fail

    def _stop(self, error: StepError, ending: Ending | None = None) -> StepFailed:
        """Journal how the run ends; returns the error to raise: what was done, what was not, and the undo."""
        kind, usual = _ENDS[error.kind]
        ending = ending or usual
        self.journal.write(ending, self.client.clock.now(), step=self.run.step, text=error.message)
        self.run.emit(ending, error.message)
        table = steps_table(self.steps)
        done = table["step"].isin([number + 1 for number in self.done])
        return kind(
            error.message,
            error.hint,
            error.log,
            done=table[done].reset_index(drop=True),
            not_done=table[~done].reset_index(drop=True),
            undo=self._undo(),
            journal=self.journal.path,
        )

    def _undo(self) -> Plan | None:
        """The plan that undoes what was done; None where there is nothing to undo."""
        try:
            undo = receipt_of(self.journal, self.client, execute=self.execute, inputs=self.inputs).undo()
        except CreateOSError:
            return None  # the platform does not answer; the journal can make it later
        return undo if undo.steps else None


def receipt_of(
    journal: Journal,
    client: Client,
    *,
    execute: Execute,
    inputs: Mapping[int, TransientInputs] | None = None,
    follow_ups: FollowUps | None = None,
) -> Receipt:
    """Return the receipt of the run of a journal. Raises `JournalError`."""
    steps = journal.steps()
    plan = journal.plan
    return Receipt(
        client,
        plan["title"] if plan is not None else "",
        plan["where"] if plan is not None else "",
        steps,
        execute=execute,
        journal=journal,
        inputs=inputs,
        reason=plan["reason"] if plan is not None else None,
        follow_ups=follow_ups,
    )
