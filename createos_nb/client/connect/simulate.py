"""A client of a simulated platform."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from createos_nb.client.client import Client
from createos_nb.http.retry import RetryPolicy
from createos_nb.redaction import Secret
from createos_nb.simulator import World, open_world

if TYPE_CHECKING:
    from createos_nb.client.served.world import ServedWorld


def simulate(
    scenario: str | Path | World | ServedWorld = "storefront",
    *,
    seed: int = 7,
    dialect: str = "production",
    read_only: bool = False,
    **settings: Any,
) -> Client:
    """Open the same client over a simulated platform: no account, no network, no waiting.

    The same scenario and seed give the same answers, byte for byte. `client.world` is the simulated world: its clock,
    its control.

    Args:
        scenario: The name of a scenario (`scenarios` lists them), the path of a file like those in `data/scenarios` or
            of a saved world, or a world, such as `client.world.fork()`: then the rest is the world's own.
        seed: What random figures are drawn from.
        dialect: "production", as the official clients read it, or "documented", as the platform's schemas say.
        read_only: Refuse every operation that changes something.
        settings: In place of the scenario's own, such as `noise=0`.

    Returns:
        The client.

    Examples:
        >>> client = createos_nb.simulate("bad-release", seed=1)
        >>> client.now, len(client.projects.list())
        (Timestamp('2026-03-04 14:00:00+0000', tz='UTC'), 1)
    """
    if not isinstance(scenario, str | Path):
        from createos_nb.client.served.world import ServedWorld  # loaded when first used

        if isinstance(scenario, World | ServedWorld):
            return client_of(scenario, read_only=read_only)
    return client_of(open_world(scenario, seed=seed, dialect=dialect, **settings), read_only=read_only)


def client_of(world: World | ServedWorld, *, api_key: Secret | None = None, read_only: bool = False) -> Client:
    """Return a client of a world; without a key it is of the account that the scenario is about."""
    return Client(
        api_key=api_key or world.key,
        base_url=world.base_url,
        transport=world.transport() if isinstance(world, World) else None,
        clock=world.clock,
        world=world,
        account=world.account if api_key is None else None,
        read_only=read_only,
        rate_limit=False,
        retry=RetryPolicy(random=world.jitter()),
    )
