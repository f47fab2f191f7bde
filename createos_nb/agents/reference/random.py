"""`python -m createos_nb.agents.reference.random`: guesses, and does something, at random: the least to beat."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from createos_nb import runbooks
from createos_nb.agents.reference.trainee import Trainee
from createos_nb.causes import CAUSES
from createos_nb.errors import CreateOSError
from createos_nb.plans.plan import Plan


def main() -> None:
    """Take the drill that the environment names; the same drill gets the same guess."""
    drill = Trainee()
    client = drill.client
    random = Random(str(drill.alert))
    rows = client.fleet.environments()
    places = list(zip(rows["project"], rows["unique_name"], strict=True))
    project, environment = random.choice(places)
    drill.submit(cause=random.choice([*CAUSES]), where=f"{project}/{environment}")
    acts: list[Callable[[], Plan] | None] = [
        None,
        lambda: runbooks.scale(client, project, environment, replicas=random.randint(1, 3)),
        lambda: runbooks.rollback(client, project, environment, diagnosis=False),
    ]
    act = random.choice(acts)
    if act is None:
        return
    try:
        plan = act()
        plan.apply(confirm=plan.confirmation, reason="a guess", on_event=lambda event: None)
    except CreateOSError as error:
        drill.submit(trouble=True, note=f"it was refused: {type(error).__name__}")


if __name__ == "__main__":
    main()
