"""A diagnosis as a panel shows it: the answer first, then each cause with what speaks for and against it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pandas as pd

from createos_nb.diagnostics import Diagnosis, Finding
from createos_nb.panels import markup

#: A sign beside the word, so that a status is not told by colour alone.
_SIGNS: Final = {"healthy": "●", "degraded": "▲", "down": "✕", "asleep": "◐", "unknown": "○"}


def answer_html(diagnosis: Diagnosis) -> str:
    """Return status and sentence, what stands beside it, and what could not be read."""
    sign = _SIGNS.get(diagnosis.status, "○")
    status = markup.text(diagnosis.status)
    parts = [
        f'<p class="createos-answer"><span class="createos-health createos-{status}">{sign} {status}</span> · '
        f"{markup.text(diagnosis.sentence)}</p>"
    ]
    if diagnosis.missing:
        unread = [f"{name} ({reason})" for name, reason in diagnosis.missing.items()]
        parts.append(markup.block(f"not read, and so not looked at: {', '.join(unread)}", "warning"))
    parts += [markup.block(f"beside it: {note}", "muted") for note in diagnosis.notes]
    return "".join(parts)


def read_html(diagnosis: Diagnosis) -> str:
    """Return when a diagnosis was made, and with how many requests."""
    at = "" if diagnosis.at is None else f"read at {diagnosis.at:%Y-%m-%d %H:%M:%S} UTC · "
    return markup.block(f"{at}{diagnosis.requests} requests", "muted")


def cause_html(number: int, finding: Finding, at: pd.Timestamp | None) -> str:
    """Return a cause: since when, how sure, what speaks for it and against it, and the cure."""
    since = ""
    if finding.since is not None:
        today = at is not None and at.date() == finding.since.date()
        since = f" · since {finding.since:{'%H:%M' if today else '%Y-%m-%d %H:%M'}} UTC"
    head = f"{number}. {finding.cause.replace('_', ' ')}"
    where = f" · {finding.where}{since} · {finding.confidence} confidence"
    return (
        f'<h4 class="createos-cause">{markup.text(head)}<span class="createos-quiet">{markup.text(where)}</span></h4>'
        f"{_list('What speaks for it', finding.evidence)}{_list('What speaks against it', finding.against)}"
        f"<p><b>Cure:</b> {markup.text(finding.fix)}</p>"
    )


def diagnosis_html(diagnosis: Diagnosis) -> str:
    """Return all of it, for a page without widgets."""
    causes = "".join(cause_html(number, one, diagnosis.at) for number, one in enumerate(diagnosis.findings, start=1))
    return answer_html(diagnosis) + causes + read_html(diagnosis)


def _list(title: str, texts: Iterable[str]) -> str:
    items = "".join(f"<li>{markup.text(text)}</li>" for text in texts)
    return f"<p>{title}:</p><ul>{items}</ul>" if items else ""
