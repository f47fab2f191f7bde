"""Claims and what became of them: PASS, FAIL or NO DATA each, from figures.

A check is a claim ("no request was lost on the way"), the figure that speaks for or against it, the threshold that it
is held against, and a result. Where the figure is missing the result is NO DATA, never PASS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import pandas as pd

from createos_nb.display import format_value, is_missing
from createos_nb.dtypes import TEXT
from createos_nb.html import Html, escaped, html_table
from createos_nb.results import FAIL as FAIL
from createos_nb.results import NO_DATA as NO_DATA
from createos_nb.results import PASS as PASS
from createos_nb.results import Result as Result

#: How checks stand in the output of a cell, beside their text and their table: whoever runs a notebook reads it there.
MIME: Final = "application/vnd.createos-nb.checks+json"

_COLUMNS: Final = ("claim", "result", "figure", "threshold")
_COLORS: Final[Mapping[str, str]] = {PASS: "#1a7f37", FAIL: "#cf222e", NO_DATA: "#9a6700"}


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

    Args:
        checks: Checks, or several at once.

    Examples:
        >>> from createos_nb.checks import Checks, at_most, equal
        >>> Checks(equal("version 3 is live", 3, 3), at_most("errors", 0.4, 1, "%"))
        PASS: 2 of 2 checks pass
          PASS     version 3 is live  3 (3)
          PASS     errors             0.4 % (at most 1 %)
    """

    def __init__(self, *checks: Check | Iterable[Check]) -> None:
        flat: list[Check] = []
        for part in checks:
            flat += [part] if isinstance(part, Check) else part
        self._checks = tuple(flat)

    @property
    def result(self) -> Result:
        """The result of all together."""
        results = {item.result for item in self}
        if FAIL in results:
            return FAIL
        return NO_DATA if NO_DATA in results or not results else PASS

    @property
    def passed(self) -> bool:
        """Return whether all of them pass."""
        return self.result == PASS

    @property
    def sentence(self) -> str:
        """Return how many pass, and the claims that do not."""
        rest = [f"{item.claim}: {item.result}{f' ({item.figure})' if item.figure else ''}" for item in self.others()]
        return "; ".join([self._count, *rest])

    @property
    def _count(self) -> str:
        passed = sum(item.result == PASS for item in self)
        return f"{passed} of {len(self)} checks pass" if len(self) else "nothing was checked"

    def others(self) -> list[Check]:
        """Return those that do not pass.

        Returns:
            The checks that say FAIL or NO DATA.

        Examples:
            >>> from createos_nb.checks import Checks, equal
            >>> [item.claim for item in Checks(equal("version 3 is live", 4, 3)).others()]
            ['version 3 is live']
        """
        return [item for item in self if item.result != PASS]

    def frame(self) -> pd.DataFrame:
        """Return one row a check.

        Returns:
            claim, result, figure, threshold (str); `attrs["result"]` is the result of all together.

        Examples:
            >>> from createos_nb.checks import Checks, equal
            >>> Checks(equal("version 3 is live", 4, 3)).frame()
                           claim result figure threshold
            0  version 3 is live   FAIL      4         3
        """
        frame = pd.DataFrame([asdict(item) for item in self], columns=list(_COLUMNS)).astype(TEXT)
        frame.attrs["result"] = self.result
        return frame

    def __iter__(self) -> Iterator[Check]:
        return iter(self._checks)

    def __len__(self) -> int:
        return len(self._checks)

    def __add__(self, other: Checks | Check | Iterable[Check]) -> Checks:
        return Checks(self, other)

    def __repr__(self) -> str:
        width = max((len(item.claim) for item in self), default=0)
        lines = [f"  {item.result:<7}  {item.claim:<{width}}  {_evidence(item)}".rstrip() for item in self]
        return "\n".join([f"{self.result}: {self._count}", *lines])

    def _repr_html_(self) -> str:
        rows = ((item.claim, _badge(item.result), item.figure, item.threshold) for item in self)
        return f"<p>{_badge(self.result)} {escaped(self._count)}</p>{html_table(rows, _COLUMNS)}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        data = {"result": self.result, "checks": [asdict(item) for item in self]}
        return {"text/plain": repr(self), "text/html": self._repr_html_(), MIME: data}


