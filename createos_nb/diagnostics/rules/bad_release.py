"""A version that became live fails where the one before it did not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from createos_nb.diagnostics.diagnosis import LIKELY, Finding
from createos_nb.diagnostics.evidence.changes import Change
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.evidence.figures import clock, errors_text
from createos_nb.diagnostics.rules._dependency import TOGETHER
from createos_nb.diagnostics.rules._support import SOON, is_new, release_before, rollback_call, served_well

ORDER = 3
#: A version whose errors begin later than this was not to blame from its start on.
_LATE = 8 * SOON
#: A version that became ready so long before the errors may have become live with them.
_BUILT = pd.Timedelta("2h")
#: What was changed later than this has too few requests to be judged by.
_JUDGED = pd.Timedelta("10min")


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find a release with which errors began, where nothing more exact explains them."""
    if evidence.environment is None or evidence.requests.trouble is None or evidence.requests.since is None:
        return
    since = evidence.requests.since
    change = release_before(evidence, since)
    if change is not None and change.version is not None and since - change.time <= _LATE:
        if change.kind in ("release", "environment"):
            yield from _finding(evidence, change, found)
        return
    newest = evidence.changes[0] if evidence.changes else None
    if newest is None or newest.time <= since:
        return
    # what was changed after the errors began hides which version was live then: the platform keeps the last time only
    row = evidence.built_before(since + SOON, _BUILT)
    if row is not None:
        yield from _hidden(evidence, row, newest, found)


def _hidden(evidence: Evidence, row: pd.Series, newest: Change, found: Sequence[Finding]) -> Iterable[Finding]:
    """Yield a version that became ready before the errors began, where a later change hides when it became live."""
    assert evidence.environment is not None
    if any(one.where == evidence.where and one.weight >= LIKELY for one in found):
        return
    version = int(row["version_number"])
    target = evidence.version_before(version)
    ready = row["updated_at"] if row["status"] != "sleeping" else row["created_at"]
    exceptions = evidence.signals.of("exception")
    texts = [f"version {version} was ready at {clock(ready, evidence.now)}", errors_text(evidence)]
    if exceptions:
        texts.append(f'the log says "{exceptions[0].example[:160]}" {exceptions[0].count:,} times')
    early = evidence.now - newest.time < _JUDGED
    live, call = "", rollback_call(evidence, target)
    if evidence.version != version:
        live = f", and version {evidence.version} is live now" + (
            ": too early to judge it" if early else ", which fails as well"
        )
    if target is not None and evidence.version == target:  # it is back: to assign it again would change nothing
        call = None
        back = f"Version {target} is live again (the environment was changed at {clock(newest.time, evidence.now)}): "
        fix = back + (
            f"diagnose again {_JUDGED.seconds // 60} minutes after that, before you change anything else."
            if early
            else "it fails as well; correct the error and deploy."
        )
    elif target:
        fix = f"Assign version {target} to {evidence.environment['unique_name']} again."
    else:
        fix = "No older version is left to roll back to: correct the error and deploy."
    yield Finding(
        "bad_release",
        evidence.where,
        evidence.requests.since,
        0.7 if exceptions else 0.55,
        tuple(texts),
        (f"{newest.text} at {clock(newest.time, evidence.now)}, which hides when it became live{live}",),
        fix,
        call,
    )


def _finding(evidence: Evidence, change: Change, found: Sequence[Finding]) -> Iterable[Finding]:
    assert evidence.requests.since is not None
    assert evidence.environment is not None
    stretch = evidence.requests.trouble
    assert stretch is not None
    soon = evidence.requests.since - change.time <= SOON
    texts = [f"{change.text} at {clock(change.time, evidence.now)}", errors_text(evidence)]
    against: list[str] = []
    weight = 0.85 if soon else 0.5
    well = served_well(evidence, change)
    if well:
        weight = 0.2
        would = well * stretch.within
        against.append(f"it served {well:,} requests before the errors began, where {would:.0f} would have failed")
    exceptions = evidence.signals.of("exception")
    if exceptions:
        new = is_new(evidence, "exception", exceptions[0].detail)
        said = f'the log says "{exceptions[0].example[:160]}" {exceptions[0].count:,} times'
        texts.append(said + (", and did not before" if new else ""))
        weight += 0.07 if new else 0.0
    paths = evidence.requests.paths
    if paths is not None and len(paths):
        failing = ", ".join(str(path) for path in paths["path"].head(3))
        texts.append(f"most failures: {failing}")
    shared = evidence.neighbors.since(evidence.requests.since, TOGETHER) if len(evidence.projects) > 1 else []
    if shared:
        # what fails together has a cause in common, or one of them asks the other: new errors of its own say which
        own = bool(exceptions) and soon
        weight -= 0.15 if own else 0.45
        names = ", ".join(one.where for one in shared)
        why = "it may ask this one" if own else "which points outside"
        against.append(f"{names} began to fail in the same minutes: {why}")
    exact = [one for one in found if one.where == evidence.where and one.weight > 0.5]
    if exact:
        if exact[0].weight >= 0.8 or not soon:
            return
        # where nothing of its own fails, the release has only the time of its beginning against it
        weight -= 0.3 if exceptions else 0.45
        against.append(f"{exact[0].cause} explains the errors more exactly")
    if change.kind == "environment":
        weight -= 0.15
        against.append(
            "the platform does not say whether a version was assigned, or variables or resources were changed"
        )
    if weight <= 0.1:
        return
    call = rollback_call(evidence)
    fix = (
        f"Assign version {evidence.earlier} to {evidence.environment['unique_name']} again."
        if call
        else ("No older version is left to roll back to: correct the error and deploy.")
    )
    promoted = evidence.environment["is_auto_promote_enabled"]
    if pd.notna(promoted) and bool(promoted):
        texts.append("auto-promotion is on: the next push would undo a rollback, which therefore switches it off")
    yield Finding(
        "bad_release",
        evidence.where,
        evidence.requests.since,
        min(weight, 0.97),
        tuple(texts),
        tuple(against),
        fix,
        call,
    )
