"""The names of the platform in place of a simulated world: "live", or "live:PROFILE"."""

from __future__ import annotations

from typing import Final

#: In place of the name of a world: the account that a key is found for.
LIVE: Final = "live"


def live_profile(world: str) -> str | None:
    """Return the profile that a text names the platform by ("" for the default one); None for a simulated world."""
    word, _, profile = world.partition(":")
    return profile if word == LIVE else None
