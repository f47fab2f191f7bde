"""The one line in which a notebook chooses between a simulated world and the platform."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from createos_nb.client.connect.live import live_profile
from createos_nb.errors import ConfigurationError

if TYPE_CHECKING:
    from createos_nb.client.client import Client

#: The environment variable that holds the control token of a served world.
TOKEN: Final = "CREATEOS_NB_WORLD_TOKEN"


def open_account(world: str, *, read_only: bool = False) -> Client:
    """Open the account that a notebook works on: a simulated world by its name, or the platform.

    Args:
        world: What `simulate` takes, such as "bad-release"; the address of a served world that is steered, such as
            "http://127.0.0.1:8765", with its control token in `CREATEOS_NB_WORLD_TOKEN`; "live" for the account that
            `connect()` finds a key for; "live:work" for that of the profile "work", which is asked whose account it is,
            so that `client.where` says so.
        read_only: Refuse every operation that changes something.

    Returns:
        The client.

    Raises:
        InvalidInput: There is no such world.
        ConfigurationError: No key, or no control token, is found.
        Unauthorized: The key is wrong.

    Examples:
        >>> client = createos_nb.open_account("bad-release", read_only=True)
        >>> client.where
        'SIMULATOR https://api.simulator.invalid · account marlow'
    """
    if world.startswith(("http://", "https://")):
        from createos_nb.client.connect.simulate import client_of
        from createos_nb.client.served.world import ServedWorld

        token = os.environ.get(TOKEN, "").strip()
        if not token:
            raise ConfigurationError(
                f"the served world {world} is steered: set {TOKEN} to the control token that "
                "`createos-nb serve --control` printed"
            )
        return client_of(ServedWorld(world, token), read_only=read_only)
    profile = live_profile(world)
    if profile is None:
        from createos_nb.client.connect.simulate import simulate  # the simulator is loaded where it is wanted

        return simulate(world, read_only=read_only)
    from createos_nb.client.connect.connect import connect

    client = connect(profile or None, read_only=read_only)
    client.whoami()
    return client
