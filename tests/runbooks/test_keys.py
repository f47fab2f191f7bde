"""A key is made, tried, kept, and the old one revoked last: nobody is locked out, and no value is written down."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import keyring
import pytest

import createos_nb
from createos_nb import Secret, plans, runbooks
from createos_nb.client.client import Client
from createos_nb.client.connect import profiles
from createos_nb.errors import CreateOSError, InvalidInput, Unauthorized, UnknownName
from createos_nb.plans import Journal, StepFailed
from tests.plans.cases import apply
from tests.plans.relay import Kill, Relay
from tests.plans.worlds import Between, client_of

OLD = "ci-deployments"
NEW = "ci-deployments-2"


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.toml"
    monkeypatch.setenv("CREATEOS_NB_CONFIG", str(path))
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(tmp_path / "journals"))
    return path


def secret_named(world: Any, name: str) -> str:
    return next(key.secret for key in world.state.keys.values() if key.name == name and not key.revoked_at)


def works(world: Any, secret: str) -> bool:
    """Whether a key opens the API now."""
    try:
        Client(api_key=secret, base_url=world.base_url, transport=world.transport()).account.current_user()
    except Unauthorized:
        return False
    return True


def active(world: Any) -> list[str]:
    return sorted(key.name for key in world.state.keys.values() if not key.revoked_at)


def kept_in(file: Path) -> str:
    return file.read_text().strip() if file.exists() else ""


# --- where it is kept -------------------------------------------------------------------------------------------------


def test_a_file_holds_the_new_key_for_its_owner_alone(client: Any, tmp_path: Path) -> None:
    file = tmp_path / "deep" / "ci.key"
    plan = runbooks.rotate_key(client, OLD, file=file)
    assert plan.irreversible
    assert plan.confirmation == OLD
    assert apply(plan).checks.result == "PASS"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert kept_in(file) == secret_named(client.world, NEW)
    assert works(client.world, kept_in(file))
    assert OLD not in active(client.world)


def test_a_profile_holds_it_and_connect_finds_it_there(client: Any, config: Path) -> None:
    profiles.save("work", api_key=secret_named(client.world, OLD), base_url=client.base_url)
    plan = runbooks.rotate_key(client, OLD, profile="work")
    assert "another key" in plan.frame()["before"].tolist()
    apply(plan)
    held = profiles.read().profiles["work"]
    assert held["api_key"] == secret_named(client.world, NEW)
    assert held["base_url"] == client.base_url
    assert stat.S_IMODE(config.stat().st_mode) == 0o600


def test_the_keyring_holds_it(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    held: dict[str, str] = {}
    monkeypatch.setattr("createos_nb.client.connect.key_stores._has_backend", lambda: True)
    monkeypatch.setattr(keyring, "set_password", lambda service, name, key: held.__setitem__(name, key))
    monkeypatch.setattr(keyring, "get_password", lambda service, name: held.get(name))
    apply(runbooks.rotate_key(client, OLD, keyring="work"))
    assert held == {"work": secret_named(client.world, NEW)}


def test_without_a_place_it_is_given_once_and_the_old_one_waits(client: Any) -> None:
    plan = runbooks.rotate_key(client, OLD)
    assert plan.confirmation is None
    receipt = apply(plan)
    assert {OLD, NEW} <= set(active(client.world))
    assert receipt.issued["secret"] == secret_named(client.world, NEW)
    assert plans.receipt_from(Journal(receipt.journal), client).issued == {}
    last = receipt.follow_up("revoke the old key")
    assert last.confirmation == OLD
    assert apply(last).checks.result == "PASS"
    assert OLD not in active(client.world)


def test_the_undo_of_a_rotation_without_a_place_revokes_the_new_one(client: Any) -> None:
    receipt = apply(runbooks.rotate_key(client, OLD))
    undo = receipt.undo()
    assert undo.confirmation == NEW
    apply(undo)
    assert OLD in active(client.world)
    assert NEW not in active(client.world)


def test_what_can_not_be_undone_is_said(client: Any, tmp_path: Path) -> None:
    undo = apply(runbooks.rotate_key(client, OLD, file=tmp_path / "ci.key")).undo()
    assert undo.steps == []
    assert any("can't be restored" in text for text in undo.warnings)
    assert any(f"API key {NEW} stays" in text for text in undo.warnings)


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", ["a shopping list", "skp_one skp_two", "hunter2"])
def test_a_file_of_something_else_is_not_written_over(client: Any, tmp_path: Path, content: str) -> None:
    file = tmp_path / "notes.txt"
    file.write_text(content)
    plan = runbooks.rotate_key(client, OLD, file=file)
    assert plan.problems()["detail"].str.contains("something else than one API key").any()
    with pytest.raises(plans.PreconditionFailed):
        apply(plan)
    assert file.read_text() == content
    assert NEW not in active(client.world)


def test_a_place_that_takes_nothing_is_said_before_a_key_is_made(client: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(plans.PreconditionFailed):
        apply(runbooks.rotate_key(client, OLD, file=tmp_path / "file" / "ci.key"))
    assert active(client.world) == active(createos_nb.simulate().world)


def test_arguments_are_checked_before_anything(client: Any, tmp_path: Path) -> None:
    for wrong in ({"file": "a", "profile": "b"}, {"name": "a b"}, {"expiry_at": "-1d"}, {"file": ""}):
        with pytest.raises(InvalidInput):
            runbooks.rotate_key(client, OLD, **wrong)
    with pytest.raises(UnknownName, match="status-board"):
        runbooks.rotate_key(client, "old-laptop")
    assert runbooks.rotate_key(client, "old-laptop", missing_ok=True).steps == []


def test_a_quota_that_is_used_up_is_said(client: Any) -> None:
    for number in range(50):
        if not client.account.quotas()["api_keys_remaining"]:
            break
        client.api_keys.create(name=f"spare-{number}", expiry_at="+1d")
    plan = runbooks.rotate_key(client, OLD)
    assert plan.problems()["detail"].str.contains("used up").any()


@pytest.mark.parametrize(
    ("name", "following"), [("ci", "ci-2"), ("ci-2", "ci-3"), ("a-2026", "a-2026-2"), ("x" * 48, "x" * 46 + "-2")]
)
def test_the_next_name_is_free_and_short_enough(name: str, following: str) -> None:
    from createos_nb.runbooks.keys import _next_name

    assert _next_name(name, set()) == following
    assert _next_name("ci", {"ci-2", "ci-3"}) == "ci-4"


# --- the old one stays until the new one is there ---------------------------------------------------------------------


def test_a_place_that_loses_the_key_keeps_the_old_one(client: Any, tmp_path: Path) -> None:
    """Somebody puts the old key back before it is revoked."""
    file, old = tmp_path / "ci.key", secret_named(client.world, OLD)
    plan = runbooks.rotate_key(client, OLD, file=file)

    def event(one: plans.Event) -> None:
        if one.phase == "done" and one.step == 1:
            file.write_text(old)

    with pytest.raises(StepFailed, match="does not hold"):
        apply(plan, on_event=event)
    assert OLD in active(client.world)


def test_a_key_that_the_platform_does_not_take_is_not_kept(client: Any, tmp_path: Path) -> None:
    file = tmp_path / "ci.key"
    world = client.world
    transport = Between(world.transport())

    def before(number: int, request: Any) -> None:
        if NEW in active(world) and request.headers.get("x-api-key") == secret_named(world, NEW):
            request.headers["x-api-key"] = "skp_0000"

    transport.before = before
    plan = runbooks.rotate_key(client_of(world, transport), OLD, file=file)
    with pytest.raises(StepFailed, match="does not take the new key") as failed:
        apply(plan)
    assert not file.exists()
    assert OLD in active(world)
    receipt = plans.resume(failed.value.journal, client)
    assert any("it is revoked, and another one is made" in text for text in receipt.warnings)
    assert active(world).count(NEW) == 1
    assert works(world, kept_in(file))


def test_a_disk_that_fills_up_loses_no_key(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from createos_nb.client.connect import key_stores

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(key_stores, "atomic_write", full)
    file = tmp_path / "ci.key"
    with pytest.raises(StepFailed, match="No space left") as failed:
        apply(runbooks.rotate_key(client, OLD, file=file))
    assert OLD in active(client.world)
    monkeypatch.undo()
    assert plans.resume(failed.value.journal, client).finished
    assert works(client.world, kept_in(file))


def test_a_foreign_key_of_the_same_name_is_not_revoked(client: Any, tmp_path: Path) -> None:
    """It came while the run was away: it is somebody's."""
    plan = runbooks.rotate_key(client, OLD, file=tmp_path / "ci.key")
    with (
        client.world.faults(what="drop-before", operations=["CreateAPIKey"], count=1),
        pytest.raises(StepFailed) as lost,
    ):
        apply(plan)
    theirs = client.api_keys.create(name=NEW, expiry_at="+10d")
    with pytest.raises(StepFailed, match="exists already"):
        plans.resume(lost.value.journal, client)
    assert works(client.world, theirs["secret"].reveal())
    assert OLD in active(client.world)


