"""Steps that replace an API key: a new one is made, tried and kept, and only then the old one is revoked."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pandas as pd

from createos_nb.client import arguments
from createos_nb.client.connect.key_stores import KeyStore, Kind
from createos_nb.contract import find
from createos_nb.errors import ConfigurationError, CreateOSError, InvalidResponse, NotFound, RequestError, Unauthorized
from createos_nb.plans import waiting
from createos_nb.plans.context import TransientInputs
from createos_nb.plans.snapshot import id_of
from createos_nb.plans.step_error import StepError
from createos_nb.plans.steps.base import (
    Precondition,
    Reached,
    ResumeInputs,
    Step,
    Target,
    Undo,
    UndoContext,
    id_of_created,
    resolved,
)
from createos_nb.plans.steps.delete import RevokeKey
from createos_nb.redaction import Secret

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.contract.api_keys import ApiKey
    from createos_nb.plans.context import Run
    from createos_nb.plans.snapshot import Snapshot

#: The name under which a receipt gives a new key that is kept nowhere.
ISSUED: Final = "secret"
#: Seconds until a new key is taken everywhere.
_ACCEPTED: Final = 60.0
#: What a start of the step notes: the moment at which its key ends, its id, and a digest of its value.
_EXPIRY, _ID, _DIGEST = "expiry_at", "created_id", "digest"


class CreateKey(Step, kw_only=True, tag="create key"):
    """Create an API key, try it, and keep it; the platform gives its value once.

    All of that is one write: a key whose value was not kept is lost. A start that is resumed finds out whether the kept
    one is the key that it has made; if not, that key is revoked, and another one is made.
    """

    operation: ClassVar[str] = "CreateAPIKey"
    creates: ClassVar[bool] = True
    needs_active_project: ClassVar[bool] = False
    expected_seconds: ClassVar[float] = 2.0
    criterion: ClassVar[str] = "a read with it is answered"
    name: str
    #: A moment, or how long from the write on, such as "+90d".
    expires: str
    description: str | None = None
    #: Where it is kept; None: the receipt gives it.
    store: Kind | None = None
    place: str = ""
    #: There is a key at that place already.
    replaces: bool = False

    @property
    def issues_secret(self) -> bool:
        return self.store is None

    @property
    def what(self) -> str:
        return f"create API key {self.name}"

    def identity_details(self) -> Any:
        return [self.name, self.expires, self.description, self.store, self.place]

    def resource_key(self) -> tuple[str, ...]:
        return ("create key", self.name)

    def fields(self) -> list[tuple[str, str, str]]:
        store = store_of(self.store, self.place)
        kept = ("stored in", "–", "nowhere: the receipt gives it, masked")
        if store is not None:
            kept = ("stored in", "another key" if self.replaces else "–", str(store))
        rows = [("API key", "–", self.name), ("expires", "–", self.expires), kept]
        return rows if self.description is None else [*rows, ("used for", "–", self.description)]

    def read(self, snapshot: Snapshot, created: Mapping[int, str]) -> dict[str, Any]:
        return {}

    def reaches(self, snapshot: Snapshot) -> list[Reached]:
        return []

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        free = all(row.name != self.name for row in _active(snapshot))
        rows = [Precondition.of(f"the name {self.name} is free", free, "" if free else "another key has it")]
        rows.append(_room_for_key(snapshot))
        store = store_of(self.store, self.place)
        if store is not None:
            try:
                store.check()
                rows.append(Precondition(f"{store} takes a key", "holds", ""))
            except CreateOSError as error:
                rows.append(Precondition(f"{store} takes a key", "fails", str(error).split("\n", 1)[0]))
        return rows

    def check_inputs(self, run: Run) -> None:
        store = store_of(self.store, self.place)
        try:
            if store is not None:
                store.check()
        except CreateOSError as error:
            raise StepError(
                f"{self.what}: {error}", "Nothing was changed for this step.", kind="missing input"
            ) from None

    def resume_inputs(self, inputs: ResumeInputs, client: Client) -> TransientInputs | None:
        return TransientInputs()

    # --- acting -------------------------------------------------------------------------------------------------------

    def recovery_baseline(self, snapshot: Snapshot) -> dict[str, Any]:
        declared = find(self.operation)
        clock = snapshot.client.clock
        return {_EXPIRY: arguments.validate(declared, declared.by_key["expiry_at"], self.expires, clock.now)}

    def write(self, run: Run) -> str:
        self._revoke_lost(run)
        created, secret = self._create(run)
        run.note("", {_ID: created, _DIGEST: digest_of(created, secret)})
        self._try(run, created, secret)
        self._keep(run, secret)
        return created

    def _create(self, run: Run) -> tuple[str, Secret]:
        optional: dict[str, Any] = {} if self.description is None else {"description": self.description}
        try:
            answer = run.client.call(self.operation, name=self.name, expiry_at=run.baseline[_EXPIRY], **optional)
            secret = answer.get("secret") if isinstance(answer, dict) else None
            if not secret:
                raise InvalidResponse("the answer holds no key", operation=self.operation)
            return id_of_created(self.operation, answer), Secret(secret)
        except RequestError as error:
            if error.applied is False:
                raise
            raise StepError(
                f"{self.what}: no answer ({error.reason}): if it was made, nobody has its value",
                "plans.resume(journal) revokes such a key and makes another one; no other key was touched.",
                kind="unsettled",
            ) from error

    def _try(self, run: Run, created: str, secret: Secret) -> None:
        """Wait until a read with the new key is answered, and shows it."""

        def ready() -> bool:
            try:
                with run.client.transport.signed_with(secret):
                    rows = run.client.call("ListAPIKeys")
            except (Unauthorized, NotFound):
                return False
            return any(row.get("id") == created for row in rows)

        try:
            waiting.until(run, self.what, ready, _ACCEPTED)
        except (StepError, RequestError) as error:
            if isinstance(error, StepError) and error.kind == "cancelled":
                raise
            raise self._unkept("the platform does not take the new key") from error

    def _keep(self, run: Run, secret: Secret) -> None:
        store = store_of(self.store, self.place)
        if store is None:
            if run.inputs is not None:
                run.inputs.issued[ISSUED] = secret
            return
        try:
            store.write(secret, run.client.base_url)
            kept = store.read()
        except ConfigurationError as error:
            raise self._unkept(str(error).split("\n", 1)[0]) from None
        if kept != secret:
            raise self._unkept(f"{store} gives another value back")

    def _unkept(self, why: str) -> StepError:
        return StepError(
            f"{self.what}: {why}. It was made and is not kept; no other key was touched",
            "plans.resume(journal) revokes it and makes another one.",
            kind="unsettled",
        )

    # --- after a lost answer, or a lost run ---------------------------------------------------------------------------

    def _revoke_lost(self, run: Run) -> None:
        """Revoke what earlier starts of this run have made and not kept: nobody has its value."""
        starts = run.attempts(run.step)[:-1]
        ids = {start.get(_ID) for start in starts}
        ends = {_moment(start.get(_EXPIRY)) for start in starts} - {None}
        for row in _active(run.latest()) if starts else ():
            if row.id not in ids and not (row.name == self.name and _moment(row.expired_at) in ends):
                continue
            text = "was made by this run and not kept before it was interrupted: it is revoked, and another one is made"
            run.note(f"API key {self.name} ({row.id}) {text}", {})
            try:
                run.client.call(RevokeKey.operation, api_key_id=row.id)
            except NotFound:
                continue
            except RequestError as error:
                raise StepError(
                    f"{self.what}: the key of an earlier start could not be revoked: {error.reason}",
                    "plans.resume(journal) goes on.",
                    kind="unsettled",
                ) from error

    def recover_created(self, run: Run, baseline: Mapping[str, Any]) -> str | None:
        created, store = baseline.get(_ID), store_of(self.store, self.place)
        issued = run.inputs.issued.get(ISSUED) if run.inputs is not None else None
        try:
            kept = issued if store is None else store.read()
        except ConfigurationError as error:
            raise StepError(f"{self.what}: {error}", "plans.resume(journal) goes on.", kind="unsettled") from None
        if not created or kept is None or digest_of(created, kept) != baseline.get(_DIGEST):
            return None
        return str(created) if self.exists(run.snapshot(), created) else None

    def is_lost(self, run: Run, number: int) -> bool:
        inputs = run.transient.get(number)
        return self.store is None and (inputs is None or ISSUED not in inputs.issued)

    def exists(self, snapshot: Snapshot, created: str) -> bool:
        return any(row.id == created for row in _active(snapshot))

    def undo(self, context: UndoContext) -> Undo:
        created, store = context.created.get(context.number), store_of(self.store, self.place)
        if created is None:
            note = f"whether API key {self.name} was made is not known: client.api_keys.list() shows it"
            return Undo(notes=[note])
        row = next((row for row in _active(context.snapshot) if row.id == created), None)
        if row is None:
            return Undo()
        if store is not None:
            note = f"API key {self.name} stays, for {store} holds it: runbooks.revoke_key revokes it"
            return Undo(notes=[note])
        return Undo([key_step(RevokeKey, row, context.snapshot, "the run has created it")])


class CreateStoredKey(CreateKey, kw_only=True, tag="create stored key"):
    """Create an API key that is stored on this machine: the undo leaves it, for it may be the only one that is left."""

    has_undo: ClassVar[bool] = False


class RevokeOldKey(RevokeKey, kw_only=True, tag="revoke old key"):
    """Revoke an API key that another one replaces: the request is signed with the new one, as it is kept.

    So the old one stays where the new one is not there, is another one than was made, or does not work.
    """

    criterion: ClassVar[str] = "revoked with the new key"
    #: Id of the new key.
    new: str
    new_name: str
    #: Where the new key is kept; None: it is an input of the step.
    store: Kind | None = None
    place: str = ""

    def preconditions(self, snapshot: Snapshot, plan: list[Step]) -> list[Precondition]:
        state = self.state(snapshot)["state"]
        return [Precondition.of(f"API key {self.target.name} is there", state != "gone", "")]

    def _new_key(self, run: Run) -> Secret:
        """The new key. Raises `StepError`: then nothing is revoked."""
        store = store_of(self.store, self.place)
        if store is None:
            if run.inputs is None or not isinstance(run.inputs.source, Secret):
                raise StepError(
                    f"the value of {self.new_name} is in no journal",
                    f"If you have it: runbooks.revoke_key(client, {self.target.name!r}) revokes the old one.",
                    kind="missing input",
                )
            return run.inputs.source
        created = str(resolved(self.new, run.created))
        noted = {start.get(_DIGEST) for number in range(run.step) for start in run.attempts(number)} - {None}
        try:
            kept = store.read()
        except ConfigurationError as error:
            raise StepError(f"{self.what}: {error}", "The old key stays.", kind="missing input") from None
        if kept is None or digest_of(created, kept) not in noted:
            raise StepError(
                f"{store} does not hold {self.new_name} any more",
                f"The old key stays: put the new one back, or revoke it and rotate {self.target.name} once more.",
                kind="missing input",
            )
        return kept

    def check_inputs(self, run: Run) -> None:
        self._new_key(run)

    def write(self, run: Run) -> None:
        transport = run.client.transport
        own = transport.signature
        # from here on with the new one: the client's own key may be the one that is revoked
        run.client.use_api_key(self._new_key(run))
        super().write(run)
        new, transport.signature = transport.signature, own
        try:
            run.client.call("GetCurrentUser")
        except RequestError as error:
            transport.signature = new
            if isinstance(error, Unauthorized):
                run.note(f"this client's own key was {self.target.name}: it goes on with {self.new_name}", {})


def key_step(kind: type[RevokeKey], row: ApiKey, snapshot: Snapshot, why: str, **more: Any) -> RevokeKey:
    """Return the step that revokes a key."""
    target = Target(project="", project_name="", thing=id_of(row), thing_name=row.name or id_of(row))
    facts = {"ends": (row.expired_at or "")[:10], "used for": row.description or ""}
    lost = {name: value for name, value in facts.items() if value}
    return kind(target=target, lost=lost, **more).planned(snapshot, why)


def store_of(kind: Kind | None, place: str) -> KeyStore | None:
    """Return where a key is kept; None for nowhere."""
    return None if kind is None else KeyStore(kind, place)


def digest_of(created: str, secret: Secret) -> str:
    """Return a digest of the value of a key, which tells whether a kept value is that of the key with this id."""
    return blake2b(secret.reveal().encode(), key=created.encode()[:64], digest_size=8).hexdigest()


def _active(snapshot: Snapshot) -> list[ApiKey]:
    return [row for row in snapshot.api_keys() if not row.revoked_at]


def _moment(text: Any) -> pd.Timestamp | None:
    """A moment to the second; None for what is none."""
    if not isinstance(text, str):
        return None
    moment = pd.to_datetime(text, utc=True, errors="coerce", format="ISO8601")
    return None if pd.isna(moment) else moment.floor("s")


def _room_for_key(snapshot: Snapshot) -> Precondition:
    """The precondition that the quota of API keys is not used up."""
    name = "the account may have another API key"
    try:
        left = snapshot.keys_left()
    except CreateOSError as error:
        return Precondition(name, "unknown", str(error).split("\n", 1)[0])
    if left is None:
        return Precondition(name, "unknown", "the platform does not say")
    if left <= 0:
        return Precondition(name, "fails", "its quota of API keys is used up: revoke one that nobody uses")
    return Precondition(name, "holds", f"{left} left")
