"""A problem: an incident made up from a family and a seed, its world at the alert, and the truth about it."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from random import Random
from typing import TYPE_CHECKING

from createos_nb.errors import InvalidInput
from createos_nb.simulator import World, fault_scenario, open_world
from createos_nb.training.drills.family import Family, Symptom, all_families, family_named

if TYPE_CHECKING:
    from createos_nb.simulator.scenario.fault_worlds import Difficulty
    from createos_nb.simulator.scenario.schema import CauseSection, GroundTruthSection, Scenario

#: Causes that show where another one is: to name them is right, and not enough.
_CONSEQUENCES = frozenset({"internal_dependency"})


@dataclass(frozen=True, repr=False, eq=False)
class Problem:
    """An incident, as nobody but the judge sees it.

    Attributes:
        family: of which family it is.
        seed: what it was drawn with.
        symptom: what its alert tells of.
        scenario: all of it, with the ground truth.
        world: at the moment of the alert; it is forked, and never moved.
        start: the moment of the alert, Unix microseconds.
        end: the moment up to which all is counted, Unix microseconds.
    """

    family: Family
    seed: int
    symptom: Symptom
    scenario: Scenario
    world: World
    start: int
    end: int

    def __repr__(self) -> str:
        return "<Problem>"

    @property
    def truth(self) -> GroundTruthSection:
        """Return what is the matter."""
        assert self.scenario.ground_truth is not None
        return self.scenario.ground_truth

    @property
    def causes(self) -> list[CauseSection]:
        """Return the causes; none for a false alarm."""
        return self.truth.causes

    @property
    def roots(self) -> list[CauseSection]:
        """Return the causes that have to be named: all but those that another one of them brings about."""
        roots = [cause for cause in self.causes if cause.cause not in _CONSEQUENCES]
        return roots or self.causes

    @property
    def places(self) -> set[str]:
        """Return the environments, as "project/environment", in which something is the matter."""
        return {cause.where for cause in self.causes if "/" in cause.where}

    @property
    def projects(self) -> set[str]:
        """Return the names of the projects that the trouble concerns."""
        return {place.partition("/")[0] for place in self.truth.where}

    def background(self, project: str) -> set[tuple[int, str]]:
        """Return status and cause of the errors that an app has on its best days, too."""
        usual = self.scenario.behaviors.get(f"{project}-usual", {})
        return {(error["status"], error.get("cause", "")) for error in usual.get("errors", ())}


def make_problem(
    family: str | None, seed: int, *, seconds: int, salt: str = "", difficulty: Difficulty | None = None
) -> Problem:
    """Make up a problem.

    Args:
        family: its name; None for one that the seed chooses.
        seed: decides everything; a whole number.
        seconds: from the alert to the end.
        salt: a text that is mixed into the seed, so that nobody who knows only the seed can make it up again.
        difficulty: "clear" or "faint" (by default, the seed decides).

    Raises:
        UnknownName: there is no such family.
        InvalidInput: the seed is no whole number.
    """
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise InvalidInput(f"seed: a whole number, not {seed!r}")
    number = int.from_bytes(blake2b(f"{salt} {seed}".encode(), digest_size=8).digest()) if salt else seed
    known = all_families()
    chosen = family_named(family) if family is not None else known[Random(f"any {number}").choice(list(known))]
    random = Random(f"{chosen.name} {number}")
    name, symptom = random.choice(list(chosen.symptoms.items()))
    first, _, second = name.partition("+")
    decoy = not chosen.false_alarm and not second and random.random() < 0.5
    scenario = fault_scenario(first, seed=number, decoy=decoy, also=second or None, difficulty=difficulty)
    # its name tells what is the matter
    scenario.name = scenario.title = "drill"
    scenario.shows = "A drill."
    world = open_world(scenario, seed=number)
    start = world.state.now
    return Problem(chosen, seed, symptom, scenario, world, start, start + seconds * 1_000_000)