# --- the client's own key ---------------------------------------------------------------------------------------------


def own_client(world: Any, transport: Any = None) -> Client:
    """A client that uses the key which is rotated."""
    client = client_of(world, transport)
    client.use_api_key(secret_named(world, OLD))
    return client


@pytest.mark.parametrize("own", [True, False])
def test_the_clients_own_key_can_be_rotated(client: Any, tmp_path: Path, own: bool) -> None:
    world = client.world
    mine = own_client(world) if own else client_of(world)
    receipt = apply(runbooks.rotate_key(mine, OLD, file=tmp_path / "ci.key"))
    assert receipt.verify().result == "PASS"
    assert len(mine.projects.list()) == 8
    new = secret_named(world, NEW)
    assert (mine.transport.signature.key == new) == own
    assert any("goes on with" in text for text in receipt.warnings) == own


def test_over_real_http(tmp_path: Path) -> None:
    from createos_nb.simulator import open_world, serve

    world = open_world("storefront")
    with serve(world, speed=0) as served:
        mine = Client(api_key=secret_named(world, OLD), base_url=served.url)
        apply(runbooks.rotate_key(mine, OLD, file=tmp_path / "ci.key"))
        assert len(mine.projects.list()) == 8
        assert Client(api_key=kept_in(tmp_path / "ci.key"), base_url=served.url).whoami()


