"""Plans under attack: several processes on one, edited and damaged journals, digests in a world that goes on."""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import createos_nb
from createos_nb import panels, plans, runbooks
from createos_nb.errors import CreateOSError
from createos_nb.plans import Journal
from createos_nb.simulator import open_world
from createos_nb.simulator.http.server import serve
from tests.attacks.tally import tally, times
from tests.plans.cases import CASES, apply
from tests.plans.worlds import changes, client_of

AREA = "plans"
PROCESSES = 4


@pytest.fixture(autouse=True)
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test writes into the user's own folder."""
    folder = tmp_path / "journals"
    monkeypatch.setenv("CREATEOS_NB_JOURNALS", str(folder))
    return folder


@pytest.fixture(scope="module")
def origin() -> Any:
    return createos_nb.simulate("storefront").world


def test_one_confirmed_plan_is_carried_out_once_by_several_processes(tmp_path: Path) -> None:
    rounds = times(1)
    promise = "as many deployments as one process makes; the others are refused by name, or told of its run"
    with (
        tally(AREA, f"{PROCESSES} processes apply one plan", promise) as kept,
        serve(open_world("storefront"), 0, 60.0) as served,
    ):
        before = _queued(served.world)
        words = [sys.executable, "-m", "tests.attacks.applying", served.url, served.key, str(tmp_path)]
        running = [subprocess.Popen([*words, str(me), str(rounds)]) for me in range(PROCESSES)]
        try:
            for one in range(rounds):
                _until(lambda one=one: len(list(tmp_path.glob(f"ready-{one}-*"))) == PROCESSES, running)
                (tmp_path / f"go-{one}").touch()
                _until(lambda one=one: bool(_said(tmp_path, one)), running)
                (tmp_path / f"later-{one}").touch()
                _until(lambda one=one: len(_said(tmp_path, one)) == PROCESSES, running)
                said = _said(tmp_path, one)
                made = _queued(served.world) - before
                before += made
                kept.check(made == 1, f"round {one}: {made} deployments: {said}")
                kept.check(all(each["outcome"] == "receipt" for each in said), said)
                kept.check(len({str(each.get("journal")) for each in said}) == 1, said)
                kept.check(all(" on " in each["holder"] for each in said if "holder" in each), said)
        finally:
            for each in running:
                each.kill()
                each.wait()


def test_a_journal_that_was_edited_or_damaged_changes_nothing(origin: Any, tmp_path: Path) -> None:
    world = origin.fork()
    client = client_of(world)
    whole = _stopped(client, tmp_path / "whole.jsonl")
    chance = random.Random(12)
    path = tmp_path / "edited.jsonl"
    shown = "resume refuses in words, nothing is written; runs(), frame() and the panel still show the others"
    with tally(AREA, "journals edited, cut and damaged", shown) as kept:
        for number in range(times(40)):
            content = _mutated(whole, chance)
            if content == whole:
                continue
            path.write_bytes(content)
            before = changes(world)
            # what is left of it is as it was written, as after a power cut: no edit, and a run may go on from there
            left, were = _entries(content), _entries(whole)
            torn = left == were[: len(left)]
            try:
                if torn:
                    Journal(path).frame()
                    outcome = "torn"
                else:
                    plans.resume(path, client)
                    outcome = "went on"
            except CreateOSError as error:
                outcome = "refused" if str(error) else "refused without a word"
            except Exception as error:  # noqa: BLE001  # a raw error is what is looked for
                outcome = f"{type(error).__name__}: {error}"
            kept.check(outcome in ("refused", "torn") and changes(world) == before, (number, outcome, content[-300:]))
            kept.check(*_looked_at(client, path, tmp_path))


def _looked_at(client: Any, path: Path, folder: Path) -> tuple[bool, object]:
    """Whether all that shows journals can stand this one."""
    try:
        frame = plans.runs(folder).set_index("file")
        if frame.loc["whole.jsonl", "state"] != "stopped":
            return False, frame
        with contextlib.suppress(CreateOSError):
            Journal(path).frame()
            plans.resumption(path, client)
        panel = panels.journal(client, folder)
        return len(panel._rows.grid.rows) == len(frame), "the panel lacks runs"
    except Exception as error:  # noqa: BLE001  # a raw error is what is looked for
        return False, f"{type(error).__name__}: {error}, {path.read_bytes()[-300:]!r}"


@pytest.mark.slow
def test_a_digest_stands_as_long_as_the_world_does(origin: Any) -> None:
    promise = "unchanged world: the same digest; something that it rests on changed: another digest, or a refusal"
    with tally(AREA, "every runbook planned again, later and under traffic", promise) as kept:
        for case in CASES:
            world = origin.fork()
            case.prepare(world)
            client = client_of(world)
            first = case.make(client)
            kept.check(first.digest == first.digest.lower() and len(first.digest) == 12, first.digest)
            world.traffic("storefront", "production", rpm=900)
            world.advance(40)
            again = case.make(client_of(world))
            kept.check(again.digest == first.digest, f"{case.name}: {first.digest} {again.digest}")
            if case.other is None or case.merges:
                continue
            try:
                case.other(client)
                made = case.make(client_of(world))
                other = "refused" if len(made.problems()) else made.digest
            except CreateOSError:
                other = "refused"
            kept.check(other != first.digest, f"{case.name}: the same digest after somebody's change")


