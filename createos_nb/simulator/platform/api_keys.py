"""Serves `createos_nb.contract.api_keys`."""

from __future__ import annotations

from typing import Any

import msgspec

from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.ids import digest
from createos_nb.simulator.platform.account import keys_in_use
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.platform.registry import Call, Payload, serves
from createos_nb.simulator.platform.validation import check_id
from createos_nb.simulator.state import Key
from createos_nb.simulator.times import from_rfc3339, rfc3339, rfc3339_or_null

PREFIX = "skp_"
"""Keys of a world begin so; no key of the platform is made here."""


def secret_of(seed: int, identity: str) -> str:
    """The secret of a key."""
    return PREFIX + digest(seed, "secret", identity, size=20).hex()


@serves("ListAPIKeys")
def list_keys(context: WorldContext, call: Call) -> Payload:
    """Keys of the user; 404 when there are none."""
    rows = [_row(key) for key in context.state.keys.values() if key.user == call.user]
    if not rows:
        raise HttpError(404, "no API keys found")
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
def create_key(context: WorldContext, call: Call) -> Payload:
    """Make a key; this is the only answer that holds its secret."""
    body, now = call.body, context.state.now
    expires = from_rfc3339(body.expiry_at)
    if expires <= now:
        raise HttpError(400, "expiryAt must lie in the future")
    if _taken(context, call.user, body.name):
        raise HttpError(400, f"an API key named {body.name} exists already")
    if keys_in_use(context, call.user) >= context.state.settings.api_keys:
        raise HttpError(400, f"quota exceeded: {context.state.settings.api_keys} API keys")
    identity = context.new_id("key")
    key = Key(
        id=identity,
        user=call.user,
        name=body.name,
        secret=secret_of(context.state.seed, identity),
        created=now,
        updated=now,
        expires=expires,
        description=None if body.description is msgspec.UNSET else body.description,
    )
    context.state.keys[key.id] = key
    context.key_by_secret[key.secret] = key
    context.record("API key made", text=key.name)
    return {"id": key.id, "secret": key.secret}


def _taken(context: WorldContext, user: str, name: str, but: str = "") -> bool:
    return any(
        k.user == user and k.name == name and not k.revoked_at and k.id != but for k in context.state.keys.values()
    )


def _key(context: WorldContext, call: Call) -> Key:
    key = context.state.keys.get(call.ids[0])
    if key is None or key.user != call.user:
        check_id("api_key_id", call.ids[0])
        raise HttpError(404, "API key not found")
    return key


@serves("UpdateAPIKey")
def update_key(context: WorldContext, call: Call) -> Payload:
    """Rename or describe a key."""
    key, body = _key(context, call), call.body
    if key.revoked_at:
        raise HttpError(400, "a revoked API key can't be changed")
    if _taken(context, call.user, body.name, key.id):
        raise HttpError(400, f"an API key named {body.name} exists already")
    key.name = body.name
    if body.description is not msgspec.UNSET:
        key.description = body.description
    context.touch(key)
    return "API key updated successfully"


@serves("RevokeAPIKey")
def revoke_key(context: WorldContext, call: Call) -> Payload:
    """Revoke a key, for ever."""
    key = _key(context, call)
    if key.revoked_at:
        raise HttpError(400, "this API key has been revoked already")
    key.revoked_at = context.state.now
    context.touch(key)
    context.record("API key revoked", text=key.name)
    return "API key revoked successfully"


@serves("CheckAPIKeyUniqueName")
def check_key_name(context: WorldContext, call: Call) -> Payload:
    """Return whether a name is free."""
    return {"isAvailable": not _taken(context, call.user, call.body.unique_name)}
