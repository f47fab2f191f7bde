"""An examination: the same trainee in many drills."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.training.drills.agents import AGENTS
from createos_nb.training.drills.drill import drill
from createos_nb.training.drills.family import all_families, family_named

if TYPE_CHECKING:
    from createos_nb.training.drills.agents import Agent
    from createos_nb.training.drills.drill import Drill

_MEASURES = ("avoidable_failed_requests", "harmed_requests", "needless_changes", "secrets_shown")


def examine(
    agent: Agent | str,
    families: str | Sequence[str] | None = None,
    seeds: int | Iterable[int] = range(1, 4),
    **options: Any,
) -> pd.DataFrame:
    """Let somebody take many drills, and return how each went.

    Args:
        agent: a function of a `Drill`, which asks and acts by `drill.client` and answers by `drill.submit`; or a name
            of `AGENTS`: "expert" (goes by `diagnose`), "do_nothing", "roll_back", "scale_to_three", "restart". What it
            raises ends its drill, which is then scored as it stands; the text is in the column `error`.
        families: names, see `families`; all by default.
        seeds: which problems of each family: whole numbers, or one.
        options: as of `drill`, such as `seconds_per_call=30`.

    Returns:
        Five rows for each drill: `family`, `seed` (int64), `question`, `passed` (boolean), `value` (Float64), `unit`,
        as of `Drill.score`; and of the whole drill, the same in each of its rows, `avoidable_failed_requests`,
        `harmed_requests`, `needless_changes`, `secrets_shown` (Int64; NA where it can't be known), as of
        `Drill.measures`, and `error` (str; NA where nothing was raised).

    Raises:
        UnknownName: there is no such family or agent.
        InvalidInput: no seeds, or an option that `drill` refuses.

    Examples:
        >>> table = createos_nb.training.examine("do_nothing", families=["false_alarm", "capacity"], seeds=[3])
        >>> table.loc[table["question"] == "detected", "passed"].tolist()
        [True, False]
    """
    if isinstance(agent, str) and agent not in AGENTS:
        raise UnknownName("agent", agent, list(AGENTS))
    take = AGENTS[agent] if isinstance(agent, str) else agent
    if not callable(take):
        raise InvalidInput(f"agent: a function of a drill, or one of {', '.join(AGENTS)}, not {agent!r}")
    names = list(all_families()) if families is None else [families] if isinstance(families, str) else list(families)
    numbers = [seeds] if isinstance(seeds, int) else list(seeds)
    if not numbers:
        raise InvalidInput("examine: give at least one seed")
    for name in names:
        family_named(name)
    parts = []
    for name in names:
        for seed in numbers:
            one = drill(name, seed, **options)
            parts.append(_rows(one, name, seed, _taken(take, one)))
    columns = ["family", "seed", "question", "passed", "value", "unit", *_MEASURES, "error"]
    frame = pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
    return frame.astype({"family": TEXT, "seed": "int64", **dict.fromkeys(_MEASURES, "Int64"), "error": TEXT})


def _taken(take: Agent, one: Drill) -> str | None:
    """Let an agent take a drill; return what it raised."""
    try:
        take(one)
    except Exception as error:  # noqa: BLE001  # whatever somebody else's agent raises ends its drill, not the others
        return f"{type(error).__name__}: {error}"
    return None


def _rows(one: Drill, family: str, seed: int, error: str | None) -> pd.DataFrame:
    measures = one.measures().set_index("measure")["value"]
    return one.score().assign(family=family, seed=seed, error=error, **{name: measures[name] for name in _MEASURES})
