"""`createos-nb verdict`: whether a new version is as healthy as the old one."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from createos_nb.cli import names, tables
from createos_nb.cli.exit_codes import CHECK_FAILED, DONE, UNKNOWN
from createos_nb.cli.options import FOR_PEOPLE, HERE, Form, Place, Time, opened
from createos_nb.errors import InvalidInput
from createos_nb.times import beginning

if TYPE_CHECKING:
    from createos_nb.analysis.releases.result import ReleaseVerdict

SCHEMA: Final = "verdict/1"
#: In place of the old environment: the new one itself, before the release.
BEFORE: Final = "before"
_EXIT: Final[Mapping[str, int]] = {"promote": DONE, "rollback": CHECK_FAILED}
_Where = Annotated[str, Parameter(completer=lambda context: [BEFORE, *names.complete_places(context)])]


def verdict(
    old: _Where,
    new: _Where,
    /,
    *,
    since_: Annotated[Time, Parameter(name="--since")] = "1h",
    history: Time = "1d",
    worse: float = 2.0,
    alpha: float = 0.01,
    beta: float = 0.01,
    place: Place = HERE,
    form: Form = FOR_PEOPLE,
) -> int:
    """Judge whether a new version is as healthy as the old one.

    The release verdict of `createos_nb.analysis.release_verdict`, over all traffic since the release: it may be asked
    at any time, and as often as you like, without being wrong more often.

    Args:
        old: the environment that serves beside it, as PROJECT/ENVIRONMENT; or the word before, for NEW itself before
            the release.
        new: the environment with the new version, as PROJECT/ENVIRONMENT, or its name alone where OLD names the
            project.
        since_: when the release was, such as 40min or 2026-03-02T09:00Z.
        history: how long before the release the old one is read, which tells noise from trouble.
        worse: the ratio of error rates that is to be found.
        alpha: how often a good release may be rolled back, a probability.
        beta: how often a bad release may be promoted, a probability.
        place: which account.
        form: in which form.

    Returns:
        The exit code: 0 promote, 5 roll back, 6 not decided yet, or too little traffic.

    Raises:
        InvalidInput: An argument can't be used.
        UnknownName: There is no such project or environment.
        CreateOSError: The traffic can't be read.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["verdict", "before", "storefront/production", "--since", "40min", "--scenario", "bad-release"])
        Release verdict: ...
        5
    """
    from createos_nb.plans.release_judgement import judge_release

    plain = form.plain
    project, first, second = _names(old, new)
    with opened(place) as client:
        found, missing = judge_release(
            client,
            project,
            None if first == BEFORE else first,
            second,
            beginning(since_),
            history=beginning(history).removeprefix("-"),
            worse=worse,
            alpha=alpha,
            beta=beta,
        )
        where = client.where
    decision = found.decision if found is not None else "not enough traffic"
    sentence = found.sentence if found is not None else "There is not enough traffic of both to compare."
    if plain:
        print(sentence if found is None else found)
        if decision == "rollback":
            words = ["createos-nb", "plan", "rollback", project, second, *place.words]
            tables.notice(f"next: {shlex.join(words)}")
    else:
        tables.show(_frame(decision, sentence, (project, first, second), found), SCHEMA, form, complete=not missing)
    if first == BEFORE and plain:
        tables.notice("compared with itself before the release: what else began then would look the same")
    if missing:
        tables.warn("verdict", f"{missing} ({where})")
    return _EXIT.get(decision, UNKNOWN)


def _names(old: str, new: str) -> tuple[str, str, str]:
    """The project, and both environments."""
    project, slash, second = new.rpartition("/")
    before, old_slash, first = old.rpartition("/")
    project = project or before
    if not project or not second or not first or (slash and old_slash and before != project):
        why = f"{old} and {new} are of two projects" if slash and old_slash and before != project else "which project?"
        raise InvalidInput(
            f"{why}: give both as PROJECT/ENVIRONMENT, such as createos-nb verdict storefront/blue storefront/green, "
            "or createos-nb verdict before storefront/production"
        )
    return project, first, second


def _frame(decision: str, sentence: str, names: tuple[str, str, str], found: ReleaseVerdict | None) -> Any:
    import pandas as pd

    facts = {
        name: getattr(found, name, None)
        for name in ("ratio", "low", "high", "evidence", "evidence_exact", "boundary", "decided_at", "promoted_at")
    }
    head = dict(zip(("project", "old", "new"), names, strict=True))
    return pd.DataFrame([{**head, "decision": decision, "sentence": sentence, **facts}])
