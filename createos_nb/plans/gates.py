"""Gates: from the traffic of two environments, or a scan, to a verdict, which lets a plan go on or stops it.

The gates that ship are data, so that a journal holds them and an interrupted run goes on with them; a custom one is any
callable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
from msgspec import Struct, to_builtins
from msgspec.structs import fields

from createos_nb.checks import FAIL, NO_DATA, PASS, Result
from createos_nb.client.findings import BELOW_LOW, SEVERITIES
from createos_nb.errors import InvalidInput
from createos_nb.percentages import failure
from createos_nb.times import parse_duration


@dataclass(frozen=True)
class Verdict:
    """The verdict of a gate.

    Attributes:
        passed: the plan goes on.
        reason: why, or why not.
        decided: more traffic would change nothing.
        enough: there was enough traffic to judge by, so that not passing is FAIL and not NO DATA.

    Examples:
        >>> verdict = createos_nb.runbooks.Verdict(False, "3 requests are too few to judge", enough=False)
        >>> verdict.result
        'NO DATA'
    """

    passed: bool
    reason: str
    decided: bool = True
    enough: bool = True

    @property
    def result(self) -> Result:
        """PASS, FAIL or NO DATA."""
        return PASS if self.passed else FAIL if self.enough else NO_DATA


class ServerErrorRate(Struct, frozen=True, tag_field="gate", tag="server error rate"):
    """A gate that compares server error rates: enough requests, and no more 5xx than what serves today.

    It does not pass with fewer than `minimum` requests of the new one, nor where the Wilson interval of its server
    error rate, 5xx out of all requests, at `confidence` lies wholly above that of the other. 4xx do not count.
    Clumps of errors are not allowed for: `ReleaseGate` judges more closely, where there is traffic enough.

    Attributes:
        minimum: requests of the new one that are needed.
        confidence: of the two-sided interval, between 0 and 1.

    Examples:
        >>> today = pd.DataFrame({"count": [900], "status_5xx": [9]})
        >>> new = pd.DataFrame({"count": [100], "status_5xx": [12]})
        >>> createos_nb.runbooks.ServerErrorRate()(today, new).passed
        False
    """

    minimum: int = 20
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if self.minimum < 1 or not 0 < self.confidence < 1:
            raise InvalidInput("a gate needs minimum= of at least 1 request and confidence= between 0 and 1")

    def __call__(self, baseline: pd.DataFrame, candidate: pd.DataFrame) -> Verdict:
        """Return the verdict on two frames with columns count and status_5xx; buckets without data do not count."""
        from createos_nb.analysis.intervals import wilson, z_of

        pairs = zip(_failed(baseline), _failed(candidate), strict=True)
        failed, total = (np.array(pair, dtype=float) for pair in pairs)
        if total[1] < self.minimum:
            return Verdict(
                False, f"{total[1]:.0f} requests are too few to judge: {self.minimum} are needed", enough=False
            )
        low, high = wilson(failed, total, z_of(self.confidence))
        share = f"{_counted(failed[1], total[1], ' requests')} ended in a server error"
        if total[0] == 0:
            return Verdict(bool(low[1] <= 0.01), f"{share}; what serves today has had none to compare with")
        then = f"{_counted(failed[0], total[0])} for what serves today"
        if low[1] > high[0]:
            return Verdict(False, f"it is worse: {share}, {then}")
        return Verdict(True, f"{share}, {then}")

    def __str__(self) -> str:
        return "the server error rate decides"


class ReleaseGate(Struct, frozen=True, tag_field="gate", tag="release verdict"):
    """A gate that judges by `analysis.release_verdict`, live, as `runbooks.release_watch` does.

    It reads the history of what serves today and the error paths of both sides. It is asked every `every` seconds: a
    rollback stops the plan at once, the first promotion lets it go on at once. That takes `exposure` after the warm-up;
    a shorter watch ends undecided, where `otherwise` judges. After the switch what served before has no traffic to
    compare with: `runbooks.release_watch` with `lag` compares with the level before. The assumption of
    `analysis.release_verdict` holds here, too: both sides are asked for much the same, so the paths of a watch should
    be those that users ask for.

    Attributes:
        every: how long to wait between polls, such as "1min", or seconds.
        history: how long before the watch what serves today is read.
        paths: read the top error paths of minutes with errors, too.
        alpha, beta, worse, errors, negligible, warm_up, exposure: as for `analysis.release_verdict`.
        otherwise: judges what there was where the watch ends undecided; None stops the plan, since nothing is proven.

    Examples:
        >>> gate = createos_nb.runbooks.ReleaseGate(every="30s", worse=1.5, otherwise=None)
        >>> str(gate)
        'the release verdict (worse 1.5) decides'
    """

    every: float | str = 60.0
    history: float | str = "1d"
    paths: bool = True
    alpha: float = 0.01
    beta: float = 0.01
    worse: float = 2.0
    errors: str | tuple[str, ...] = ("5xx", "4xx")
    negligible: float | None = 2e-4
    warm_up: float | str = "3min"
    exposure: float | str = "20min"
    otherwise: ServerErrorRate | None = ServerErrorRate()

    def __post_init__(self) -> None:
        interval_of(self)
        parse_duration(self.history, "history")
        check_terms(self.terms)
        if not isinstance(self.otherwise, ServerErrorRate | None):
            raise InvalidInput(
                "a ReleaseGate's otherwise= is a ServerErrorRate, or None to stop where nothing is proven"
            )

    @property
    def terms(self) -> dict[str, Any]:
        """What `release_verdict` is asked for."""
        names = ("alpha", "beta", "worse", "errors", "negligible", "warm_up", "exposure")
        return {name: getattr(self, name) for name in names}

    def __str__(self) -> str:
        defaults = {field.name: field.default for field in fields(type(self))}
        changed = ", ".join(f"{name} {value}" for name, value in self.terms.items() if value != defaults[name])
        at_end = "" if self.otherwise is None else ", at the end the server error rate"
        return f"the release verdict{f' ({changed})' if changed else ''} decides{at_end}"


class ScanGate(Struct, frozen=True, tag_field="gate", tag="security scan"):
    """A gate that judges the vulnerability scan of the very deployment that is to go live: `gates.scan` makes it.

    A deployment without a scan that has succeeded is scanned, and waited for; a scan that fails is NO DATA, never a
    pass.

    Attributes:
        max_severity: the worst finding that still passes: "none" (no finding at all), "low", "medium", "high",
            "critical" (any finding, but the scan must succeed).

    Examples:
        >>> gate = createos_nb.runbooks.ScanGate("high")
        >>> gate.judge({"critical": 1, "high": 2}).result
        'FAIL'
        >>> gate.judge({"high": 2}).passed
        True
        >>> gate.judge(None).result
        'NO DATA'
    """

    max_severity: str = "medium"

    def __post_init__(self) -> None:
        if self.max_severity not in _LEVELS:
            raise InvalidInput(f"max_severity: one of {', '.join(_LEVELS)}, not {self.max_severity!r}")

    def judge(self, counts: Mapping[str, int] | None) -> Verdict:
        """Return the verdict on the findings of a scan that has succeeded.

        Args:
            counts: Findings by severity in lower case; None where the report says nothing of findings.

        Returns:
            The verdict; NO DATA where a severity is a word that nobody can rank.

        Examples:
            >>> createos_nb.runbooks.ScanGate("medium").judge({"medium": 2, "low": 1}).reason
            '2 medium, 1 low: at most medium passes'
        """
        if counts is None:
            return Verdict(False, "the report says nothing of findings", enough=False)
        found = {name: count for name, count in counts.items() if count > 0}
        told = ", ".join(f"{found[name]} {name}" for name in sorted(found, key=_rank, reverse=True)) or "no finding"
        limit = "no finding passes" if self.max_severity == "none" else f"at most {self.max_severity} passes"
        if any(_rank(name) > _rank(self.max_severity) for name in found if name in _RANKS):
            return Verdict(False, f"{told}: {limit}")
        unknown = [name for name in found if name not in _RANKS]
        if unknown and self.max_severity != "critical":
            return Verdict(False, f"{told}: how bad {', '.join(unknown)} is, is not known", enough=False)
        return Verdict(True, f"{told}: {limit}")

    def __str__(self) -> str:
        return f"the security scan decides ({self.max_severity} at worst)"


_LEVELS: Final = ("none", *reversed(SEVERITIES))
#: "none" as a limit stands below what scanners call less than low.
_RANKS: Final = dict.fromkeys(BELOW_LOW, 1.0) | {name: number * 2.0 for number, name in enumerate(_LEVELS)}


def _rank(severity: str) -> float:
    """How bad a severity is; one that nobody knows sorts last."""
    return _RANKS.get(severity, -1.0)


def scan(max_severity: str = "medium") -> ScanGate:
    """Return a gate of the vulnerability scan of the deployment that is to go live.

    Wherever a runbook takes a gate: `deploy`, `blue_green`, `canary`, alone or beside a gate that judges traffic.

    Args:
        max_severity: the worst finding that still passes: "none", "low", "medium", "high" or "critical".

    Returns:
        The gate.

    Raises:
        InvalidInput: it is another word.

    Examples:
        >>> from createos_nb.plans import gates
        >>> gates.scan(max_severity="high")
        ScanGate(max_severity='high')
    """
    return ScanGate(max_severity)


#: One that ships, or a callable that takes the traffic of what serves today and of what is to serve, as
#: `analytics.requests_over_time` gives it, and gives a `Verdict`, or something with `passed` (and perhaps `reason`,
#: `decided` and `enough`), or a bool. It is asked at the end of the watch. One with a number `every` watches live: it
#: is asked after each so many seconds too, with the traffic so far, and the watch ends as soon as its verdict is
#: `decided`. The first frame begins at least an hour before the second one, which begins with the watch.
Gate: TypeAlias = ServerErrorRate | ReleaseGate | Callable[[pd.DataFrame, pd.DataFrame], Any]

#: What a runbook takes as `gate`: one of these, or the gate of a scan beside one that judges traffic.
Gates: TypeAlias = Gate | ScanGate | Sequence[Gate | ScanGate]


def _failed(frame: pd.DataFrame) -> tuple[float, float]:
    """Requests that ended in a server error, and all of them."""
    known = frame.dropna(subset=["count", "status_5xx"])
    return float(known["status_5xx"].sum()), float(known["count"].sum())


def _counted(failed: float, total: float, what: str = "") -> str:
    """Such as 3 of 61 requests (4.92 %)."""
    return f"{failed:.0f} of {total:.0f}{what} ({failure(100 * failed / total)})"


def gate_json(gate: Gate | ScanGate | None) -> Any:
    """Return a gate as a journal holds it: one that ships in full, a custom one as a word, None for none."""
    if gate is None:
        return None
    return to_builtins(gate) if isinstance(gate, ServerErrorRate | ReleaseGate | ScanGate) else "custom"


def check_terms(terms: dict[str, Any]) -> None:
    """Refuse terms that `release_verdict` can't be asked for, before anything is done. Raises `InvalidInput`."""
    from createos_nb.analysis.releases.decision import Terms
    from createos_nb.analysis.releases.watch import kinds_of

    lengths = {name: parse_duration(terms[name], name) for name in ("warm_up", "exposure") if name in terms}
    try:
        kinds_of(terms["errors"])
        Terms(**{name: value for name, value in terms.items() if name != "errors"} | lengths)
    except ValueError as error:
        raise InvalidInput(str(error)) from None


def verdict_of(answer: Any) -> Verdict:
    """Return the answer of a gate as a `Verdict`. Raises `InvalidInput`."""
    if isinstance(answer, Verdict):
        return answer
    passed = getattr(answer, "passed", answer)
    if not isinstance(passed, bool | np.bool_):
        raise InvalidInput(f"a gate gives a Verdict, something with passed, or a bool, not a {type(answer).__name__}")
    reason = str(getattr(answer, "reason", "") or ("passed" if passed else "not passed"))
    enough = bool(getattr(answer, "enough", True))
    return Verdict(bool(passed), reason, bool(getattr(answer, "decided", True)), enough)


def interval_of(gate: Gate) -> float | None:
    """Return the seconds between polls of a live gate; None for one that judges at the end. Raises `InvalidInput`."""
    every = getattr(gate, "every", None)
    if every is None:
        return None
    seconds = parse_duration(every, "a gate's every")
    if not seconds > 0:
        raise InvalidInput(f"a gate that watches live has every= of more than 0 seconds, not {every!r}")
    return seconds
