"""The steps of a plan, one after another: check, write down, write once, wait, verify, write down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

from createos_nb.errors import CreateOSError, RequestError
from createos_nb.plans import moved
from createos_nb.plans.belonging import lineage_of
from createos_nb.plans.errors import (
    Cancelled,
    JournalError,
    MissingInput,
    StepFailed,
    TakesTooLong,
    Unsettled,
    WorldMoved,
)
from createos_nb.plans.receipt import Receipt, steps_frame
from createos_nb.plans.run import Run
from createos_nb.plans.steps.step import PASSING

if TYPE_CHECKING:
    from createos_nb.client import Client
    from createos_nb.plans.event import Cancel, OnEvent
    from createos_nb.plans.hidden import Hidden
    from createos_nb.plans.journal import Journal
    from createos_nb.plans.plan import Plan
    from createos_nb.plans.run import Status
    from createos_nb.plans.steps.step import Step

Ending = Literal["stopped", "failed", "cancelled"]

#: A write whose answer was lost may still be on its way: so often, and so many seconds apart, its effect is looked for.
_LOOKS: Final = 4
_APART: Final = 2.0


class Performance:
    """One run of the steps, begun or taken up again; the journal is open for writing."""

    def __init__(
        self,
        client: Client,
        steps: list[Step],
        journal: Journal,
        hidden: Mapping[int, Hidden],
        *,
        wait: bool = True,
        timeout: float | None = None,
        on_event: OnEvent | None = None,
        status: Status | None = None,
        cancel: Cancel | None = None,
        follow_ups: Mapping[str, Callable[[], Plan]] | None = None,
    ) -> None:
        self.client, self.steps, self.journal, self.hidden = client, steps, journal, hidden
        self.wait, self.follow_ups = wait, dict(follow_ups or {})
        self.run = Run(client, steps, hidden=hidden, timeout=timeout, on_event=on_event, status=status, cancel=cancel)
        self.done: set[int] = set()

    def perform(self, again: bool = False) -> Receipt:
        """All steps that are not done yet. Raises `StepFailed`, `WorldMoved`."""
        began = self.client.clock.now()
        if again:
            self._remember()
            try:
                self._still_so()
            except WorldMoved as error:
                # that run is over: what comes next begins anew, from how it is now
                raise self._stopped(StepFailed(str(error)), "failed") from error
            except StepFailed as error:
                raise self._stopped(error, "failed") from error.__cause__
            except CreateOSError as error:
                self.run.tell("failed", str(error).split("\n", 1)[0])
                raise
            self.journal.write("resumed", began, course=lineage_of(self.client).course)
        try:
            for number, step in enumerate(self.steps):
                if number not in self.done:
                    self.run.step = number
                    self.run.stop_if_cancelled()
                    self._one(number, step)
        except WorldMoved as error:
            self._note("refused", step=self.run.step, text=str(error))
            if self.journal.begun:
                raise self._stopped(StepFailed(str(error)), "failed") from error
            self.run.tell("failed", "the world has moved")
            raise
        except Cancelled as error:
            raise self._stopped(error, "cancelled") from error.__cause__
        except (TakesTooLong, Unsettled, MissingInput) as error:
            raise self._stopped(error, "stopped") from error.__cause__
        except StepFailed as error:
            raise self._stopped(error, "failed") from error.__cause__
        except JournalError as error:
            self.run.tell("failed", str(error))  # it can't be written down
            raise
        except PASSING as error:
            # no answer to a read: nothing is wrong with the plan, and it can go on when the platform answers
            raise self._stopped(StepFailed(str(error), "plans.resume(journal) goes on."), "stopped") from error
        except CreateOSError as error:
            raise self._stopped(StepFailed(str(error)), "failed") from error
        except KeyboardInterrupt:
            self._note("stopped", text="interrupted")
            self.run.tell("stopped", "interrupted")
            raise
        found = self._overtaken()
        for one in found:
            text = f"{one['target']}: {one['field']} is {one['now']} by now, not {one['planned']}: somebody changed it"
            self.journal.write("overtaken", self.client.clock.now(), step=one["step"] - 1, text=text)
        self.journal.write("finished", self.client.clock.now())
        receipt = Receipt.of_journal(self.journal, self.client, hidden=self.hidden, follow_ups=self.follow_ups)
        self.run.tell("finished", receipt.summary, title=receipt.title)
        return receipt

    # --- one step -----------------------------------------------------------------------------------------------------

    def _one(self, number: int, step: Step) -> None:
        last = self.wait is False and number == len(self.steps) - 1
        facts = {"step": number, "operation": step.operation, "target": str(step.target)}
        if not self._written(number, step, facts):
            return
        if last:
            self.journal.write("done", self.client.clock.now(), **facts, text="written, not waited for")
            self.done.add(number)
            return
        if step.writes:
            self.run.tell("waiting")
        step.wait(self.run)
        self._verify(number, step)
        self.journal.write("done", self.client.clock.now(), **facts, text=step.what)
        self.done.add(number)
        self.run.tell("done")

    def _written(self, number: int, step: Step, facts: dict[str, Any]) -> bool:
        """See to it that the write was applied once; False where the step was so already."""
        if not step.writes:
            self.journal.write("looking", self.client.clock.now(), **facts, text=step.what)
            self.run.tell("looking")
            seen = step.write(self.run)
            self.journal.write("looked", self.client.clock.now(), **facts, text=seen)
            self.run.tell("looking", seen or "")
            return True
        pending, answered = self.journal.pending(number), self.journal.of(number, "answered")
        if answered is not None:
            return True
        if pending is not None:
            found, made = self._settled(step, pending.get("baseline") or {})
            if found:
                self._answered(number, facts, made, "settled by reading: it was applied")
                return True
        present = self.run.look()
        if not step.makes:
            now = step.look(present, self.run.made)
            if now == step.wanted(self.run.made) or step.under_way(now):
                if pending is None:
                    step.wait(self.run)  # it is so, but the platform may still be at it
                    self.journal.write("skipped", self.client.clock.now(), **facts, text="it is so already")
                    self.done.add(number)
                    self.run.tell("already so")
                    return False
                return True
        # also what later steps rest on: better to stop before this write than after it
        if found_now := moved.since(self.steps, present, self.run.made, self.done):
            raise WorldMoved(moved.frame_of(found_now), written=self.journal.begun)
        step.ready(self.run)
        baseline = step.baseline(present)
        self.journal.write("about to", self.client.clock.now(), **facts, text=step.what, baseline=baseline)
        self.run.tell("writing")
        try:
            made = step.write(self.run)
        except RequestError as error:
            if error.applied is False:
                raise StepFailed(f"{step.what}: the platform refused: {error.reason}", error.hint) from error
            found, made = self._settled(step, baseline)
            if not found:
                raise Unsettled(
                    f"{step.what}: no answer ({error.reason}), and reading shows no effect",
                    "Nothing was written again: plans.resume(journal) looks once more, and writes if it is not so.",
                ) from error
            self._answered(number, facts, made, "the answer was lost; settled by reading: it was applied")
            return True
        self._answered(number, facts, made, "")
        return True

    def _answered(self, number: int, facts: dict[str, Any], made: str | None, text: str) -> None:
        self.journal.write("answered", self.client.clock.now(), **facts, made=made, text=text)
        if made is not None:
            self.run.made[number] = made

    def _settled(self, step: Step, baseline: Mapping[str, Any]) -> tuple[bool, str | None]:
        """Whether a write without an answer was applied, by reading alone; and the id of what it made."""
        for look in range(_LOOKS):
            if look:
                self.client.clock.sleep(_APART)
            if step.makes:
                made = step.adopt(self.run, baseline)
                if made is not None:
                    return True, made
            else:
                now = step.look(self.run.look(), self.run.made)
                if now == step.wanted(self.run.made) or step.under_way(now):
                    return True, None
        return False, None

    def _verify(self, number: int, step: Step) -> None:
        """Read whether it is so. Raises `StepFailed`."""
        if step.makes or not step.writes:
            return  # the wait has seen what it has made
        present = self.run.look()
        now, wanted = step.look(present, self.run.made), step.wanted(self.run.made)
        if now != wanted:
            differing = [
                f"{name} is {step.spelled(name, now.get(name), present)}, not {step.word(name, wanted.get(name))}"
                for name in {**wanted, **now}
                if now.get(name) != wanted.get(name)
            ]
            raise StepFailed(
                f"{step.what}: written, and read back otherwise: {'; '.join(differing)}",
                "Somebody else is changing it too: look at it again, and speak to them.",
            )

    # --- around the steps ---------------------------------------------------------------------------------------------

    def _remember(self) -> None:
        """What the journal says of earlier."""
        for entry in self.journal.entries:
            if entry["event"] in ("done", "skipped"):
                self.done.add(entry["step"])
            if entry["event"] == "answered" and entry.get("made"):
                self.run.made[entry["step"]] = entry["made"]

    def _still_so(self) -> None:
        """What is done must still be so before the rest is done on top of it. Raises `WorldMoved`."""
        rest = [number for number in range(len(self.steps)) if number not in self.done]
        if not rest:
            return
        present = self.run.look()
        places = {self.steps[number].place() for number in rest}
        mine = [number for number in self.done if self.steps[number].place() not in places]
        differences = moved.overtaken(self.steps, present, self.run.made, mine)
        for number in self.done:
            made = self.run.made.get(number)
            if made and not self.steps[number].there(present, made):
                raise StepFailed(f"{self.steps[number].what}: what it had made is gone", "Make the plan again.")
        if differences:
            raise WorldMoved(moved.frame_of(differences), written=True)

    def _overtaken(self) -> list[dict[str, Any]]:
        """What others have changed again while the run was going on."""
        finished = set(self.done)
        if not self.wait:
            finished.discard(len(self.steps) - 1)
        try:
            return moved.overtaken(self.steps, self.run.look(), self.run.made, finished)
        except CreateOSError:
            return []  # all of it was verified when it was done; one more look is no reason to fail

    def _note(self, event: str, **facts: Any) -> None:
        self.journal.write(event, self.client.clock.now(), **facts)

    def _stopped(self, error: StepFailed, event: Ending) -> StepFailed:
        """The error with what was done, what was not, and the way back."""
        self._note(event, step=self.run.step, text=error.message)
        self.run.tell(event, error.message)
        frame = steps_frame(self.steps)
        error.done = frame[frame["step"].isin([number + 1 for number in self.done])].reset_index(drop=True)
        error.not_done = frame[~frame["step"].isin([number + 1 for number in self.done])].reset_index(drop=True)
        error.journal = self.journal.path
        try:
            undo = Receipt.of_journal(self.journal, self.client, hidden=self.hidden).undo()
            error.undo = undo if undo.steps else None
        except CreateOSError:
            error.undo = None  # the platform does not answer; the journal can make it later
        return error
