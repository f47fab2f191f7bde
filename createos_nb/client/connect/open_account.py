"""The one line in which a notebook chooses between a simulated world and the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.client.connect.live import live_profile

if TYPE_CHECKING:
    from createos_nb.client.client import Client


def open_account(world: str, *, read_only: bool = False) -> Client:
    """Open the account that a notebook works on: a simulated world by its name, or the platform.

    Args:
        world: What `simulate` takes, such as "bad-release"; "live" for the account that `connect()` finds a key for;
            "live:work" for that of the profile "work", which is asked whose account it is, so that `client.where` says
            so.
        read_only: Refuse every operation that changes something.

    Returns:
        The client.

    Raises:
        InvalidInput: There is no such world.
        ConfigurationError: No key is found.
        Unauthorized: The key is wrong.

    Examples:
        >>> client = createos_nb.open_account("bad-release", read_only=True)
        >>> client.where
        'SIMULATOR https://api.simulator.invalid · account marlow'
    """
    profile = live_profile(world)
    if profile is None:
        from createos_nb.client.connect.simulate import simulate  # the simulator is loaded where it is wanted

        return simulate(world, read_only=read_only)
    from createos_nb.client.connect.connect import connect

    client = connect(profile or None, read_only=read_only)
    client.whoami()
    return client
