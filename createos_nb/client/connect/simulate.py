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
    user: str | None = None,
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
        user: Whose account it is, such as "tamsin"; by default that which the scenario is about.
        settings: In place of the scenario's own, such as `rate_per_minute=10`.

    Returns:
        The client.

    Examples:
        >>> client = createos_nb.simulate("bad-release", seed=1)
        >>> client.now, len(client.projects.list())
        (Timestamp('2026-03-04 14:00:00+0000', tz='UTC'), 1)

        >>> other = createos_nb.simulate(createos_nb.simulate().world, user="tamsin")
        >>> other.account.current_user()["username"]
        'tamsin'
    """
    if not isinstance(scenario, str | Path):
        from createos_nb.client.served.world import ServedWorld  # loaded when first used

        if isinstance(scenario, World | ServedWorld):
            return _as_user(scenario, user, read_only)
    return _as_user(open_world(scenario, seed=seed, dialect=dialect, **settings), user, read_only)


def _as_user(world: World | ServedWorld, user: str | None, read_only: bool) -> Client:
    return client_of(world, api_key=None if user is None else Secret(world.key_of(user)), read_only=read_only)


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
