"""`python -m createos_nb.agents.reference.diagnose`: diagnoses what the alert names, and does what that calls for."""

from __future__ import annotations

from typing import Any, cast

from createos_nb.agents.reference.trainee import Trainee
from createos_nb.training.drills.agents import expert


def main() -> None:
    """Take the drill that the environment names."""
    expert(cast("Any", Trainee()))


if __name__ == "__main__":
    main()
