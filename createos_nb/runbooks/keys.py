"""API keys: making one, and putting a new one in the place of an old one."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from createos_nb.client.connect.key_stores import KeyStore
from createos_nb.errors import AmbiguousName, CreateOSError, InvalidInput, UnknownName
from createos_nb.plans.apply import make_plan
from createos_nb.plans.context import TransientInputs
from createos_nb.plans.plan import Plan
from createos_nb.plans.snapshot import Snapshot, id_of
from createos_nb.plans.steps.base import CREATED, Target
from createos_nb.plans.steps.keys import ISSUED, CreateKey, CreateStoredKey, RevokeOldKey, key_step
from createos_nb.runbooks.arguments import validate
from createos_nb.runbooks.delete import revoke_key
from createos_nb.times import unix

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.contract.api_keys import ApiKey
    from createos_nb.contract.types import TimeLike
    from createos_nb.plans.steps.base import Step

_OPERATION: Final = "CreateAPIKey"
#: The longest name of a key.
_LONGEST: Final = 48
_SHOWN: Final = "the key is stored nowhere: receipt.issued['secret'].reveal() gives it, in this kernel only"


def create_key(
    client: Client,
    name: str,
    *,
    expiry_at: TimeLike = "+90d",
    description: str | None = None,
    file: str | os.PathLike[str] | None = None,
    profile: str | None = None,
    keyring: str | None = None,
) -> Plan:
    """Create an API key, try it with a read, and keep it; the platform gives its value once.

    It is kept in one of three places, or in none: then `receipt.issued["secret"].reveal()` gives it, in this kernel
    only. Its value is in no journal. Where a run ends after the key was made and before it was kept, resuming revokes
    the key whose value is lost and makes another one, and the receipt says so.

    Args:
        client: an open client, of the platform or of a simulated world.
        name: name of the new key, 4–48 letters, digits and hyphens.
        expiry_at: when it ends: "+90d", ISO text, a Timestamp.
        description: what it is for.
        file: keep it in this file, which its owner alone can read; one that holds another key is replaced.
        profile: keep it in this profile of the config file, where `createos_nb.connect` finds it.
        keyring: keep it in the system's keyring under this profile, where `createos_nb.connect` finds it.

    Returns:
        A plan of one step, whose undo revokes a key that is kept nowhere. Nothing is changed before `apply`.

    Raises:
        InvalidInput: a value is outside of the platform's limits, or more than one place is given.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.create_key(client, "nightly-report", expiry_at="+30d")
        >>> receipt = plan.apply()
        >>> receipt.issued
        {'secret': Secret(••••••)}
    """
    store = _store(file, profile, keyring, "create_key")
    snapshot = Snapshot(client)
    step = _create_step(client, name, expiry_at, description, store, "asked for")
    return make_plan(
        snapshot,
        step.what,
        [step],
        runbook="create_key",
        arguments={"name": name, "expires": step.expires, "description": description, "store": store and str(store)},
        inputs={0: TransientInputs()},
        warnings=_about(store, step),
    )


def rotate_key(
    client: Client,
    api_key: str,
    *,
    name: str | None = None,
    expiry_at: TimeLike = "+90d",
    file: str | os.PathLike[str] | None = None,
    profile: str | None = None,
    keyring: str | None = None,
    missing_ok: bool = False,
) -> Plan:
    """Put a new API key in the place of an old one: make it, try it with a read, keep it, and revoke the old one last.

    At each moment one of the two works and is where you have it. The old one is revoked with the new one, as it was
    kept: where that is not there or does not work, the old one stays. A run that was interrupted goes on where it was;
    a key that was made and not kept is revoked, another one is made, and the receipt says so. The client's own key can
    be rotated: it goes on with the new one.

    Without a place to keep it, `receipt.issued["secret"].reveal()` gives the new key, and the old one is not revoked
    before you say so: `receipt.follow_up("revoke the old key")` is that plan. That is for a key that an app uses: give
    the app the new one first.

    Args:
        client: an open client, of the platform or of a simulated world.
        api_key: name or id of the old key; never the key itself.
        name: name of the new key (default: that of the old one with the next number, such as ci-2 after ci).
        expiry_at: when the new one ends: "+90d", ISO text, a Timestamp.
        file: keep it in this file, which its owner alone can read; one that holds another key is replaced.
        profile: keep it in this profile of the config file, where `createos_nb.connect` finds it.
        keyring: keep it in the system's keyring under this profile, where `createos_nb.connect` finds it.
        missing_ok: for a key that is not there, or revoked already, return a plan that does nothing, so that a
            notebook can be run again.

    Returns:
        A plan of two steps (create, revoke), irreversible: `apply` asks for the typed name of the old key. Without a
        place to keep the new one, of the first. Nothing is changed before `apply`.

    Raises:
        InvalidInput: a value is outside of the platform's limits, or more than one place is given.
        UnknownName: there is no such key, and `missing_ok` is False.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.rotate_key(client, "ci-deployments", file="ci.key")
        >>> plan.frame()["what"].drop_duplicates().tolist()
        ['create API key ci-deployments-2', 'revoke API key ci-deployments']
        >>> receipt = plan.apply(confirm="ci-deployments", reason="it ends on 7 March")
        >>> receipt.checks.result
        'PASS'
        >>> keys = client.api_keys.list().set_index("name")["revoked_at"]
        >>> keys[["ci-deployments", "ci-deployments-2"]].isna().tolist()
        [False, True]
    """
    store = _store(file, profile, keyring, "rotate_key")
    if name is not None:
        validate(client, _OPERATION, "name", name)
    snapshot = Snapshot(client)
    rows = snapshot.api_keys()
    old = _find(rows, api_key, missing_ok)
    steps: list[Step] = []
    warnings: list[str] = []
    follow_ups: dict[str, Any] = {}
    inputs = TransientInputs()
    title = f"API key {api_key} is not there"
    if old is not None:
        new_name = name or _next_name(str(old.name), {str(row.name) for row in rows if not row.revoked_at})
        step = _create_step(client, new_name, expiry_at, old.description, store, f"to replace {old.name}")
        steps.append(step)
        warnings += _about(store, step)
        title = f"rotate API key {old.name}: {new_name} takes its place"
        if store is not None:
            new = {"new": f"{CREATED}0", "new_name": new_name, "store": store.kind, "place": store.place}
            steps.append(key_step(RevokeOldKey, old, snapshot, f"{new_name} takes its place", **new))
            warnings.append(
                f"whoever else uses {old.name} is refused once it is revoked: {store} alone has the new one"
            )
        else:
            follow = "revoke the old key"
            follow_ups[follow] = lambda: _revoke_old(client, id_of(old), new_name, inputs)
            warnings.append(f'{old.name} stays until you have the new one: plan.follow_up("{follow}") revokes it')
    return make_plan(
        snapshot,
        title,
        steps,
        runbook="rotate_key",
        arguments={"api_key": api_key, "name": name, "store": store and str(store)},
        inputs={0: inputs} if steps else {},
        warnings=warnings,
        follow_ups=follow_ups,
    )


def _revoke_old(client: Client, old: str, new_name: str, issued: TransientInputs) -> Plan:
    """The plan that revokes the old key, once its user has the new one."""
    secret = issued.issued.get(ISSUED)
    snapshot = Snapshot(client)
    row = next((row for row in snapshot.api_keys() if row.id == old and not row.revoked_at), None)
    new = next((row for row in snapshot.api_keys() if row.name == new_name and not row.revoked_at), None)
    if secret is None or row is None or new is None:
        return revoke_key(client, old, missing_ok=True)
    step = key_step(RevokeOldKey, row, snapshot, f"{new_name} takes its place", new=id_of(new), new_name=new_name)
    return make_plan(
        snapshot,
        f"{step.what}: {new_name} takes its place",
        [step],
        runbook="revoke_key",
        arguments={"api_key": old, "new": id_of(new)},
        inputs={0: TransientInputs(source=secret)},
        warnings=[f"whoever uses {row.name} is refused once it is revoked: give them {new_name} first"],
    )


def _create_step(
    client: Client, name: str, expiry_at: Any, description: str | None, store: KeyStore | None, why: str
) -> CreateKey:
    validate(client, _OPERATION, "name", name)
    moment = validate(client, _OPERATION, "expiry_at", expiry_at)
    if unix(moment, client.clock.now()) <= client.clock.now():
        raise InvalidInput(f"expiry_at: a moment in the future, such as '+90d', not {expiry_at!r}")
    if description is not None:
        validate(client, _OPERATION, "description", description)
    kind = CreateKey if store is None else CreateStoredKey
    return kind(
        target=Target(project="", project_name="", thing_name=name),
        why=why,
        name=name,
        expires=expiry_at if isinstance(expiry_at, str) else str(moment),
        description=description,
        store=None if store is None else store.kind,
        place="" if store is None else store.place,
        replaces=_holds_key(store),
    )


def _store(
    file: str | os.PathLike[str] | None, profile: str | None, keyring: str | None, runbook: str
) -> KeyStore | None:
    given = {"file": file, "profile": profile, "keyring": keyring}
    places = {kind: place for kind, place in given.items() if place is not None}
    if len(places) > 1:
        raise InvalidInput(f"{runbook}: keep it in one place, not {'= and '.join(places)}=")
    if not all(isinstance(place, str | os.PathLike) and os.fspath(place) for place in places.values()):
        raise InvalidInput(f"{runbook}: {next(iter(places))}= names a place, such as a path or a profile")
    if file is not None:
        return KeyStore("file", os.path.abspath(Path(file).expanduser()))
    if profile is not None:
        return KeyStore("profile", profile)
    return None if keyring is None else KeyStore("keyring", keyring)


def _holds_key(store: KeyStore | None) -> bool:
    try:
        return store is not None and store.read() is not None
    except CreateOSError:
        return False  # a precondition says why it can't be read


def _about(store: KeyStore | None, step: CreateKey) -> list[str]:
    if store is None:
        return [_SHOWN]
    return [f"the key that {store} holds now is replaced"] if step.replaces else []


def _find(rows: list[ApiKey], api_key: str, missing_ok: bool) -> ApiKey | None:
    """The key by name or id. Raises `UnknownName`, `AmbiguousName`."""
    active = [row for row in rows if not row.revoked_at]
    matching = [row for row in active if api_key in (row.id, row.name)]
    if len(matching) > 1:
        raise AmbiguousName("API key", api_key, [id_of(row) for row in matching])
    if not matching and not missing_ok:
        raise UnknownName("API key", api_key, [row.name for row in active])
    return matching[0] if matching else None


def _next_name(name: str, taken: set[str]) -> str:
    """The name with the next number that is free: ci-2 after ci, ci-3 after ci-2."""
    found = re.fullmatch(r"(.+)-(\d{1,3})", name)
    stem, number = (found[1], int(found[2])) if found else (name, 1)
    while True:
        number += 1
        ending = f"-{number}"
        following = stem[: _LONGEST - len(ending)] + ending
        if following not in taken:
            return following
