"""The frame of a fleet's overview as rows of a table: what people look at first, and against what it is held."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from createos_nb.client.fleet_compared import Compared
from createos_nb.dtypes import TEXT
from createos_nb.html import Html, escaped, html_table
from createos_nb.panels import icons, markup
from createos_nb.panels.assign import age, known
from createos_nb.panels.cells import TROUBLE, Entry, Errors, cell, format_value, number
from createos_nb.panels.grid import Fixed
from createos_nb.times import format_duration

#: Of each column, the kind and the heading.
KINDS: Final = {
    "status": "status",
    "place": "entry",
    "errors": "errors",
    "live": "entry",
    "burn": "number",
    "budget": "number",
}
LABELS: Final = {
    "status": "Status",
    "place": "Environment",
    "rpm": "Req/min",
    "errors": "Server errors",
    "live": "Live",
    "burn": "Burn rate",
    "budget": "Budget left, %",
}
FIXED: Final = Fixed(
    widths={
        "status": "7.1em",
        "place": "minmax(0, 1fr)",
        "rpm": "4.6em",
        "errors": "9.6em",
        "live": "10em",
        "burn": "5.4em",
        "budget": "7em",
    },
    wide=frozenset({"burn", "budget"}),
    order="status",
    words="status",
    noun="environments",
)
_HOUR: Final = 3600
#: A reason goes on behind this, with what is to be known beside the figures.
_BESIDE: Final = "; "


def table_of(frame: pd.DataFrame, compared: Compared | None) -> pd.DataFrame:
    """Return the rows to show.

    Args:
        frame: As `FleetOverview.read` gives it.
        compared: The requests of another time; None where they are not known.

    Returns:
        The columns of `LABELS`, that of the budget only where a history knows one; and `project` and `environment`,
        which tell rows apart.
    """
    totals = {} if compared is None else compared.totals
    rows = [_row(row, totals.get((row["project"], row["environment"]))) for row in frame.to_dict("records")]
    table = pd.DataFrame(rows, columns=["project", "environment", *LABELS])
    if frame["budget_left"].isna().all():
        table = table.drop(columns="budget")
    numbers = dict.fromkeys(table.columns.intersection(["rpm", "burn", "budget"]), "Float64")
    return table.astype({"status": TEXT, **numbers})


def note_of(frame: pd.DataFrame, compared: Compared | None) -> str:
    """Return what the figures of a frame are of, and what their changes are against, in a sentence."""
    start, end = (pd.Timestamp(moment) for moment in frame.attrs["window"])
    seconds = int((end - start).total_seconds())
    span = (
        "hour" if seconds == _HOUR else f"{seconds // _HOUR} hours" if not seconds % _HOUR else format_duration(seconds)
    )
    if compared is None:
        return f"Server errors of the last {span}; another time to compare with was not read."
    before = pd.Timestamp(compared.window.start, unit="s", tz="UTC")
    which = f"the {span} before" if compared.which == "before" else f"the same time last week, {before:%a %d %b}"
    return f"Server errors of the last {span}; pt: percentage points against {which} (dashed line)."


def left_out(frame: pd.DataFrame) -> str:
    """Return which projects are not shown, for they are not active, in a sentence; "" where all are."""
    names = ", ".join(f"{name} ({why})" for name, why in frame.attrs["skipped"].items())
    return f"Not active, and so not shown: {names}." if names else ""


def _row(row: dict[Any, Any], before: tuple[int, int] | None) -> dict[str, Any]:
    status, place = str(row["status"]), None if pd.isna(row["environment"]) else str(row["environment"])
    coming = known(row["pending"])
    if coming and status == "unknown" and not row["requests"]:
        status = "pending"  # nothing serves there yet: nobody can have asked
    version = None if pd.isna(row["version"]) else f"v{row['version']}"
    live, changed = _last_change(row, version)
    if coming and version:
        live = coming.replace("version ", "v")
    rpm = None if pd.isna(row["rpm"]) else float(row["rpm"])
    requests = "" if rpm is None else f"{number(rpm)}/min"
    replicas = "" if pd.isna(row["replicas"]) else f"{row['replicas']} replica{'s' if row['replicas'] != 1 else ''}"
    return {
        "project": row["project"],
        "environment": place or "–",
        "status": status,
        "place": Entry(
            str(row["project"]),
            f" / {place}" if place else "",
            _reason(status, known(row["reason"]), coming),
            " · ".join(text for text in (requests, ", ".join(text for text in (version, live) if text)) if text),
            known(row["reason"]),
        ),
        "rpm": rpm if rpm is None or rpm < 10 else round(rpm),
        "errors": _errors(row, status, before),
        "live": Entry(
            version or "–",
            f" · {replicas}" if version and replicas else "",
            live,
            hint=changed,
            icon="pending" if coming and version else "",
        ),
        "burn": None if pd.isna(row["burn"]) else round(float(row["burn"]), 1),
        # rounded down: 0 is none, less is overspent
        "budget": None if pd.isna(row["budget_left"]) else float(math.floor(100 * row["budget_left"])),
    }


def _joined(between: str, *texts: str | None) -> str:
    return between.join(text for text in texts if text)


def _reason(status: str, reason: str, coming: str) -> str:
    """Return the reason of a status; where all is well only what stands beside the figures, which are shown already."""
    if status == "pending":
        return coming
    return reason.partition(_BESIDE)[2] if status == "healthy" else reason


def _last_change(row: dict[Any, Any], version: str | None) -> tuple[str, str]:
    """Return what changed last and how long ago, in a few words; and with its time, in more."""
    at, change = row["changed_at"], known(row["last_change"])
    if pd.isna(at) or not change:
        return "", ""
    words = change.replace("version ", "v").replace("environment ", "")
    own = words.removeprefix(f"{version} ")
    return f"{own} {age(at, row['read_at'].timestamp())} ago", f"{change}, {at:%Y-%m-%d %H:%M} UTC"


def _errors(row: dict[Any, Any], status: str, before: tuple[int, int] | None) -> Errors:
    if pd.isna(row["server_error_percentage"]):
        return Errors(None, nothing="no requests" if row["requests"] == 0 else "–")
    now = float(row["server_error_percentage"])
    share = 100 * before[1] / before[0] if before and before[0] else None
    return Errors(
        now,
        None if share is None else now - share,
        _percentages(row["trend"], row["error_trend"]),
        share,
        trouble=status in TROUBLE,
    )


def _percentages(counts: Sequence[int | None], errors: Sequence[int | None]) -> list[float | None]:
    """Return the errors of each part in percent; None where nobody asked, or that is not known."""
    return [
        100 * failed / count if count and failed is not None else None
        for count, failed in zip(counts, errors, strict=True)
    ]


def summary_of(frame: pd.DataFrame) -> str:
    """Return what stands above the rows as HTML: what could not be read, or that there is nothing."""
    failed = frame.attrs["failed"]
    parts = [markup.alert(f"{name} could not be read: {why}", "warning") for name, why in failed.items()]
    if frame["environment"].isna().all() and frame.attrs["complete"]:
        parts.append(markup.block("No environments yet. Deploy a project, and its environments appear here."))
    return "".join(parts)


def static_table(frame: pd.DataFrame, compared: Compared | None) -> str:
    """Return the rows as an HTML table, for a page without widgets: the columns that always show."""
    names = [name for name in FIXED.widths if name not in FIXED.wide]
    table = table_of(frame, compared)
    rows = [
        [_static(row[name]) if name != "status" else icons.status(row[name]) for name in names]
        for row in table.to_dict("records")
    ]
    counts = table["status"].map(lambda word: icons.STATUSES[word][0]).value_counts()
    words = " · ".join(f"{count} {word if word == 'OK' else str(word).lower()}" for word, count in counts.items())
    caption = f"{len(table)} environments: {words}"
    return html_table(rows, [LABELS[name] for name in names], caption=caption, numeric=("Req/min", "Server errors"))


def _static(value: Any) -> Html | str:
    if isinstance(value, Entry):
        below = f'<br><span style="font-size:12px;opacity:.75">{escaped(value.below)}</span>' if value.below else ""
        return Html(f"<b>{escaped(value.text)}</b>{escaped(value.quiet)}{below}")
    if isinstance(value, Errors):
        shown = cell(value, "errors")
        text = f"<b>{escaped(shown['text'])}</b>" if value.trouble else escaped(shown["text"])
        return Html(
            f'{text}<br><span style="font-size:12px">{escaped(shown["change"])}</span>' if shown.get("change") else text
        )
    return format_value(value)
