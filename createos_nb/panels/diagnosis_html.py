"""A diagnosis as a panel shows it: the answer first, then each cause with what speaks for and against it."""

from __future__ import annotations

import re
from typing import Final

import pandas as pd

from createos_nb.analysis import log_patterns
from createos_nb.diagnostics import Diagnosis, Finding
from createos_nb.diagnostics.diagnosis import Material
from createos_nb.html import Html, escaped
from createos_nb.panels import markup
from createos_nb.panels.cells import TROUBLE
from createos_nb.panels.icons import icon, status, tag

#: Patterns that are shown; a longer text is cut.
_PATTERNS: Final = 4
_LONGEST: Final = 200
#: Lines of a log that are grouped: of a longer one, the last.
_LINES: Final = 5_000
_PERCENTAGE: Final = re.compile(r"\d+(?:\.\d+)? %")
_LOUD: Final = ("warn", "error", "fatal")


def answer_html(diagnosis: Diagnosis) -> str:
    """Return status and sentence, what stands beside it, and what could not be read."""
    parts = [f'<p class="createos-answer">{status(diagnosis.status)} <span>{_sentence(diagnosis)}</span></p>']
    if diagnosis.missing:
        unread = [f"{name} ({reason})" for name, reason in diagnosis.missing.items()]
        parts.append(markup.alert(f"not read, and so not looked at: {', '.join(unread)}", "warning"))
    return "".join(parts)


def notes_html(diagnosis: Diagnosis) -> str:
    """Return what is to be known beside the answer; "" where that is nothing."""
    notes = "".join(_item("info", "", note) for note in diagnosis.notes)
    return (
        f'<section class="createos-section"><h4>Also found</h4><ul class="createos-evidence">{notes}</ul></section>'
        if notes
        else ""
    )


def read_html(diagnosis: Diagnosis) -> str:
    """Return when a diagnosis was made, and with how many requests."""
    at = "" if diagnosis.at is None else f"read at {diagnosis.at:%Y-%m-%d %H:%M:%S} UTC · "
    return markup.block(f"{at}{diagnosis.requests} requests", "muted")


def causes_title(count: int) -> str:
    """Return the heading of the causes; "" where there are none."""
    order = ' <span class="createos-diagnosis-label">likeliest first</span>' if count > 1 else ""
    return f'<h4 class="createos-heading">{"Causes" if count > 1 else "Cause"}{order}</h4>' if count else ""


def cause_html(number: int, finding: Finding, diagnosis: Diagnosis) -> str:
    """Return a cause: since when, how sure, what speaks for it and against it, and the cure; the first one is open."""
    at = diagnosis.at
    where = [] if finding.where == diagnosis.where else [finding.where]
    if finding.since is not None:
        today = at is not None and at.date() == finding.since.date()
        where.append(f"since {finding.since:{'%H:%M' if today else '%Y-%m-%d %H:%M'}} UTC")
    place, name = " · ".join(where), finding.cause.replace("_", " ")
    sure = tag(f"{finding.confidence} confidence", "accent" if finding.confidence == "high" else "")
    head = (
        f'<span class="createos-rank">{number}</span><b>{markup.text(name[:1].upper() + name[1:])}</b> '
        f'<span class="createos-quiet">{markup.text(place)}</span> {sure}'
    )
    items = [
        *(_item("for", "For: ", text) for text in finding.evidence),
        *(_item("against", "Against: ", text) for text in finding.against),
        f'<li class="createos-arrow">{icon("arrow")}<span>Fix: {markup.text(finding.fix)}</span></li>',
    ]
    body = f'<ul class="createos-evidence">{"".join(items)}</ul>'
    opened = " open" if number == 1 else ""
    return f'<details class="createos-cause"{opened}><summary>{head}</summary>{body}</details>'


def patterns_html(material: Material | None) -> str:
    """Return what is loud in the log since the trouble began; "" where no log was read, or nothing is loud in it."""
    if material is None or material.log is None or not len(material.log):
        return ""
    log = material.log.tail(_LINES)
    since = material.since
    if since is None or not (log["time"] >= since).any():
        within, quiet, when = log, None, ""
    else:
        within, quiet, when = log[log["time"] >= since], log[log["time"] < since], f"since {since:%H:%M} UTC"
    found = log_patterns(within, quiet if quiet is not None and len(quiet) else None)
    loud = found[found["level"].isin(_LOUD) | found["is_new"].fillna(False).astype(bool)].head(_PATTERNS)
    if not len(loud):
        return ""
    cut = "; the log is cut" if len(material.log) > _LINES or not found.attrs["complete"] else ""
    rows = "".join(
        f'<li><b>{count:,}</b><code title="{escaped(example)}">{escaped(_short(example))}</code>'
        f"{_news(new, quiet)}</li>"
        for count, example, new in zip(loud["count"], loud["example"], loud["is_new"], strict=True)
    )
    said = markup.text(f"{when} · {len(within):,} lines{cut}".removeprefix(" · "))
    label = f'<span class="createos-diagnosis-label">{said}</span>'
    return (
        f'<section class="createos-section"><h4 class="createos-heading">Log patterns {label}</h4>'
        f'<ul class="createos-patterns">{rows}</ul></section>'
    )


def diagnosis_html(diagnosis: Diagnosis, chart: str = "") -> str:
    """Return all of it, for a page without widgets; `chart` is that of its requests, as HTML."""
    causes = "".join(cause_html(number, one, diagnosis) for number, one in enumerate(diagnosis.findings, start=1))
    return "".join(
        (
            answer_html(diagnosis),
            causes_title(len(diagnosis.findings)),
            causes,
            chart,
            patterns_html(diagnosis.material),
            notes_html(diagnosis),
            read_html(diagnosis),
        )
    )


def _sentence(diagnosis: Diagnosis) -> str:
    """The sentence without the status, which stands before it; percentages of what fails are marked."""
    said = diagnosis.sentence.removeprefix(f"{diagnosis.where} is {diagnosis.status} (")
    if said != diagnosis.sentence:
        said = said.replace(")", "", 1)
    text = markup.text(said)
    return _PERCENTAGE.sub(r'<b class="createos-bad">\g<0></b>', text) if diagnosis.status in TROUBLE else text


def _item(shape: str, role: str, text: object) -> str:
    """A line with an icon; screen readers hear what the icon means."""
    said = f'<span class="createos-unseen">{markup.text(role)}</span>' if role else ""
    return f'<li class="createos-{shape}">{icon(shape)}<span>{said}{markup.text(text)}</span></li>'


def _news(is_new: object, quiet: pd.DataFrame | None) -> Html | str:
    if quiet is None or is_new is pd.NA:
        return ""
    return tag("new", "new") if is_new else tag("as before")


def _short(text: object) -> str:
    line = str(text).split("\n", 1)[0]
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
