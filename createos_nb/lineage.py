"""The lineage of a world: which one it is, and which past is its own.

A world that is opened has an id, which saving, loading and forking keep. From a fork on, or from a save on where the
file is opened later, things take another course: what happened in the one course afterwards never happened in the
other. So each course has a name, and knows until when those before it are its past.
"""

from __future__ import annotations

import secrets
from typing import Annotated, Final, TypeAlias

from msgspec import Meta, Struct

#: Header of a served world's responses; its value is a `Lineage` as text.
WORLD_HEADER: Final = "x-createos-world"
#: A header names so many earlier courses.
_COURSES_IN_HEADER: Final = 20
#: It stands in a header: a file that holds another text is damaged.
Name: TypeAlias = Annotated[str, Meta(pattern=r"\A[0-9A-Za-z]*\Z")]


class Lineage(Struct, frozen=True):
    """The lineage of a world.

    Attributes:
        id: The id of the world; "" for none.
        course: The name of its course.
        past: The courses before it, each with its end in Unix microseconds.
    """

    id: Name = ""
    course: Name = ""
    past: tuple[tuple[Name, int], ...] = ()

    @classmethod
    def fresh(cls) -> Lineage:
        """Return the lineage of a world that is opened anew.

        Returns:
            One with a new id and a new course.

        Examples:
            >>> from createos_nb.lineage import Lineage
            >>> Lineage.fresh() == Lineage.fresh()
            False
        """
        return cls(_name(), _name())

    def branch(self, now: int) -> Lineage:
        """Return the lineage of another world, which is as this one is at a moment and goes its own way from there.

        Args:
            now: The moment, in Unix microseconds.

        Returns:
            One of the same id, whose past ends with this course.

        Examples:
            >>> from createos_nb.lineage import Lineage
            >>> fork = Lineage("world", "first").branch(5_000_000)
            >>> fork.id, fork.past
            ('world', (('first', 5000000),))
        """
        if not self.id:
            return self.fresh()
        earlier = [(name, until) for name, until in self.past if until < now]
        later = [(name, now) for name, until in self.past if until >= now]
        return Lineage(self.id, _name(), (*earlier, *later, (self.course, now)))

    def knows(self, course: str, at: int) -> bool:
        """Return whether what happened in a course, at a moment, belongs to the past of this one.

        Args:
            course: The name of the course.
            at: The moment, in Unix microseconds.

        Returns:
            True for its own course, and for an earlier one until the two parted.

        Examples:
            >>> from createos_nb.lineage import Lineage
            >>> fork = Lineage("world", "first").branch(5_000_000)
            >>> fork.knows("first", 4_000_000), fork.knows("first", 6_000_000)
            (True, False)
        """
        if course == self.course:
            return True
        # journals keep milliseconds, rounded
        return any(name == course and at <= until + 500 for name, until in self.past)

    def __str__(self) -> str:
        return " ".join([self.id, self.course, *(f"{name}@{until}" for name, until in self.past[-_COURSES_IN_HEADER:])])

    @classmethod
    def read(cls, text: str) -> Lineage:
        """Return the lineage that `str` wrote.

        Args:
            text: The text, such as the value of the header `WORLD_HEADER`.

        Returns:
            The lineage; that of no world for any other text.

        Examples:
            >>> from createos_nb.lineage import Lineage
            >>> Lineage.read("world second first@5000000").past
            (('first', 5000000),)
            >>> Lineage.read("nothing of the kind").id
            ''
        """
        try:
            own, course, *past = text.split()
            return cls(
                own, course, tuple((name, int(until)) for name, _, until in (part.partition("@") for part in past))
            )
        except ValueError:
            return cls()


def _name() -> str:
    return secrets.token_hex(6)
