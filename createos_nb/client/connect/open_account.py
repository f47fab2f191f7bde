"""The one line in which a notebook chooses between a simulated world and the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.client.connect.live import live_profile

if TYPE_CHECKING:
    from createos_nb.client.client import Client


def open_account(world: str, *, read_only: bool = False) -> Client:
    """Open the account that a notebook works on: a simulated world by its name, or the platform.

    `world`: what `simulate` takes, such as "bad-release"; "live" for the account that `connect()` finds a key for;
    "live:work" for that of the profile "work". It is asked whose account it is, so that `client.where` says so.
    `read_only=True` refuses every operation that changes something.

    Raises `InvalidInput` for an unknown world, `ConfigurationError` without a key, `Unauthorized` for a wrong one.
    """
    profile = live_profile(world)
    if profile is None:
        from createos_nb.client.connect.simulate import simulate  # the simulator is loaded where it is wanted

        return simulate(world, read_only=read_only)
    from createos_nb.client.connect.connect import connect

    client = connect(profile or None, read_only=read_only)
    client.whoami()
    return client
