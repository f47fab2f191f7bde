"""Serves `createos_nb.contract.api_keys`."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType

from createos_nb.contract.api_keys import ApiKey, NewKey
from createos_nb.contract.row import Availability
from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.ids import digest
from createos_nb.simulator.platform.access import owned
from createos_nb.simulator.platform.account import keys_in_use
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.platform.registry import BodyCall, Call, Payload, serves
from createos_nb.simulator.platform.validation import UniqueName, value_or
from createos_nb.simulator.state import Key
from createos_nb.simulator.times import from_rfc3339, rfc3339, rfc3339_or_null

PREFIX = "skp_"
"""Keys of a world begin so; no key of the platform is made here."""


class KeyChanges(Struct, kw_only=True):
    """Body of `UpdateAPIKey`."""

    name: str
    description: str | UnsetType | None = UNSET


class KeyDraft(KeyChanges, kw_only=True):
    """Body of `CreateAPIKey`."""

    expiry_at: str


def secret_of(seed: int | str, identity: str) -> str:
    """Return the secret of a key."""
    return PREFIX + digest(seed, "secret", identity, size=20).hex()


@serves("ListAPIKeys")
def list_keys(context: WorldContext, call: Call) -> Payload:
    """Return the keys of the user; 404 when there are none."""
    rows = [_row(key) for key in context.state.keys.values() if key.user == call.user]
    if not rows:
        raise HttpError(404, "no API keys found")
    return rows


def _row(key: Key) -> ApiKey:
    return ApiKey(
        id=key.id,
        name=key.name,
        description=key.description,
        expired_at=rfc3339(key.expires),
        revoked_at=rfc3339_or_null(key.revoked_at),
        user_id=key.user,
        created_at=rfc3339(key.created),
        updated_at=rfc3339(key.updated),
    )


@serves("CreateAPIKey", KeyDraft)
def create_key(context: WorldContext, call: BodyCall[KeyDraft]) -> Payload:
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
        secret=secret_of(context.state.signing or context.state.seed, identity),
        created=now,
        updated=now,
        expires=expires,
        description=value_or(body.description, None),
    )
    context.state.keys[key.id] = key
    context.key_by_secret[key.secret] = key
    context.record("API key made", text=key.name, resource=key)
    return NewKey(id=key.id, secret=key.secret)


def _taken(context: WorldContext, user: str, name: str, but: str = "") -> bool:
    return any(
        k.user == user and k.name == name and not k.revoked_at and k.id != but for k in context.state.keys.values()
    )


@serves("UpdateAPIKey", KeyChanges)
def update_key(context: WorldContext, call: BodyCall[KeyChanges]) -> Payload:
    """Rename or describe a key."""
    key, body = owned(call, "API key", context.state.keys), call.body
    if key.revoked_at:
        raise HttpError(400, "a revoked API key can't be changed")
    if _taken(context, call.user, body.name, key.id):
        raise HttpError(400, f"an API key named {body.name} exists already")
    key.name = body.name
    key.description = value_or(body.description, key.description)
    context.touch(key)
    context.notify("api_key.update", text=key.name, resource=key)
    return "API key updated successfully"


@serves("RevokeAPIKey")
def revoke_key(context: WorldContext, call: Call) -> Payload:
    """Revoke a key, for ever."""
    key = owned(call, "API key", context.state.keys)
    if key.revoked_at:
        raise HttpError(400, "this API key has been revoked already")
    key.revoked_at = context.state.now
    context.touch(key)
    context.record("API key revoked", text=key.name, resource=key)
    return "API key revoked successfully"


@serves("CheckAPIKeyUniqueName", UniqueName)
def check_key_name(context: WorldContext, call: BodyCall[UniqueName]) -> Payload:
    """Return whether a name is free."""
    return Availability(is_available=not _taken(context, call.user, call.body.unique_name))
