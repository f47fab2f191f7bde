"""A report as HTML: one file, no script, every text escaped."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from createos_nb.display import MISSING
from createos_nb.html import Html, escaped, html_table
from createos_nb.plots import style
from createos_nb.plots.palette import DARK, HOSTS
from createos_nb.plots.report_rows import Contents, Floats, Row, Table

_WIDE, _HIGH = 150, 26
_COLUMNS = ("environment", "standing", "requests", "per minute", "success", "errors", "budget left", "traffic and 5xx")
_NUMERIC = frozenset({"requests", "per minute", "success", "errors", "budget left"})
_MARK = {"alerts": ("var(--cn-bad)", "●"), "missed": ("var(--cn-warn)", "▲"), "met": ("var(--cn-quiet)", "✓")}
_COLORS = {
    "text": style.INK,
    "ground": style.GROUND,
    "quiet": style.QUIET,
    "rule": style.RULE,
    "area": style.AREA,
    "bad": style.ERROR,
    "warn": "#8f5200",
}
_DARK = DARK | {"#8f5200": "#f0b24a"}


def _variables(dark: bool) -> str:
    return "".join(f"--cn-{name}:{_DARK[color] if dark else color};" for name, color in _COLORS.items())


# a notebook has a style of its own for tables, which would win without "important"
_STYLE = f"""
.fleet-report {{ {_variables(dark=False)} font: 13px/1.4 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
  color: var(--cn-text); background: var(--cn-ground); padding: 1em; max-width: 1100px; }}
@media screen {{ :is({HOSTS}) .fleet-report {{ {_variables(dark=True)} }} }}
.fleet-report h1 {{ font-size: 20px; margin: 0 0 .2em; }}
.fleet-report h2 {{ font-size: 15px; margin: 1.4em 0 .3em; }}
.fleet-report p {{ margin: .2em 0 .8em; }}
.fleet-report .quiet {{ color: var(--cn-quiet); font-size: 12px; overflow-wrap: anywhere; }}
.fleet-report .lead {{ font-size: 15px; }}
.fleet-report table {{ border-collapse: collapse; width: 100%; margin: 0; font-size: 12px;
  table-layout: auto !important; }}
.fleet-report table th, .fleet-report table td {{ text-align: left !important; padding: 3px 8px 3px 0;
  border-bottom: 1px solid var(--cn-rule);
  vertical-align: middle; background: var(--cn-ground); color: var(--cn-text); overflow-wrap: break-word;
  white-space: normal; max-width: 22em; }}
.fleet-report .wide {{ overflow-x: auto; }}
.fleet-report table th.number, .fleet-report table td.number {{ text-align: right !important;
  white-space: nowrap; font-variant-numeric: tabular-nums; }}
.fleet-report small {{ color: var(--cn-quiet); display: block; font-weight: normal; }}
.fleet-report svg {{ display: block; }}
.fleet-report .area {{ fill: var(--cn-area); }}
.fleet-report .bad {{ fill: var(--cn-bad); }}
.fleet-report .rule {{ fill: var(--cn-rule); }}
.fleet-report .ground {{ fill: var(--cn-quiet); }}
.fleet-report tr {{ break-inside: avoid; }}
@page {{ size: A4 landscape; margin: 12mm; }}
"""
_BY_SYSTEM = (
    f"@media screen and (prefers-color-scheme:dark){{body{{background:{DARK[style.GROUND]}}}"
    f".fleet-report{{{_variables(dark=True)}}}}}"
)
"""Of a page of its own, whose ground follows the reader's system."""


def document(report: Contents) -> str:
    """Return a whole page."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escaped(report.title)}</title></head>"
        f"<body>{fragment(report)}<style>{_BY_SYSTEM}</style></body></html>\n"
    )


def fragment(report: Contents) -> str:
    """Return the report within another page, such as a notebook's."""
    fleet = "".join(_rows(heading, rows) for heading, rows in report.sections())
    return (
        f"<style>{_STYLE}</style>"
        f'<div class="fleet-report"><h1>{escaped(report.title)}</h1><p class="quiet">{escaped(report.about)}</p>'
        f'<p class="lead">{escaped(report.sentence)}</p>{fleet}'
        f'<p class="quiet">{escaped(report.caption)}</p>{"".join(_section(table) for table in report.tables)}</div>'
    )


def _rows(heading: str, rows: Iterable[Row]) -> str:
    table = html_table(map(_cells, rows), _COLUMNS, numeric=_NUMERIC, row_headers=True)
    return f'{f"<h2>{escaped(heading)}</h2>" if heading else ""}<div class="wide">{table}</div>'


def _cells(row: Row) -> list[Html | str]:
    color, mark = _MARK.get(row.standing, ("var(--cn-quiet)", "–"))
    return [
        Html(f"{escaped(row.project)}{_small(row.environment)}"),
        Html(f'<span style="color: {color}">{mark} {escaped(row.standing)}</span>{_small(row.firing)}'),
        row.requests,
        row.pace,
        Html(f"{escaped(row.success)}{_small(row.interval if row.interval != MISSING else '')}"),
        row.errors,
        Html(f"{escaped(row.budget)}{_bar(row.left)}"),
        Html(_small_plot(row)),
    ]


def _small(text: str) -> str:
    # the space is for those who see it without its style: in a notebook that is not trusted yet, in a mail
    return f" <small>{escaped(text)}</small>" if text else ""


def _section(table: Table) -> str:
    more = f'<p class="quiet">and {table.more:,} more</p>' if table.more else ""
    if not table.cells:
        more = '<p class="quiet">nothing</p>'
    return f'<h2>{escaped(table.heading)}</h2><div class="wide">{html_table(table.cells, table.columns)}</div>{more}'


def _bar(budget_left: float) -> str:
    if not np.isfinite(budget_left):
        return ""
    width, name = (
        (round(60 * min(budget_left, 1)), "area") if budget_left >= 0 else (round(60 * min(-budget_left, 1)), "bad")
    )
    return (
        f'<svg width="60" height="5" aria-hidden="true" style="margin-left: auto"><rect width="60" height="5" '
        f'class="rule"/><rect width="{width}" height="5" class="{name}"/></svg>'
    )


def _small_plot(row: Row) -> str:
    shapes = "".join(
        f'<path d="{_area(values)}" class="{name}"/>'
        for values, name in ((row.traffic, "area"), (row.faults, "bad"))
        if len(values) and np.nansum(values) > 0
    )
    return (
        f'<svg width="{_WIDE}" height="{_HIGH}" viewBox="0 0 {_WIDE} {_HIGH}" role="img" '
        f'aria-label="{escaped(row.words)}"><title>{escaped(row.words)}</title>'
        f'<rect y="{_HIGH - 1}" width="{_WIDE}" height="1" class="ground"/>{shapes}</svg>'
    )


def _area(values: Floats) -> str:
    """Steps from the ground; where there is no data there is no area."""
    step = _WIDE / len(values)
    floor = _HIGH - 1
    parts = []
    for at in np.flatnonzero(np.nan_to_num(values) > 0).tolist():
        top = floor - float(values[at]) * (floor - 1)
        parts.append(f"M{at * step:.1f} {floor}V{top:.1f}H{(at + 1) * step:.1f}V{floor}Z")
    return "".join(parts)