def test_an_error_that_asks_holds_no_answer(origin: Any) -> None:
    promise = "neither the text nor the attributes of the error hold what it asks for"
    with tally(AREA, "every runbook applied without, and with a wrong confirmation", promise) as kept:
        for case in CASES:
            world = origin.fork()
            case.prepare(world)
            plan = case.make(client_of(world))
            if plan.confirmation is None:
                continue
            for given in (None, "0" * 12, "wrong"):
                with pytest.raises(plans.ConfirmationNeeded) as asked:
                    plan.apply(confirm=given, reason="why")
                error = asked.value
                shown = f"{error!s} {error!r} {error.args} {vars(error)}"
                kept.check(plan.digest not in shown, f"{case.name}: {shown}")
                kept.check(not plan.irreversible or plan.confirmation not in shown, f"{case.name}: {shown}")


def test_a_world_knows_its_own_past_alone(origin: Any, tmp_path: Path) -> None:
    promise = "a fork and a saved world know what was done before; another world and another course know nothing"
    with tally(AREA, "journals of another world, another course, another time", promise) as kept:
        for number in range(times(2)):
            world = createos_nb.simulate("storefront", seed=7 + number).world
            early = world.fork()
            path = tmp_path / f"{number}.jsonl"
            written = _stopped(client_of(world), path)
            world.save(tmp_path / "world")
            for known, one in (
                (True, world.fork()),
                (True, open_world(tmp_path / "world")),
                (False, early),
                (False, createos_nb.simulate("storefront", seed=7 + number).world),
                (False, world.fork().reset()),
                (True, world),
            ):
                path.write_bytes(written)
                try:
                    found = plans.resume(path, client_of(one)).finished
                except plans.JournalError:
                    found = False
                kept.check(found is known, f"{one!r}: {found}")


def _stopped(client: Any, path: Path) -> bytes:
    """The journal of a run that was cancelled after its first step."""
    plan = runbooks.blue_green(
        client, "storefront", "wholesale.juniper-goods.example.com", version=12, requests=20, seconds=20
    )
    stop = threading.Event()
    told: Callable[[Any], None] = lambda event: stop.set() if event.phase == "done" else None  # noqa: E731
    with pytest.raises(plans.Cancelled):
        apply(plan, path, cancel=stop, on_event=told)
    return path.read_bytes()


def _mutated(whole: bytes, chance: random.Random) -> bytes:
    """A journal with one thing changed in it, as an editor, a disk or a stranger would."""
    lines = whole.splitlines(keepends=True)
    how = chance.randrange(8)
    at = chance.randrange(len(lines))
    if how == 0:  # a bit
        place = chance.randrange(len(whole))
        return whole[:place] + bytes([whole[place] ^ 1 << chance.randrange(8)]) + whole[place + 1 :]
    if how == 1:  # cut off
        return whole[: chance.randrange(len(lines[0]), len(whole))]
    if how == 2 and at < len(lines) - 1:  # a line is gone, the last one excepted: that can't be told from a cut
        return b"".join(lines[:at] + lines[at + 1 :])
    if how == 3:  # a line comes twice
        return b"".join([*lines[: at + 1], lines[at], *lines[at + 1 :]])
    if how == 4:  # bytes from elsewhere
        return b"".join([*lines[:at], bytes(chance.randrange(256) for _ in range(40)) + b"\n", *lines[at:]])
    entry = json.loads(lines[at])
    where, value = (
        entry,
        chance.choice([None, True, -1, 10**30, 1.5, "", "x", "\ud800", [], {}, [[]], {"a": {}}, "9" * 5000]),
    )
    for _ in range(chance.randrange(6)):
        inner = [
            one
            for one in (where.values() if isinstance(where, dict) else where)
            if isinstance(one, dict | list) and one
        ]
        if not inner:
            break
        where = chance.choice(inner)
    if isinstance(where, dict):
        where[chance.choice(sorted(where))] = value
    else:
        where[chance.randrange(len(where))] = value
    return b"".join([*lines[:at], json.dumps(entry).encode() + b"\n", *lines[at + 1 :]])


def _entries(content: bytes) -> list[Any]:
    found = []
    for line in content.split(b"\n"):
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return found


def _queued(world: Any) -> int:
    with world.lock:
        return sum(one.what == "deployment queued" for one in world.state.journal)


def _said(folder: Path, one: int) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in folder.glob(f"said-{one}-*") if path.suffix != ".part"]


def _until(ready: Callable[[], bool], running: list[subprocess.Popen[bytes]]) -> None:
    ends = time.monotonic() + 300
    while not ready():
        assert time.monotonic() < ends, "it takes too long"
        assert all(each.poll() in (None, 0) for each in running), "a process has failed"
        time.sleep(0.01)
