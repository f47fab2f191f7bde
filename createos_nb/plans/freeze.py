"""Freezing and lifting a freeze: plans of their own, which every other plan then meets as a precondition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd

from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput
from createos_nb.plans import freeze_files
from createos_nb.plans.apply import make_plan
from createos_nb.plans.digest import digest
from createos_nb.plans.freeze_files import DamagedFreeze, Freeze, Place
from createos_nb.plans.plan import Plan
from createos_nb.plans.queries import Query
from createos_nb.plans.snapshot import Snapshot, id_of, in_status, name_of
from createos_nb.plans.steps.auto_promotion import promotion_step
from createos_nb.plans.steps.base import Target
from createos_nb.plans.steps.freeze import FreezeUpdate, SetFreeze
from createos_nb.times import iso, unix

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.contract.environments import Environment
    from createos_nb.contract.projects import Project
    from createos_nb.plans.steps.base import Step
    from createos_nb.plans.steps.environments import Update

_COLUMNS = ("freeze", "scope", "state", "since", "until", "reason", "who", "held", "file")


def freeze(
    client: Client,
    *,
    until: str | float | datetime | None,
    reason: str,
    scope: str | Iterable[str] | None = None,
    hold_auto_promotion: bool = False,
    allow_description_change: bool = False,
) -> Plan:
    """Plan a freeze: until it ends or is lifted, every plan that changes something in its scope is refused.

    It holds for all who share the folder of journals (`plans.default_folder()`, `CREATEOS_NB_JOURNALS`), on the same
    account or simulated world: their plans show it as a precondition that fails. It is looked at when a plan is made,
    when it is applied, and when a run is resumed. A run that has begun goes on to its end: stopped half-way it would be
    worse. Whoever can't wait applies with `override_freeze="why"`, which the journal keeps and the receipt shows; that
    goes for resuming and undoing what was begun before, too, because both change what is frozen. What others do without
    createos_nb, a push to a branch for one, no freeze of this kind can stop; `hold_auto_promotion` keeps such a push
    from going live.

    Args:
        client: an open client, of the platform or of a simulated world.
        until: when it ends, by the platform's clock: a time with a zone, "+4h", or Unix seconds; None: when it is
            lifted.
        reason: why; everybody whose plan is refused reads it.
        scope: what is frozen: "storefront", "storefront/production", or several; by default the whole account.
        hold_auto_promotion: hold auto-promotion of each environment in scope that promotes by itself. Lifting the
            freeze switches on again those that it has switched off, and no other.
        allow_description_change: as for `runbooks.hold`.

    Returns:
        A plan; without steps where this very freeze is in force. Its undo, and `lift_freeze`, end the freeze.

    Raises:
        InvalidInput: the end is not in the future, or there is no reason.
        UnknownName: there is no such project or environment.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.plans.freeze(client, until="+4h", reason="the sale", scope="storefront/production")
        >>> receipt = plan.apply()
        >>> scale = createos_nb.runbooks.scale(client, "storefront", "production", replicas=2)
        >>> scale.problems()["precondition"].tolist()
        ['storefront/production is not frozen']
        >>> receipt = scale.apply(confirm=scale.digest, reason="it is slow", override_freeze="customers wait")
        >>> receipt.warnings[0].rpartition("; ")[2]
        'because: customers wait'
        >>> receipt = createos_nb.plans.lift_freeze(client).apply()
        >>> len(createos_nb.plans.freezes(client))
        0
    """
    if not isinstance(reason, str) or not reason.strip():
        raise InvalidInput("freeze: reason= says why, in words; whoever meets the freeze reads it")
    snapshot = Snapshot(client)
    client.whoami()
    end = None if until is None else float(int(unix(until, snapshot.now, "until")))
    if end is not None and end <= snapshot.now:
        raise InvalidInput(f"freeze: until={until!r} is over already: the time there is {iso(int(snapshot.now))}")
    places = _places(snapshot, scope)
    identity = digest([[(place.project, place.environment) for place in places], reason, end])
    warnings: list[str] = []
    holding = _holding(snapshot, places, identity, allow_description_change, warnings) if hold_auto_promotion else []
    there = freeze_files.find(client, identity)
    steps: list[Step] = []
    if there is None:
        planned = tuple(_place_of(step) for step in holding)
        new = Freeze(identity, tuple(places), reason, end, planned)
        steps.append(_set(new, None, new.words, "nothing is planned past it"))
    steps += holding
    place = ", ".join(map(str, places)) or "the account"
    return make_plan(
        snapshot,
        f"freeze {place}",
        steps,
        runbook="freeze",
        arguments={
            "scope": [[place.project, place.environment] for place in places],
            "until": end,
            "reason": reason,
            "hold_auto_promotion": hold_auto_promotion,
        },
        warnings=warnings,
    )


def lift_freeze(client: Client, freeze: str | None = None, *, allow_description_change: bool = False) -> Plan:
    """Plan the end of a freeze; what it has switched off is switched on again.

    Args:
        client: an open client, of the platform or of a simulated world.
        freeze: its id, or its scope as `freezes` shows it; not needed where there is one only.
        allow_description_change: as for `runbooks.hold`.

    Returns:
        A plan; without steps where there is no freeze. Auto-promotion is released first, and the freeze ends last.

    Raises:
        InvalidInput: there are several, or none of that id or scope, or it can't be read.

    Examples:
        >>> client = createos_nb.simulate("auto-promote-trap")
        >>> plan = createos_nb.plans.freeze(client, until=None, reason="an audit", hold_auto_promotion=True)
        >>> receipt = plan.apply(confirm=plan.confirmation, reason="an audit")
        >>> lift = createos_nb.plans.lift_freeze(client)
        >>> lift.frame()["what"].iloc[-1]
        'lift the freeze of the account'
        >>> lift.apply(confirm=lift.confirmation, reason="the audit is over").checks.result
        'PASS'
    """
    snapshot = Snapshot(client)
    chosen = _chosen(client, freeze)
    steps: list[Step] = []
    warnings: list[str] = []
    if chosen is not None:
        steps += _releases(snapshot, chosen, allow_description_change, warnings)
        steps.append(_set(chosen, chosen.words, None, "plans are applied again"))
    return make_plan(
        snapshot,
        f"lift the freeze of {chosen.place}" if chosen is not None else "lift the freeze",
        steps,
        runbook="lift_freeze",
        arguments={"freeze": freeze},  # as it was given: where the freeze is gone already, it is the same intent
        warnings=warnings,
    )


def freezes(client: Client) -> pd.DataFrame:
    """Return the freezes of a client's account or world that this machine knows of.

    Args:
        client: an open client, of the platform or of a simulated world.

    Returns:
        A frame of freeze (its id), scope, state (in force; ended: its time is over, and what it holds is still held;
        damaged: its file can't be read, and it counts as a freeze of everything), since, until (UTC; NaT until it is
        lifted), reason, who, held (environments whose auto-promotion it has switched off), file.

    Examples:
        >>> client = createos_nb.simulate()
        >>> receipt = createos_nb.plans.freeze(client, until="+1h", reason="the sale", scope=["storefront"]).apply()
        >>> createos_nb.plans.freezes(client)[["scope", "state", "reason"]].values.tolist()
        [['storefront', 'in force', 'the sale']]
    """
    rows: list[dict[str, object]] = []
    for one in freeze_files.read_all(client):
        if isinstance(one, DamagedFreeze):
            rows.append({"state": "damaged", "reason": one.why, "file": str(one.path)})
            continue
        held = ", ".join(str(place) for place in one.holding if place.environment in one.held)
        rows.append(
            {
                "freeze": one.id,
                "scope": one.place,
                "state": "in force" if one.in_force(client.clock.now()) else "ended",
                "since": one.at,
                "until": one.until,
                "reason": one.reason,
                "who": one.who,
                "held": held,
                "file": str(freeze_files.path_of(client, one)),
            }
        )
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    for name in ("since", "until"):
        frame[name] = pd.to_datetime(frame[name].astype("float64"), unit="s", utc=True).astype("datetime64[us, UTC]")
    texts = ("freeze", "scope", "state", "reason", "who", "held", "file")
    return frame.astype(dict.fromkeys(texts, TEXT)).fillna(dict.fromkeys(texts, ""))


def _set(freeze: Freeze, before: str | None, after: str | None, why: str) -> SetFreeze:
    target = Target(project="", project_name=freeze.place, thing=freeze.id, thing_name="")
    return SetFreeze(target=target, why=why, before={"freeze": before}, after={"freeze": after}, freeze=freeze)


# --- the scope --------------------------------------------------------------------------------------------------------


def _places(snapshot: Snapshot, scope: str | Iterable[str] | None) -> list[Place]:
    if scope is None:
        return []
    texts = [scope] if isinstance(scope, str) else _listed(scope)
    if not texts or not all(isinstance(text, str) for text in texts):
        raise InvalidInput('scope= names projects or environments, such as "storefront/production"; None is everything')
    places = [_place(snapshot, text) for text in texts]
    return sorted(dict.fromkeys(places), key=lambda place: (place.project, place.environment))


def _listed(scope: Iterable[str]) -> list[str]:
    """The texts of a scope; none of what gives something else than its values, as a dict gives its keys."""
    whole = isinstance(scope, Iterable) and not isinstance(scope, Mapping | pd.DataFrame | bytes)
    return list(scope) if whole else []


def _place(snapshot: Snapshot, text: str) -> Place:
    project, slash, environment = (part.strip() for part in text.partition("/"))
    if not project or (slash and not environment):
        raise InvalidInput(f'scope={text!r} names no project and no environment, such as "storefront/production"')
    owner = snapshot.find_project(project, *(("environments",) if slash else ()), active=False)
    if not slash:
        return Place(id_of(owner), name_of(owner))
    row = snapshot.find_environment(owner, environment)
    return Place(id_of(owner), name_of(owner), id_of(row), name_of(row))


def _environments(snapshot: Snapshot, places: list[Place]) -> list[tuple[Project, Environment]]:
    """The environments in scope whose projects are active."""
    if not places:
        owners = [row for row in snapshot.projects() if row.id and in_status(row, "active")]
    else:
        ids = dict.fromkeys(place.project for place in places)
        snapshot.read_together(Query("project", (project,)) for project in ids)
        owners = [row for row in map(snapshot.project, ids) if in_status(row, "active")]
    snapshot.read_together(Query("environments", (id_of(owner),)) for owner in owners)
    wanted = {(place.project, place.environment) for place in places}
    return [
        (owner, row)
        for owner in owners
        for row in snapshot.environments(id_of(owner))
        if not wanted or {(id_of(owner), ""), (id_of(owner), id_of(row))} & wanted
    ]


# --- auto-promotion ---------------------------------------------------------------------------------------------------


def _holding(
    snapshot: Snapshot, places: list[Place], freeze: str, allow: bool, warnings: list[str]
) -> list[FreezeUpdate]:
    steps = []
    for owner, row in _environments(snapshot, places):
        promotes = snapshot.promotes_itself(row)
        if promotes is None:
            warnings.append(f"whether {name_of(owner)}/{name_of(row)} promotes by itself can't be read: it is not held")
        if promotes:
            step, notes = promotion_step(owner, row, False, "so that no push goes live meanwhile", allow)
            steps.append(_with_freeze(step, freeze))
            warnings += notes
    return steps


def _releases(snapshot: Snapshot, freeze: Freeze, allow: bool, warnings: list[str]) -> list[FreezeUpdate]:
    """The steps that switch on again what the freeze has switched off; warnings about what they leave as it is."""
    projects = dict.fromkeys(place.project for place in freeze.holding)
    snapshot.read_together(Query("project", (project,)) for project in projects)
    snapshot.read_together(Query("environments", (project,)) for project in projects)
    steps = []
    for place in freeze.holding:
        owner = snapshot.existing_project(place.project)
        row = snapshot.environment(place.project, place.environment) if owner is not None else None
        if owner is None or row is None:
            warnings.append(f"{place} is gone: its auto-promotion is not released")
            continue
        promotes = snapshot.promotes_itself(row)
        if place.environment not in freeze.held:
            if not promotes:
                warnings.append(
                    f"auto-promotion of {place} is off, and the freeze was not seen to switch it off: it stays off "
                    "(runbooks.release)"
                )
        elif promotes:
            warnings.append(f"{place} promotes by itself already: somebody has released it")
        else:
            step, notes = promotion_step(owner, row, True, "the freeze has switched it off", allow)
            steps.append(_with_freeze(step, freeze.id))
            warnings += notes
    return steps


def _with_freeze(step: Update, freeze: str) -> FreezeUpdate:
    return FreezeUpdate(target=step.target, why=step.why, before=step.before, after=step.after, freeze=freeze)


def _place_of(step: Step) -> Place:
    target = step.target
    return Place(target.project, target.project_name, target.environment, target.environment_name)


def _chosen(client: Client, name: str | None) -> Freeze | None:
    """The freeze to lift. Raises `InvalidInput`."""
    client.whoami()
    found = freeze_files.read_all(client)
    known = [one for one in found if isinstance(one, Freeze)]
    matching = known if name is None else [one for one in known if name in (one.id, one.place)]
    listed = "".join(f"\n  · {one.id}: {one.place}, {one.words}" for one in known)
    listed += "".join(f"\n  · {one.path}: {one.why}; move it away" for one in found if isinstance(one, DamagedFreeze))
    if len(matching) > 1:
        raise InvalidInput(f"there are several freezes: name the one to lift by its id:{listed}")
    if not matching and (name is not None or len(found)):
        raise InvalidInput(f"there is no freeze {name or 'that can be read'!r}; there is: {listed or 'none'}")
    return matching[0] if matching else None
