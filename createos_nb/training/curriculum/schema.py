"""What a lesson's file may say, section by section; `docs/lesson-authoring.md` describes it for authors."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, Meta(min_length=1)]


class Section(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A section of the file: a field that it does not have is a mistake."""


class FactSection(Section, kw_only=True):
    """A figure of the world, by the name of the function that reads it.

    Attributes:
        fact: its name; see `createos_nb.training.curriculum.facts`.
        of: its arguments.
    """

    fact: str
    of: dict[str, Any] = {}


class WrongValue(Section, kw_only=True):
    """A value that a check does not take, and why.

    Attributes:
        equals: the value.
        same_as: or the figure that it is.
        above: or what it is above.
        below: or what it is below.
        because: what the learner is told.
    """

    equals: Any = UNSET
    same_as: FactSection | UnsetType = UNSET
    above: float | UnsetType = UNSET
    below: float | UnsetType = UNSET
    because: Text


class CheckSection(Section, kw_only=True):
    """What has to be so: a figure of the world, or an answer, beside what it has to be.

    Attributes:
        fact: the name of a figure, or
        answer: the name of an answer.
        of: arguments of the figure.
        equals: the value that it has to have, or
        one_of: one of several, or
        same_as: that of a figure; within `within` of it (a share, such as 0.01), or
        at_least: the least, or
        at_most: the most, or
        contains: what has to be in it, of a list or a text; or
        lacks: what must not be in it.
        within: a share that an answer may be off.
        otherwise: what the learner is told where it is not so; `{found}` is what was found.
        wrong: values that say more of what went wrong.
    """

    fact: str = ""
    answer: str = ""
    of: dict[str, Any] = {}
    equals: Any = UNSET
    one_of: list[Any] | UnsetType = UNSET
    same_as: FactSection | UnsetType = UNSET
    at_least: float | UnsetType = UNSET
    at_most: float | UnsetType = UNSET
    contains: Any = UNSET
    lacks: Any = UNSET
    within: Annotated[float, Meta(ge=0, lt=1)] = 0.0
    otherwise: Text
    wrong: list[WrongValue] = []


class CellSection(Section, kw_only=True):
    """A part of the page: a text, code, or both.

    Attributes:
        text: Markdown.
        code: Python that runs as it stands there.
    """

    text: str = ""
    code: str = ""


class TaskSection(Section, kw_only=True):
    """Something to find out or to do.

    Attributes:
        name: of the task.
        title: what it is, in a few words.
        text: Markdown.
        code: what stands in the cell to begin with.
        points: for a grader.
        hints: from the gentlest to the plainest.
        checks: what has to be so; all of them.
        solution: a way to do it.
    """

    name: Name
    title: Text
    text: Text
    code: str = ""
    points: Annotated[int, Meta(ge=1)] = 1
    hints: Annotated[list[Text], Meta(min_length=1)]
    checks: Annotated[list[CheckSection], Meta(min_length=1)]
    solution: CellSection


class HarmSection(CheckSection, kw_only=True):
    """What must stay so whatever the learner does; `otherwise` says what the harm is."""


class StepSection(Section, kw_only=True):
    """Something that happens in the world before the lesson begins.

    Attributes:
        do: "advance"; or what a world can be told: "push", "set_behavior", "traffic", "incident"; or "runbook"; or
            "give_key": the value of an API key into a run-time variable.
        time: of "advance", such as "10min".
        runbook: of "runbook": its name.
        arguments: of what is done.
    """

    do: Literal["advance", "push", "set_behavior", "traffic", "incident", "runbook", "give_key"]
    time: str = ""
    runbook: str = ""
    arguments: dict[str, Any] = {}


class WorldSection(Section, kw_only=True):
    """The world of a lesson.

    Attributes:
        scenario: its name.
        seed: what random figures are drawn from.
        text: what is so in it, in Markdown.
        steps: what happens before the lesson begins.
        may_change: what the learner may change, such as "storefront/production.live"; `*` stands for any text.
    """

    scenario: str
    seed: int = 7
    text: Text
    steps: list[StepSection] = []
    may_change: list[str] = []


class WrongWay(Section, kw_only=True):
    """A plausible way that does not pass, tried by `createos_nb.training.check_lesson`.

    Attributes:
        name: what it is, in a few words.
        code: Python, with `lesson` and `client`.
        task: the task that it leaves undone, or
        harm: a part of the harm that is told.
        because: a part of what the learner is told.
    """

    name: Text
    code: Text
    task: str = ""
    harm: str = ""
    because: str = ""


class LinkSection(Section, kw_only=True):
    """What to read next.

    Attributes:
        text: of the link.
        to: a path in the project, such as "notebooks/42_rollback.ipynb".
    """

    text: Text
    to: Text


class LessonFile(Section, kw_only=True):
    """A lesson's file.

    Attributes:
        title: of the lesson.
        minutes: how long it takes, about.
        goal: what one will be able to do, each a few words after "you will be able to".
        terms: words of the glossary that it takes for granted or explains.
        world: the world.
        know: what to know, in parts.
        tasks: what is to be done, in order.
        harm: what must stay so.
        wrong: plausible ways that do not pass; at least three.
        picture: Python that draws the result, the last thing in the solution.
        next: what to read next.
    """

    title: Text
    minutes: Annotated[int, Meta(ge=1, le=60)]
    goal: Annotated[list[Text], Meta(min_length=1)]
    terms: list[str] = []
    world: WorldSection
    know: Annotated[list[CellSection], Meta(min_length=1)]
    tasks: Annotated[list[TaskSection], Meta(min_length=1)]
    harm: list[HarmSection] = []
    wrong: Annotated[list[WrongWay], Meta(min_length=3)]
    picture: str = ""
    next: Annotated[list[LinkSection], Meta(min_length=1)]
