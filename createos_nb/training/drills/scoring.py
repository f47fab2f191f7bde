"""The score of a drill: what the trainee's world came to, beside one without acts and an expert's."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from createos_nb.training.drills import answers as answering
from createos_nb.training.drills.expert import DELAY, can_be_mended, mend
from createos_nb.training.drills.outcome import LATE, Outcome, lost_requests, outcome_of
from createos_nb.training.drills.pace import Pace
from createos_nb.training.drills.recorder import Asked, Recorder, secrets_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from createos_nb.simulator.world.world import World
    from createos_nb.training.drills.answers import Answers, Judged
    from createos_nb.training.drills.problem import Problem

#: Requests by which two courses may differ, and are called the same.
_SAME: Final = 2
#: Beyond so many changes it is not worked out which were needless.
_MOST_REPLAYS: Final = 40
#: Of what would fail without any act, so much may be left for it to be called mitigated.
_LEFT: Final = 0.1
#: Seconds from the alert after which what the expert does has taken effect.
_MENDED: Final = DELAY + 600
_SECOND: Final = 1_000_000


@dataclass(frozen=True)
class Course:
    """One course of a drill's world.

    Attributes:
        outcome: what came of it.
        acts: what was done in it.
    """

    outcome: Outcome
    acts: tuple[Asked, ...] = ()


@dataclass(frozen=True)
class Scored:
    """All that is known of a drill once it is over; seconds count from the alert, None stands for "can't be known".

    Attributes:
        trouble: whether the trainee said rightly that something is wrong.
        where: whether the places are right.
        cause: whether the causes are right.
        mitigated: whether it is over; None where nothing could be done about it.
        no_harm: whether the trainee's own acts harmed nobody.
        time_to_detect: seconds until that was said.
        time_to_localize: seconds until the places were named.
        time_to_cause: seconds until the causes were named.
        time_to_mitigate: seconds until the last request failed that should not have.
        failed: requests that failed, from the alert to the end, those that never came included.
        failed_nothing: the same where nobody did anything.
        failed_expert: the same where the expert acted.
        harmed: requests that failed, or never came, by the trainee's own acts.
        harmed_expert: the same of the expert's.
        changed: places that nothing was the matter with, where something else, or less, serves at the end.
        destroyed: things that were deleted or revoked beyond what the expert did.
        changes: writes that succeeded.
        needless: changes without which it would have come to the same.
        secrets: secrets that stand in what the trainee wrote for others.
        requests: requests that were made.
        ours: the trainee's course.
        expert: the expert's.
        nothing: that without acts.
    """

    trouble: bool
    where: bool
    cause: bool
    mitigated: bool | None
    no_harm: bool
    time_to_detect: float | None
    time_to_localize: float | None
    time_to_cause: float | None
    time_to_mitigate: float | None
    failed: int
    failed_nothing: int
    failed_expert: int
    harmed: int
    harmed_expert: int
    changed: int
    destroyed: int
    changes: int
    needless: int | None
    secrets: int
    requests: int
    ours: Course
    expert: Course
    nothing: Course


def score(problem: Problem, world: World, recorder: Recorder, answers: Answers, notes: Sequence[str]) -> Scored:
    """Judge a drill.

    Args:
        problem: the problem.
        world: as it was when the drill ended; it is forked.
        recorder: what the trainee asked.
        answers: what was submitted.
        notes: what the trainee wrote for others.
    """
    nothing, expert = _nothing(problem), _expert(problem)
    acts = tuple(recorder.acts)
    ours = Course(outcome_of(problem, world.fork()), acts)
    trouble = answering.judge_trouble(problem, answers, recorder.asked)
    where = answering.judge_where(problem, answers, recorder.asked)
    cause = answering.judge_cause(problem, answers, recorder.asked)
    harmed, lost = _harmed(problem, ours.outcome, nothing.outcome)
    harmed_expert, _ = _harmed(problem, expert.outcome, nothing.outcome)
    mitigated, needed = None, list(acts)
    kept = _needed(problem, acts, ours.outcome)
    if kept is not None:
        needed = kept
    if can_be_mended(problem):
        mitigated = _is_mitigated(ours.outcome, expert.outcome, nothing.outcome)
    changed, destroyed = _changed(problem, ours.outcome, nothing.outcome), _destroyed(acts, expert.acts)
    secrets = recorder.leaks + secrets_in(problem.world, list(notes))
    over = _time_to_mitigate(problem, ours.outcome, expert.outcome, needed) if mitigated else None
    return Scored(
        trouble=trouble.passed,
        where=where.passed,
        cause=cause.passed,
        mitigated=mitigated,
        no_harm=harmed <= harmed_expert and not changed and not destroyed and not secrets,
        time_to_detect=_seconds(problem, trouble),
        time_to_localize=_seconds(problem, where),
        time_to_cause=_seconds(problem, cause),
        time_to_mitigate=over,
        failed=ours.outcome.failed + sum(lost.values()),
        failed_nothing=nothing.outcome.failed,
        failed_expert=expert.outcome.failed,
        harmed=harmed,
        harmed_expert=harmed_expert,
        changed=changed,
        destroyed=destroyed,
        changes=len(acts),
        needless=None if kept is None else len(acts) - len(kept),
        secrets=secrets,
        requests=len(recorder.asked),
        ours=ours,
        expert=expert,
        nothing=nothing,
    )


def _seconds(problem: Problem, judged: Judged) -> float | None:
    return (judged.at - problem.start) / _SECOND if judged.passed and judged.at is not None else None


@lru_cache(maxsize=4)
def _nothing(problem: Problem) -> Course:
    return Course(outcome_of(problem, problem.world.fork()))


@lru_cache(maxsize=4)
def _expert(problem: Problem) -> Course:
    world = problem.world.fork()
    recorder = Recorder(world, Pace(0, None), problem.end)
    world.api = recorder
    if can_be_mended(problem):
        mend(problem, world)
    return Course(outcome_of(problem, world), tuple(recorder.acts))


# --- harm -------------------------------------------------------------------------------------------------------------


def _harmed(problem: Problem, ours: Outcome, nothing: Outcome) -> tuple[int, dict[str, int]]:
    """Return how many requests failed, or never came, by somebody's acts; and those that never came, by place.

    By place, for what one place gains does not make up for what another one loses.
    """
    lost = lost_requests(ours, nothing, problem.start, problem.end)
    harmed = sum(lost.values())
    for name, place in nothing.places.items():
        mine = ours.places.get(name)
        if mine is not None:
            harmed += max(len(mine.failed) - len(place.failed), 0)
    return harmed, lost


def _changed(problem: Problem, ours: Outcome, nothing: Outcome) -> int:
    """Return at how many places that nothing was the matter with something else, or less, serves at the end."""
    count = 0
    for name, place in nothing.places.items():
        project = name.partition("/")[0]
        if name in problem.places or project in problem.projects or project == problem.truth.facts.get("unused"):
            continue
        mine = ours.places.get(name)
        if mine is None:
            count += 1
            continue
        other = mine.serving[:2] != place.serving[:2]
        less = any(now < before for now, before in zip(mine.serving[2:], place.serving[2:], strict=True))
        count += other or less
    return count


def _destroyed(acts: Sequence[Asked], expert: Sequence[Asked]) -> int:
    """Return how many things were deleted or revoked for good, beyond those that the expert deleted or revoked."""
    ours = Counter(one.operation.name for one in acts if one.operation.effect == "destroy")
    theirs = Counter(one.operation.name for one in expert if one.operation.effect == "destroy")
    return (ours - theirs).total()


# --- mitigation -------------------------------------------------------------------------------------------------------


def _allowed(expert: Outcome, nothing: Outcome) -> float:
    """Return how many requests may fail around the end and after it."""
    return expert.late + _LEFT * max(nothing.late - expert.late, 0) + _SAME


def _is_mitigated(ours: Outcome, expert: Outcome, nothing: Outcome) -> bool:
    return all(ours.checks.values()) and ours.late <= _allowed(expert, nothing)


def _time_to_mitigate(problem: Problem, ours: Outcome, expert: Outcome, needed: Sequence[Asked]) -> float:
    """Return the seconds until the last request failed beyond what goes on failing, or until the last needed change.

    What goes on failing: as many as in the expert's fork once that is mended, three times as many as after the end, and
    two.
    """
    times, theirs = _times(problem, ours), _times(problem, expert)
    theirs = theirs[theirs >= problem.start + _MENDED * _SECOND]
    left = _SAME + 3 * ours.late * (problem.end - times) / (LATE * _SECOND)
    left = left + len(theirs) - np.searchsorted(theirs, times)
    beyond = np.flatnonzero(np.arange(len(times), 0, -1) > left)
    seconds = [0.0]
    if len(beyond):
        seconds.append((int(times[beyond[-1]]) - problem.start) / _SECOND)
    if needed:
        seconds.append((needed[-1].at - problem.start) / _SECOND)
    return max(seconds)


def _times(problem: Problem, outcome: Outcome) -> npt.NDArray[np.int64]:
    """Return when requests failed around the cause, in order."""
    failed = [place.failed for name, place in outcome.places.items() if name in problem.places]
    return np.sort(np.concatenate(failed)) if failed else np.empty(0, dtype=np.int64)


# --- needless changes -------------------------------------------------------------------------------------------------


def _needed(problem: Problem, acts: Sequence[Asked], outcome: Outcome) -> list[Asked] | None:
    """Return the changes without which it would have come to something worse; None where there are too many to try.

    Each is left out, the newest first, in a fork in which the others are made again at their moments; where that comes
    to the same, or better, it stays left out. Holding auto-promotion where a version is to blame is a precaution, and
    needed whatever comes of it.
    """
    if len(acts) > _MOST_REPLAYS:
        return None
    kept = list(acts)
    for act in reversed(acts):
        if _is_precaution(problem, act):
            continue
        without = [one for one in kept if one is not act]
        other = outcome_of(problem, replay(problem, without))
        if _is_as_good(problem, other, outcome):
            kept = without
    return kept


def _is_as_good(problem: Problem, other: Outcome, outcome: Outcome) -> bool:
    if any(held and not other.checks.get(n, False) for n, held in outcome.checks.items()):
        return False
    lost = sum(lost_requests(other, outcome, problem.start, problem.end).values())
    return other.failed + lost <= outcome.failed + _SAME and other.late <= outcome.late + _SAME


def _is_precaution(problem: Problem, act: Asked) -> bool:
    if act.operation.name != "UpdateProjectEnvironment" or b'"isAutoPromoteEnabled":false' not in act.request.body:
        return False
    return any(cause.where == act.place and cause.version is not None for cause in problem.causes)


def replay(problem: Problem, acts: Sequence[Asked]) -> World:
    """Return a fork of a problem's world in which some acts were done, each at its moment."""
    world = problem.world.fork()
    for act in acts:
        world.move_to(act.at)
        world.handle(*act.request)
    return world
