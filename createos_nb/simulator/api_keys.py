"""Serves `createos_nb.api.api_keys`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from createos_nb.simulator.account import keys_in_use
from createos_nb.simulator.ids import digest
from createos_nb.simulator.moments import from_rfc3339, rfc3339, rfc3339_or_null
from createos_nb.simulator.refusal import Refusal
from createos_nb.simulator.registry import Call, serves
from createos_nb.simulator.state import Key
from createos_nb.simulator.validation import check_id

if TYPE_CHECKING:
    from createos_nb.simulator.core import Core

PREFIX = "skp_"
"""Keys of a world begin so; no key of the platform is made here."""


def secret_of(seed: int, identity: str) -> str:
    """The secret of a key."""
    return PREFIX + digest(seed, "secret", identity, size=20).hex()


@serves("ListAPIKeys")
def list_keys(world: Core, call: Call) -> Any:
    """Keys of the user; 404 when there are none."""
    rows = [_row(key) for key in world.state.keys.values() if key.user == call.user]
    if not rows:
        raise Refusal(404, "no API keys found")
    return rows


def _row(key: Key) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "description": key.description,
        "expiredAt": rfc3339(key.expires),
        "revokedAt": rfc3339_or_null(key.revoked_at),
        "userId": key.user,
        "createdAt": rfc3339(key.created),
        "updatedAt": rfc3339(key.updated),
    }


@serves("CreateAPIKey")
def create_key(world: Core, call: Call) -> Any:
    """Make a key; this is the only answer that holds its secret."""
    body, now = call.body, world.state.now
    expires = from_rfc3339(body.expiry_at)
    if expires <= now:
        raise Refusal(400, "expiryAt must lie in the future")
    if _taken(world, call.user, body.name):
        raise Refusal(400, f"an API key named {body.name} exists already")
    if keys_in_use(world, call.user) >= world.state.settings.api_keys:
        raise Refusal(400, f"quota exceeded: {world.state.settings.api_keys} API keys")
    identity = world.new_id("key")
    key = Key(
        id=identity,
        user=call.user,
        name=body.name,
        secret=secret_of(world.state.seed, identity),
        created=now,
        updated=now,
        expires=expires,
        description=None if body.description is msgspec.UNSET else body.description,
    )
    world.state.keys[key.id] = key
    world.key_with[key.secret] = key
    world.note("API key made", text=key.name)
    return {"id": key.id, "secret": key.secret}


def _taken(world: Core, user: str, name: str, but: str = "") -> bool:
    return any(
        k.user == user and k.name == name and not k.revoked_at and k.id != but for k in world.state.keys.values()
    )


def _key(world: Core, call: Call) -> Key:
    key = world.state.keys.get(call.ids[0])
    if key is None or key.user != call.user:
        check_id("api_key_id", call.ids[0])
        raise Refusal(404, "API key not found")
    return key


@serves("UpdateAPIKey")
def update_key(world: Core, call: Call) -> Any:
    """Rename or describe a key."""
    key, body = _key(world, call), call.body
    if key.revoked_at:
        raise Refusal(400, "a revoked API key can't be changed")
    if _taken(world, call.user, body.name, key.id):
        raise Refusal(400, f"an API key named {body.name} exists already")
    key.name = body.name
    if body.description is not msgspec.UNSET:
        key.description = body.description
    world.changed(key)
    return "API key updated successfully"


@serves("RevokeAPIKey")
def revoke_key(world: Core, call: Call) -> Any:
    """Revoke a key, for ever."""
    key = _key(world, call)
    if key.revoked_at:
        raise Refusal(400, "this API key has been revoked already")
    key.revoked_at = world.state.now
    world.changed(key)
    world.note("API key revoked", text=key.name)
    return "API key revoked successfully"


@serves("CheckAPIKeyUniqueName")
def check_key_name(world: Core, call: Call) -> Any:
    """Is this name free?"""
    return {"isAvailable": not _taken(world, call.user, call.body.unique_name)}
