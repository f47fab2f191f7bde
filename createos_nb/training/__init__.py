"""Training: incidents to rehearse, for people and for agents, in a simulated world that is compared with its forks.

drill = training.drill("bad_release", seed=3)
drill.alert                                       # what a person would get
drill.client                                      # the normal client
drill.submit(where="storefront/production", cause="bad_release")
drill.score()                                     # against doing nothing, and against an expert
"""

from __future__ import annotations

from typing import NoReturn

from createos_nb.naming import unknown_attribute
from createos_nb.training.agents import AGENTS
from createos_nb.training.alert import Alert
from createos_nb.training.drill import Drill, drill
from createos_nb.training.examine import examine
from createos_nb.training.family import families

__all__ = ["AGENTS", "Alert", "Drill", "drill", "examine", "families"]


def __getattr__(name: str) -> NoReturn:
    raise unknown_attribute(__name__, name, __all__)
