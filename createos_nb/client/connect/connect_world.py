"""A client of a world that another process serves, with control over that world."""

from __future__ import annotations

from createos_nb.client.client import Client
from createos_nb.client.connect.simulate import client_of
from createos_nb.client.served.world import ServedWorld
from createos_nb.redaction import Secret


def connect_world(url: str, token: str | Secret, api_key: str | Secret | None = None) -> Client:
    """Open a client of a served world that can be steered: `client.world` does over HTTP what an embedded one does.

    Time is the world's: whoever waits lets it pass, as in an embedded world, so that nothing waits for real. Serve the
    world with `createos-nb serve --control --speed 0`, and it passes in no other way.

    Args:
        url: Where the world is served, such as "http://127.0.0.1:8765", or the `base_url` of a fork.
        token: The control token that `createos-nb serve --control` printed.
        api_key: The account's key; by default that of the account that the scenario is about.

    Returns:
        The client.

    Raises:
        ConfigurationError: No world can be steered there, or not with this token.
        TransportError: Nothing answers there.

    Examples:
        >>> world = createos_nb.simulator.open_world("storefront")
        >>> with createos_nb.simulator.serve(world, speed=0, control=True) as served:
        ...     client = createos_nb.connect_world(served.url, served.token)
        ...     version = client.world.push("storefront", "main", message="Free shipping")
        ...     time = client.world.advance("10min")
        ...     client.deployments.list("storefront")["state"].iloc[0]
        'deployed'
    """
    # so that a traceback that shows variables shows dots
    token = Secret(token)
    api_key = Secret(api_key) if api_key else None
    return client_of(ServedWorld(url, token), api_key=api_key)
