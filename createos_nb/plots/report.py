"""A fleet on a page: every environment in one table, as HTML for a screen and as PDF for paper and mail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from createos_nb.errors import InvalidInput
from createos_nb.plots import validation
from createos_nb.plots.report_rows import Contents, listed, rows_of

if TYPE_CHECKING:
    from createos_nb.plots.figure import Figure

_CAPTION = (
    "The most urgent first. Blue: requests, each environment on its own scale. Red: the share of 5xx; full height is "
    "10 % or more. Success is 2xx and 3xx out of all, with its 95 % interval. Errors are {errors}; the budget is what "
    "is left of those that the target allows. Times are UTC."
)


class Report(Contents):
    """A page about a fleet that shows itself in a notebook, and goes to HTML and PDF.

    Both files stand alone: no script, no style sheet, font or picture from elsewhere. Whatever came from the platform
    is text in them, never markup.
    """

    def __repr__(self) -> str:
        return f"<Report: {self.title}, {len(self.rows)} environments. {self.sentence}>"

    def _repr_html_(self) -> str:
        from createos_nb.plots.report_html import fragment

        return fragment(self)

    def to_html(self, path: str | PathLike[str]) -> Path:
        """Write one HTML file (UTF-8) that needs nothing else; it prints on A4 as well.

        Args:
            path: the file, which is replaced if it is there.

        Returns:
            Its path.

        Raises:
            OSError: the file can't be written.

        Examples:
            >>> requests = createos_nb.simulate().fleet.requests_over_time(start="-6h")
            >>> report = createos_nb.plots.fleet_report(createos_nb.analysis.fleet_health(requests), requests)
            >>> report.to_html("fleet.html").name
            'fleet.html'
        """
        from createos_nb.plots.report_html import document

        target = Path(path)
        target.write_text(document(self), encoding="utf-8", newline="\n")
        return target

    def to_pdf(self, path: str | PathLike[str]) -> Path:
        """Write a PDF in A4 with text that can be searched; as many pages as it takes.

        Args:
            path: the file, which is replaced if it is there.

        Returns:
            Its path.

        Raises:
            OSError: the file can't be written.

        Examples:
            >>> requests = createos_nb.simulate().fleet.requests_over_time(start="-6h")
            >>> report = createos_nb.plots.fleet_report(createos_nb.analysis.fleet_health(requests), requests)
            >>> report.to_pdf("fleet.pdf").read_bytes()[:5]
            b'%PDF-'
        """
        from createos_nb.plots.report_pdf import write

        target = Path(path)
        write(self, target)
        return target

    def pages(self) -> list[Figure]:
        """Return the pages of the PDF as figures.

        Returns:
            One figure a page.

        Examples:
            >>> requests = createos_nb.simulate().fleet.requests_over_time(start="-6h")
            >>> report = createos_nb.plots.fleet_report(createos_nb.analysis.fleet_health(requests), requests)
            >>> len(report.pages())
            1
        """
        from createos_nb.plots.report_pdf import pages

        return list(pages(self))


def fleet_report(
    health: pd.DataFrame,
    requests: pd.DataFrame,
    *,
    title: str = "Fleet report",
    about: str | None = None,
    tables: Iterable[tuple[str, pd.DataFrame]] = (),
    apps: bool | Mapping[str, str] = False,
    releases: pd.DataFrame | None = None,
) -> Report:
    """Return all environments on one page.

    What `requests.attrs` names as failed or skipped is said on the page.

    Args:
        health: what `analysis.fleet_health` returns.
        requests: the frame that it was made from.
        title: the headline of the page.
        about: which account it is about and when it was asked (default: what the frame itself knows).
        tables: pairs of a heading and a frame to stand below, such as `client.fleet.changes()`.
        apps: a section for each app: True takes the apps that `requests.attrs["apps"]` names, a mapping gives the app
            of each project. Projects in no app come last.
        releases: what `analysis.release_discoveries` returns: which releases are worse than what they replaced stands
            above the other tables, with the bound on the share of those that are named wrongly.

    Returns:
        A report that shows itself in a notebook; `to_html` and `to_pdf` write it.

    Raises:
        InvalidInput: an argument is no such frame; the text names the call that returns one. Or `apps` is True, and
            the frame does not tell the apps.

    Examples:
        >>> client = createos_nb.simulate()
        >>> requests = client.fleet.requests_over_time(start="-6h")
        >>> report = createos_nb.plots.fleet_report(createos_nb.analysis.fleet_health(requests), requests)
        >>> len(report.rows), len(report.pages())
        (13, 1)
        >>> report = createos_nb.plots.fleet_report(createos_nb.analysis.fleet_health(requests), requests, apps=True)
        >>> [heading.split(":")[0] for heading, _ in report.sections()]
        ['Shop', 'Back office', 'In no app']
        >>> times = pd.date_range("2026-03-02 09:00", periods=30, freq="1min", tz="UTC", name="time")
        >>> old = pd.DataFrame({"count": 200, "status_4xx": 2, "status_5xx": 1}, index=times)
        >>> verdict = createos_nb.analysis.release_verdict(old, old.assign(status_5xx=9))
        >>> found = createos_nb.analysis.release_discoveries({"storefront / production": verdict})
        >>> health = createos_nb.analysis.fleet_health(requests)
        >>> report = createos_nb.plots.fleet_report(health, requests, releases=found)
        >>> report.tables[0].heading
        'Releases: 1 of 1 is worse; of those named so, 5 % are expected to be healthy, at most'
    """
    call = "analysis.fleet_health(requests)"
    validation.frame_of(health, "fleet_report", "health", "the health of a fleet", call, ("project", "environment"))
    validation.fleet_frame(requests, "fleet_report", "requests")
    grouped: Mapping[str, str] = {}
    if apps is True:
        if "apps" not in requests.attrs:
            raise InvalidInput(
                "fleet_report: apps=True needs requests.attrs['apps'], as client.fleet.requests_over_time() gives it; "
                "apps= may be a mapping from project to app"
            )
        grouped = requests.attrs["apps"]
    elif isinstance(apps, Mapping):
        grouped = apps
    elif apps is not False:
        raise InvalidInput(f"fleet_report: apps= is True, False, or a mapping from project to app, not {apps!r}")
    if about is None:
        known = [requests.attrs.get("where"), _read_at(requests.attrs.get("at"))]
        about = " · ".join(str(part) for part in known if part)
    window = " to ".join(_minute(health.attrs[name]) for name in ("start", "end") if name in health.attrs)
    return Report(
        title=title,
        about=" · ".join(part for part in (about, f"{window} UTC" if window else "", _left_out(requests)) if part),
        sentence=" ".join(part for part in (str(health.attrs.get("sentence", "")), _unread(requests)) if part),
        caption=_CAPTION.format(errors=" and ".join(health.attrs.get("errors", ["5xx"]))),
        rows=tuple(rows_of(health, requests, grouped)),
        tables=tuple(listed(heading, frame) for heading, frame in [*_releases(releases), *tables]),
    )


def _releases(found: Any) -> list[tuple[str, pd.DataFrame]]:
    """The table of the releases, those that are worse first, below what can be said of all of them together."""
    if found is None:
        return []
    call = "analysis.release_discoveries(verdicts)"
    columns = ("decision", "reason", "ratio", "evidence", "needed", "worse")
    validation.frame_of(found, "fleet_report", "releases", "releases", call, columns)
    down = found.attrs.get("down", [])
    worse = int(found["worse"].sum())
    heading = f"Releases: {worse} of {len(found)} {'is' if worse == 1 else 'are'} worse"
    if worse and "rate" in found.attrs:
        heading += f"; of those named so, {100 * found.attrs['rate']:.3g} % are expected to be healthy, at most"
    if down:
        heading += f". Down, by a rule of its own: {', '.join(map(str, down))}"
    table = found.rename_axis("release").reset_index()
    table["worse"] = table["worse"].map({True: "yes", False: "no"})
    return [(heading, table)]


def _unread(requests: pd.DataFrame) -> str:
    failed = requests.attrs.get("failed") or {}
    return f"Could not be read, and not on this page: {', '.join(map(str, failed))}." if failed else ""


def _left_out(requests: pd.DataFrame) -> str:
    skipped = requests.attrs.get("skipped") or {}
    return f"left out: {', '.join(f'{name} ({why})' for name, why in skipped.items())}" if skipped else ""


def _read_at(at: Any) -> str:
    return f"asked {_minute(at)} UTC" if at else ""


def _minute(moment: Any) -> str:
    return f"{pd.Timestamp(moment):%Y-%m-%d %H:%M}"
