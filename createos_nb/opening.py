"""The one line in which a notebook chooses between a simulated world and the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from createos_nb.client import Client

#: In place of the name of a world: the account that a key is found for.
LIVE: Final = "live"


def open_account(world: str, *, read_only: bool = False) -> Client:
    """The account that a notebook works on: a simulated world by its name, or the platform.

    `world`: what `simulate` takes, such as "bad-release"; "live" for the account that `connect()` finds a key for;
    "live:work" for that of the profile "work". It is asked whose account it is, so that `client.where` says so.
    `read_only=True` refuses every operation that changes something.

    Raises `InvalidInput` for an unknown world, `ConfigurationError` without a key, `Unauthorized` for a wrong one.
    """
    import createos_nb

    live, profile = live_profile(world)
    if not live:
        return createos_nb.simulate(world, read_only=read_only)
    client = createos_nb.connect(profile or None, read_only=read_only)
    client.whoami()
    return client


def live_profile(world: str) -> tuple[bool, str]:
    """Whether `world` means the platform, and by which profile ("" for the default one)."""
    word, _, profile = world.partition(":")
    return word == LIVE, profile if word == LIVE else ""
