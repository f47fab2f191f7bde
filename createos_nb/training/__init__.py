"""Training: lessons that teach the platform, and incidents to rehearse, for people and for agents, in simulated worlds.

lesson = training.lesson("05-rollback")           # a world, and what is to be done in it
lesson.client, lesson.hint(), lesson.check()

drill = training.drill("bad_release", seed=3)
drill.alert                                       # what a person would get
drill.client                                      # the normal client
drill.submit(where="storefront/production", cause="bad_release")
drill.score()                                     # against doing nothing, and against an expert
"""

from __future__ import annotations

from typing import NoReturn

from createos_nb.naming import unknown_attribute
from createos_nb.training.curriculum.author import check_lesson
from createos_nb.training.curriculum.catalog import lessons
from createos_nb.training.curriculum.lesson import Lesson, lesson
from createos_nb.training.curriculum.notebook import notebook, write_notebook
from createos_nb.training.curriculum.report import NotPassed
from createos_nb.training.drills.agents import AGENTS
from createos_nb.training.drills.alert import Alert
from createos_nb.training.drills.drill import Drill, drill
from createos_nb.training.drills.examine import examine
from createos_nb.training.drills.family import families

__all__ = [
    "AGENTS",
    "Alert",
    "Drill",
    "Lesson",
    "NotPassed",
    "check_lesson",
    "drill",
    "examine",
    "families",
    "lesson",
    "lessons",
    "notebook",
    "write_notebook",
]


def __getattr__(name: str) -> NoReturn:
    raise unknown_attribute(__name__, name, __all__)
