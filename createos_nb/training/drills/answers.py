"""What a trainee has submitted, and since when each answer stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from createos_nb.causes import CAUSES
from createos_nb.errors import InvalidInput
from createos_nb.naming import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from createos_nb.training.drills.problem import Problem
    from createos_nb.training.drills.recorder import Asked

#: In place of a cause: nothing is wrong.
NONE: Final = "none"


@dataclass(frozen=True)
class Submission:
    """One submission.

    Attributes:
        at: when, Unix microseconds.
        trouble: whether something is wrong; None where that was not said.
        where: places; None where that was not said.
        cause: words; None where that was not said.
        note: a text for others.
    """

    at: int
    trouble: bool | None
    where: tuple[str, ...] | None
    cause: tuple[str, ...] | None
    note: str = ""


@dataclass
class Answers:
    """All submissions of a drill, oldest first."""

    submissions: list[Submission] = field(default_factory=list)

    def since(self, name: str) -> tuple[Any, int | None]:
        """Return the last answer to a question, and since when it has stood unchanged.

        Who takes an answer back and gives it again has given it then: a guess can't be kept for later.
        """
        given = [(one.at, getattr(one, name)) for one in self.submissions if getattr(one, name) is not None]
        if not given:
            return None, None
        last = given[-1][1]
        since = given[-1][0]
        for at, value in reversed(given):
            if value != last:
                break
            since = at
        return last, since


def read_submission(
    at: int, cause: str | Sequence[str] | None, where: str | Sequence[str] | None, trouble: bool | None, note: str
) -> Submission:
    """Return a submission. Raises `InvalidInput` for what is no answer."""
    causes, places = _words(cause, "cause"), _words(where, "where")
    for word in causes or ():
        if word not in CAUSES and word != NONE:
            known = [*CAUSES, NONE]
            raise InvalidInput(f"cause: there is no {word!r}{nearest(word, known)}; there is: {', '.join(known)}")
    if trouble is not None and not isinstance(trouble, bool):
        raise InvalidInput(f"trouble: True or False, not {trouble!r}")
    if not isinstance(note, str):
        raise InvalidInput("note: a text")
    says = [NONE not in causes] if causes else []
    says += [True] if places else []
    if causes and NONE in causes and len(causes) > 1:
        raise InvalidInput('cause: "none" stands alone')
    if len({*says, *([] if trouble is None else [trouble])}) > 1:
        raise InvalidInput('submit: nothing is wrong (cause="none", trouble=False), or something is, not both')
    if not says and trouble is None:
        raise InvalidInput("submit: give cause=, where= or trouble=")
    return Submission(at, says[0] if says else trouble, places, causes, note)


def _words(given: str | Sequence[str] | None, name: str) -> tuple[str, ...] | None:
    if given is None:
        return None
    words = [given] if isinstance(given, str) else list(given)
    if not words or not all(isinstance(word, str) and word.strip() for word in words):
        raise InvalidInput(f"{name}: a text, or several in a list, not {given!r}")
    return tuple(sorted({"/".join(part.strip() for part in word.split("/")) for word in words}))


@dataclass(frozen=True)
class Judged:
    """Whether an answer is right, and when it was given.

    Attributes:
        passed: it is right.
        at: since when it stands with something read to go by, Unix microseconds; None where that is not so.
    """

    passed: bool
    at: int | None


def judge_trouble(problem: Problem, answers: Answers, asked: Sequence[Asked]) -> Judged:
    """Judge whether the trainee says rightly that something is wrong, or that nothing is."""
    answer, since = answers.since("trouble")
    return _judged(answer is not None and answer == bool(problem.causes), since, [_first(asked)])


def judge_where(problem: Problem, answers: Answers, asked: Sequence[Asked]) -> Judged:
    """Judge the places: each cause at one of its own, and none that is not concerned."""
    given, since = answers.since("where")
    if not problem.causes:
        trouble, since = answers.since("trouble")
        return _judged(trouble is False and given is None, since, [_first(asked)])
    right = [{*_names(cause.where, problem)} for cause in problem.roots]
    by_word: dict[str, set[str]] = {}
    for cause, names in zip(problem.roots, right, strict=True):
        by_word.setdefault(cause.cause, set()).update(names)
    allowed = set().union(*(_names(cause.where, problem) for cause in problem.causes))
    passed = bool(given) and set(given or ()) <= allowed and all(set(given) & names for names in by_word.values())
    return _judged(passed, since, [_first(asked, problem, place) for place in given or ()])


def judge_cause(problem: Problem, answers: Answers, asked: Sequence[Asked]) -> Judged:
    """Judge the causes: the words of all roots, and no other."""
    given, since = answers.since("cause")
    roots: set[str] = {cause.cause for cause in problem.roots} or {NONE}
    allowed: set[str] = {cause.cause for cause in problem.causes} or {NONE}
    passed = given is not None and roots <= set(given) <= allowed
    return _judged(passed, since, [_first(asked)])


def _judged(passed: bool, since: int | None, looked: Sequence[int | None]) -> Judged:
    """Return a judgement: what was said before anything was read counts from the reading on, and never without it."""
    read = [at for at in looked if at is not None]
    if since is None or not read or len(read) < len(looked):
        return Judged(False, None)
    return Judged(passed, max(since, *read))


def _names(where: str, problem: Problem) -> set[str]:
    """Return what a place may be called: an environment also by its project, a domain or key by what it is in."""
    if not where:
        return {"account"}
    if "/" in where:
        return {where, where.partition("/")[0]}
    if any(where == key.name for key in problem.scenario.api_keys):
        return {where, "account"}
    if "." in where:
        owner = [one.name for one in problem.scenario.projects if any(where == domain.name for domain in one.domains)]
        return {where, *owner}
    # of a build: the project, and any of its environments
    project = next((one for one in problem.scenario.projects if one.name == where), None)
    return {where, *(f"{where}/{one.name}" for one in (project.environments if project else ()))}


def _first(asked: Sequence[Asked], problem: Problem | None = None, place: str = "") -> int | None:
    """Return when something was first read, of a place if one is given."""
    project = place.partition("/")[0]
    if problem is not None and "." in place:
        owners = [one.name for one in problem.scenario.projects if any(place == domain.name for domain in one.domains)]
        project = owners[0] if owners else project
    projects = {one.name for one in problem.scenario.projects} if problem is not None else set()
    return next((one.at for one in asked if project not in projects or one.project == project), None)
