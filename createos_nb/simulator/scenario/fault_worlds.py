"""Worlds that are made up from templates of faults and a seed, with their ground truth."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Literal

from createos_nb.causes import CAUSES
from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput
from createos_nb.simulator.scenario.builder import open_world
from createos_nb.simulator.scenario.drafts.draft import Draft
from createos_nb.simulator.scenario.drafts.fault import all_faults, fault_named
from createos_nb.simulator.scenario.schema import Scenario
from createos_nb.simulator.world.world import World

if TYPE_CHECKING:
    import pandas as pd

Difficulty = Literal["clear", "faint"]


def faults() -> pd.DataFrame:
    """Return the templates of faults that worlds can be made up with, one row each.

    Returns:
        A frame of `name` (for `fault_world`), `cause` (a word of `createos_nb.causes.CAUSES`, NA where nothing is
        wrong), `shows` (what it is like), `faint` (bool: whether it can be hard to see).

    Examples:
        >>> table = createos_nb.simulator.faults().set_index("name")
        >>> table.loc["bad_release_one_path", "cause"]
        'bad_release'
    """
    import pandas as pd

    rows = [(fault.name, fault.cause, fault.shows, fault.faint) for fault in all_faults().values()]
    frame = pd.DataFrame(rows, columns=["name", "cause", "shows", "faint"])
    return frame.astype({"name": TEXT, "cause": TEXT, "shows": TEXT, "faint": "bool"})


def fault_scenario(
    name: str, *, seed: int = 7, decoy: bool = False, also: str | None = None, difficulty: Difficulty | None = None
) -> Scenario:
    """Make up a scenario from a template of a fault.

    Names, ports, stacks, resources, traffic, times and magnitudes differ with the seed.

    Args:
        name: of the template, see `faults`.
        seed: decides everything.
        decoy: let something innocent, a release or other variables, happen minutes before trouble begins.
        also: the name of a second template, whose trouble comes on top.
        difficulty: "clear" or "faint" (by default, the seed decides); where a fault can't be hard to see, it is clear.

    Returns:
        The scenario, with `ground_truth` (its facts hold `difficulty`, `templates`, and of a decoy what it was) and
        `expect`; `scenario_toml` makes a file of it.

    Raises:
        UnknownName: there is no such template.
        InvalidInput: another difficulty, or a second trouble where nothing is to be wrong.

    Examples:
        >>> scenario = createos_nb.simulator.fault_scenario("wrong_port", seed=3)
        >>> [cause.cause for cause in scenario.ground_truth.causes]
        ['wrong_port']
    """
    if difficulty not in (None, "clear", "faint"):
        raise InvalidInput(f'difficulty: "clear" or "faint", not {difficulty!r}')
    templates = [fault_named(name), *([fault_named(also)] if also is not None else [])]
    if len(templates) > 1 and any(template.cause is None for template in templates):
        raise InvalidInput(f"{name} and {also}: what is healthy can't be combined with trouble")
    random = Random(f"{name} {seed}")
    drawn: Difficulty = random.choice(("clear", "clear", "faint"))
    faint = (difficulty or drawn) == "faint" and templates[0].faint
    draft = Draft(random, faint=faint, decoy=decoy)
    for template in templates:
        template.draw(draft)
    draft.bystanders(random.choice((0, 1, 1, 2, 3)))
    draft.facts |= {"difficulty": "faint" if faint else "clear", "templates": [template.name for template in templates]}
    words = ", ".join(CAUSES[template.cause] for template in templates if template.cause) or "nothing is wrong"
    parts = [name, *([also] if also else []), *(["decoy"] if decoy else []), *([difficulty] if difficulty else [])]
    return draft.scenario("-".join([*parts, str(seed)]), f"{words[0].upper()}{words[1:]}.")


def fault_world(
    name: str,
    *,
    seed: int = 7,
    decoy: bool = False,
    also: str | None = None,
    difficulty: Difficulty | None = None,
    **settings: Any,
) -> World:
    """Open a world that is made up from a template of a fault: the same arguments give the same world, to the byte.

    Args:
        name: of the template, see `faults`.
        seed: decides everything.
        decoy: let something innocent happen minutes before trouble begins.
        also: the name of a second template, whose trouble comes on top.
        difficulty: "clear" or "faint" (by default, the seed decides).
        settings: as of `open_world`.

    Returns:
        The world, at a moment at which the trouble shows.

    Raises:
        UnknownName: there is no such template.
        InvalidInput: another difficulty, a second trouble where nothing is to be wrong, or an unknown setting.

    Examples:
        >>> world = createos_nb.simulator.fault_world("memory_leak", seed=3, decoy=True)
        >>> client = createos_nb.simulate(world)
        >>> len(client.projects.list()) >= 1
        True
    """
    scenario = fault_scenario(name, seed=seed, decoy=decoy, also=also, difficulty=difficulty)
    return open_world(scenario, seed=seed, **settings)
