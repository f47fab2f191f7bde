"""What a lesson says in a line: a hint, and what was noted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, repr=False)
class Hint:
    """A hint.

    Attributes:
        task: the title of the task.
        text: the hint.
        number: which one it is, from 1.
        of: how many the task has.
    """

    task: str
    text: str
    number: int
    of: int

    def __repr__(self) -> str:
        return f"{self.task}, hint {self.number} of {self.of}: {self.text}"

    def _repr_markdown_(self) -> str:
        return f"**{self.task}**, hint {self.number} of {self.of}: {self.text}"


@dataclass(frozen=True, repr=False)
class Note:
    """What was noted.

    Attributes:
        text: what is said of it.
    """

    text: str

    def __repr__(self) -> str:
        return self.text
