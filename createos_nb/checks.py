"""Claims and what became of them: PASS, FAIL or NO DATA each, from figures.

A check is a claim ("no request was lost on the way"), the figure that speaks for or against it, the threshold that it
is held against, and a result. Where the figure is missing the result is NO DATA, never PASS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from html import escape
from typing import Any, Final

import pandas as pd

from createos_nb.results import FAIL as FAIL
from createos_nb.results import NO_DATA as NO_DATA
from createos_nb.results import PASS as PASS
from createos_nb.results import Result as Result

#: How checks stand in the output of a cell, beside their text and their table: whoever runs a notebook reads it there.
MIME: Final = "application/vnd.createos-nb.checks+json"

_COLUMNS: Final = ("claim", "result", "figure", "threshold")
_COLOURS: Final[Mapping[str, str]] = {PASS: "#1a7f37", FAIL: "#cf222e", NO_DATA: "#9a6700"}


@dataclass(frozen=True)
class Check:
    """One claim.

    Attributes:
        claim: what is said to be so.
        result: PASS, FAIL or NO DATA.
        figure: what was found, as text; why there is none, where it is NO DATA.
        threshold: what the figure was held against.
    """

    claim: str
    result: Result
    figure: str = ""
    threshold: str = ""


class Checks:
    """Several checks. `result` is FAIL if one fails, else NO DATA if one has none or there is none, else PASS.

    As the value of the last cell it decides how `createos-nb run` ends: 0 PASS, 5 FAIL, 6 NO DATA.
    """

    def __init__(self, *checks: Check | Iterable[Check]) -> None:
        found: list[Check] = []
        for one in checks:
            found += [one] if isinstance(one, Check) else list(one)
        self._checks = tuple(found)

    @property
    def result(self) -> Result:
        """Of all together."""
        results = {one.result for one in self}
        if FAIL in results:
            return FAIL
        return NO_DATA if NO_DATA in results or not results else PASS

    @property
    def passed(self) -> bool:
        """Whether all of them pass."""
        return self.result == PASS

    @property
    def sentence(self) -> str:
        """How many pass, and the claims that do not."""
        held = sum(one.result == PASS for one in self)
        rest = [f"{one.claim}: {one.result}{f' ({one.figure})' if one.figure else ''}" for one in self.others()]
        head = f"{held} of {len(self)} checks pass" if len(self) else "nothing was checked"
        return "; ".join([head, *rest])

    def others(self) -> list[Check]:
        """Those that do not pass."""
        return [one for one in self if one.result != PASS]

    def frame(self) -> pd.DataFrame:
        """One row a check: claim, result, figure, threshold (str); `attrs["result"]` is that of all together."""
        frame = pd.DataFrame([asdict(one) for one in self], columns=list(_COLUMNS)).astype("str")
        frame.attrs["result"] = self.result
        return frame

    def __iter__(self) -> Iterator[Check]:
        return iter(self._checks)

    def __len__(self) -> int:
        return len(self._checks)

    def __add__(self, other: Checks | Check | Iterable[Check]) -> Checks:
        return Checks(self, other)

    def __repr__(self) -> str:
        wide = max((len(one.claim) for one in self), default=0)
        lines = [f"{self.result}: {self.sentence.split('; ')[0]}"]
        for one in self:
            told = _told(one)
            lines.append(f"  {one.result:<7}  {one.claim:<{wide}}  {told}".rstrip())
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        left = "style='text-align:left'"
        names = "".join(f"<th scope='col' {left}>{name}</th>" for name in _COLUMNS)
        rows = "".join(
            f"<tr><td {left}>{escape(one.claim)}</td><td {left}>{_badge(one.result)}</td>"
            f"<td {left}>{escape(one.figure)}</td><td {left}>{escape(one.threshold)}</td></tr>"
            for one in self
        )
        head = f"<p>{_badge(self.result)} {escape(self.sentence.split('; ')[0])}</p>"
        return f"{head}<table><thead><tr>{names}</tr></thead><tbody>{rows}</tbody></table>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        kept = {"result": self.result, "checks": [asdict(one) for one in self]}
        return {"text/plain": repr(self), "text/html": self._repr_html_(), MIME: kept}


def check(claim: str, holds: Any, figure: Any = "", threshold: str = "") -> Check:
    """A claim that holds (True), does not (False), or of which nothing is known (None, NA): NO DATA."""
    if _missing(holds):
        return Check(claim, NO_DATA, _text(figure), threshold)
    return Check(claim, PASS if bool(holds) else FAIL, _text(figure), threshold)


def equal(claim: str, found: Any, wanted: Any) -> Check:
    """A claim that something is as it should be; NO DATA where either is not known."""
    unknown = _missing(found) or _missing(wanted)
    return check(claim, None if unknown else bool(found == wanted), found, _text(wanted))


def at_most(claim: str, found: Any, limit: float, unit: str = "") -> Check:
    """A claim that a figure is not above a limit; NO DATA where either is not known."""
    words = f" {unit}" if unit else ""
    unknown = _missing(found) or _missing(limit)
    figure = found if _missing(found) else f"{_text(found)}{words}"
    return check(claim, None if unknown else bool(found <= limit), figure, f"at most {_text(limit)}{words}")


def at_least(claim: str, found: Any, limit: float, unit: str = "") -> Check:
    """A claim that a figure is not below a limit; NO DATA where either is not known."""
    words = f" {unit}" if unit else ""
    unknown = _missing(found) or _missing(limit)
    figure = found if _missing(found) else f"{_text(found)}{words}"
    return check(claim, None if unknown else bool(found >= limit), figure, f"at least {_text(limit)}{words}")


def complete(claim: str, *frames: pd.DataFrame) -> Check:
    """A claim that frames hold all that was asked for, by their `attrs["complete"]` and `attrs["failed"]`.

    FAIL where one says that it lacks something; NO DATA where one does not say.
    """
    said = [frame.attrs.get("complete") for frame in frames]
    lacking = sum(one is False for one in said) + sum(bool(len(frame.attrs.get("failed", ()))) for frame in frames)
    silent = sum(one is None for one in said)
    holds = False if lacking else None if silent or not frames else True
    figure = f"{len(frames) - sum(one is not True for one in said)} of {len(frames)} frames say that they are complete"
    return check(claim, holds, figure, "all of them")


def _told(one: Check) -> str:
    return f"{one.figure} ({one.threshold})" if one.figure and one.threshold else one.figure or one.threshold


def _badge(result: str) -> str:
    """The word itself, in a colour that stands out on light and on dark pages."""
    style = f"background:{_COLOURS[result]};color:#fff;padding:0 .5em;border-radius:.3em;white-space:nowrap"
    return f"<b style='{style}'>{result}</b>"


def _missing(value: Any) -> bool:
    if value is None:
        return True
    found = pd.isna(value) if pd.api.types.is_scalar(value) else False
    return bool(found)


def _text(value: Any) -> str:
    if _missing(value):
        return "not known"
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value)