def check(claim: str, holds: Any, figure: Any = "", threshold: str = "") -> Check:
    """Return a claim that holds (True), does not (False), or of which nothing is known (None, NA): NO DATA.

    Args:
        claim: What is said to be so.
        holds: Whether it is: True, False, or None or NA where nothing is known.
        figure: What was found.
        threshold: What the figure is held against.

    Returns:
        The check.

    Examples:
        >>> from createos_nb.checks import check
        >>> check("the page answers", True, figure="200 in 31 ms").result
        'PASS'
    """
    if is_missing(holds):
        return Check(claim, NO_DATA, _figure(figure), threshold)
    return Check(claim, PASS if bool(holds) else FAIL, _figure(figure), threshold)


def equal(claim: str, actual: Any, expected: Any) -> Check:
    """Return the claim that something is as it should be; NO DATA where either is not known.

    Args:
        claim: What is said to be so.
        actual: What was found.
        expected: What it should be.

    Returns:
        The check.

    Examples:
        >>> from createos_nb.checks import equal
        >>> equal("version 3 is live", None, 3).result
        'NO DATA'
    """
    unknown = is_missing(actual) or is_missing(expected)
    return check(claim, None if unknown else bool(actual == expected), actual, _figure(expected))


def at_most(claim: str, actual: Any, limit: float, unit: str = "") -> Check:
    """Return the claim that a figure is not above a limit; NO DATA where either is not known.

    Args:
        claim: What is said to be so.
        actual: The figure that was found.
        limit: The largest that passes.
        unit: What stands after both, such as "%".

    Returns:
        The check.

    Examples:
        >>> from createos_nb.checks import at_most
        >>> at_most("server errors", 0.4, 1, "%").threshold
        'at most 1 %'
    """
    suffix = f" {unit}" if unit else ""
    unknown = is_missing(actual) or is_missing(limit)
    figure = actual if is_missing(actual) else f"{_figure(actual)}{suffix}"
    return check(claim, None if unknown else bool(actual <= limit), figure, f"at most {_figure(limit)}{suffix}")


def at_least(claim: str, actual: Any, limit: float, unit: str = "") -> Check:
    """Return the claim that a figure is not below a limit; NO DATA where either is not known.

    Args:
        claim: What is said to be so.
        actual: The figure that was found.
        limit: The smallest that passes.
        unit: What stands after both, such as "%".

    Returns:
        The check.

    Examples:
        >>> from createos_nb.checks import at_least
        >>> at_least("success", 98.2, 99, "%").result
        'FAIL'
    """
    suffix = f" {unit}" if unit else ""
    unknown = is_missing(actual) or is_missing(limit)
    figure = actual if is_missing(actual) else f"{_figure(actual)}{suffix}"
    return check(claim, None if unknown else bool(actual >= limit), figure, f"at least {_figure(limit)}{suffix}")


def complete(claim: str, *frames: pd.DataFrame) -> Check:
    """Return the claim that frames hold all that was asked for, by their `attrs["complete"]` and `attrs["failed"]`.

    FAIL where one says that it lacks something; NO DATA where one does not say.

    Args:
        claim: What is said to be so.
        frames: Frames of the client.

    Returns:
        The check.

    Examples:
        >>> from createos_nb.checks import complete
        >>> complete("all projects were read", createos_nb.simulate().fleet.overview()).result
        'PASS'
    """
    flags = [frame.attrs.get("complete") for frame in frames]
    failed = any(len(frame.attrs.get("failed", ())) for frame in frames)
    holds = False if failed or False in flags else None if None in flags or not frames else True
    figure = f"{flags.count(True)} of {len(frames)} frames say that they are complete"
    return check(claim, holds, figure, "all of them")


def _evidence(item: Check) -> str:
    both = f"{item.figure} ({item.threshold})"
    return both if item.figure and item.threshold else item.figure or item.threshold


def _badge(result: Result) -> Html:
    """Return the word itself, in a color that stands out on light and on dark pages."""
    style = f"background:{_COLORS[result]};color:#fff;padding:0 .5em;border-radius:.3em;white-space:nowrap"
    return Html(f"<b style='{style}'>{result}</b>")


def _figure(value: Any) -> str:
    return "not known" if is_missing(value) else format_value(value)
