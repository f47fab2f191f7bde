"""Other keys for a world: those that a scenario's seed gives can be told by whoever opens the same scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.simulator.platform.api_keys import secret_of
from createos_nb.simulator.world.snapshot import dump_state

if TYPE_CHECKING:
    from createos_nb.simulator.world.world import World


def replace_secrets(world: World, salt: str) -> None:
    """Give a world keys, tokens and signatures that nobody can tell who does not know a salt.

    What it had is valid no more; an app that has a key in a variable gets the new one. Its start is what it is now.

    Args:
        world: the world.
        salt: a text that nobody can guess.

    Examples:
        >>> from createos_nb.simulator import open_world
        >>> from createos_nb.simulator.world.replace_secrets import replace_secrets
        >>> world, other = open_world("empty"), open_world("empty")
        >>> before = world.key
        >>> replace_secrets(world, "a salt")
        >>> before == other.key, world.key == other.key
        (True, False)
    """
    with world.lock:
        state = world.state
        state.signing = salt
        new: dict[str, str] = {}
        for user in state.users.values():
            user.token = _replaced(new, user.token, salt, f"token {user.id}")
            user.secret = _replaced(new, user.secret, salt, user.id)
        for key in state.keys.values():
            key.secret = _replaced(new, key.secret, salt, key.id)
        for project in state.projects.values():
            for environment in project.environments.values():
                for name, value in environment.variables.items():
                    environment.variables[name] = new.get(value, value)
        world.rebuild_indexes()
        world.initial_state = dump_state(world)


def _replaced(new: dict[str, str], secret: str, salt: str, identity: str) -> str:
    """Return the new secret for an old one; the same for one that is known in two places."""
    if not secret:
        return secret
    return new.setdefault(secret, secret[:4] + secret_of(salt, identity)[4:])