def grid(world: Any, folder: Path) -> list[Kill]:
    """Every request boundary and every journal write of a run of the client's own key."""
    relay, here = None, world.fork()
    relay = Relay(here)
    journal, file = folder / "calm.jsonl", folder / "calm.key"
    assert relay.run(rotation(here, journal, file)) == 0
    entries = len(Journal(journal).entries)
    kills = [Kill(where, number) for where in ("request", "answer") for number in range(relay.requests)]
    kills += [Kill(where, number) for where in ("before", "torn", "after") for number in range(entries)]
    return [kill for kill in kills if not (kill.where == "after" and kill.number == entries - 1)]


def rotation(world: Any, journal: Path, file: Path) -> Any:
    old = secret_named(world, OLD)

    def work(client: Any) -> None:
        client.use_api_key(old)
        apply(runbooks.rotate_key(client, OLD, file=file, missing_ok=True), journal)

    return work


@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_a_run_that_is_killed_anywhere_locks_nobody_out(client: Any, tmp_path: Path, every: int) -> None:
    """Killed at each boundary: the old key, or the one in the file, works; with that one the run is ended."""
    world = client.world
    remade = 0
    kills = grid(world, tmp_path)
    assert len(kills) > 50
    for kill in kills[::every]:
        here = world.fork()
        old, file = secret_named(here, OLD), tmp_path / f"{kill.where}-{kill.number}.key"
        journal = tmp_path / f"{kill.where}-{kill.number}.jsonl"
        assert Relay(here, kill).run(rotation(here, journal, file)) == -9
        held = [secret for secret in (kept_in(file), old) if secret and works(here, secret)]
        assert held, f"killed at {kill}: no key that the user holds works"
        mine = client_of(here)
        mine.use_api_key(held[0])
        receipt = apply(runbooks.rotate_key(mine, OLD, file=file, missing_ok=True), journal)
        assert receipt.finished
        assert kept_in(file) == secret_named(here, NEW), kill
        assert works(here, kept_in(file)), kill
        assert not works(here, old), kill
        assert active(here).count(NEW) == 1, kill
        made = [key for key in here.state.keys.values() if key.name == NEW]
        told = [text for text in receipt.warnings if "it is revoked, and another one is made" in text]
        assert len(told) == len(made) - 1, kill
        remade += len(told)
        for key in made:
            assert key.secret not in journal.read_text()
    assert remade > 0


def test_a_process_that_dies_before_its_receipt_is_seen_gives_another_key(client: Any, tmp_path: Path) -> None:
    """Without a place to keep it, nobody has seen the first one."""
    here = client.world
    journal = tmp_path / "run.jsonl"

    def work(far: Any) -> None:
        apply(runbooks.rotate_key(far, OLD), journal)

    assert Relay(here, Kill("before", 5)).run(work) == -9
    assert Journal(journal).entries[-1]["event"] == "done"
    receipt = plans.resume(journal, client)
    assert works(here, receipt.issued["secret"].reveal())
    assert active(here).count(NEW) == 1
    assert any("another one is made" in text for text in receipt.warnings)


# --- no value anywhere ------------------------------------------------------------------------------------------------


def test_the_value_is_in_no_journal_frame_plan_or_error(client: Any, tmp_path: Path) -> None:
    file = tmp_path / "ci.key"
    plan = runbooks.rotate_key(client, OLD, file=file)
    shown = [repr(plan), plan._repr_html_(), plan.frame().to_json()]
    events: list[str] = []
    receipt = apply(plan, on_event=lambda event: events.append(repr(event)))
    shown += [
        repr(receipt),
        receipt._repr_html_(),
        receipt.frame().to_json(date_format="iso"),
        str(receipt.message()),
        *events,
    ]
    shown += [
        receipt.journal.read_text(),
        client.log().to_json(date_format="iso"),
        repr(receipt.undo()),
        repr(vars(plan)),
    ]
    value = secret_named(client.world, NEW)
    assert value == kept_in(file)
    assert not [text for text in shown if value in text]


def test_an_error_repeats_no_value(client: Any, tmp_path: Path) -> None:
    with (
        client.world.faults(what="failure-200", operations=["RevokeAPIKey"], count=3),
        pytest.raises(CreateOSError) as failed,
    ):
        apply(runbooks.rotate_key(client, OLD, file=tmp_path / "ci.key"))
    value = secret_named(client.world, NEW)
    assert value not in str(failed.value) + repr(failed.value.__cause__)
    assert isinstance(client.transport.signature.key, Secret)
